#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "netherd/ops/namespace_factory.hpp"
#include "settings_files.hpp"

namespace netherd::ops {

/// How a kernel setting is read; nothing for one that is not there.
using ReadSetting = std::function<std::optional<std::string>(const std::string& key)>;

/// What has to be written in a new namespace so that its IP settings are the kernel's own defaults.
///
/// A new namespace copies net.ipv4.conf.all and .default of the initial one (devinet_init_net(), net/ipv4/devinet.c,
/// Linux 6.18), and its `lo` copies `default`: on a machine that routes, every node would route. With
/// net.core.devconf_inherit_init_net=1 or 3 the same holds for IPv6 (addrconf_init_net(), net/ipv6/addrconf.c), and 3
/// takes the creator's namespace instead of the initial one. Settings that the kernel does not have, and those that are
/// unknown here, are left alone. Empty where the machine has the kernel's defaults.
[[nodiscard]] std::vector<KernelSetting> find_inherited_settings(const ReadSetting& read);

/// The same, read once and kept. Any thread may ask.
class InheritedSettings {
 public:
  /// What to write in a new namespace. The first caller reads what its thread's namespace has, and so must be in a new
  /// one that nobody has changed; the others wait for it meanwhile.
  [[nodiscard]] const std::vector<KernelSetting>& resets(SettingsFiles& files);

 private:
  std::once_flag read_;
  std::vector<KernelSetting> resets_;
};

}  // namespace netherd::ops
