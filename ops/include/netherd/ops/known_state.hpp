#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "netherd/engine/message.hpp"
#include "netherd/ops/event.hpp"

namespace netherd::ops {

/// What is known of a namespace's objects, from notifications and lists, without any input or output of its own: the
/// part of a Monitor that decides what is an event.
///
/// Notifications go in one by one, lists as a whole; events come out, each of them a difference to what was known. What
/// cannot be concluded from notifications makes a kind of objects doubtful(): it has to be listed then. At first
/// everything is. The kernel (Linux 6.18) says nothing of
///
///   - IPv4 routes that go with a link that is brought down, or with the address that they prefer as source
///     (fib_table_flush(), net/ipv4/fib_trie.c), and routes that go with their nexthop object;
///   - which of several equal routes one took the place of (NLM_F_REPLACE), and which route became a part of an IPv6
///     multipath route (NLM_F_APPEND).
///
/// Left alone are: what changes by itself (counters, what is left of lifetimes, whether a route's link has carrier),
/// settings that are particular to a kind of link, cached routes, proxy neighbours.
///
/// Memory: in proportion to the objects, each kept as the message that told of it. Time: in proportion to messages and
/// lists; a route is compared with the other routes of its prefix, TOS and metric (IPv6: and link). Not thread safe.
class KnownState {
 public:
  explicit KnownState(Subjects watched);

  /// Takes a notification into account, of whatever kind. Appends to `events`.
  void on_notification(const engine::MessageView& message, std::vector<Event>& events);

  /// A whole list of one kind: begin_list(), on_listed() for each message, end_list(), which appends the removal of
  /// what was not listed. Notifications are to be kept back meanwhile. An unfinished list may be begun anew.
  void begin_list(Subject subject) noexcept;
  void on_listed(const engine::MessageView& message, std::vector<Event>& events);
  void end_list(Subject subject, std::vector<Event>& events);

  /// Notifications were lost: everything is doubtful.
  void on_loss() noexcept { doubtful_ = watched_; }
  [[nodiscard]] Subjects doubtful() const noexcept { return doubtful_; }
  [[nodiscard]] Subjects watched() const noexcept { return watched_; }

  [[nodiscard]] std::size_t size(Subject subject) const noexcept { return table_of(subject).objects.size(); }
  /// Shows all that is known of one kind, in no particular order.
  void for_each(Subject subject, const std::function<void(const Object&)>& visit) const;

 private:
  /// The message that told of an object; its type is that of a new one.
  struct Known {
    std::unique_ptr<std::byte[]> bytes;
    std::uint32_t size = 0;
    std::uint32_t generation = 0;  ///< of the list that had it last
  };
  /// By what tells an object from others; routes that differ in less than that are told apart by their content.
  using Objects = std::unordered_multimap<std::string, Known>;
  struct Table {
    Objects objects;
    std::uint32_t generation = 0;
  };
  struct Telling;

  [[nodiscard]] Table& table_of(Subject subject) noexcept { return tables_[static_cast<std::size_t>(subject)]; }
  [[nodiscard]] const Table& table_of(Subject subject) const noexcept {
    return tables_[static_cast<std::size_t>(subject)];
  }
  [[nodiscard]] static Object object_of(const Known& known);
  void remember(Known& known, const Telling& telling) noexcept;
  [[nodiscard]] Objects::iterator find_equal(const Telling& telling);
  /// The only one with the same key; end() if there are none or several.
  [[nodiscard]] Objects::iterator find_only(const Telling& telling);
  void learn(const Telling& telling, std::vector<Event>& events);
  void forget(const Telling& telling, std::vector<Event>& events);
  void doubt(Subject subject) noexcept;
  void raise_doubts(const engine::MessageView& message) noexcept;

  Subjects watched_;
  Subjects doubtful_;
  std::array<Table, subject_count> tables_;
  std::vector<std::byte> scratch_;
};

}  // namespace netherd::ops
