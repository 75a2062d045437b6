#pragma once

#include <linux/rtnetlink.h>

#include "command_text.hpp"
#include "netherd/ops/route.hpp"
#include "wire_address.hpp"

/// Parts of a route that have formats of their own: gateways, metrics, and multipath.

namespace netherd::ops {

/// RTA_GATEWAY, or RTA_VIA if the gateway is of another family than the route.
void put_gateway(engine::MessageWriter& writer, std::uint8_t family, const IpAddress& gateway) noexcept;
/// "via ADDRESS", "via inet6 ADDRESS".
void describe_gateway(CommandText& command, std::uint8_t family, const IpAddress& gateway);
/// The gateway in an RTA_VIA: behind its family (struct rtvia).
[[nodiscard]] std::optional<IpAddress> read_via(const engine::AttributeView& attribute) noexcept;

void put_metrics(engine::MessageWriter& writer, const RouteMetrics& metrics) noexcept;
void describe_metrics(CommandText& command, const RouteMetrics& metrics);
[[nodiscard]] RouteMetrics read_metrics(const engine::AttributeView& attribute) noexcept;

void put_hops(engine::MessageWriter& writer, std::uint8_t family, std::span<const RouteHop> hops) noexcept;
void describe_hops(CommandText& command, std::uint8_t family, std::span<const RouteHop> hops);
/// Nothing if they are malformed.
[[nodiscard]] std::optional<std::vector<RouteHop>> read_hops(std::uint8_t family,
                                                             const engine::AttributeView& attribute);

}  // namespace netherd::ops
