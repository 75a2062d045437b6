#include "kind.hpp"

#include <arpa/inet.h>
#include <linux/if_arp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "attributes.hpp"
#include "ethertypes.hpp"
#include "names.hpp"
#include "netherd/ip/inet.hpp"
#include "objects.hpp"

namespace netherd::ip {

namespace {

/// The position of a word; where numbers are allowed, one may stand for it.
std::uint32_t take_position(Words& words, const Setting& setting, std::string_view complaint, bool numbers) {
  const std::string_view word = words.take();
  std::uint64_t number = 0;
  if (numbers && read_number(word, setting.names.size() - 1, number)) return static_cast<std::uint32_t>(number);
  const auto found = std::ranges::find(setting.names, word);
  if (found == setting.names.end() || word.empty()) refuse(word, complaint);
  return static_cast<std::uint32_t>(found - setting.names.begin());
}

std::uint16_t take_ethertype(Words& words, std::string_view complaint) {
  const std::string_view word = words.take();
  const auto protocol = read_ethertype(word);
  if (!protocol) refuse(word, complaint);
  return *protocol;
}

int take_link(Words& words, const Setting& setting, Environment& environment) {
  const std::string_view name = words.take();
  const int index = environment.find_index(name);
  if (index == 0) setting.complaint.empty() ? fail_no_device(name) : refuse(name, setting.complaint);
  return index;
}

std::uint8_t take_tos(Words& words, std::string_view complaint) {
  const std::string_view word = words.take();
  const auto tos = word == "inherit" ? std::optional{1U} : names::read_dsfield(word);
  if (!tos || *tos > UINT8_MAX) refuse(word, complaint);
  return static_cast<std::uint8_t>(*tos);
}

void put_ttl(Words& words, const Setting& setting, Request& request) {
  const bool inherits = words.accept("inherit");
  if (inherits) request.put_u8(setting.second, 1);
  const bool automatic = inherits || words.accept("auto");
  request.put_u8(setting.attribute, automatic ? std::uint8_t{0} : words.take_u8("TTL must be <= 255"));
}

void put_unicast(Words& words, const Setting& setting, Request& request, std::string_view complaint) {
  const std::string_view word = words.take();
  const Inet address = address_from(word, AF_UNSPEC);
  if (is_any_address(word) || address.is_multicast()) refuse(word, complaint);
  request.put(address.family == AF_INET ? setting.attribute : setting.second, address.bytes());
}

std::int32_t take_signed(Words& words, std::string_view complaint) {
  const std::string_view word = words.take();
  std::uint64_t magnitude = 0;
  const bool negative = word.starts_with('-');
  const std::uint64_t most = negative ? std::uint64_t{INT32_MAX} + 1 : INT32_MAX;
  if (!read_number(negative ? word.substr(1) : word, most, magnitude)) refuse(word, complaint);
  const auto number = static_cast<std::int64_t>(magnitude);
  return static_cast<std::int32_t>(negative ? -number : number);
}

/// "off" or "on" of a bridge's port, or an abbreviation. `ip` ends with the status of -EINVAL where it is neither.
std::uint8_t take_off_on(Words& words, std::string_view keyword) {
  static constexpr std::array<std::string_view, 2> off_and_on{"off", "on"};
  static constexpr int status = 234;
  return static_cast<std::uint8_t>(words.take_one_of(off_and_on, keyword, status));
}

void put_setting(Words& words, const Setting& setting, Request& request, Environment& environment) {
  const std::string complaint =
      setting.complaint.empty() ? "invalid " + std::string{setting.keyword} : std::string{setting.complaint};
  const int attribute = setting.attribute;
  const auto number = [&] { return static_cast<std::uint32_t>(words.take_number(setting.most, complaint)); };
  const auto position = [&](bool numbers) { return take_position(words, setting, complaint, numbers); };
  switch (setting.value) {
    case Value::u8:
      return request.put_u8(attribute, words.take_u8(complaint));
    case Value::u16:
      return request.put_u16(attribute, words.take_u16(complaint));
    case Value::u32:
      return request.put_u32(attribute, number());
    case Value::s32:
      return request.put_value(attribute, take_signed(words, complaint));
    case Value::be16:
      return request.put_u16(attribute, htons(words.take_u16(complaint)));
    case Value::be32:
      return request.put_u32(attribute, htonl(number()));
    case Value::on_off:
      return request.put_u8(attribute, take_off_on(words, setting.keyword));
    case Value::constant:
      return request.put_u8(attribute, setting.constant);
    case Value::flag:
      return request.put_flag(attribute);
    case Value::nothing:
      return;
    case Value::word_u8:
      return request.put_u8(attribute, static_cast<std::uint8_t>(position(true)));
    case Value::word_u16:
      return request.put_u16(attribute, static_cast<std::uint16_t>(position(true)));
    case Value::word_u32:
      return request.put_u32(attribute, position(true));
    case Value::choice_u8:
      return request.put_u8(attribute, static_cast<std::uint8_t>(position(false)));
    case Value::choice_u32:
      return request.put_u32(attribute, position(false));
    case Value::one_of_u8:
      return request.put_u8(attribute, take_one_of(words, setting.keyword, setting.names));
    case Value::link:
      return request.put_value(attribute, take_link(words, setting, environment));
    case Value::lladdr:
      return request.put(attribute, take_link_layer_address(words).bytes());
    case Value::ethertype:
      return request.put_u16(attribute, take_ethertype(words, complaint));
    case Value::tos:
      return request.put_u8(attribute, take_tos(words, complaint));
    case Value::ttl:
      return put_ttl(words, setting, request);
    case Value::unicast:
      return put_unicast(words, setting, request, complaint);
  }
}

/// Whether a setting has a word of its own behind the keyword.
bool has_value(const Setting& setting) {
  return setting.value != Value::constant && setting.value != Value::flag && setting.value != Value::nothing;
}

const Setting* find_setting(const Words& words, std::span<const Setting> settings) {
  const auto found = std::ranges::find_if(settings, [&words](const Setting& setting) {
    return setting.whole ? words.is(setting.keyword) : words.abbreviates(setting.keyword);
  });
  return found == settings.end() ? nullptr : &*found;
}

/// "{ on | off }", or what kind of value it is.
std::string value_text(const Setting& setting) {
  static constexpr std::array<std::string_view, 2> on_off{"on", "off"};
  switch (setting.value) {
    case Value::constant:
    case Value::flag:
    case Value::nothing:
      return {};
    case Value::link:
      return " DEVICE";
    case Value::lladdr:
      return " LLADDR";
    case Value::ethertype:
      return " PROTOCOL";
    case Value::tos:
      return " { TOS | inherit }";
    case Value::ttl:
      return " { TTL | auto | inherit }";
    case Value::unicast:
      return " ADDRESS";
    case Value::on_off:
    case Value::word_u8:
    case Value::word_u16:
    case Value::word_u32:
    case Value::choice_u8:
    case Value::choice_u32:
    case Value::one_of_u8: {
      std::string text;
      for (const std::string_view name : setting.value == Value::on_off ? std::span{on_off} : setting.names) {
        text.append(text.empty() ? " { " : " | ").append(name);
      }
      return text + " }";
    }
    default:
      return " NUMBER";
  }
}

std::string timer_text(std::uint64_t jiffies, const char* format) {
  static const auto ticks = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  std::array<char, 40> text;
  const int size = std::snprintf(text.data(), text.size(), format, static_cast<int>(jiffies / ticks),
                                 static_cast<int>(jiffies % ticks * 100 / ticks));
  return {text.data(), static_cast<std::size_t>(size)};
}

void print_one(Session& session, const AttributeTable<64>& table, const Showing& showing) {
  Printer& printer = session.printer();
  const auto type = static_cast<std::size_t>(showing.attribute);
  const std::string before = std::string{showing.before.empty() ? showing.key : showing.before} + ' ';
  const auto hex = [&](std::uint32_t value) {
    value == 0 ? printer.string(showing.key, before, "0") : printer.hex(showing.key, before, value);
  };
  const auto word = [&](std::uint32_t position) {
    printer.string(showing.key, before, position < showing.names.size() ? showing.names[position] : showing.otherwise);
  };
  switch (showing.as) {
    case Shown::u8:
      return printer.number(showing.key, before, std::uint32_t{table.u8(type)});
    case Shown::u16:
      return printer.number(showing.key, before, std::uint32_t{table.u16(type)});
    case Shown::be16:
      return printer.number(showing.key, before, std::uint32_t{ntohs(table.u16(type))});
    case Shown::u32:
      return printer.number(showing.key, before, table.u32(type));
    case Shown::s32:
      return printer.number(showing.key, before, static_cast<std::int32_t>(table.u32(type)));
    case Shown::u64:
      return printer.number(showing.key, before, table.u64(type));
    case Shown::hex16:
      return hex(table.u16(type));
    case Shown::hex32:
      return hex(table.u32(type));
    case Shown::hex32_if_set:
      if (table.u32(type) != 0) hex(table.u32(type));
      return;
    case Shown::hex_be32_if_set:
      if (table.u32(type) != 0) hex(ntohl(table.u32(type)));
      return;
    case Shown::dotted_if_set:
      if (table.u32(type) != 0) printer.string(showing.key, before, address_text(AF_INET, table.bytes(type)));
      return;
    case Shown::present:
      return printer.flag(showing.key, before);
    case Shown::yes_no:
      return printer.flag(showing.key, (table.u8(type) != 0 ? "" : "no") + before, table.u8(type) != 0);
    case Shown::on_off:
      return printer.on_off(showing.key, before, table.u8(type) != 0);
    case Shown::timer:
      return printer.decimal_text(showing.key, before,
                                  timer_text(table.u64(type), printer.json() ? "%i.%.2i" : "%4i.%.2i"));
    case Shown::word_u8:
      return word(table.u8(type));
    case Shown::word_u16:
      return word(table.u16(type));
    case Shown::word_u32:
      return word(table.u32(type));
    case Shown::link:
      if (table.index(type) != 0) printer.string(showing.key, before, session.link_name(table.index(type)));
      return;
    case Shown::lladdr:
      return printer.string(showing.key, before, link_layer_text(table.bytes(type), ARPHRD_ETHER));
    case Shown::bridge_id:
      return printer.string(showing.key, before, bridge_id_text(table.bytes(type)));
    case Shown::ethertype:
      return printer.string(showing.key, before, ethertype_text(table.u16(type)));
  }
}

}  // namespace

const Kind* find_kind(std::string_view name) noexcept {
  for (const auto kinds : {plain_kinds, bridge_kinds, vlan_kinds, vxlan_kinds, tunnel_kinds, bond_kinds,
                           udp_tunnel_kinds, macsec_kinds, can_kinds}) {
    const auto found = std::ranges::find(kinds, name, &Kind::name);
    if (found != kinds.end()) return &*found;
  }
  return nullptr;
}

bool is_known_to_ip_alone(std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 6> names{"amt", "batadv", "dsa", "ipoib", "rmnet", "wwan"};
  return std::ranges::find(names, name) != names.end();
}

std::string usage_of(const Kind& kind) {
  constexpr std::size_t most_columns = 100;
  const std::string indent(7, ' ');
  std::string text = "Usage: ... " + std::string{kind.name};
  std::size_t columns = text.size();
  const auto add = [&](std::string_view words) {
    if (columns + words.size() > most_columns) {
      text += '\n' + indent;
      columns = indent.size();
    }
    text += words;
    columns += words.size();
  };
  for (const Setting& setting : kind.settings) add(" [ " + std::string{setting.keyword} + value_text(setting) + " ]");
  for (std::string_view rest : kind.usage) {
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(" ] "), rest.size() - 2) + 2;
      add(' ' + std::string{rest.substr(0, end)});
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return text;
}

void fail_unknown_setting(const Words& words, const KindContext& context) {
  const Kind* kind = find_kind(context.kind);
  if (words.abbreviates("help")) fail(usage_of(*kind));
  std::string refusal{kind->unknown};
  refusal.replace(refusal.find('$'), 1, words.peek());
  fail(std::string{context.kind} + ": " + refusal + '\n' + usage_of(*kind));
}

bool take_setting(Words& words, std::span<const Setting> settings, Request& request, Environment& environment) {
  const Setting* setting = find_setting(words, settings);
  if (setting == nullptr) return false;
  words.skip();
  put_setting(words, *setting, request, environment);
  return true;
}

Mentioned take_settings_once(Words& words, std::span<const Setting> settings, KindContext& context) {
  Mentioned mentioned;
  while (!words.empty()) {
    const Setting* setting = find_setting(words, settings);
    if (setting == nullptr) fail_unknown_setting(words, context);
    const std::string_view keyword = words.take();
    if (mentioned.contains(setting->attribute) && !(has_value(*setting) && words.empty())) {
      has_value(*setting) ? refuse_garbage(setting->keyword, words.peek()) : refuse_garbage(keyword, keyword);
    }
    mentioned.add(*setting);
    put_setting(words, *setting, context.request, context.environment);
  }
  return mentioned;
}

std::uint8_t take_one_of(Words& words, std::string_view keyword, std::span<const std::string_view> names) {
  return static_cast<std::uint8_t>(words.take_one_of(names, keyword, status_failed));
}

bool take_off_or_on(Words& words, std::string_view keyword) {
  static constexpr std::array<std::string_view, 2> names{"off", "on"};
  return take_one_of(words, keyword, names) == 1;
}

bool is_any_address(std::string_view word) noexcept { return word == "any" || word == "all" || word == "default"; }

void fail_not_supported(std::string_view word) {
  fail('"' + std::string{word} + "\" is not supported by netherd.", status_usage);
}

void fail_missing(std::string_view keyword) {
  fail("Error: argument \"" + std::string{keyword} + "\" is required", status_usage);
}

int take_lower_device(Words& words, Environment& environment) {
  const std::string_view name = words.take();
  const int index = environment.find_index(name);
  if (index == 0) fail("Cannot find device \"" + std::string{name} + '"', status_usage);
  return index;
}

void print_showings(Session& session, std::span<const std::byte> data, std::span<const Showing> showings) {
  const AttributeTable<64> table{data};
  for (const Showing& showing : showings) {
    if (table.has(static_cast<std::size_t>(showing.attribute))) print_one(session, table, showing);
  }
}

std::string bridge_id_text(std::span<const std::byte> id) {
  if (id.size() < 8) return {};
  std::array<char, 8> text;
  const int size = std::snprintf(text.data(), text.size(), "%.2x%.2x.", std::to_integer<unsigned>(id[0]),
                                 std::to_integer<unsigned>(id[1]));
  std::string address;
  for (const std::byte byte : id.subspan(2, 6)) {  // without leading zeros, as ether_ntoa(3) has it
    std::array<char, 4> digits;
    std::snprintf(digits.data(), digits.size(), address.empty() ? "%x" : ":%x", std::to_integer<unsigned>(byte));
    address += digits.data();
  }
  return std::string{text.data(), static_cast<std::size_t>(size)} + address;
}

}  // namespace netherd::ip
