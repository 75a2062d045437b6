// Addresses and routes: what a request encodes is what `ip` sends.
#include "netherd/ops/address.hpp"
#include "netherd/ops/route.hpp"
#include "oracle_fixture.hpp"

namespace netherd::ops {
namespace {

using namespace std::chrono_literals;

using AddressOracle = OracleTest;

class RouteOracle : public OracleTest {
 protected:
  template <typename Request>
  static void expect_verb(const std::string& verb) {
    Request request;
    request.destination = prefix("10.9.0.0/16");
    request.index = index_of(11);
    request.name = "p0";
    expect_sent(request, "ip route " + verb + " 10.9.0.0/16 dev p0");
    request.destination = prefix("2001:db8:9::/48");
    expect_sent(request, "ip -6 route " + verb + " 2001:db8:9::/48 dev p0");
  }
};

TEST_F(AddressOracle, Added) {
  const auto add = [](AddAddress request) {
    request.index = index_of(11);
    request.name = "p0";
    return request;
  };
  expect_sent(add({.address = prefix("10.0.0.1/24")}), "ip address add 10.0.0.1/24 dev p0");
  expect_sent(add({.address = prefix("127.5.5.5/8")}), "ip address add 127.5.5.5/8 dev p0");
  expect_sent(add({.address = prefix("2001:db8::1/64")}), "ip address add 2001:db8::1/64 dev p0 nodad");
  expect_sent(add({.address = prefix("2001:db8::1/64"), .duplicate_address_detection = true}),
              "ip address add 2001:db8::1/64 dev p0");
  expect_sent(add({.address = prefix("10.0.0.1/32"), .peer = prefix("10.0.0.2/32")}),
              "ip address add 10.0.0.1 peer 10.0.0.2/32 dev p0");
  expect_sent(add({.address = prefix("2001:db8::1/128"), .peer = prefix("2001:db8::2/64")}),
              "ip address add 2001:db8::1 peer 2001:db8::2/64 dev p0 nodad");
  expect_sent(add({.address = prefix("10.0.0.1/24"),
                   .broadcast = ip_address("10.0.0.255"),
                   .label = "p0:one",
                   .scope = Scope::link,
                   .noprefixroute = true,
                   .metric = 77}),
              "ip address add 10.0.0.1/24 broadcast 10.0.0.255 label p0:one scope link dev p0 noprefixroute metric 77");
  expect_sent(add({.address = prefix("2001:db8::1/64"), .anycast = ip_address("2001:db8::5")}),
              "ip address add 2001:db8::1/64 anycast 2001:db8::5 dev p0 nodad");
  expect_sent(add({.address = prefix("2001:db8::1/64"),
                   .duplicate_address_detection = true,
                   .scope = Scope{7},
                   .home = true,
                   .mngtmpaddr = true,
                   .optimistic = true,
                   .valid = 3600s,
                   .preferred = 1800s}),
              "ip address add 2001:db8::1/64 scope 7 dev p0 home mngtmpaddr optimistic valid_lft 3600 "
              "preferred_lft 1800");
  expect_sent(add({.address = prefix("239.1.1.1/32"), .autojoin = true, .preferred = 9s}),
              "ip address add 239.1.1.1/32 dev p0 autojoin preferred_lft 9");
  for (const auto& [scope, word] : {std::pair{Scope::global, "global"}, std::pair{Scope::site, "site"},
                                    std::pair{Scope::host, "host"}, std::pair{Scope::nowhere, "nowhere"}}) {
    expect_sent(add({.address = prefix("10.0.0.1/24"), .scope = scope}),
                std::string{"ip address add 10.0.0.1/24 scope "} + word + " dev p0");
  }
}

TEST_F(AddressOracle, ChangedAndDeleted) {
  expect_sent(
      ChangeAddress{
          .index = index_of(11), .address = prefix("10.0.0.1/24"), .name = "p0", .valid = 60s, .preferred = 50s},
      "ip address change 10.0.0.1/24 dev p0 valid_lft 60 preferred_lft 50");
  expect_sent(ReplaceAddress{.index = index_of(11), .address = prefix("2001:db8::1/64"), .name = "p0"},
              "ip address replace 2001:db8::1/64 dev p0 nodad");
  expect_sent(DeleteAddress{.index = index_of(11), .address = prefix("10.0.0.1/24"), .name = "p0"},
              "ip address delete 10.0.0.1/24 dev p0");
  expect_sent(DeleteAddress{.index = index_of(11), .address = prefix("2001:db8::1/64"), .name = "p0"},
              "ip address delete 2001:db8::1/64 dev p0");
  expect_sent(
      DeleteAddress{
          .index = index_of(11), .address = prefix("10.0.0.1/32"), .name = "p0", .peer = prefix("10.0.0.2/32")},
      "ip address delete 10.0.0.1 peer 10.0.0.2/32 dev p0");
}

AddRoute route(const char* destination, AddRoute request = {}) {
  request.destination = prefix(destination);
  return request;
}

AddRoute by_p0(const char* destination, AddRoute request = {}) {
  request.index = index_of(11);
  request.name = "p0";
  return route(destination, request);
}

TEST_F(RouteOracle, Gateways) {
  expect_sent(by_p0("10.9.0.0/16", {.gateway = ip_address("10.0.0.2")}),
              "ip route add 10.9.0.0/16 via 10.0.0.2 dev p0");
  expect_sent(route("0.0.0.0/0", {.gateway = ip_address("10.0.0.2")}), "ip route add default via 10.0.0.2");
  expect_sent(by_p0("10.9.0.0/16"), "ip route add 10.9.0.0/16 dev p0");
  expect_sent(by_p0("10.9.0.0/16", {.gateway = ip_address("2001:db8::2")}),
              "ip route add 10.9.0.0/16 via inet6 2001:db8::2 dev p0");
  expect_sent(by_p0("2001:db8:9::/48", {.gateway = ip_address("fe80::2")}),
              "ip -6 route add 2001:db8:9::/48 via fe80::2 dev p0");
  expect_sent(by_p0("::/0", {.gateway = ip_address("fe80::2")}), "ip -6 route add default via fe80::2 dev p0");
  expect_sent(by_p0("2001:db8:9::/48"), "ip -6 route add 2001:db8:9::/48 dev p0");
  expect_sent(by_p0("10.9.0.0/16", {.gateway = ip_address("10.7.0.2"), .onlink = true}),
              "ip route add 10.9.0.0/16 via 10.7.0.2 dev p0 onlink");
  expect_sent(route("10.9.0.0/16", {.nexthop_id = 5}), "ip route add 10.9.0.0/16 nhid 5");
}

TEST_F(RouteOracle, Selectors) {
  expect_sent(by_p0("10.9.0.0/16", {.table = 100,
                                    .protocol = 186,
                                    .scope = Scope::host,
                                    .source = ip_address("10.0.0.1"),
                                    .tos = 16,
                                    .metric = 50}),
              "ip route add 10.9.0.0/16 tos 0x10 dev p0 table 100 scope host src 10.0.0.1 metric 50 proto 186");
  expect_sent(by_p0("10.9.0.0/16", {.table = 70000}), "ip route add 10.9.0.0/16 dev p0 table 70000");
  expect_sent(by_p0("2001:db8:9::/48", {.source = ip_address("2001:db8::1"),
                                        .from = prefix("2001:db8:5::/48"),
                                        .metric = 9,
                                        .preference = RouterPreference::high,
                                        .expires = 30s}),
              "ip -6 route add 2001:db8:9::/48 from 2001:db8:5::/48 dev p0 src 2001:db8::1 metric 9 pref high "
              "expires 30");
  expect_sent(by_p0("2001:db8:9::/48", {.preference = RouterPreference::low}),
              "ip -6 route add 2001:db8:9::/48 dev p0 pref low");
  expect_sent(by_p0("2001:db8:9::/48", {.preference = RouterPreference::medium}),
              "ip -6 route add 2001:db8:9::/48 dev p0 pref medium");
}

TEST_F(RouteOracle, Types) {
  expect_sent(route("10.9.0.0/16", {.type = RouteType::blackhole}), "ip route add blackhole 10.9.0.0/16");
  expect_sent(route("10.9.0.0/16", {.type = RouteType::unreachable}), "ip route add unreachable 10.9.0.0/16");
  expect_sent(route("10.9.0.0/16", {.type = RouteType::prohibit}), "ip route add prohibit 10.9.0.0/16");
  expect_sent(route("10.9.0.0/16", {.type = RouteType::throw_}), "ip route add throw 10.9.0.0/16");
  expect_sent(route("2001:db8:9::/48", {.type = RouteType::blackhole}), "ip -6 route add blackhole 2001:db8:9::/48");
  expect_sent(by_p0("10.9.0.1/32", {.type = RouteType::local}), "ip route add local 10.9.0.1/32 dev p0");
  expect_sent(by_p0("10.9.0.1/32", {.type = RouteType::broadcast}), "ip route add broadcast 10.9.0.1/32 dev p0");
  expect_sent(by_p0("10.9.0.1/32", {.type = RouteType::anycast}), "ip route add anycast 10.9.0.1/32 dev p0");
  expect_sent(by_p0("239.0.0.0/8", {.type = RouteType::multicast}), "ip route add multicast 239.0.0.0/8 dev p0");
  expect_sent(by_p0("10.9.0.1/32", {.type = RouteType::nat}), "ip route add nat 10.9.0.1/32 dev p0");
  expect_sent(by_p0("2001:db8::7/128", {.type = RouteType::local}), "ip -6 route add local 2001:db8::7/128 dev p0");
}

TEST_F(RouteOracle, Metrics) {
  expect_sent(by_p0("10.9.0.0/16", {.metrics = {.mtu = RouteMetric{1400, true},
                                                .advmss = 1300,
                                                .window = 1000,
                                                .rtt = RouteMetric{800},
                                                .rttvar = 400,
                                                .ssthresh = 10,
                                                .cwnd = RouteMetric{20, true},
                                                .initcwnd = 30}}),
              "ip route add 10.9.0.0/16 dev p0 mtu lock 1400 advmss 1300 window 1000 rtt 800 rttvar 400 ssthresh 10 "
              "cwnd lock 20 initcwnd 30");
  expect_sent(by_p0("2001:db8:9::/48", {.metrics = {.rto_min = 40,
                                                    .initrwnd = 11,
                                                    .hoplimit = 12,
                                                    .reordering = 13,
                                                    .features = 1,
                                                    .quickack = 1,
                                                    .fastopen_no_cookie = 1,
                                                    .congctl = "reno"}}),
              "ip -6 route add 2001:db8:9::/48 dev p0 rto_min 40 initrwnd 11 hoplimit 12 reordering 13 features ecn "
              "quickack 1 fastopen_no_cookie 1 congctl reno");
}

TEST_F(RouteOracle, Multipath) {
  const std::vector<RouteHop> hops{{.gateway = ip_address("10.0.0.2"), .link = p0, .weight = 3},
                                   {.link = p1, .onlink = true},
                                   {.gateway = ip_address("2001:db8::2"), .link = p0, .weight = 256}};
  expect_sent(route("10.9.0.0/16", {.hops = hops}),
              "ip route add 10.9.0.0/16 nexthop via 10.0.0.2 dev p0 weight 3 nexthop dev p1 onlink "
              "nexthop via inet6 2001:db8::2 dev p0 weight 256");
  const std::vector<RouteHop> hops_v6{{.gateway = ip_address("2001:db8::2"), .weight = 2}, {.link = p1}};
  expect_sent(route("2001:db8:9::/48", {.hops = hops_v6}),
              "ip -6 route add 2001:db8:9::/48 nexthop via 2001:db8::2 weight 2 nexthop dev p1");
}

TEST_F(RouteOracle, Verbs) {
  expect_verb<AppendRoute>("append");
  expect_verb<PrependRoute>("prepend");
  expect_verb<ChangeRoute>("change");
  expect_verb<ReplaceRoute>("replace");
  expect_verb<DeleteRoute>("delete");
}

TEST_F(RouteOracle, Deleted) {
  expect_sent(DeleteRoute{.destination = prefix("0.0.0.0/0"), .gateway = ip_address("10.0.0.2")},
              "ip route delete default via 10.0.0.2");
  expect_sent(DeleteRoute{.destination = prefix("10.9.0.0/16"),
                          .index = index_of(11),
                          .name = "p0",
                          .table = 70000,
                          .protocol = 186,
                          .scope = Scope::link,
                          .source = ip_address("10.0.0.1"),
                          .tos = 16,
                          .metric = 50},
              "ip route delete 10.9.0.0/16 tos 0x10 dev p0 table 70000 scope link src 10.0.0.1 metric 50 proto 186");
  expect_sent(DeleteRoute{.destination = prefix("10.9.0.0/16"), .type = RouteType::blackhole},
              "ip route delete blackhole 10.9.0.0/16");
  expect_sent(DeleteRoute{.destination = prefix("10.9.0.1/32"), .type = RouteType::local},
              "ip route delete local 10.9.0.1/32");
  expect_sent(DeleteRoute{.destination = prefix("10.9.0.0/16"), .nexthop_id = 7}, "ip route delete 10.9.0.0/16 nhid 7");
  const std::vector<RouteHop> hops{{.link = p0}, {.link = p1}};
  expect_sent(DeleteRoute{.destination = prefix("10.9.0.0/16"), .hops = hops},
              "ip route delete 10.9.0.0/16 nexthop dev p0 nexthop dev p1");
}

TEST_F(RouteOracle, Asked) {
  expect_sent(GetRoute{.destination = ip_address("10.9.0.1")}, "ip route get 10.9.0.1");
  expect_sent(GetRoute{.destination = ip_address("10.9.0.1"),
                       .from = ip_address("10.0.0.1"),
                       .iif = p0,
                       .mark = 5,
                       .tos = 16,
                       .ip_protocol = 6,
                       .sport = 1000,
                       .dport = 2000,
                       .fibmatch = true},
              "ip route get fibmatch 10.9.0.1 from 10.0.0.1 iif p0 mark 5 tos 0x10 ipproto 6 sport 1000 dport 2000");
  expect_sent(GetRoute{.destination = ip_address("2001:db8::1"), .oif = p0}, "ip route get 2001:db8::1 oif p0");
}

}  // namespace
}  // namespace netherd::ops
