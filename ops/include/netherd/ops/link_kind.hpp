#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>

#include "netherd/engine/message.hpp"
#include "netherd/ops/link_settings.hpp"

/// Links of any kind. A kind is a plain struct of its settings, in a file of its own in netherd/ops/link/: Vlan,
/// Bridge, Vxlan ... Settings that are std::optional are left to the kernel where they have no value; the others are
/// always sent, with the defaults of `ip`.

namespace netherd::ops {

/// The settings of a kind of link; `kind` is the kernel's name for it ("vlan").
template <typename T>
concept LinkKind = std::default_initializable<T> && std::equality_comparable<T> && requires {
  { T::kind } -> std::convertible_to<std::string_view>;
};

/// Adds a link:
///
///     ip [-n NS] link add [link LOWER] NAME [netns NS] [index I] [mtu M] [address MAC] [SETTINGS] [master MASTER] [up]
///        type KIND [KIND'S SETTINGS]
///
/// Without a descriptor in `link.netns` the link is added in the namespace of the socket, where `lower` is looked up as
/// well; with one it is added straight there, and `lower` stays in the socket's. A master is in the namespace of the
/// new link, and must be there already.
///
/// Errors of the outcome: file_exists (the name or the index is taken, or a tunnel with these end points exists),
/// invalid_argument (a bad name or a contradiction in the settings), operation_not_supported (the kernel lacks the
/// kind), no_such_device (there is no such lower link). Thread safety: a plain value.
template <LinkKind Kind>
struct AddLink {
  static constexpr std::string_view operation = Kind::add_operation;
  NewLink link{};
  bool up = false;
  Kind kind{};
  LinkReference lower{};   ///< the link below, for kinds that have one: VLAN, macvlan, ipvlan
  LinkReference master{};  ///< bridge, bond or VRF
  LinkSettings settings{};

  void encode(engine::MessageWriter& writer) const noexcept;
  /// The equivalent `ip` command.
  [[nodiscard]] std::string describe() const;
};

/// Changes what is particular to a kind: `ip [-n NS] link set NAME type KIND SETTINGS`.
///
/// Only settings with a value change; those of the kind that are not std::optional are all set, so take them from a
/// dump first (decode_kind()). Errors of the outcome: no_such_device, operation_not_supported (the setting cannot be
/// changed once the link exists, or the link is of another kind), invalid_argument.
template <LinkKind Kind>
struct SetLinkKind {
  static constexpr std::string_view operation = "set link";
  InterfaceIndex index = InterfaceIndex::none;
  std::string_view name{};   ///< for describe() only
  std::string_view netns{};  ///< for describe() only
  Kind kind{};

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Changes what a link is to its master: `ip [-n NS] link set NAME type bridge_slave|bond_slave SETTINGS`. `Port` is
/// BridgePort or BondPort. Errors of the outcome: no_such_device, invalid_argument (it has no master of that kind).
template <LinkKind Port>
struct SetPort {
  static constexpr std::string_view operation = "set port";
  InterfaceIndex index = InterfaceIndex::none;
  std::string_view name{};   ///< for describe() only
  std::string_view netns{};  ///< for describe() only
  Port port{};

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// The settings of a link of this kind from an RTM_NEWLINK message, as DumpLinks brings them; nothing if the link is of
/// another kind. References to other links have no names.
template <LinkKind Kind>
[[nodiscard]] std::optional<Kind> decode_kind(const engine::MessageView& message);

/// Writes the attributes of the kind (the content of IFLA_INFO_DATA), also where all of them have their defaults: to a
/// kind whose changes set everything, no attributes may mean something else than the defaults.
template <LinkKind Kind>
void encode_kind_settings(engine::MessageWriter& writer, const Kind& kind) noexcept;

/// What the link is to its master (BridgePort, BondPort); nothing if it has no master of that kind.
template <LinkKind Port>
[[nodiscard]] std::optional<Port> decode_port(const engine::MessageView& message);

}  // namespace netherd::ops
