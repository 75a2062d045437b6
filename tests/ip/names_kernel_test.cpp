// Names for numbers: which files both commands read, what they make of odd lines, and what counts in a namespace.
#include "twins.hpp"

namespace netherd::test {
namespace {

class FilesOfNames : public CommandTest {
 protected:
  void TearDown() override { static_cast<void>(run("ip link del v0; ip link del x0; ip -all netns del")); }
};

/// An /etc of the test's own, in its mount namespace, and an empty folder for names.
constexpr const char* own_etc = R"(mkdir etc
cp -a /etc/ld.so.* /etc/passwd /etc/protocols /etc/nsswitch.conf etc
mount --bind etc /etc
mkdir -p /etc/iproute2/rt_tables.d /etc/iproute2/rt_protos.d /etc/iproute2/rt_scopes.d /etc/iproute2/protodown_reasons.d
)";

constexpr const char* links = R"(ip link add v0 type veth peer name v1
ip link set v0 up; ip link set v1 up; ip link set v0 group 5; ip link set v1 group 70000
ip link add x0 type vxlan id 5 dstport 4789; ip link set x0 protodown on
for i in 0 3 4; do ip link set x0 protodown_reason $i on; done
ip addr add 10.0.0.1/24 dev v0
for t in 5 7 10 12 44 100 200 201 202 203 204 300; do ip route add 10.9.0.0/16 dev v0 table $t; done
for p in 4 77 88; do ip route add 10.$p.0.0/16 dev v0 proto $p scope 200; done
ip route add 10.6.0.0/16 dev v0 tos 0x10 realms 3/4; ip route add 10.6.0.0/16 dev v0 tos 0x20
)";

TEST_F(FilesOfNames, AreReadLikeIp) {
  expect_both_say_the_same({"route show table all",
                            "-N route show table all",
                            "-j route show table all",
                            "route show table 100",
                            "route show table dup",
                            "route show table seven",
                            "route show table sept",
                            "route show table 7",
                            "route show table fromd",
                            "route show table x",
                            "route show table y",
                            "route show table other",
                            "route show proto mystatic",
                            "route show proto static",
                            "route show proto mine",
                            "route show proto fromd",
                            "route show scope place",
                            "route show scope site",
                            "route show scope other",
                            "route show tos 16",
                            "route show tos low",
                            "link",
                            "-j link",
                            "-N link",
                            "link show group large",
                            "link show group 5",
                            "route add 10.99.0.0/16 dev v0 proto toobig",
                            "route add 10.99.0.0/16 dev v0 realms 3/300",
                            "route replace 10.99.0.0/16 dev v0 table 7 realms three/four",
                            "route show table 7",
                            "link set x0 protodown_reason mlag off",
                            "link set x0 protodown_reason zero on",
                            "link set x0 protodown_reason nosuch on",
                            "link set x0 protodown_reason 32 on"},
                           std::string{own_etc} + links + R"(cd /etc/iproute2
printf '255\tlocal\n254 main\n# c\n  44 dup trailing words\n0x12c dup\n5 100\n7 seven\n7 sept\n010 dec\n12x glued\n-3 no\n' \
  > rt_tables
printf '200 fromd\n' > rt_tables.d/a.conf; printf '201 other\n' > rt_tables.d/b.txt
printf '202 hidden\n' > rt_tables.d/.c.conf; printf '203 x\nbroken\n204 y\n' > rt_tables.d/d.conf
printf '4 mystatic\n77 mine\n78 mine\n300 toobig\n' > rt_protos; printf '88 fromd\n' > rt_protos.d/x.conf
printf '200 place\n' > rt_scopes; printf '61 other\n' > rt_scopes.d/x.conf; printf '5 five\n70000 large\n' > group
printf '3 three\n0x4 four\n' > rt_realms; printf '0x10 low\n0x20 16\n' > rt_dsfield
printf '0 zero\n3 mlag\n' > protodown_reasons.d/r.conf
)");
}

TEST_F(FilesOfNames, OfANamespaceLieOverThoseOfTheMachine) {
  std::vector<std::string> lines;
  for (const std::string before : {"-n a ", "-n b ", "-n c ", "netns exec a ip ", "netns exec a ip -n b ",
                                   "netns exec a ip -n c ", "-n a netns exec c ip ", "-n b netns exec c ip "}) {
    lines.push_back(before + "route show table all");
  }
  lines.insert(lines.end(), {"-n a netns exec c cat /etc/iproute2/rt_tables", "-n a route show table ofa",
                             "-n c route show table ofa", "-all netns exec ip route show table ofa"});
  expect_both_say_the_same(lines, std::string{own_etc} + R"(
echo '100 hundred' > /etc/iproute2/rt_tables; mkdir -p /etc/netns/a/iproute2 /etc/netns/b/iproute2/rt_tables.d
echo '100 ofa' > /etc/netns/a/iproute2/rt_tables; echo '101 ofb' > /etc/netns/b/iproute2/rt_tables.d/x.conf
for n in a b c; do
  ip netns add $n; ip -n $n link set lo up
  ip -n $n route add 10.7.0.0/16 dev lo table 100; ip -n $n route add 10.8.0.0/16 dev lo table 101
done)");
}

/// iproute2 6.1 does not look there; later ones do.
TEST_F(FilesOfNames, InUsrShareCountWhereEtcHasNone) {
  ASSERT_EQ(run("ip link add v0 type veth; ip link set v0 up; for t in 100 101 102 103 104; do "
                "ip route add 10.9.0.0/16 dev v0 table $t; done")
                .status,
            0);
  const std::string prepare = std::string{own_etc} + R"(
mount -t tmpfs none /usr/share; mkdir -p /usr/share/iproute2/rt_tables.d; cd /usr/share/iproute2
echo '100 base' > rt_tables; echo '101 first' > rt_tables.d/a.conf; echo '102 second' > rt_tables.d/b.conf
)";
  const auto tables = [&prepare](const std::string& more) {
    write_file(
        "tables.sh",
        prepare + more + "\nnetherd ip route show table all type unicast | sed -n 's/.*table \\([^ ]*\\).*/\\1/p'");
    return lines_of(run("unshare --mount sh tables.sh; rm -r etc").output);
  };
  EXPECT_EQ(tables(""), (std::vector<std::string>{"base", "first", "second", "103", "104"}));
  EXPECT_EQ(tables("echo 103 own > /etc/iproute2/rt_tables; echo 104 mine > /etc/iproute2/rt_tables.d/a.conf"),
            (std::vector<std::string>{"100", "101", "second", "own", "mine"}));
}

}  // namespace
}  // namespace netherd::test
