#pragma once

#include <boost/system/error_code.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "lab_claim.hpp"
#include "lab_mount.hpp"
#include "netherd/engine/file_descriptor.hpp"
#include "netherd/lab/registry.hpp"

namespace netherd::lab {

inline constexpr const char* namespaces_subdirectory = "ns";

/// An entry of the labs' directory, opened and examined.
struct FoundLab {
  LabState state = LabState::foreign;
  engine::FileDescriptor directory{};  ///< not open if the entry is no directory, or may not be opened
  DirectoryStatus status{};
  LabClaim claim{};  ///< only of a lab that was claimed
};

/// Opens the labs' directory, and its parent if it is missing and `make` is given. Errors: no_such_file_or_directory,
/// operation_not_permitted (others than root own it or may write into it), not_a_directory (a symbolic link included).
[[nodiscard]] LabResult<engine::FileDescriptor> open_labs_directory(const std::string& path);
/// Makes it first if it is missing.
[[nodiscard]] LabResult<engine::FileDescriptor> make_labs_directory(const std::string& path);

/// Examines an entry of the labs' directory; nothing if there is no such entry.
[[nodiscard]] LabResult<std::optional<FoundLab>> look_at_lab(int labs, const std::string& lab);

/// Makes a lab's directory, with the claim in it, for a tmpfs to be mounted on it. Whenever the process ends, what is
/// left is known as LabState::unmounted.
[[nodiscard]] LabResult<engine::FileDescriptor> make_lab_directory(int labs, const LabClaim& claim);

/// Removes the directory of a lab that is not mounted any more. Errors: directory_not_empty (somebody has put other
/// things into it).
[[nodiscard]] std::optional<LabError> discard_lab_directory(int labs, const std::string& lab);

/// Why an entry that is there cannot be used as a lab, with what to do. `path` is the lab's.
[[nodiscard]] LabError explain_unusable(const FoundLab& found, const std::string& lab, const std::string& path);

}  // namespace netherd::lab
