#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <variant>

#include "netherd/ops/address.hpp"
#include "netherd/ops/link.hpp"
#include "netherd/ops/neighbour.hpp"
#include "netherd/ops/netns_id.hpp"
#include "netherd/ops/route.hpp"

namespace netherd::ops {

/// Kinds of objects that can be watched; the order is that in which a Monitor lists them.
enum class Subject : std::uint8_t { links, addresses, routes, neighbours, netns_ids };
inline constexpr std::size_t subject_count = 5;

/// A set of kinds: `Subjects{Subject::links, Subject::routes}`.
class Subjects {
 public:
  constexpr Subjects() = default;
  constexpr Subjects(std::initializer_list<Subject> subjects) noexcept {
    for (const Subject subject : subjects) add(subject);
  }
  constexpr void add(Subject subject) noexcept { bits_ |= bit(subject); }
  constexpr void remove(Subject subject) noexcept { bits_ &= ~bit(subject); }
  [[nodiscard]] constexpr bool has(Subject subject) const noexcept { return (bits_ & bit(subject)) != 0; }
  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
  friend bool operator==(const Subjects&, const Subjects&) = default;

 private:
  static constexpr unsigned bit(Subject subject) noexcept { return 1U << static_cast<unsigned>(subject); }
  unsigned bits_ = 0;
};

inline constexpr Subjects every_subject{Subject::links, Subject::addresses, Subject::routes, Subject::neighbours,
                                        Subject::netns_ids};

/// An object of one of these kinds, in the order of Subject.
using Object = std::variant<Link, Address, Route, Neighbour, NetnsId>;

[[nodiscard]] inline Subject subject_of(const Object& object) noexcept { return static_cast<Subject>(object.index()); }

enum class EventKind : std::uint8_t { added, changed, removed };

/// A difference to what was known before.
struct Event {
  EventKind kind = EventKind::added;
  Object object{};  ///< as it is now; as it was last known, if it was removed
  friend bool operator==(const Event&, const Event&) = default;
};

}  // namespace netherd::ops
