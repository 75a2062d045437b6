#include "command.hpp"

namespace netherd::test {
namespace {

/// The script, with functions or the real command for `ip`; MAC addresses and what follows from them evened out, and
/// the random permanent addresses of tunnels that the kernel puts into every namespace.
std::string run_guide(const std::string& definition) {
  const std::string even_out =
      R"( | sed -E 's/([0-9a-f]{2}:){5}[0-9a-f]{2}/MAC/g; s/fe80::[0-9a-f:]+/LINK-LOCAL/g; s/permaddr [0-9a-f:]+/permaddr/; s/^[0-9]+: //; s/if[0-9]+/ifN/')";
  const Finished finished =
      run("(" + definition + " . " + NETHERD_SOURCE + "/docs/examples/namespaces.sh) 2>&1" + even_out);
  EXPECT_EQ(finished.errors, "");
  return finished.output;
}

class Guide : public CommandTest {};

TEST_F(Guide, WorksVerbatim) {
  std::string ours;
  std::string theirs;
  // It shows links just after they went up: carrier may have come in one run and not yet in the other.
  for (int tries = 0; tries < 5 && (tries == 0 || ours != theirs); ++tries) {
    ours = run_guide("ip() { netherd ip \"$@\"; };");
    theirs = run_guide("");
  }
  EXPECT_EQ(ours, theirs);
  EXPECT_NE(ours.find("1 packets transmitted, 1 received, 0% packet loss"), std::string::npos) << ours;
  EXPECT_TRUE(files_in("/run/netns").empty());
}

}  // namespace
}  // namespace netherd::test
