#pragma once

#include <sys/types.h>

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "netherd/engine/file_descriptor.hpp"
#include "netherd/engine/message.hpp"

/// TUN and TAP devices: network interfaces whose packets a program reads and writes. They are made by ioctl() on
/// /dev/net/tun and not by netlink; what is set on any link (up, addresses ...) is set on them in the same way.

namespace netherd::ops {

/// IP packets or Ethernet frames.
enum class TunMode : std::uint8_t { tun, tap };

/// What a TUN or TAP device is to be, in the words of `ip tuntap`.
struct TunSettings {
  std::string name{};  ///< empty: the kernel chooses tun0, tap0 ...
  TunMode mode = TunMode::tun;
  std::optional<uid_t> user{};   ///< who may attach to it without CAP_NET_ADMIN; no value: nobody
  std::optional<gid_t> group{};  ///< likewise
  bool pi = false;               ///< each packet comes with struct tun_pi before it
  bool vnet_hdr = false;         ///< each packet comes with struct virtio_net_hdr before it
  bool multi_queue = false;      ///< several descriptors may be attached, each a queue
  bool one_queue = false;        ///< has had no effect since Linux 3.8
  friend bool operator==(const TunSettings&, const TunSettings&) = default;

  /// `ip tuntap add dev NAME mode tap [user U] [group G] [one_queue] [pi] [vnet_hdr] [multi_queue]`.
  [[nodiscard]] std::string describe() const;
};

/// A queue of a TUN or TAP device: its descriptor is read and written packet by packet. When the last one is closed,
/// the device goes, unless it is persistent. Can be moved, not copied. Not thread safe; read() and write() on its
/// descriptor are.
class TunDevice {
 public:
  /// Adds the device, or attaches to a persistent one of this name and mode.
  ///
  /// It is in the namespace that the calling thread is in at the time. The descriptor is non-blocking. Errors:
  /// operation_not_permitted, device_or_resource_busy (another descriptor is attached, and it has a single queue),
  /// invalid_argument (a bad name, or there is a link of another kind, mode or number of queues),
  /// no_such_file_or_directory or no_such_device (the kernel lacks TUN).
  [[nodiscard]] static boost::system::result<TunDevice> open(const TunSettings& settings);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }
  /// The device outlives its descriptors, or no longer.
  [[nodiscard]] boost::system::error_code set_persistent(bool persistent) noexcept;

 private:
  TunDevice(std::string name, engine::FileDescriptor descriptor) noexcept;
  friend boost::system::error_code add_tun(const TunSettings& settings);
  static boost::system::result<TunDevice> attach(const TunSettings& settings, unsigned flags);
  [[nodiscard]] boost::system::error_code set_owners(const TunSettings& settings) noexcept;

  std::string name_;
  engine::FileDescriptor descriptor_;
};

/// Adds a persistent device in the calling thread's namespace: `ip tuntap add dev NAME mode tap ...`. Errors as of
/// TunDevice::open(); device_or_resource_busy also if there is a device of this name. Leaves nothing behind when it
/// fails.
[[nodiscard]] boost::system::error_code add_tun(const TunSettings& settings);

/// Deletes a persistent device: `ip tuntap delete dev NAME mode tap [multi_queue]`. Mode and `multi_queue` have to be
/// the device's. If a program is attached to it, it goes when that program closes it. Where there is no such device
/// this succeeds, as with `ip`. Errors as of TunDevice::open().
[[nodiscard]] boost::system::error_code delete_tun(const TunSettings& settings);

/// A TUN or TAP device as an RTM_NEWLINK message reports it; `one_queue` is not reported.
struct Tun {
  TunSettings settings{};
  bool persistent = false;
  std::uint32_t queues = 0;           ///< of a device with `multi_queue`
  std::uint32_t disabled_queues = 0;  ///< likewise
};

/// Decodes an RTM_NEWLINK message; nothing if the link is of another kind, or the message malformed.
[[nodiscard]] std::optional<Tun> decode_tun(const engine::MessageView& message);

}  // namespace netherd::ops
