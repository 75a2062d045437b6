// What is concluded from notifications and lists. The messages are our own requests, which look like what the kernel
// tells; RTM_DEL... is one more than RTM_NEW... .
#include "netherd/ops/known_state.hpp"

#include <gtest/gtest.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "netherd/ops/link/plain.hpp"
#include "netherd/ops/nexthop.hpp"

namespace netherd::ops {
namespace {

using Bytes = std::vector<std::byte>;

constexpr InterfaceIndex index_of(int number) { return InterfaceIndex{number}; }
IpPrefix prefix(std::string_view text) { return parse_ip_prefix(text).value(); }
IpAddress ip_address(std::string_view text) { return prefix(text).address; }

Bytes encode(const engine::Request auto& request) {
  alignas(4) std::array<std::byte, 4096> buffer{};
  engine::MessageWriter writer{buffer};
  request.encode(writer);
  const auto message = writer.message();
  return {message.begin(), message.end()};
}

/// The same as the kernel tells it: with these flags, and perhaps as a removal.
Bytes told(Bytes message, std::uint16_t flags = 0, bool removed = false) {
  nlmsghdr header{};
  std::memcpy(&header, message.data(), sizeof header);
  header.nlmsg_flags = flags;
  if (removed) ++header.nlmsg_type;
  std::memcpy(message.data(), &header, sizeof header);
  return message;
}
Bytes told(const engine::Request auto& request, std::uint16_t flags = 0) { return told(encode(request), flags); }
Bytes told_gone(const engine::Request auto& request) { return told(encode(request), 0, true); }

AddDummy link(int index, std::string_view name = "eth0") { return {.link = {.name = name, .index = index_of(index)}}; }
AddAddress address(std::string_view text) { return {.index = index_of(2), .address = prefix(text)}; }
AddRoute route(std::string_view destination, std::string_view gateway, int index = 2) {
  return {.destination = prefix(destination), .gateway = ip_address(gateway), .index = index_of(index)};
}
AddNeighbour neighbour(std::string_view text, NeighbourState state = NeighbourState::reachable) {
  return {.neighbour = {.index = index_of(2), .address = ip_address(text), .state = state}};
}

/// A change of flags as the kernel tells it: with what has changed.
Bytes told_flags(int index, unsigned flags, unsigned change) {
  Bytes message = told(link(index));
  ifinfomsg header{};
  header.ifi_index = index;
  header.ifi_flags = flags;
  header.ifi_change = change;
  std::memcpy(message.data() + sizeof(nlmsghdr), &header, sizeof header);
  return message;
}

class KnownStateTest : public testing::Test {
 protected:
  void notify(const Bytes& message) { state.on_notification(engine::MessageView{message}, events); }
  void list(Subject subject, const std::vector<Bytes>& messages) {
    state.begin_list(subject);
    for (const Bytes& message : messages) state.on_listed(engine::MessageView{message}, events);
    state.end_list(subject, events);
  }
  /// Kinds of events so far, which are then forgotten.
  std::vector<EventKind> take() {
    std::vector<EventKind> kinds;
    kinds.reserve(events.size());
    for (const Event& event : events) kinds.push_back(event.kind);
    events.clear();
    return kinds;
  }
  /// Lists nothing of all kinds, so that nothing is doubtful.
  void start_empty() {
    for (std::size_t subject = 0; subject < subject_count; ++subject) list(static_cast<Subject>(subject), {});
    ASSERT_TRUE(state.doubtful().empty());
  }

  static constexpr EventKind added = EventKind::added;
  static constexpr EventKind changed = EventKind::changed;
  static constexpr EventKind removed = EventKind::removed;
  using Kinds = std::vector<EventKind>;

  KnownState state{every_subject};
  std::vector<Event> events;
};

TEST_F(KnownStateTest, AtFirstEverythingIsDoubtfulUntilItIsListed) {
  EXPECT_EQ(state.doubtful(), every_subject);
  list(Subject::links, {told(link(1, "lo")), told(link(2))});
  EXPECT_FALSE(state.doubtful().has(Subject::links));
  EXPECT_TRUE(state.doubtful().has(Subject::routes));
  EXPECT_EQ(take(), (Kinds{added, added}));
  EXPECT_EQ(state.size(Subject::links), 2U);
}

TEST_F(KnownStateTest, OnlyWhatIsWatchedIsKept) {
  KnownState links{{Subject::links}};
  EXPECT_EQ(links.doubtful(), Subjects{Subject::links});
  std::vector<Event> told_of;
  const Bytes message = told(address("10.0.0.1/24"));
  links.on_notification(engine::MessageView{message}, told_of);
  links.on_listed(engine::MessageView{message}, told_of);
  EXPECT_TRUE(told_of.empty());
  links.on_loss();
  EXPECT_EQ(links.doubtful(), Subjects{Subject::links});
}

TEST_F(KnownStateTest, TellsWhatComesChangesAndGoes) {
  start_empty();
  notify(told(link(2)));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(std::get<Link>(events[0].object).name, "eth0");
  EXPECT_EQ(take(), Kinds{added});
  notify(told(link(2)));
  EXPECT_EQ(take(), Kinds{}) << "nothing new";
  notify(told(link(2, "renamed")));
  EXPECT_EQ(std::get<Link>(events.at(0).object).name, "renamed");
  EXPECT_EQ(take(), Kinds{changed});
  notify(told_gone(link(2, "other")));
  EXPECT_EQ(std::get<Link>(events.at(0).object).name, "renamed") << "as it was last known";
  EXPECT_EQ(take(), Kinds{removed});
  notify(told_gone(link(2)));
  EXPECT_EQ(take(), Kinds{}) << "not known any more";
  EXPECT_EQ(state.size(Subject::links), 0U);
}

TEST_F(KnownStateTest, EveryKindOfObjectIsTold) {
  start_empty();
  const Bytes id = told(AddNetnsId{.id = 7});
  for (const Bytes& message : {told(address("10.0.0.1/24")), told(address("2001:db8::1/64")),
                               told(route("10.9.0.0/16", "10.0.0.2")), told(neighbour("10.0.0.2")), id}) {
    notify(message);
    EXPECT_EQ(take(), Kinds{added});
    notify(told(message, 0, true));
    EXPECT_EQ(take(), Kinds{removed});
  }
  notify(told(AddNetnsId{.id = -1}));
  EXPECT_EQ(take(), Kinds{}) << "no number, no object";
}

TEST_F(KnownStateTest, AListIsComparedWithWhatIsKnown) {
  start_empty();
  for (const int index : {2, 3, 4}) notify(told(link(index)));
  take();
  state.on_loss();
  EXPECT_EQ(state.doubtful(), every_subject);
  list(Subject::links, {told(link(2)), told(link(3, "renamed")), told(link(5))});
  EXPECT_EQ(take(), (Kinds{changed, added, removed}));
  EXPECT_EQ(state.size(Subject::links), 3U);
  EXPECT_FALSE(state.doubtful().has(Subject::links));
  EXPECT_TRUE(state.doubtful().has(Subject::addresses));
}

TEST_F(KnownStateTest, AnUnfinishedListMayBeBegunAnew) {
  start_empty();
  notify(told(link(2)));
  notify(told(link(3)));
  take();
  state.begin_list(Subject::links);
  const Bytes second = told(link(2));
  state.on_listed(engine::MessageView{second}, events);
  list(Subject::links, {told(link(3))});
  EXPECT_EQ(take(), Kinds{removed});
  EXPECT_EQ(state.size(Subject::links), 1U);
}

TEST_F(KnownStateTest, WhatChangesByItselfIsNoEvent) {
  start_empty();
  using Seconds = Lifetime::value_type;
  AddAddress limited = address("10.0.0.1/24");
  limited.valid = Seconds{100};
  limited.preferred = Seconds{50};
  notify(told(limited));
  EXPECT_EQ(take(), Kinds{added});
  limited.valid = Seconds{99};
  notify(told(limited));
  EXPECT_EQ(take(), Kinds{});
  limited.valid = std::nullopt;
  notify(told(limited));
  EXPECT_EQ(take(), Kinds{changed}) << "for ever is something else";
}

TEST_F(KnownStateTest, AddressesAreToldApartAsTheKernelDoes) {
  start_empty();
  notify(told(address("10.0.0.1/24")));
  notify(told(address("10.0.0.1/32")));
  AddAddress with_peer = address("10.0.0.1/32");
  with_peer.peer = prefix("10.0.0.2/32");
  notify(told(with_peer));
  EXPECT_EQ(take(), (Kinds{added, added, added}));
  notify(told_gone(address("10.0.0.1/32")));
  EXPECT_EQ(take(), Kinds{removed});
  AddAddress v6 = address("2001:db8::1/64");
  notify(told(v6));
  v6.peer = prefix("2001:db8::2/64");
  notify(told(v6));
  EXPECT_EQ(take(), (Kinds{added, changed})) << "IPv6 has an address once per link, and its peer can change";
}

TEST_F(KnownStateTest, RoutesOfTheSamePrefixLiveSideBySide) {
  start_empty();
  notify(told(route("10.9.0.0/16", "10.0.0.2")));
  notify(told(route("10.9.0.0/16", "10.0.0.3"), NLM_F_CREATE | NLM_F_APPEND));
  EXPECT_EQ(take(), (Kinds{added, added}));
  notify(told_gone(route("10.9.0.0/16", "10.0.0.2")));
  EXPECT_EQ(std::get<Route>(events.at(0).object).gateway, ip_address("10.0.0.2"));
  EXPECT_EQ(take(), Kinds{removed});
  notify(told(route("fe80::/64", "::", 2)));
  notify(told(route("fe80::/64", "::", 3)));
  EXPECT_EQ(take(), (Kinds{added, added}));
  EXPECT_EQ(state.size(Subject::routes), 3U);
  EXPECT_TRUE(state.doubtful().empty());
}

TEST_F(KnownStateTest, AReplacedRouteChanges) {
  start_empty();
  notify(told(route("10.9.0.0/16", "10.0.0.2")));
  take();
  notify(told(route("10.9.0.0/16", "10.0.0.3"), NLM_F_REPLACE));
  EXPECT_EQ(std::get<Route>(events.at(0).object).gateway, ip_address("10.0.0.3"));
  EXPECT_EQ(take(), Kinds{changed});
  EXPECT_TRUE(state.doubtful().empty());
}

TEST_F(KnownStateTest, OfSeveralRoutesItIsDoubtfulWhichOneWasReplaced) {
  start_empty();
  notify(told(route("10.9.0.0/16", "10.0.0.2")));
  notify(told(route("10.9.0.0/16", "10.0.0.3")));
  notify(told(route("10.9.0.0/16", "10.0.0.4"), NLM_F_REPLACE));
  EXPECT_EQ(take(), (Kinds{added, added, added}));
  EXPECT_EQ(state.doubtful(), Subjects{Subject::routes});
  list(Subject::routes, {told(route("10.9.0.0/16", "10.0.0.3")), told(route("10.9.0.0/16", "10.0.0.4"))});
  EXPECT_EQ(std::get<Route>(events.at(0).object).gateway, ip_address("10.0.0.2"));
  EXPECT_EQ(take(), Kinds{removed});
  EXPECT_TRUE(state.doubtful().empty());
}

TEST_F(KnownStateTest, PartsOfAMultipathRouteAreDoubtful) {
  start_empty();
  const std::array hops{RouteHop{.gateway = ip_address("fe80::1"), .link = {index_of(2), {}}},
                        RouteHop{.gateway = ip_address("fe80::2"), .link = {index_of(3), {}}}};
  AddRoute multipath{.destination = prefix("2001:db8::/32"), .hops = hops};
  notify(told(route("2001:db8::/32", "fe80::1")));
  notify(told(multipath, NLM_F_CREATE | NLM_F_APPEND));
  EXPECT_EQ(take(), (Kinds{added, added}));
  EXPECT_EQ(state.doubtful(), Subjects{Subject::routes}) << "the first one may have become a part of the second";
  list(Subject::routes, {told(multipath)});
  EXPECT_EQ(take(), Kinds{removed});

  notify(told_gone(route("2001:db8::/32", "fe80::2", 3)));
  EXPECT_EQ(take(), Kinds{});
  EXPECT_EQ(state.doubtful(), Subjects{Subject::routes}) << "a part of it has gone";
  list(Subject::routes, {told(multipath)});

  const std::array other_hops{hops[0]};
  multipath.hops = other_hops;
  notify(told(multipath));
  EXPECT_EQ(take(), Kinds{changed}) << "the kernel tells the whole";
}

TEST_F(KnownStateTest, WhatTakesRoutesAlongMakesThemDoubtful) {
  const auto doubts = [&](const Bytes& message) {
    start_empty();
    notify(message);
    take();
    return state.doubtful();
  };
  const Subjects routes{Subject::routes};
  EXPECT_EQ(doubts(told_flags(2, 0, IFF_UP)), routes) << "brought down";
  EXPECT_EQ(doubts(told_gone(link(2))), routes);
  EXPECT_EQ(doubts(told_gone(address("10.0.0.1/24"))), routes);
  EXPECT_EQ(doubts(told_gone(AddNexthop{.nexthop = {.id = 1}})), routes);
  EXPECT_EQ(doubts(told(AddNexthop{.nexthop = {.id = 1}}, NLM_F_REPLACE)), routes);
  for (const Bytes& harmless :
       {told_flags(2, IFF_UP, IFF_UP), told_flags(2, 0, IFF_RUNNING), told(link(2)), told(address("10.0.0.1/24")),
        told_gone(address("2001:db8::1/64")), told(AddNexthop{.nexthop = {.id = 1}})}) {
    EXPECT_TRUE(doubts(harmless).empty());
  }
}

TEST_F(KnownStateTest, ForeignAndMalformedMessagesAreLeftAlone) {
  start_empty();
  Bytes port = told(link(2));
  port[sizeof(nlmsghdr)] = std::byte{AF_BRIDGE};
  notify(port);
  Bytes proxy = told(neighbour("10.0.0.2"));
  ndmsg header{};
  std::memcpy(&header, proxy.data() + sizeof(nlmsghdr), sizeof header);
  header.ndm_flags = NTF_PROXY;
  std::memcpy(proxy.data() + sizeof(nlmsghdr), &header, sizeof header);
  notify(proxy);
  Bytes cached = told(route("10.9.0.0/16", "10.0.0.2"));
  rtmsg flags{};
  std::memcpy(&flags, cached.data() + sizeof(nlmsghdr), sizeof flags);
  flags.rtm_flags = RTM_F_CLONED;
  std::memcpy(cached.data() + sizeof(nlmsghdr), &flags, sizeof flags);
  notify(cached);
  for (const std::uint16_t type : {RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR, RTM_DELROUTE, RTM_NEWNEIGH, RTM_NEWNSID}) {
    nlmsghdr bare{};
    bare.nlmsg_len = sizeof bare;
    bare.nlmsg_type = type;
    Bytes message(sizeof bare);
    std::memcpy(message.data(), &bare, sizeof bare);
    notify(message);
  }
  EXPECT_EQ(take(), Kinds{});
}

TEST_F(KnownStateTest, ShowsWhatItKnows) {
  list(Subject::links, {told(link(2)), told(link(3))});
  std::vector<InterfaceIndex> indexes;
  state.for_each(Subject::links, [&](const Object& object) { indexes.push_back(std::get<Link>(object).index); });
  std::ranges::sort(indexes);
  EXPECT_EQ(indexes, (std::vector{index_of(2), index_of(3)}));
}

}  // namespace
}  // namespace netherd::ops
