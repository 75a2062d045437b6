#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "netherd/engine/message.hpp"
#include "netherd/ops/change.hpp"
#include "netherd/ops/ip_prefix.hpp"
#include "netherd/ops/link_reference.hpp"
#include "netherd/ops/mac_address.hpp"

namespace netherd::ops {

using engine::InterfaceIndex;

/// How long a forwarding entry stays.
enum class FdbLifetime : std::uint8_t {
  permanent,      ///< `permanent`: an address of the bridge itself
  static_entry,   ///< `static`: forwarded to, never aged
  dynamic_entry,  ///< `dynamic`: aged as if it had been learned
};

/// An entry of a forwarding database: of a bridge (`master`), or of the device itself (`self`: a VXLAN, a NIC).
struct FdbEntry {
  InterfaceIndex index = InterfaceIndex::none;  ///< the port, or the VXLAN
  MacAddress address{};
  bool self = false;    ///< without `master` this is what `bridge fdb` takes for granted
  bool master = false;  ///< in the bridge that the link is a port of
  FdbLifetime lifetime = FdbLifetime::permanent;
  std::optional<std::uint16_t> vlan{};
  std::optional<IpAddress> remote{};    ///< `dst`, of a VXLAN
  std::optional<std::uint16_t> port{};  ///< UDP, of a VXLAN
  std::optional<std::uint32_t> vni{};
  std::optional<std::uint32_t> src_vni{};
  LinkReference via{};           ///< the link that the VXLAN's packets leave by
  std::uint32_t nexthop_id = 0;  ///< of a nexthop object with `fdb`, in place of `remote`
  bool router = false;
  bool use = false;  ///< not reported
  bool extern_learn = false;
  bool sticky = false;
  InterfaceIndex bridge = InterfaceIndex::none;  ///< reported only
  friend bool operator==(const FdbEntry&, const FdbEntry&) = default;
};

/// Adds a forwarding entry:
///
///     bridge -n NS fdb add MAC dev NAME [self] [master] [permanent|static|dynamic] [vlan V] [dst IP] [port P] [vni N]
///        [src_vni N] [via NAME] [nhid N] [router] [use] [extern_learn] [sticky]
///
/// AppendFdbEntry adds a further destination of an address to a VXLAN. Errors of the outcome: file_exists,
/// operation_not_supported (the device has no forwarding database, or no master), invalid_argument.
template <Change change>
struct WriteFdbEntry {
  static constexpr std::string_view operation = change == Change::add      ? "add forwarding entry"
                                                : change == Change::append ? "append forwarding entry"
                                                                           : "replace forwarding entry";
  FdbEntry entry{};
  std::string_view name{};   ///< for describe() only
  std::string_view netns{};  ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};
using AddFdbEntry = WriteFdbEntry<Change::add>;
using AppendFdbEntry = WriteFdbEntry<Change::append>;
using ReplaceFdbEntry = WriteFdbEntry<Change::replace>;

/// Deletes a forwarding entry: `bridge -n NS fdb delete MAC dev NAME ...`. Errors: no_such_file_or_directory.
struct DeleteFdbEntry {
  static constexpr std::string_view operation = "delete forwarding entry";
  FdbEntry entry{};
  std::string_view name{};   ///< for describe() only
  std::string_view netns{};  ///< for describe() only

  void encode(engine::MessageWriter& writer) const noexcept;
  [[nodiscard]] std::string describe() const;
};

/// Asks for the forwarding entries of all links of the socket's namespace: `bridge fdb show`.
struct DumpFdb {
  static constexpr std::string_view operation = "dump forwarding entries";
  void encode(engine::MessageWriter& writer) const noexcept;
};

/// Decodes an RTM_NEWNEIGH message of family AF_BRIDGE; nothing if it is not one, or is malformed.
[[nodiscard]] std::optional<FdbEntry> decode_fdb_entry(const engine::MessageView& message);

}  // namespace netherd::ops
