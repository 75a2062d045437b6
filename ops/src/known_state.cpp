#include "netherd/ops/known_state.hpp"

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "wire_address.hpp"

namespace netherd::ops {

namespace {

using engine::MessageView;

/// The types of a subject's messages: RTM_NEW..., and RTM_DEL... which is one more.
struct MessageTypes {
  Subject subject;
  std::uint16_t added;
};
constexpr std::array message_types{
    MessageTypes{Subject::links, RTM_NEWLINK}, MessageTypes{Subject::addresses, RTM_NEWADDR},
    MessageTypes{Subject::routes, RTM_NEWROUTE}, MessageTypes{Subject::neighbours, RTM_NEWNEIGH},
    MessageTypes{Subject::netns_ids, RTM_NEWNSID}};

const MessageTypes* types_with(std::uint16_t type) noexcept {
  const auto* const found = std::ranges::find_if(
      message_types, [&](const MessageTypes& types) { return type == types.added || type == types.added + 1; });
  return found != message_types.end() ? found : nullptr;
}

template <typename Decoded>
std::optional<Object> as_object(std::optional<Decoded> decoded) {
  return decoded ? std::optional<Object>{*std::move(decoded)} : std::nullopt;
}

/// Ports of bridges are told of as links of family AF_BRIDGE.
bool is_plain_link(const MessageView& message) noexcept {
  const auto header = message.family_header<ifinfomsg>();
  return header && header->ifi_family == AF_UNSPEC;
}

std::optional<Object> decode_netns(const MessageView& message) {
  const auto id = decode_netns_id(message);
  return id ? std::optional<Object>{NetnsId{*id}} : std::nullopt;
}

/// The object that a message of type RTM_NEW... tells of; nothing if it is none that is watched.
std::optional<Object> decode_object(Subject subject, const MessageView& message) {
  switch (subject) {
    case Subject::links:
      return is_plain_link(message) ? as_object(decode_link(message)) : std::nullopt;
    case Subject::addresses:
      return as_object(decode_address(message));
    case Subject::routes: {
      auto route = decode_route(message);
      const bool cached = route && (route->flags & RTM_F_CLONED) != 0;
      return cached ? std::nullopt : as_object(std::move(route));
    }
    case Subject::neighbours: {
      auto neighbour = decode_neighbour(message);
      return neighbour && neighbour->proxy ? std::nullopt : as_object(std::move(neighbour));
    }
    case Subject::netns_ids:
      return decode_netns(message);
  }
  return std::nullopt;
}

/// Puts the bytes of a key together. Those of most IPv4 objects fit into the std::string itself.
class Key {
 public:
  template <engine::WireStruct T>
  Key& add(const T& value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Key& add(const IpAddress& address) {
    const WireAddress wire{address};
    bytes_.append(reinterpret_cast<const char*>(wire.bytes().data()), wire.bytes().size());
    return *this;
  }
  /// A key is at its end with this.
  [[nodiscard]] std::string bytes() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

std::string key_of(const Link& link) { return Key{}.add(link.index).bytes(); }

/// IPv4 takes the same address several times, with other lengths and peers; IPv6 does not (find_matching_ifa() in
/// net/ipv4/devinet.c, inet6_addr_add()).
std::string key_of(const Address& address) {
  Key key;
  key.add(address.index).add(address.address.address);
  if (address.address.is_v4()) key.add(address.address.length);
  if (address.address.is_v4() && address.peer) key.add(*address.peer);
  return key.bytes();
}

/// IPv6 has a route for the same prefix on every link, link-local ones for a start.
std::string key_of(const Route& route) {
  Key key;
  key.add(route.table).add(route.destination.length).add(route.destination.address).add(route.tos).add(route.metric);
  if (route.from) key.add(route.from->length).add(route.from->address);
  if (!route.destination.is_v4() && route.hops.empty()) key.add(route.index);
  return key.bytes();
}

std::string key_of(const Neighbour& neighbour) { return Key{}.add(neighbour.index).add(neighbour.address).bytes(); }
std::string key_of(const NetnsId& id) { return Key{}.add(id.id).bytes(); }

/// Takes away what changes without being told of.
void keep_what_counts(Link& link) {
  link.statistics.reset();
  link.new_netns_id.reset();
  link.new_index = InterfaceIndex::none;
}
void keep_what_counts(Address& address) {
  for (Lifetime* lifetime : {&address.valid, &address.preferred}) {
    if (*lifetime) *lifetime = Lifetime::value_type{0};
  }
}
void keep_what_counts(Route& route) {
  route.flags &= RTNH_F_ONLINK;
  if (route.expires) route.expires = std::chrono::duration<std::int32_t>{0};
  // The kernel tells an IPv6 route's hops in turn, beginning with whichever one it looks at.
  if (!route.destination.is_v4()) std::ranges::sort(route.hops, {}, &RouteHop::gateway);
}
void keep_what_counts(Neighbour& neighbour) { neighbour.probes.reset(); }
void keep_what_counts(NetnsId&) {}

Object comparable(Object object) {
  std::visit([](auto& alternative) { keep_what_counts(alternative); }, object);
  return object;
}

bool took_over(const MessageView& message) noexcept { return (message.flags() & NLM_F_REPLACE) != 0; }

bool is_ipv6_multipath(const Route& route) noexcept { return !route.destination.is_v4() && !route.hops.empty(); }

/// A link that was brought down, or has gone: with it go IPv4 routes.
bool loses_a_link(const MessageView& message) noexcept {
  const auto header = message.family_header<ifinfomsg>();
  if (!header || header->ifi_family != AF_UNSPEC) return false;
  const bool brought_down = (header->ifi_change & IFF_UP) != 0 && (header->ifi_flags & IFF_UP) == 0;
  return message.type() == RTM_DELLINK || (message.type() == RTM_NEWLINK && brought_down);
}

bool loses_an_ipv4_address(const MessageView& message) noexcept {
  const auto header = message.family_header<ifaddrmsg>();
  return message.type() == RTM_DELADDR && header && header->ifa_family == AF_INET;
}

bool changes_a_nexthop(const MessageView& message) noexcept {
  return message.type() == RTM_DELNEXTHOP || (message.type() == RTM_NEWNEXTHOP && took_over(message));
}

}  // namespace

/// A message of type RTM_NEW..., and what it tells of.
struct KnownState::Telling {
  Subject subject;
  MessageView message;
  Object object;
  std::string key;
  bool listed;

  static std::optional<Telling> read(Subject subject, const MessageView& message, bool listed) {
    auto object = decode_object(subject, message);
    if (!object) return std::nullopt;
    std::string key = std::visit([](const auto& alternative) { return key_of(alternative); }, *object);
    return Telling{subject, message, *std::move(object), std::move(key), listed};
  }
  [[nodiscard]] const Route* route() const noexcept { return std::get_if<Route>(&object); }
};

KnownState::KnownState(Subjects watched) : watched_{watched}, doubtful_{watched} {}

Object KnownState::object_of(const Known& known) {
  const MessageView message{std::span{known.bytes.get(), known.size}};
  return *decode_object(types_with(message.type())->subject, message);
}

void KnownState::remember(Known& known, const Telling& telling) noexcept {
  const auto bytes = telling.message.bytes();
  if (known.size != bytes.size()) known.bytes = std::make_unique_for_overwrite<std::byte[]>(bytes.size());
  known.size = static_cast<std::uint32_t>(bytes.size());
  std::memcpy(known.bytes.get(), bytes.data(), bytes.size());
  known.generation = table_of(telling.subject).generation;
}

KnownState::Objects::iterator KnownState::find_equal(const Telling& telling) {
  Objects& objects = table_of(telling.subject).objects;
  const auto [first, last] = objects.equal_range(telling.key);
  if (first == last) return objects.end();
  const Object wanted = comparable(telling.object);
  const auto found =
      std::find_if(first, last, [&](const auto& entry) { return comparable(object_of(entry.second)) == wanted; });
  return found != last ? found : objects.end();
}

KnownState::Objects::iterator KnownState::find_only(const Telling& telling) {
  Objects& objects = table_of(telling.subject).objects;
  const auto [first, last] = objects.equal_range(telling.key);
  return first != last && std::next(first) == last ? first : objects.end();
}

void KnownState::doubt(Subject subject) noexcept {
  if (watched_.has(subject)) doubtful_.add(subject);
}

void KnownState::raise_doubts(const MessageView& message) noexcept {
  if (loses_a_link(message) || loses_an_ipv4_address(message) || changes_a_nexthop(message)) doubt(Subject::routes);
}

void KnownState::learn(const Telling& telling, std::vector<Event>& events) {
  Objects& objects = table_of(telling.subject).objects;
  if (const auto same = find_equal(telling); same != objects.end()) return remember(same->second, telling);

  const Route* const route = telling.route();
  const bool in_place =
      route == nullptr || (!telling.listed && (took_over(telling.message) || is_ipv6_multipath(*route)));
  const auto before = in_place ? find_only(telling) : objects.end();
  if (before != objects.end()) {
    remember(before->second, telling);
    events.push_back({EventKind::changed, telling.object});
    return;
  }
  Known known;
  remember(known, telling);
  objects.emplace(telling.key, std::move(known));
  events.push_back({EventKind::added, telling.object});
  const bool appended = route != nullptr && is_ipv6_multipath(*route) && (telling.message.flags() & NLM_F_APPEND) != 0;
  if (!telling.listed && (took_over(telling.message) || appended)) doubt(telling.subject);
}

void KnownState::forget(const Telling& telling, std::vector<Event>& events) {
  Objects& objects = table_of(telling.subject).objects;
  const Route* const route = telling.route();
  const auto gone = route != nullptr ? find_equal(telling) : find_only(telling);
  if (gone != objects.end()) {
    events.push_back({EventKind::removed, object_of(gone->second)});
    objects.erase(gone);
  } else if (route != nullptr && (!route->destination.is_v4() || objects.contains(telling.key))) {
    doubt(Subject::routes);  // a part of a multipath route, or one that we know otherwise
  }
}

void KnownState::on_notification(const MessageView& message, std::vector<Event>& events) {
  raise_doubts(message);
  const MessageTypes* const types = types_with(message.type());
  if (types == nullptr || !watched_.has(types->subject)) return;
  if (message.type() == types->added) {
    if (const auto telling = Telling::read(types->subject, message, false)) learn(*telling, events);
    return;
  }
  scratch_.assign(message.bytes().begin(), message.bytes().end());
  std::memcpy(scratch_.data() + offsetof(nlmsghdr, nlmsg_type), &types->added, sizeof types->added);
  if (const auto telling = Telling::read(types->subject, MessageView{scratch_}, false)) forget(*telling, events);
}

void KnownState::begin_list(Subject subject) noexcept { ++table_of(subject).generation; }

void KnownState::on_listed(const MessageView& message, std::vector<Event>& events) {
  const MessageTypes* const types = types_with(message.type());
  if (types == nullptr || message.type() != types->added || !watched_.has(types->subject)) return;
  if (const auto telling = Telling::read(types->subject, message, true)) learn(*telling, events);
}

void KnownState::end_list(Subject subject, std::vector<Event>& events) {
  Table& table = table_of(subject);
  std::erase_if(table.objects, [&](const auto& entry) {
    if (entry.second.generation == table.generation) return false;
    events.push_back({EventKind::removed, object_of(entry.second)});
    return true;
  });
  doubtful_.remove(subject);
}

void KnownState::for_each(Subject subject, const std::function<void(const Object&)>& visit) const {
  for (const auto& [key, known] : table_of(subject).objects) visit(object_of(known));
}

}  // namespace netherd::ops
