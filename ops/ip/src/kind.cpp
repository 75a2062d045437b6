#include "kind.hpp"

#include <arpa/inet.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "attributes.hpp"
#include "netherd/ip/inet.hpp"
#include "objects.hpp"

namespace netherd::ip {

namespace {

/// The position of a word, or a number that stands for one.
std::uint32_t take_position(Words& words, std::span<const std::string_view> names, std::string_view keyword) {
  const std::string_view word = words.take();
  std::uint64_t number = 0;
  if (read_number(word, names.size() - 1, number)) return static_cast<std::uint32_t>(number);
  const auto found = std::ranges::find(names, word);
  if (found == names.end() || word.empty()) refuse(word, "invalid " + std::string{keyword});
  return static_cast<std::uint32_t>(found - names.begin());
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
  const std::string complaint = "invalid " + std::string{setting.keyword};
  const int attribute = setting.attribute;
  switch (setting.value) {
    case Value::u8:
      return request.put_u8(attribute, words.take_u8(complaint));
    case Value::u16:
      return request.put_u16(attribute, words.take_u16(complaint));
    case Value::u32:
      return request.put_u32(attribute, words.take_u32(complaint));
    case Value::s32:
      return request.put_value(attribute, take_signed(words, complaint));
    case Value::on_off:
      return request.put_u8(attribute, take_off_on(words, setting.keyword));
    case Value::constant:
      return request.put_u8(attribute, setting.constant);
    case Value::flag:
      return request.put_flag(attribute);
    case Value::word_u8:
      return request.put_u8(attribute, static_cast<std::uint8_t>(take_position(words, setting.names, setting.keyword)));
    case Value::word_u16:
      return request.put_u16(attribute,
                             static_cast<std::uint16_t>(take_position(words, setting.names, setting.keyword)));
    case Value::word_u32:
      return request.put_u32(attribute, take_position(words, setting.names, setting.keyword));
    case Value::link:
      return request.put_value(attribute, index_of(environment, words.take()));
    case Value::lladdr:
      return request.put(attribute, take_link_layer_address(words).bytes());
    case Value::vlan_protocol:
      return request.put_u16(attribute, take_vlan_protocol(words));
  }
}

std::string timer_text(std::uint64_t jiffies, const char* format) {
  static const auto ticks = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  std::array<char, 40> text;
  const int size = std::snprintf(text.data(), text.size(), format, static_cast<int>(jiffies / ticks),
                                 static_cast<int>(jiffies % ticks * 100 / ticks));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string_view word_at(std::span<const std::string_view> names, std::uint32_t position) {
  return position < names.size() ? names[position] : "UNKNOWN";
}

void print_one(Session& session, const AttributeTable<64>& table, const Showing& showing) {
  Printer& printer = session.printer();
  const auto type = static_cast<std::size_t>(showing.attribute);
  const std::string before = std::string{showing.before.empty() ? showing.key : showing.before} + ' ';
  switch (showing.as) {
    case Shown::u8:
      return printer.number(showing.key, before, std::uint32_t{table.u8(type)});
    case Shown::u16:
      return printer.number(showing.key, before, std::uint32_t{table.u16(type)});
    case Shown::be16:
      return printer.number(showing.key, before, std::uint32_t{ntohs(table.u16(type))});
    case Shown::u32:
      return printer.number(showing.key, before, table.u32(type));
    case Shown::u64:
      return printer.number(showing.key, before, table.u64(type));
    case Shown::hex16: {
      const std::uint16_t value = table.u16(type);
      return value == 0 ? printer.string(showing.key, before, "0") : printer.hex(showing.key, before, value);
    }
    case Shown::on_off:
      return printer.on_off(showing.key, before, table.u8(type) != 0);
    case Shown::timer:
      return printer.decimal_text(showing.key, before,
                                  timer_text(table.u64(type), printer.json() ? "%i.%.2i" : "%4i.%.2i"));
    case Shown::word_u8:
      return printer.string(showing.key, before, word_at(showing.names, table.u8(type)));
    case Shown::word_u16:
      return printer.string(showing.key, before, word_at(showing.names, table.u16(type)));
    case Shown::word_u32:
      return printer.string(showing.key, before, word_at(showing.names, table.u32(type)));
    case Shown::link:
      if (table.index(type) != 0) printer.string(showing.key, before, session.link_name(table.index(type)));
      return;
    case Shown::lladdr:
      return printer.string(showing.key, before, link_layer_text(table.bytes(type), ARPHRD_ETHER));
    case Shown::bridge_id:
      return printer.string(showing.key, before, bridge_id_text(table.bytes(type)));
    case Shown::vlan_protocol:
      return printer.string(showing.key, before, vlan_protocol_text(table.u16(type)));
  }
}

}  // namespace

const Kind* find_kind(std::string_view name) noexcept {
  for (const auto kinds : {plain_kinds, bridge_kinds, vlan_kinds, vxlan_kinds, tunnel_kinds, bond_kinds}) {
    const auto found = std::ranges::find(kinds, name, &Kind::name);
    if (found != kinds.end()) return &*found;
  }
  return nullptr;
}

bool take_setting(Words& words, std::span<const Setting> settings, Request& request, Environment& environment) {
  for (const Setting& setting : settings) {
    if (!(setting.whole ? words.accept(setting.keyword) : words.accept_short(setting.keyword))) continue;
    put_setting(words, setting, request, environment);
    return true;
  }
  return false;
}

void print_showings(Session& session, std::span<const std::byte> data, std::span<const Showing> showings) {
  const AttributeTable<64> table{data};
  for (const Showing& showing : showings) {
    if (table.has(static_cast<std::size_t>(showing.attribute))) print_one(session, table, showing);
  }
}

std::uint16_t take_vlan_protocol(Words& words) {
  std::string word{words.take()};
  for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  if (word == "802.1q") return htons(ETH_P_8021Q);
  if (word == "802.1ad") return htons(ETH_P_8021AD);
  refuse(word, "protocol is invalid\n");
}

std::string vlan_protocol_text(std::uint16_t protocol) {
  switch (ntohs(protocol)) {
    case ETH_P_8021Q:
      return "802.1Q";
    case ETH_P_8021AD:
      return "802.1ad";
    default:
      return "[" + std::to_string(ntohs(protocol)) + "]";
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
