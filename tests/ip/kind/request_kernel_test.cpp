// The words of every kind, and each abbreviation of them: what `ip` makes of them, and what netherd does. `ip` talks to
// a kernel that has every kind.
#include <gtest/gtest.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/rtnetlink.h>

#include <fstream>
#include <iterator>

#include "fake_links.hpp"
#include "iproute2.hpp"
#include "netherd/ip/command_error.hpp"
#include "netherd/ip/words.hpp"
#include "request_oracle.hpp"

namespace netherd::test {
namespace {

const std::string links_path = "/run/fake-links";

/// A keyword of a kind, with the word behind it if there must be one.
struct Word {
  std::string keyword;
  std::string value{};
};

struct Grammar {
  std::string command;  ///< up to where the words stand
  std::vector<Word> words;
  bool shortened = true;  ///< abbreviations of the words as well
};

std::vector<Word> operator+(std::vector<Word> words, const std::vector<Word>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

const std::vector<Word> ends{{"dev", "p0"}, {"fwmark", "7"}};
const std::vector<Word> ipv4_ends{{"remote", "10.0.0.2"}, {"local", "10.0.0.1"}};
const std::vector<Word> ipv6_ends{{"remote", "2001:db8::2"}, {"local", "2001:db8::1"}};
const std::vector<Word> gre_words{{"key", "5"}, {"nokey"},  {"ikey", "6"}, {"noikey"}, {"okey", "0.0.0.7"},
                                  {"nookey"},   {"seq"},    {"noseq"},     {"iseq"},   {"noiseq"},
                                  {"oseq"},     {"nooseq"}, {"csum"},      {"nocsum"}, {"icsum"},
                                  {"noicsum"},  {"ocsum"},  {"noocsum"}};
const std::vector<Word> encapsulation_words{{"encap", "fou"},     {"noencap"},           {"encap-sport", "9"},
                                            {"encap-dport", "9"}, {"encap-csum"},        {"noencap-csum"},
                                            {"encap-udp6-csum"},  {"noencap-udp6-csum"}, {"encap-remcsum"},
                                            {"noencap-remcsum"},  {"external"}};
const std::vector<Word> erspan_words{
    {"erspan", "5"}, {"erspan_ver", "2"}, {"erspan_dir", "egress"}, {"erspan_hwid", "9"}};
const std::vector<Word> ipv4_words{{"ttl", "5"},     {"hoplimit", "5"}, {"hlim", "5"}, {"tos", "inherit"},
                                   {"tclass", "10"}, {"dsfield", "10"}, {"pmtudisc"},  {"nopmtudisc"}};
const std::vector<Word> ipv6_words{{"ttl", "5"},           {"hoplimit", "inherit"}, {"hlim", "5"},
                                   {"tos", "inherit"},     {"tclass", "10"},        {"dsfield", "10"},
                                   {"flowlabel", "9"},     {"fl", "inherit"},       {"dscp", "inherit"},
                                   {"encaplimit", "none"}, {"allow-localremote"},   {"noallow-localremote"}};
const std::vector<Word> vti_words{{"key", "5"}, {"ikey", "6"}, {"okey", "0.0.0.7"}};

const std::vector<Grammar>& grammars() {
  static const std::vector<Grammar> all{
      {"link add q type gre", ends + ipv4_ends + gre_words + ipv4_words + encapsulation_words +
                                  std::vector<Word>{{"ignore-df"}, {"noignore-df"}}},
      {"link add q type erspan seq key 1",
       ends + ipv4_ends + gre_words + ipv4_words + encapsulation_words + erspan_words},
      {"link add q type ip6gre", ends + ipv6_ends + gre_words + ipv6_words + encapsulation_words + erspan_words},
      {"link add q type ip6erspan", ipv6_ends + erspan_words + std::vector<Word>{{"erspan_dir", "i"}}},
      {"link set g4 type gre", ends + ipv4_ends + gre_words + ipv4_words, false},
      {"link set g6 type ip6gre", ends + ipv6_ends + gre_words + ipv6_words, false},
      {"link set e4 type erspan", erspan_words + std::vector<Word>{{"erspan_ver", "0"}, {"noseq"}}, false},
      {"link set e6 type ip6erspan", erspan_words + std::vector<Word>{{"erspan_ver", "1"}, {"okey", "9"}}, false},
      {"link add q type ipip",
       ends + ipv4_ends + ipv4_words + encapsulation_words + std::vector<Word>{{"mode", "ipip"}, {"tc", "5"}}},
      {"link add q type sit", ends + ipv4_ends + std::vector<Word>{{"mode", "ip6ip"}, {"isatap"}}},
      {"link add q type ip6tnl",
       ends + ipv6_ends + ipv6_words + encapsulation_words + std::vector<Word>{{"mode", "any"}, {"tc", "5"}}},
      {"link add q type vti", ends + ipv4_ends + vti_words},
      {"link add q type vti6", ends + ipv6_ends + vti_words},
      {"link set v4 type vti", ends + ipv4_ends + vti_words, false},
      {"link set v6 type vti6", ends + ipv6_ends + vti_words, false},
      {"link add q type xfrm", {{"dev", "p0"}, {"if_id", "0x10"}, {"if_id", "0"}, {"external"}}},
      {"link add q type xfrm if_id 5", {{"dev", "p0"}, {"dev", "nosuch"}, {"external"}}},
      {"link add q type geneve id 5 remote 10.0.0.2",
       {{"id", "6"},          {"vni", "6"},       {"remote", "10.0.0.3"},
        {"ttl", "9"},         {"ttl", "inherit"}, {"ttl", "auto"},
        {"ttl", "256"},       {"hoplimit", "9"},  {"tos", "10"},
        {"tos", "inherit"},   {"dsfield", "10"},  {"df", "set"},
        {"df", "unset"},      {"df", "inherit"},  {"df", "1"},
        {"label", "9"},       {"flowlabel", "9"}, {"flowlabel", "1048576"},
        {"dstport", "6081"},  {"external"},       {"noexternal"},
        {"udpcsum"},          {"noudpcsum"},      {"udp6zerocsumtx"},
        {"noudp6zerocsumtx"}, {"udp6zerocsumrx"}, {"noudp6zerocsumrx"},
        {"innerprotoinherit"}}},
      {"link add q type geneve", {{"external"}, {"id", "5"}, {"id", "16777216"}, {"remote", "2001:db8::2"}}},
      {"link add q type geneve id 5",
       {{"remote", "2001:db8::2"}, {"remote", "239.1.1.1"}, {"remote", "any"}, {"ttl", "5"}}},
      {"link set q type geneve id 5",
       {{"ttl", "9"}, {"tos", "8"}, {"flowlabel", "8"}, {"df", "set"}, {"external"}},
       false},
      {"link add q type bareudp dstport 9 ethertype ip",
       {{"dstport", "8"}, {"srcportmin", "1000"}, {"multiproto"}, {"nomultiproto"}}},
      {"link add q type bareudp",
       {{"dstport", "9 ethertype mpls_uc"},
        {"ethertype", "IPV6 dstport 9"},
        {"ethertype", "0x8847 dstport 5"},
        {"ethertype", "nosuch dstport 9"},
        {"dstport", "9"},
        {"srcportmin", "9"}}},
      {"link add q type gtp", {{"role", "sgsn"}, {"role", "ggsn"}, {"role", "1"}, {"hsize", "9"}}, false},
      {"link add q type gtp role sgsn", {{"hsize", "9"}, {"hsize", "131072"}, {"restart_count", "9"}}, false},
      {"link add q type hsr",
       {{"supervision", "45"},
        {"version", "1"},
        {"proto", "1"},
        {"slave1", "p0"},
        {"slave2", "p0"},
        {"slave1", "nosuch"},
        {"version", "256"}}},
      {"link add q type vxcan peer", {{"name", "r"}, {"mtu", "16"}, {"txqueuelen", "9"}}, false},
      {"link add q type vxcan", {{"peer", "name r"}, {"pear", "r"}}},
      {"link add link p0 q type macsec",
       {{"sci", "0102030405060708"},
        {"sci", "0x9"},
        {"sci", "x"},
        {"port", "7"},
        {"port", "0"},
        {"address", "02:00:00:00:00:09 port 7"},
        {"address", "02:00:00:00:00:09"},
        {"cipher", "gcm-aes-256"},
        {"cipher", "GCM-AES-XPN-128"},
        {"cipher", "default"},
        {"cipher", "aes"},
        {"icvlen", "16"},
        {"icvlen", "7"},
        {"encrypt", "on"},
        {"encrypt", "o"},
        {"encrypt", "maybe"},
        {"send_sci", "off"},
        {"end_station", "on"},
        {"scb", "on"},
        {"protect", "off"},
        {"replay", "off"},
        {"replay", "on"},
        {"window", "9"},
        {"replay", "on window 9"},
        {"validate", "strict"},
        {"validate", "c"},
        {"encodingsa", "3"},
        {"encodingsa", "4"},
        {"offload", "mac"},
        {"offload", "p"}}},
      {"link add link p0 q type macsec port 1 send_sci on", {{"end_station", "on"}, {"scb", "on"}, {"scb", "off"}}},
      {"link add link p0 q type macsec cipher default icvlen 8 encodingsa 1",
       {{"cipher", "default"}, {"icvlen", "8"}, {"encodingsa", "1"}}},
      {"link set c0 type can",
       {{"bitrate", "500000"},
        {"sample-point", "0.875"},
        {"tq", "20"},
        {"prop-seg", "1"},
        {"phase-seg1", "2"},
        {"phase-seg2", "3"},
        {"sjw", "4"},
        {"dbitrate", "8000000"},
        {"dsample-point", "0.75"},
        {"dtq", "20"},
        {"dprop-seg", "1"},
        {"dphase-seg1", "2"},
        {"dphase-seg2", "3"},
        {"dsjw", "4"},
        {"tdcv", "1"},
        {"tdco", "2"},
        {"tdcf", "3"},
        {"loopback", "on"},
        {"listen-only", "off"},
        {"triple-sampling", "on"},
        {"one-shot", "on"},
        {"berr-reporting", "on"},
        {"fd", "on"},
        {"fd-non-iso", "off"},
        {"presume-ack", "on"},
        {"cc-len8-dlc", "on"},
        {"tdc-mode", "auto"},
        {"tdc-mode", "manual"},
        {"tdc-mode", "off"},
        {"tdc-mode", "on"},
        {"restart"},
        {"restart-ms", "100"},
        {"termination", "120"},
        {"loopback", "yes"},
        {"sample-point", "x"}}},
      {"link set c0 type can bitrate 125000 dtq 20",
       {{"sample-point", "0.875"}, {"dsample-point", ".5"}, {"prop-seg", "9"}, {"dsjw", "2"}, {"tdco", "5 tdcf 6"}}},
      {"link add q type vxlan id 5 dstport 0",
       {{"remote", "10.0.0.2"},
        {"local", "10.0.0.1"},
        {"dev", "p0"},
        {"dev", "nosuch"},
        {"group", "239.1.1.1 dev p0"},
        {"ttl", "9"},
        {"hoplimit", "9"},
        {"tos", "8"},
        {"dsfield", "8"},
        {"df", "set"},
        {"label", "9"},
        {"flowlabel", "9"},
        {"port", "1 2"},
        {"srcport", "1 2"},
        {"ageing", "9"},
        {"maxaddress", "9"},
        {"nolearning"},
        {"learning"},
        {"proxy"},
        {"noproxy"},
        {"rsc"},
        {"norsc"},
        {"l2miss"},
        {"nol2miss"},
        {"l3miss"},
        {"nol3miss"},
        {"udpcsum"},
        {"noudpcsum"},
        {"udp6zerocsumtx"},
        {"noudp6zerocsumtx"},
        {"udp6zerocsumrx"},
        {"noudp6zerocsumrx"},
        {"remcsumtx"},
        {"noremcsumtx"},
        {"remcsumrx"},
        {"noremcsumrx"},
        {"noexternal"},
        {"gbp"},
        {"gpe"},
        {"novnifilter"},
        {"vnifilter"}}},
      {"link add q type vxlan dstport 0 external", {{"vnifilter"}, {"id", "5"}}},
      // Shortened, `mac` also is a rate to `ip`, which then sends one that nobody has set.
      {"link set p0 vf 3", {{"mac", "02:00:00:00:00:09"}, {"mac", "02:00"}}, false},
      {"link set p0 vf 3",
       {{"vlan", "5"},
        {"vlan", "5 qos 3"},
        {"vlan", "5 proto 802.1ad"},
        {"vlan", "4096"},
        {"vlan", "5 proto ip"},
        {"vlan", "5 proto 802.1ad vlan 6 q 1"},
        {"rate", "100"},
        {"max_tx_rate", "100"},
        {"min_tx_rate", "10"},
        {"max_tx_rate", "10 min_tx_rate 20"},
        {"rate", "100 min_tx_rate 20"},
        {"spoofchk", "on"},
        {"query_rss", "off"},
        {"trust", "on"},
        {"trust", "maybe"},
        {"state", "auto"},
        {"state", "enable"},
        {"state", "disable"},
        {"state", "up"},
        {"node_guid", "00:11:22:33:44:55:66:77"},
        {"port_guid", "00:11:22:33:44:55:66:7f"},
        {"node_guid", "00:11"},
        {"trust", "on up"},
        {"rate", "1 mtu 1400"}}},
      {"link set p0",
       {{"vf", "1 trust on vf 2 trust off"}, {"vf", "x trust on"}, {"vf", "1"}, {"vf", "9 max_tx_rate 5"}}},
      {"link set", {{"vf", "1 trust on"}}},
  };
  return all;
}

/// The lines of all grammars: each word in full, and shortened to each length.
std::vector<std::string> lines() {
  std::vector<std::string> all;
  for (const Grammar& grammar : grammars()) {
    if (grammar.shortened) all.push_back(grammar.command + " nosuchword");
    for (const auto& [keyword, value] : grammar.words) {
      for (std::size_t length = grammar.shortened ? 1 : keyword.size(); length <= keyword.size(); ++length) {
        if (length > 3 && length < keyword.size() - 1) continue;  // like the lengths around
        all.push_back(grammar.command + ' ' + keyword.substr(0, length) + (value.empty() ? "" : ' ' + value));
      }
    }
  }
  return all;
}

/// What has become of a line: the request, or the exit status of the refusal.
using Outcomes = std::vector<std::string>;

std::string refused(int status) { return "refused: " + std::to_string(status); }

Outcomes outcomes_here(const std::vector<std::string>& lines, FakeLinks& links) {
  Outcomes outcomes;
  for (const std::string& line : lines) {
    const auto words = ip::split_line(line);
    ip::Words rest{words};
    try {
      auto command = ip::parse_command(rest, {}, links);
      outcomes.push_back(command.request ? request_tree(command.request->message()) : "no request");
    } catch (const ip::CommandError& error) {
      outcomes.push_back(refused(error.status()));
    }
  }
  return outcomes;
}

/// The last message of a file that is no question whether the kernel knows RTM_NEWLINK.
std::string request_in(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  std::vector<std::byte> bytes(text.size());
  std::ranges::copy(std::as_bytes(std::span{text}), bytes.begin());
  engine::MessageStream stream{bytes};
  std::string tree = "nothing";
  while (const auto message = stream.next()) {
    if (message->bytes().size() > sizeof(nlmsghdr) + sizeof(ifinfomsg)) tree = request_tree(message->bytes());
  }
  return tree;
}

Outcomes outcomes_of_ip(const std::vector<std::string>& lines) {
  std::string script;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    script += with_fake_kernel(links_path, "/run/sent/" + std::to_string(i)) + "ip " + lines[i] +
              " >/dev/null 2>&1\necho $?\n";
  }
  std::ofstream{"/run/script"} << script;
  std::istringstream statuses{run_command("mkdir /run/sent && sh /run/script").text};
  Outcomes outcomes;
  for (int status = 0; statuses >> status;) {
    outcomes.push_back(status == 0 ? request_in("/run/sent/" + std::to_string(outcomes.size())) : refused(status));
  }
  return outcomes;
}

/// A tunnel that differs from a new one in every setting that a change may leave as it is.
ip::Request gre_link(int index, const std::string& name, const std::string& kind, bool ipv6) {
  auto message = FakeLinks::start_of(index, name, ipv6 ? ARPHRD_IP6GRE : ARPHRD_IPGRE);
  const auto info = message.begin_nest(IFLA_LINKINFO);
  message.put_string(IFLA_INFO_KIND, kind);
  const auto data = message.begin_nest(IFLA_INFO_DATA);
  message.put_u32(IFLA_GRE_LINK, 11);
  message.put_u16(IFLA_GRE_IFLAGS, GRE_KEY | GRE_SEQ);
  message.put_u16(IFLA_GRE_OFLAGS, GRE_CSUM);
  message.put_u32(IFLA_GRE_IKEY, 0x01020304);
  message.put_u8(IFLA_GRE_TTL, 9);
  message.put_u32(IFLA_GRE_FWMARK, 99);
  if (ipv6) {
    message.put_u8(IFLA_GRE_ENCAP_LIMIT, 4);
    message.put_u32(IFLA_GRE_FLOWINFO, 0x55440000);
    message.put_u32(IFLA_GRE_FLAGS, 0);
  } else {
    message.put_u8(IFLA_GRE_TOS, 4);
    message.put_u8(IFLA_GRE_PMTUDISC, 1);
  }
  if (kind.ends_with("erspan")) {
    message.put_u8(IFLA_GRE_ERSPAN_VER, 2);
    message.put_u8(IFLA_GRE_ERSPAN_DIR, 1);
    message.put_u16(IFLA_GRE_ERSPAN_HWID, 33);
  }
  message.end_nest(data);
  message.end_nest(info);
  return message;
}

ip::Request vti_link(int index, const std::string& name, const std::string& kind) {
  auto message = FakeLinks::start_of(index, name, ARPHRD_TUNNEL);
  const auto info = message.begin_nest(IFLA_LINKINFO);
  message.put_string(IFLA_INFO_KIND, kind);
  const auto data = message.begin_nest(IFLA_INFO_DATA);
  message.put_u32(IFLA_VTI_LINK, 11);
  message.put_u32(IFLA_VTI_IKEY, 0x01020304);
  message.put_u32(IFLA_VTI_OKEY, 0x05060708);
  message.put_u32(IFLA_VTI_FWMARK, 99);
  message.end_nest(data);
  message.end_nest(info);
  return message;
}

/// A card with functions 0 to 3.
ip::Request card(int index, const std::string& name) {
  auto message = FakeLinks::start_of(index, name, ARPHRD_ETHER);
  const std::array<std::uint8_t, 6> address{2, 0, 0, 0, 0, 1};
  message.put(IFLA_ADDRESS, std::as_bytes(std::span{address}));
  message.put_u32(IFLA_NUM_VF, 4);
  const auto list = message.begin_nest(IFLA_VFINFO_LIST);
  for (std::uint32_t number = 0; number < 4; ++number) {
    const auto function = message.begin_nest(IFLA_VF_INFO);
    message.put_value(IFLA_VF_RATE, ifla_vf_rate{number, 15, 30});
    message.end_nest(function);
  }
  message.end_nest(list);
  return message;
}

TEST(KindsOfLinks, HaveTheWordsOfIp) {
  FakeLinks links;
  links.add(card(11, "p0"));
  links.add(gre_link(21, "g4", "gre", false));
  links.add(gre_link(22, "g6", "ip6gre", true));
  links.add(gre_link(23, "e4", "erspan", false));
  links.add(gre_link(24, "e6", "ip6erspan", true));
  links.add(vti_link(25, "v4", "vti"));
  links.add(vti_link(26, "v6", "vti6"));
  links.add(FakeLinks::start_of(27, "c0", ARPHRD_CAN));
  links.add(FakeLinks::start_of(28, "q", ARPHRD_ETHER));
  links.write(links_path);
  const auto all = lines();
  const auto theirs = outcomes_of_ip(all);
  const auto ours = outcomes_here(all, links);
  ASSERT_EQ(theirs.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(ours[i], theirs[i]) << all[i] << ". Left: netherd ip. Right: ip.";
  }
}

}  // namespace
}  // namespace netherd::test
