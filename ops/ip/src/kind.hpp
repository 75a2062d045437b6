#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "netherd/ip/command.hpp"
#include "session.hpp"

/// Kinds of links: what may stand behind `type KIND`, and how it is shown.
namespace netherd::ip {

/// How the value of a setting is written, and what it is in the request.
enum class Value : std::uint8_t {
  u8,
  u16,
  u32,
  s32,
  on_off,    ///< "on" or "off" as a u8
  constant,  ///< no word of its own: the u8 of the table
  flag,      ///< no word of its own: an empty attribute
  word_u8,   ///< a word of `names`, by its position
  word_u16,
  word_u32,
  link,  ///< a device, by its index
  lladdr,
  vlan_protocol,  ///< "802.1q" or "802.1ad"
};

struct Setting {
  std::string_view keyword;
  Value value;
  int attribute;
  std::uint8_t constant = 0;
  std::span<const std::string_view> names{};
  bool whole = false;  ///< may not be abbreviated
};

/// How an attribute of a link is shown.
enum class Shown : std::uint8_t {
  u8,
  u16,
  u32,
  u64,
  be16,
  hex16,
  on_off,
  timer,  ///< in jiffies: "12.30"
  word_u8,
  word_u16,
  word_u32,
  link,  ///< by name, unless it is 0
  lladdr,
  bridge_id,
  vlan_protocol,
};

struct Showing {
  int attribute;
  Shown as;
  const char* key;            ///< in JSON
  std::string_view before{};  ///< as text; empty: the key
  std::span<const std::string_view> names{};
};

/// What a kind's own functions are told.
struct KindContext {
  Request& request;
  Environment& environment;
  const Options& options;
  int index = 0;  ///< of the link that is changed; 0: it is added
  std::string_view kind{};
};

struct Kind {
  std::string_view name;
  std::span<const Setting> settings{};
  std::span<const Showing> showings{};
  /// In place of `settings`: reads all words.
  void (*parse)(Words& words, KindContext& context) = nullptr;
  /// In place of `showings`.
  void (*print)(Session& session, std::span<const std::byte> data) = nullptr;
};

/// The kind of this name; null for one that has no settings that are known here.
[[nodiscard]] const Kind* find_kind(std::string_view name) noexcept;

/// Reads one setting of a table; false if the current word is none of them.
bool take_setting(Words& words, std::span<const Setting> settings, Request& request, Environment& environment);
void print_showings(Session& session, std::span<const std::byte> data, std::span<const Showing> showings);
[[nodiscard]] std::uint16_t take_vlan_protocol(Words& words);  ///< in network byte order
[[nodiscard]] std::string vlan_protocol_text(std::uint16_t protocol);
/// "TTL", "inherit" ...; 0 to 255.
[[nodiscard]] std::string bridge_id_text(std::span<const std::byte> id);

/// Of a link that words name, or `Cannot find device`.
/// The names of a kind's own grammars, each in a file in kind/.
extern const std::span<const Kind> bridge_kinds;
extern const std::span<const Kind> bond_kinds;
extern const std::span<const Kind> plain_kinds;
extern const std::span<const Kind> vlan_kinds;
extern const std::span<const Kind> vxlan_kinds;
extern const std::span<const Kind> tunnel_kinds;

/// `veth` and `netkit`: the words behind `peer` are those of a link.
void parse_peer(Words& words, KindContext& context, int attribute);

}  // namespace netherd::ip
