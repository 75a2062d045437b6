#include "netherd/ops/tun_device.hpp"

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <array>
#include <cstring>

#include "command_text.hpp"
#include "link/kind_info.hpp"
#include "netherd/ops/link_settings.hpp"
#include "system_error.hpp"

namespace netherd::ops {

namespace {

using boost::system::error_code;
using engine::Attributes;
using engine::AttributeView;
using engine::FileDescriptor;

struct Flag {
  bool TunSettings::* member;
  unsigned bit;
  std::string_view keyword;
};
constexpr std::array tun_flags{Flag{&TunSettings::one_queue, IFF_ONE_QUEUE, "one_queue"},
                               Flag{&TunSettings::vnet_hdr, IFF_VNET_HDR, "vnet_hdr"},
                               Flag{&TunSettings::multi_queue, IFF_MULTI_QUEUE, "multi_queue"}};

unsigned flags_of(const TunSettings& settings) noexcept {
  unsigned flags = settings.mode == TunMode::tun ? IFF_TUN : IFF_TAP;
  if (!settings.pi) flags |= IFF_NO_PI;
  for (const Flag& flag : tun_flags) {
    if (settings.*flag.member) flags |= flag.bit;
  }
  return flags;
}

std::string_view word_of(TunMode mode) noexcept { return mode == TunMode::tun ? "tun" : "tap"; }

error_code invalid() noexcept { return boost::system::errc::make_error_code(boost::system::errc::invalid_argument); }

void read_attribute(Tun& tun, const AttributeView& attribute) noexcept {
  const auto number = [&] { return attribute.as<std::uint32_t>(); };
  const bool on = attribute.as<std::uint8_t>().value_or(0) != 0;
  switch (attribute.type()) {
    case IFLA_TUN_OWNER:
      tun.settings.user = number();
      break;
    case IFLA_TUN_GROUP:
      tun.settings.group = number();
      break;
    case IFLA_TUN_TYPE:
      tun.settings.mode = attribute.as<std::uint8_t>() == std::uint8_t{IFF_TAP} ? TunMode::tap : TunMode::tun;
      break;
    case IFLA_TUN_PI:
      tun.settings.pi = on;
      break;
    case IFLA_TUN_VNET_HDR:
      tun.settings.vnet_hdr = on;
      break;
    case IFLA_TUN_MULTI_QUEUE:
      tun.settings.multi_queue = on;
      break;
    case IFLA_TUN_PERSIST:
      tun.persistent = on;
      break;
    case IFLA_TUN_NUM_QUEUES:
      tun.queues = number().value_or(0);
      break;
    case IFLA_TUN_NUM_DISABLED_QUEUES:
      tun.disabled_queues = number().value_or(0);
      break;
    default:
      break;
  }
}

}  // namespace

std::string TunSettings::describe() const {
  CommandText command{{}};
  command.word("tuntap add").option("dev", name).option("mode", word_of(mode));
  if (user) command.number("user", *user);
  if (group) command.number("group", *group);
  command.flag("pi", pi);
  for (const Flag& flag : tun_flags) command.flag(flag.keyword, this->*flag.member);
  return std::move(command).text();
}

TunDevice::TunDevice(std::string name, FileDescriptor descriptor) noexcept
    : name_{std::move(name)}, descriptor_{std::move(descriptor)} {}

boost::system::result<TunDevice> TunDevice::attach(const TunSettings& settings, unsigned flags) {
  // An empty name is a template to the kernel, and so would one with '%' be.
  if (!settings.name.empty() && !is_valid_interface_name(settings.name)) return invalid();
  FileDescriptor descriptor{::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK)};
  if (!descriptor) return last_error();
  ifreq request{};
  std::memcpy(request.ifr_name, settings.name.data(), settings.name.size());
  request.ifr_flags = static_cast<short>(flags);
  if (const auto error = error_of(::ioctl(descriptor.get(), TUNSETIFF, &request))) return error;
  return TunDevice{request.ifr_name, std::move(descriptor)};
}

// NOLINTNEXTLINE(readability-make-member-function-const): it changes the device
error_code TunDevice::set_owners(const TunSettings& settings) noexcept {
  if (settings.user) {
    if (const auto error = error_of(::ioctl(descriptor(), TUNSETOWNER, static_cast<unsigned long>(*settings.user)))) {
      return error;
    }
  }
  if (!settings.group) return {};
  return error_of(::ioctl(descriptor(), TUNSETGROUP, static_cast<unsigned long>(*settings.group)));
}

boost::system::result<TunDevice> TunDevice::open(const TunSettings& settings) {
  auto device = attach(settings, flags_of(settings));
  if (!device) return device;
  if (const auto error = device->set_owners(settings)) return error;
  return device;
}

// NOLINTNEXTLINE(readability-make-member-function-const): it changes the device
error_code TunDevice::set_persistent(bool persistent) noexcept {
  return error_of(::ioctl(descriptor(), TUNSETPERSIST, persistent ? 1UL : 0UL));
}

error_code add_tun(const TunSettings& settings) {
  auto device = TunDevice::attach(settings, flags_of(settings) | IFF_TUN_EXCL);
  if (!device) return device.error();
  if (const auto error = device->set_owners(settings)) return error;
  return device->set_persistent(true);
}

error_code delete_tun(const TunSettings& settings) {
  // Whose device it is does not matter here, and would be changed by naming somebody.
  TunSettings device_settings = settings;
  device_settings.user.reset();
  device_settings.group.reset();
  auto device = TunDevice::open(device_settings);
  return device ? device->set_persistent(false) : device.error();
}

std::optional<Tun> decode_tun(const engine::MessageView& message) {
  const KindInfo info = kind_info(message, IFLA_INFO_KIND, IFLA_INFO_DATA);
  if (info.kind != "tun") return std::nullopt;
  Tun tun;
  for (const AttributeView attribute : message.attributes<ifinfomsg>()) {
    if (attribute.type() == IFLA_IFNAME) tun.settings.name = attribute.text();
  }
  for (const AttributeView attribute : Attributes{info.data}) read_attribute(tun, attribute);
  return tun;
}

}  // namespace netherd::ops
