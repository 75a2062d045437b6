#include "netherd/ops/rule.hpp"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "command_text.hpp"
#include "settings.hpp"

namespace netherd::ops {

namespace {

using engine::AttributeView;
using engine::MessageView;
using engine::MessageWriter;

/// A name; left out if it is empty.
struct Name {
  static void put(MessageWriter& writer, std::uint16_t attribute, std::string_view name) noexcept {
    if (!name.empty()) writer.put_string(attribute, name);
  }
  static void describe(CommandText& command, std::string_view keyword, std::string_view name) {
    command.option(keyword, name);
  }
  template <typename T>
  static std::optional<T> read(const AttributeView& attribute) {
    return T{attribute.text()};
  }
};

/// A number that is left out if it is 0.
template <typename Wire>
struct Nonzero : Number<Wire> {
  static void put(MessageWriter& writer, std::uint16_t attribute, Wire value) noexcept {
    if (value != 0) writer.put_struct(attribute, value);
  }
};

/// A switch that is only sent where it is on, as a number.
struct Set : Presence {
  static void put(MessageWriter& writer, std::uint16_t attribute, bool value) noexcept {
    if (value) writer.put_u8(attribute, 1);
  }
  template <typename T>
  static std::optional<bool> read(const AttributeView& attribute) noexcept {
    return attribute.as<std::uint8_t>().value_or(0) != 0;
  }
};

std::string range(std::uint32_t first, std::uint32_t last) {
  return first == last ? std::to_string(first) : std::to_string(first) + '-' + std::to_string(last);
}

struct Ports {
  static void put(MessageWriter& writer, std::uint16_t attribute, const PortRange& ports) noexcept {
    writer.put_struct(attribute, fib_rule_port_range{ports.first, ports.last});
  }
  static void describe(CommandText& command, std::string_view keyword, const PortRange& ports) {
    command.option(keyword, range(ports.first, ports.last));
  }
  template <typename T>
  static std::optional<PortRange> read(const AttributeView& attribute) noexcept {
    const auto ports = attribute.as<fib_rule_port_range>();
    return ports ? std::optional{PortRange{ports->start, ports->end}} : std::nullopt;
  }
};

struct Uids {
  static void put(MessageWriter& writer, std::uint16_t attribute, const UidRange& uids) noexcept {
    writer.put_struct(attribute, fib_rule_uid_range{uids.first, uids.last});
  }
  static void describe(CommandText& command, std::string_view keyword, const UidRange& uids) {
    command.option(keyword, std::to_string(uids.first) + '-' + std::to_string(uids.last));
  }
  template <typename T>
  static std::optional<UidRange> read(const AttributeView& attribute) noexcept {
    const auto uids = attribute.as<fib_rule_uid_range>();
    return uids ? std::optional{UidRange{uids->start, uids->end}} : std::nullopt;
  }
};

struct TunnelId {
  static void put(MessageWriter& writer, std::uint16_t attribute, std::uint64_t id) noexcept {
    writer.put_u64(attribute, htobe64(id));
  }
  static void describe(CommandText& command, std::string_view keyword, std::uint64_t id) {
    command.number(keyword, id);
  }
  template <typename T>
  static std::optional<std::uint64_t> read(const AttributeView& attribute) noexcept {
    const auto id = attribute.as<std::uint64_t>();
    return id ? std::optional{be64toh(*id)} : std::nullopt;
  }
};

/// Value and mask in an attribute each. A full mask is what no mask means.
struct FwmarkRow {
  static void put(MessageWriter& writer, const Rule& rule) noexcept {
    if (!rule.fwmark) return;
    writer.put_u32(FRA_FWMARK, rule.fwmark->value);
    if (rule.fwmark->mask != UINT32_MAX) writer.put_u32(FRA_FWMASK, rule.fwmark->mask);
  }
  static void describe(CommandText& command, const Rule& rule, const Rule&) {
    if (!rule.fwmark) return;
    const auto& [value, mask] = *rule.fwmark;
    command.option("fwmark", std::to_string(value) + (mask == UINT32_MAX ? "" : '/' + std::to_string(mask)));
  }
  static void read(Rule& rule, const AttributeView& attribute) noexcept {
    const auto value = attribute.as<std::uint32_t>();
    if ((attribute.type() != FRA_FWMARK && attribute.type() != FRA_FWMASK) || !value) return;
    if (!rule.fwmark) rule.fwmark = Fwmark{};
    (attribute.type() == FRA_FWMARK ? rule.fwmark->value : rule.fwmark->mask) = *value;
    // The kernel reports a mask for each rule that has one, a rule without any mark included.
  }
};

constexpr std::tuple rule_rows{
    FwmarkRow{},
    setting<Name>(&Rule::iif, FRA_IIFNAME, "iif"),
    setting<Name>(&Rule::oif, FRA_OIFNAME, "oif"),
    setting<Set>(&Rule::l3mdev, FRA_L3MDEV, "l3mdev"),
    setting<Uids>(&Rule::uid_range, FRA_UID_RANGE, "uidrange"),
    setting<Nonzero<std::uint8_t>>(&Rule::ip_protocol, FRA_IP_PROTO, "ipproto"),
    setting<Ports>(&Rule::sport, FRA_SPORT_RANGE, "sport"),
    setting<Ports>(&Rule::dport, FRA_DPORT_RANGE, "dport"),
    setting<TunnelId>(&Rule::tunnel_id, FRA_TUN_ID, "tun_id"),
    setting(&Rule::priority, FRA_PRIORITY, "priority"),
    setting<Nonzero<std::uint8_t>>(&Rule::protocol, FRA_PROTOCOL, "protocol"),
    setting(&Rule::suppress_prefixlength, FRA_SUPPRESS_PREFIXLEN, "suppress_prefixlength"),
    setting(&Rule::suppress_ifgroup, FRA_SUPPRESS_IFGROUP, "suppress_ifgroup"),
};

fib_rule_hdr rule_header(const Rule& rule) noexcept {
  fib_rule_hdr header{};
  header.family = rule.ipv6 ? AF_INET6 : AF_INET;
  header.src_len = rule.from ? rule.from->length : std::uint8_t{0};
  header.dst_len = rule.to ? rule.to->length : std::uint8_t{0};
  header.tos = rule.tos;
  header.action = static_cast<std::uint8_t>(rule.action);
  header.flags = rule.invert ? FIB_RULE_INVERT : 0;
  const bool in_header = rule.action == RuleAction::lookup && rule.table <= UINT8_MAX && !rule.l3mdev;
  header.table = in_header ? static_cast<std::uint8_t>(rule.table) : std::uint8_t{RT_TABLE_UNSPEC};
  return header;
}

void put_prefix(MessageWriter& writer, std::uint16_t attribute, const std::optional<IpPrefix>& prefix) noexcept {
  if (prefix) Ip::put(writer, attribute, prefix->address);
}

void put_rule(MessageWriter& writer, const Rule& rule) noexcept {
  put_prefix(writer, FRA_SRC, rule.from);
  put_prefix(writer, FRA_DST, rule.to);
  put_settings(writer, rule, rule_rows);
  if (rule.action == RuleAction::goto_) writer.put_u32(FRA_GOTO, rule.goto_priority);
  const bool looks_up = rule.action == RuleAction::lookup && !rule.l3mdev;
  if (looks_up && rule.table > UINT8_MAX) writer.put_u32(FRA_TABLE, rule.table);
}

void describe_action(CommandText& command, const Rule& rule) {
  switch (rule.action) {
    case RuleAction::lookup:
      if (!rule.l3mdev && rule.table != 0) command.number("table", rule.table);
      break;
    case RuleAction::goto_:
      command.number("goto", rule.goto_priority);
      break;
    case RuleAction::nop:
      command.word("nop");
      break;
    case RuleAction::blackhole:
      command.word("blackhole");
      break;
    case RuleAction::unreachable:
      command.word("unreachable");
      break;
    case RuleAction::prohibit:
      command.word("prohibit");
      break;
  }
}

std::string describe_rule(std::string_view netns, std::string_view verb, const Rule& rule) {
  CommandText command{netns};
  command.flag("-6", rule.ipv6).word("rule").word(verb).flag("not", rule.invert);
  if (rule.from) command.option("from", rule.from->to_string());
  if (rule.to) command.option("to", rule.to->to_string());
  if (rule.tos != 0) command.hexadecimal("tos", rule.tos);
  describe_settings(command, rule, rule_rows);
  describe_action(command, rule);
  return std::move(command).text();
}

/// False if the attribute is malformed.
bool decode_prefix(std::optional<IpPrefix>& prefix, const fib_rule_hdr& header, std::uint8_t length,
                   const AttributeView& attribute) noexcept {
  const auto address = read_wire_address(header.family, attribute.payload());
  if (!address || length > address_bits(*address)) return false;
  prefix = IpPrefix{*address, length};
  return true;
}

bool decode_rule_attribute(Rule& rule, const fib_rule_hdr& header, const AttributeView& attribute) {
  switch (attribute.type()) {
    case FRA_SRC:
      return decode_prefix(rule.from, header, header.src_len, attribute);
    case FRA_DST:
      return decode_prefix(rule.to, header, header.dst_len, attribute);
    case FRA_TABLE:
      rule.table = attribute.as<std::uint32_t>().value_or(rule.table);
      return true;
    case FRA_GOTO:
      rule.goto_priority = attribute.as<std::uint32_t>().value_or(0);
      return true;
    default:
      read_setting(rule, attribute, rule_rows);
      return true;
  }
}

/// The kernel's way of saying that nothing is suppressed.
void forget_unlimited(std::optional<std::uint32_t>& value) noexcept {
  if (value == UINT32_MAX) value.reset();
}

}  // namespace

void AddRule::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL);
  writer.put_family_header(rule_header(rule));
  put_rule(writer, rule);
}

std::string AddRule::describe() const { return describe_rule(netns, "add", rule); }

void DeleteRule::encode(MessageWriter& writer) const noexcept {
  fib_rule_hdr header = rule_header(rule);
  if (rule.action == RuleAction::lookup) header.action = FR_ACT_UNSPEC;  // the table alone says it
  writer.begin(RTM_DELRULE, 0);
  writer.put_family_header(header);
  put_rule(writer, rule);
}

std::string DeleteRule::describe() const { return describe_rule(netns, "delete", rule); }

void DumpRules::encode(MessageWriter& writer) const noexcept {
  writer.begin(RTM_GETRULE, NLM_F_DUMP);
  writer.put_family_header(fib_rule_hdr{});
}

std::optional<Rule> decode_rule(const MessageView& message) {
  if (message.type() != RTM_NEWRULE) return std::nullopt;
  const auto header = message.family_header<fib_rule_hdr>();
  if (!header || (header->family != AF_INET && header->family != AF_INET6)) return std::nullopt;
  Rule rule;
  rule.ipv6 = header->family == AF_INET6;
  rule.invert = (header->flags & FIB_RULE_INVERT) != 0;
  rule.tos = header->tos;
  rule.action = RuleAction{header->action};
  rule.table = header->table;
  for (const AttributeView attribute : message.attributes<fib_rule_hdr>()) {
    if (!decode_rule_attribute(rule, *header, attribute)) return std::nullopt;
  }
  forget_unlimited(rule.suppress_prefixlength);
  forget_unlimited(rule.suppress_ifgroup);
  return rule;
}

}  // namespace netherd::ops
