#pragma once

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <optional>
#include <string>

#include "netherd/engine/file_descriptor.hpp"
#include "netherd/ops/namespace_factory.hpp"

namespace netherd::ops {

/// Reads and writes what is below /proc/sys, for one namespace after the other: that of the calling thread.
///
/// All namespaces share the directory entries of a procfs, and each look-up below net/ipv4 or net/ipv6 walks those of
/// all namespaces (proc_sys_compare(), fs/proc/proc_sysctl.c, Linux 6.18): the cost of one write grows with the number
/// of namespaces. Therefore this uses a procfs instance of its own, which is attached to no mount tree and holds the
/// entries of the last few namespaces only. It also is writable where /proc/sys is mounted read-only or is masked.
/// Where the kernel refuses an instance (fsopen() is missing, seccomp forbids it, or a container masks parts of /proc),
/// it uses /proc/sys.
///
/// Holds at most one descriptor, and one more during a call. Not thread safe: one object per thread.
class SettingsFiles {
 public:
  /// `directory`: used instead of /proc/sys if it is not empty.
  explicit SettingsFiles(std::string directory = {}) : directory_{std::move(directory)} {}

  /// Call it when the thread has entered another namespace.
  void on_namespace_entered() noexcept { entered_ = true; }

  /// Writes a setting as its KernelSetting::need asks.
  [[nodiscard]] boost::system::error_code write(const KernelSetting& setting);
  /// Whether the file system lets anything be written.
  [[nodiscard]] bool is_writable();
  /// A setting without its line feed; nothing if it cannot be read.
  [[nodiscard]] std::optional<std::string> read(const std::string& key);

 private:
  [[nodiscard]] engine::FileDescriptor open(const std::string& key, int flags);
  void renew_instance() noexcept;
  [[nodiscard]] boost::system::error_code try_to_write(const KernelSetting& setting);

  std::string directory_;
  engine::FileDescriptor instance_;  ///< root of the procfs instance; empty: /proc
  std::size_t namespaces_left_ = 0;  ///< until the instance is renewed
  bool entered_ = true;              ///< another namespace since the last look-up
};

}  // namespace netherd::ops
