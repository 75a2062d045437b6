#include "route_parts.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace netherd::ops {

namespace {

using engine::Attributes;
using engine::AttributeView;
using engine::MessageWriter;
using engine::value_of;

struct Metric {
  std::optional<RouteMetric> RouteMetrics::* member;
  std::uint16_t attribute;
  std::string_view keyword;
};
constexpr std::array metric_rows{
    Metric{&RouteMetrics::mtu, RTAX_MTU, "mtu"},
    Metric{&RouteMetrics::advmss, RTAX_ADVMSS, "advmss"},
    Metric{&RouteMetrics::window, RTAX_WINDOW, "window"},
    Metric{&RouteMetrics::rtt, RTAX_RTT, "rtt"},
    Metric{&RouteMetrics::rttvar, RTAX_RTTVAR, "rttvar"},
    Metric{&RouteMetrics::rto_min, RTAX_RTO_MIN, "rto_min"},
    Metric{&RouteMetrics::ssthresh, RTAX_SSTHRESH, "ssthresh"},
    Metric{&RouteMetrics::cwnd, RTAX_CWND, "cwnd"},
    Metric{&RouteMetrics::initcwnd, RTAX_INITCWND, "initcwnd"},
    Metric{&RouteMetrics::initrwnd, RTAX_INITRWND, "initrwnd"},
    Metric{&RouteMetrics::hoplimit, RTAX_HOPLIMIT, "hoplimit"},
    Metric{&RouteMetrics::reordering, RTAX_REORDERING, "reordering"},
    Metric{&RouteMetrics::features, RTAX_FEATURES, "features"},
    Metric{&RouteMetrics::quickack, RTAX_QUICKACK, "quickack"},
    Metric{&RouteMetrics::fastopen_no_cookie, RTAX_FASTOPEN_NO_COOKIE, "fastopen_no_cookie"},
};

/// Unrolled, and without comparing values: every route is asked, and hardly one has any.
bool has_any(const RouteMetrics& metrics) noexcept {
  const auto any = [&]<std::size_t... number>(std::index_sequence<number...>) {
    return (static_cast<unsigned>((metrics.*metric_rows[number].member).has_value()) | ...) != 0;
  };
  return any(std::make_index_sequence<metric_rows.size()>{}) || !metrics.congctl.empty();
}

std::uint32_t locks_of(const RouteMetrics& metrics) noexcept {
  std::uint32_t locks = 0;
  for (const Metric& row : metric_rows) {
    const auto& metric = metrics.*row.member;
    // tcp_rto_min() heeds a locked one only (net/ipv4/tcp_output.c); `ip` locks it without being asked.
    const bool always_locked = row.attribute == RTAX_RTO_MIN;
    if (metric && (metric->locked || always_locked)) locks |= 1U << row.attribute;
  }
  return locks;
}

std::string_view family_word(std::uint8_t family) noexcept { return family == AF_INET ? "inet" : "inet6"; }

std::size_t gateway_bytes(std::uint8_t family, const IpAddress& gateway) noexcept {
  const std::size_t address = address_bits(gateway) / 8;
  return RTA_SPACE(family_of(gateway) == family ? address : sizeof(rtvia) + address);
}

void put_hop(MessageWriter& writer, std::uint8_t family, const RouteHop& hop) noexcept {
  rtnexthop header{};
  const std::size_t size = sizeof header + (hop.gateway ? gateway_bytes(family, *hop.gateway) : 0);
  header.rtnh_len = static_cast<std::uint16_t>(size);
  header.rtnh_flags = hop.onlink ? RTNH_F_ONLINK : 0;
  header.rtnh_hops = static_cast<std::uint8_t>(hop.weight - 1);
  header.rtnh_ifindex = value_of(hop.link.index);
  writer.put_raw(header);
  if (hop.gateway) put_gateway(writer, family, *hop.gateway);
}

RouteHop read_hop(std::uint8_t family, const rtnexthop& header, std::span<const std::byte> attributes) {
  RouteHop hop;
  hop.link.index = InterfaceIndex{header.rtnh_ifindex};
  hop.weight = static_cast<std::uint16_t>(header.rtnh_hops + 1);
  hop.onlink = (header.rtnh_flags & RTNH_F_ONLINK) != 0;
  for (const AttributeView attribute : Attributes{attributes}) {
    if (attribute.type() == RTA_GATEWAY) hop.gateway = read_wire_address(family, attribute.payload());
    if (attribute.type() == RTA_VIA) hop.gateway = read_via(attribute);
  }
  return hop;
}

}  // namespace

void put_gateway(MessageWriter& writer, std::uint8_t family, const IpAddress& gateway) noexcept {
  const WireAddress wire{gateway};
  if (family_of(gateway) == family) return writer.put_bytes(RTA_GATEWAY, wire.bytes());
  std::array<std::byte, sizeof(std::uint16_t) + 16> via{};  // struct rtvia
  const std::uint16_t gateway_family = family_of(gateway);
  std::memcpy(via.data(), &gateway_family, sizeof gateway_family);
  std::memcpy(via.data() + sizeof gateway_family, wire.bytes().data(), wire.bytes().size());
  writer.put_bytes(RTA_VIA, std::span{via}.first(sizeof gateway_family + wire.bytes().size()));
}

void describe_gateway(CommandText& command, std::uint8_t family, const IpAddress& gateway) {
  command.word("via");
  if (family_of(gateway) != family) command.word(family_word(family_of(gateway)));
  command.word(gateway.to_string());
}

std::optional<IpAddress> read_via(const AttributeView& attribute) noexcept {
  const auto family = attribute.as<std::uint16_t>();
  if (!family) return std::nullopt;
  return read_wire_address(static_cast<std::uint8_t>(*family), attribute.payload().subspan(sizeof *family));
}

void put_metrics(MessageWriter& writer, const RouteMetrics& metrics) noexcept {
  if (!has_any(metrics)) return;
  const auto nest = writer.begin_plain_nest(RTA_METRICS);
  if (const std::uint32_t locks = locks_of(metrics); locks != 0) writer.put_u32(RTAX_LOCK, locks);
  for (const Metric& row : metric_rows) {
    if (const auto& metric = metrics.*row.member) writer.put_u32(row.attribute, metric->value);
  }
  if (!metrics.congctl.empty()) writer.put_bytes(RTAX_CC_ALGO, std::as_bytes(std::span{metrics.congctl}));
  writer.end_nest(nest);
}

void describe_metrics(CommandText& command, const RouteMetrics& metrics) {
  for (const Metric& row : metric_rows) {
    const auto& metric = metrics.*row.member;
    if (!metric) continue;
    command.word(row.keyword).flag("lock", metric->locked && row.attribute != RTAX_RTO_MIN);
    command.word(row.attribute == RTAX_FEATURES && metric->value == 1 ? "ecn" : std::to_string(metric->value));
  }
  command.option("congctl", metrics.congctl);
}

RouteMetrics read_metrics(const AttributeView& attribute) noexcept {
  RouteMetrics metrics;
  std::uint32_t locks = 0;
  for (const AttributeView part : Attributes{attribute.payload()}) {
    const auto value = part.as<std::uint32_t>();
    if (part.type() == RTAX_LOCK) locks = value.value_or(0);
    for (const Metric& row : metric_rows) {
      if (part.type() == row.attribute && value) metrics.*row.member = RouteMetric{*value};
    }
  }
  for (const Metric& row : metric_rows) {
    auto& metric = metrics.*row.member;
    if (metric) metric->locked = (locks & (1U << row.attribute)) != 0;
  }
  return metrics;
}

void put_hops(MessageWriter& writer, std::uint8_t family, std::span<const RouteHop> hops) noexcept {
  if (hops.empty()) return;
  const auto nest = writer.begin_plain_nest(RTA_MULTIPATH);
  for (const RouteHop& hop : hops) put_hop(writer, family, hop);
  writer.end_nest(nest);
}

void describe_hops(CommandText& command, std::uint8_t family, std::span<const RouteHop> hops) {
  for (const RouteHop& hop : hops) {
    command.word("nexthop");
    if (hop.gateway) describe_gateway(command, family, *hop.gateway);
    command.option("dev", hop.link.name);
    if (hop.weight != 1) command.number("weight", hop.weight);
    command.flag("onlink", hop.onlink);
  }
}

std::optional<std::vector<RouteHop>> read_hops(std::uint8_t family, const AttributeView& attribute) {
  std::vector<RouteHop> hops;
  std::span<const std::byte> rest = attribute.payload();
  while (!rest.empty()) {
    const auto header = AttributeView{0, rest}.as<rtnexthop>();
    if (!header || header->rtnh_len < sizeof *header || header->rtnh_len > rest.size()) return std::nullopt;
    hops.push_back(read_hop(family, *header, rest.subspan(sizeof *header, header->rtnh_len - sizeof *header)));
    rest = rest.subspan(std::min<std::size_t>(rest.size(), RTNH_ALIGN(header->rtnh_len)));
  }
  return hops;
}

}  // namespace netherd::ops
