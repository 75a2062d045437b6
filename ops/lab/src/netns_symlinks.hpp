#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/engine/file_descriptor.hpp"
#include "netherd/lab/registry.hpp"

namespace netherd::lab {

/// The symbolic links LAB-NODE -> LABS/LAB/ns/NODE that make `ip netns` find the nodes of labs.
class NetnsSymlinks {
 public:
  /// Opens the directory that they are in. A missing directory has none, and is not made. Errors: those of openat(2).
  [[nodiscard]] static LabResult<NetnsSymlinks> open(const RegistryPaths& paths);

  /// Names of entries, whatever they are, that are in the way of a new lab's.
  [[nodiscard]] LabResult<std::vector<std::string>> find_clashes(const Topology& topology) const;

  /// Whether entries could be removed at all, so that a removal need not stop half-way. Errors: read_only_file_system.
  [[nodiscard]] std::optional<LabError> find_write_protection() const;
  /// Removes all that lead into a lab, those of nodes included whose pinned name somebody has removed.
  [[nodiscard]] std::optional<LabError> remove_all_of(const std::string& lab) const;
  /// Removes those that lead to nothing, if `is_gone` says so of their lab. Gives their number.
  [[nodiscard]] LabResult<std::uint64_t> remove_strays(
      const std::function<LabResult<bool>(const std::string& lab, const std::string& node)>& is_gone) const;

 private:
  explicit NetnsSymlinks(const RegistryPaths& paths) : paths_{paths} {}

  /// What a symbolic link leads to; empty if there is none of this name.
  [[nodiscard]] LabResult<std::string> target_of(const std::string& name) const;
  [[nodiscard]] LabResult<std::vector<std::string>> names() const;
  [[nodiscard]] std::optional<LabError> remove_link(const std::string& name) const;

  RegistryPaths paths_;
  engine::FileDescriptor directory_;  ///< not open if it is missing
};

}  // namespace netherd::lab
