#pragma once

#include <condition_variable>
#include <cstddef>
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
/// What find_inherited_settings() reads, but for the setting that `read` is asked for here.
[[nodiscard]] std::vector<std::string> keys_of_inherited_settings(const ReadSetting& read);

/// The same, read once and kept. Any thread may ask.
class InheritedSettings {
 public:
  /// What to write in a new namespace. Those that ask first read what their threads' namespaces have, and share the
  /// work: each must be in a new one that nobody has changed.
  [[nodiscard]] const std::vector<KernelSetting>& resets(SettingsFiles& files);

 private:
  void read(SettingsFiles& files, std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;  // guards what follows
  std::condition_variable all_read_;
  std::vector<std::string> keys_;
  std::vector<std::optional<std::string>> values_;
  std::size_t next_ = 0;  // to be read
  std::size_t read_ = 0;
  std::optional<std::vector<KernelSetting>> resets_;
};

}  // namespace netherd::ops
