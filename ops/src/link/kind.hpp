#pragma once

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "../link_encoding.hpp"
#include "../settings.hpp"
#include "kind_info.hpp"
#include "netherd/ops/link_kind.hpp"

/// The members of AddLink, SetLinkKind and SetPort, and the decoders, for the source of a kind to instantiate. Before
/// that the source specialises
///
///     template <> struct KindRows<Vlan> { static constexpr std::tuple rows{...}; };

namespace netherd::ops {

template <typename Kind>
struct KindRows;

template <typename Kind>
std::optional<Kind> decode_settings(const KindInfo& info) {
  if (info.kind != Kind::kind) return std::nullopt;
  Kind kind;
  for (const engine::AttributeView attribute : engine::Attributes{info.data}) {
    read_setting(kind, attribute, KindRows<Kind>::rows);
  }
  return kind;
}

/// IFLA_LINKINFO with the settings. Where all have their defaults there is no nest for them: this is what `ip` sends
/// without any words behind the type, and it may mean something else to the kernel than the defaults spelt out.
template <typename Kind>
void put_link_info(engine::MessageWriter& writer, const Kind& kind, std::uint16_t kind_type,
                   std::uint16_t data_type) noexcept {
  const auto info = writer.begin_plain_nest(IFLA_LINKINFO);
  put_kind(writer, kind_type, Kind::kind);
  if (kind != Kind{}) {
    const auto data = writer.begin_plain_nest(data_type);
    put_settings(writer, kind, KindRows<Kind>::rows);
    writer.end_nest(data);
  }
  writer.end_nest(info);
}

template <LinkKind Kind>
void AddLink<Kind>::encode(engine::MessageWriter& writer) const noexcept {
  writer.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  writer.put_family_header(link_header(link.index, up ? std::optional{true} : std::nullopt, &settings));
  put_new_link(writer, link);
  if (lower.index != InterfaceIndex::none) writer.put_index(IFLA_LINK, lower.index);
  if (master.index != InterfaceIndex::none) writer.put_index(IFLA_MASTER, master.index);
  put_link_settings(writer, settings);
  put_link_info(writer, kind, IFLA_INFO_KIND, IFLA_INFO_DATA);
}

template <LinkKind Kind>
std::string AddLink<Kind>::describe() const {
  const bool from_outside = link.netns.descriptor >= 0;
  CommandText command{from_outside ? std::string_view{} : link.netns.name};
  command.word("link add").option("link", lower.name).link("name", link.name);
  if (from_outside) command.option("netns", link.netns.name);
  describe_index(command, link.index);
  describe_mtu_and_address(command, link.mtu, link.address);
  describe_link_settings(command, settings);
  command.option("master", master.name).flag("up", up).word("type").word(Kind::kind);
  describe_settings(command, kind, KindRows<Kind>::rows);
  return std::move(command).text();
}

template <LinkKind Kind>
void SetLinkKind<Kind>::encode(engine::MessageWriter& writer) const noexcept {
  // RTM_SETLINK would leave IFLA_LINKINFO unheeded.
  writer.begin(RTM_NEWLINK, 0);
  writer.put_family_header(link_header(index));
  put_link_info(writer, kind, IFLA_INFO_KIND, IFLA_INFO_DATA);
}

template <LinkKind Kind>
std::string SetLinkKind<Kind>::describe() const {
  CommandText command{netns};
  command.word("link set").link("dev", name).word("type").word(Kind::kind);
  describe_settings(command, kind, KindRows<Kind>::rows);
  return std::move(command).text();
}

template <LinkKind Port>
void SetPort<Port>::encode(engine::MessageWriter& writer) const noexcept {
  writer.begin(RTM_NEWLINK, 0);
  writer.put_family_header(link_header(index));
  put_link_info(writer, port, IFLA_INFO_SLAVE_KIND, IFLA_INFO_SLAVE_DATA);
}

template <LinkKind Port>
std::string SetPort<Port>::describe() const {
  CommandText command{netns};
  command.word("link set").link("dev", name).word("type").word(Port::slave_kind);
  describe_settings(command, port, KindRows<Port>::rows);
  return std::move(command).text();
}

template <LinkKind Kind>
std::optional<Kind> decode_kind(const engine::MessageView& message) {
  return decode_settings<Kind>(kind_info(message, IFLA_INFO_KIND, IFLA_INFO_DATA));
}

template <LinkKind Kind>
void encode_kind_settings(engine::MessageWriter& writer, const Kind& kind) noexcept {
  put_settings(writer, kind, KindRows<Kind>::rows);
}

template <LinkKind Port>
std::optional<Port> decode_port(const engine::MessageView& message) {
  return decode_settings<Port>(kind_info(message, IFLA_INFO_SLAVE_KIND, IFLA_INFO_SLAVE_DATA));
}

}  // namespace netherd::ops

/// What every kind consists of; at the end of its source, in namespace netherd::ops.
#define NETHERD_INSTANTIATE_KIND(Kind)                                                    \
  template struct AddLink<Kind>;                                                          \
  template struct SetLinkKind<Kind>;                                                      \
  template void encode_kind_settings<Kind>(engine::MessageWriter&, const Kind&) noexcept; \
  template std::optional<Kind> decode_kind<Kind>(const engine::MessageView&)
#define NETHERD_INSTANTIATE_PORT(Port) \
  template struct SetPort<Port>;       \
  template std::optional<Port> decode_port<Port>(const engine::MessageView&)
