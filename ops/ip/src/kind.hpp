#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <span>
#include <string>
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
  be16,
  be32,
  on_off,    ///< "on" or "off" as a u8
  constant,  ///< no word of its own: the u8 of the table
  flag,      ///< no word of its own: an empty attribute
  nothing,   ///< no word of its own and no attribute: the opposite of a flag
  word_u8,   ///< a word of `names` or a number, by its position
  word_u16,
  word_u32,
  choice_u8,  ///< a word of `names`, by its position
  choice_u32,
  one_of_u8,  ///< the same, also abbreviated; the refusal lists the words
  link,       ///< a device, by its index
  lladdr,
  ethertype,  ///< a protocol above Ethernet, by its name or number
  tos,        ///< a name or a hexadecimal number, or "inherit", which is 1
  ttl,        ///< a number or "auto", which is 0; or "inherit", for which `second` is set as well
  unicast,    ///< an address; one of IPv6 is put into `second`
};

struct Setting {
  std::string_view keyword;
  Value value;
  int attribute;
  std::uint8_t constant = 0;
  std::span<const std::string_view> names{};
  bool whole = false;               ///< may not be abbreviated
  std::string_view complaint{};     ///< about a bad value; empty: "invalid KEYWORD"
  std::uint32_t most = UINT32_MAX;  ///< the greatest number, if the type itself allows more
  int second = 0;                   ///< another attribute
};

/// How an attribute of a link is shown.
enum class Shown : std::uint8_t {
  u8,
  u16,
  u32,
  s32,
  u64,
  be16,
  hex16,
  hex32,
  hex32_if_set,  ///< unless it is 0
  hex_be32_if_set,
  dotted_if_set,  ///< a key, like an IPv4 address, unless it is 0
  present,        ///< that the attribute is there
  yes_no,         ///< the word, with "no" before it if the value is 0
  on_off,
  timer,  ///< in jiffies: "12.30"
  word_u8,
  word_u16,
  word_u32,
  link,  ///< by name, unless it is 0
  lladdr,
  bridge_id,
  ethertype,
};

struct Showing {
  int attribute;
  Shown as;
  const char* key;            ///< in JSON
  std::string_view before{};  ///< as text; empty: the key
  std::span<const std::string_view> names{};
  std::string_view otherwise = "UNKNOWN";  ///< for a value without a name
};

/// What a kind's own functions are told.
struct KindContext {
  Request& request;
  Environment& environment;
  const Options& options;
  int index = 0;  ///< of the link that is changed; 0: it is added
  std::string_view kind{};
};

/// Kind::unknown of some kinds.
inline constexpr std::string_view unknown_option = R"(unknown option "$"?)";

struct Kind {
  std::string_view name;
  std::span<const Setting> settings{};
  std::span<const Showing> showings{};
  /// Reads all words, in place of reading them by `settings`, which are for the usage then.
  void (*parse)(Words& words, KindContext& context) = nullptr;
  /// In place of `showings`.
  void (*print)(Session& session, std::span<const std::byte> data) = nullptr;
  /// The kind's own statistics (IFLA_INFO_XSTATS).
  void (*print_statistics)(Session& session, std::span<const std::byte> data) = nullptr;
  /// The complaint about an unknown word, which replaces "$".
  std::string_view unknown = R"(unknown command "$"?)";
  /// What the usage has besides `settings`: "[ WORDS ] [ WORDS ]", in pieces.
  using Usage = std::array<std::string_view, 5>;
  Usage usage{};
};

/// The kind of this name; null for one that has no settings that are known here.
[[nodiscard]] const Kind* find_kind(std::string_view name) noexcept;

/// Whether `ip` has settings for this kind that netherd does not have.
[[nodiscard]] bool is_known_to_ip_alone(std::string_view name) noexcept;

/// What `ip link help KIND` shows: the words of the kind.
[[nodiscard]] std::string usage_of(const Kind& kind);
/// Refuses the current word, which the kind does not know, and shows its usage. "help" gets the usage alone.
[[noreturn]] void fail_unknown_setting(const Words& words, const KindContext& context);

/// Reads one setting of a table; false if the current word is none of them.
bool take_setting(Words& words, std::span<const Setting> settings, Request& request, Environment& environment);
/// The attributes that words have mentioned, and those among them of which the words said that they are off.
class Mentioned {
 public:
  void add(const Setting& setting) {
    const auto attribute = static_cast<std::size_t>(setting.attribute);
    all_.set(attribute);
    off_.set(attribute, setting.value == Value::nothing);
  }
  [[nodiscard]] bool contains(int attribute) const { return all_.test(static_cast<std::size_t>(attribute)); }
  [[nodiscard]] bool is_on(int attribute) const {
    return contains(attribute) && !off_.test(static_cast<std::size_t>(attribute));
  }

 private:
  std::bitset<64> all_;
  std::bitset<64> off_;
};
/// Reads all words as settings of a table, each of which may be mentioned once.
[[nodiscard]] Mentioned take_settings_once(Words& words, std::span<const Setting> settings, KindContext& context);
/// The position of the word that the current one is or abbreviates.
/// Error: argument of "KEYWORD" must be one of "A", "B", not "WORD"
[[nodiscard]] std::uint8_t take_one_of(Words& words, std::string_view keyword, std::span<const std::string_view> names);
/// "off" or "on" or an abbreviation, as the newer parts of `ip` take them.
[[nodiscard]] bool take_off_or_on(Words& words, std::string_view keyword);
/// "any", "all" or "default", which an end of a UDP tunnel cannot be; as a number the same address can.
[[nodiscard]] bool is_any_address(std::string_view word) noexcept;
/// "WORD" is not supported by netherd.
[[noreturn]] void fail_not_supported(std::string_view word);
/// Error: argument "KEYWORD" is required
[[noreturn]] void fail_missing(std::string_view keyword);
/// The index of the device of a tunnel: Cannot find device "NAME".
[[nodiscard]] int take_lower_device(Words& words, Environment& environment);

void print_showings(Session& session, std::span<const std::byte> data, std::span<const Showing> showings);
[[nodiscard]] std::string bridge_id_text(std::span<const std::byte> id);

/// The grammars of kinds, each in a file in kind/.
extern const std::span<const Kind> bridge_kinds;
extern const std::span<const Kind> bond_kinds;
extern const std::span<const Kind> can_kinds;
extern const std::span<const Kind> macsec_kinds;
extern const std::span<const Kind> plain_kinds;
extern const std::span<const Kind> vlan_kinds;
extern const std::span<const Kind> vxlan_kinds;
extern const std::span<const Kind> tunnel_kinds;
extern const std::span<const Kind> udp_tunnel_kinds;

/// `veth` and `netkit`: the words behind `peer` are those of a link.
void parse_peer(Words& words, KindContext& context, int attribute);

}  // namespace netherd::ip
