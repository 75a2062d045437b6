#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace netherd::lab {

/// Name of the file that holds a LabClaim.
inline constexpr const char* claim_file = "claim";

/// Says that a directory is a lab's, and where the lab was made.
///
/// It stands in a lab's directory twice. In the lab's tmpfs it tells the tmpfs from other people's mounts. Under the
/// tmpfs those find it who share /run but do not see the mount: they learn that the lab may be mounted elsewhere.
struct LabClaim {
  std::string lab;
  std::string boot;                   ///< of this boot of the machine: /proc/sys/kernel/random/boot_id
  std::uint64_t mount_namespace = 0;  ///< inode number of /proc/self/ns/mnt; 0: unknown

  std::string device;  ///< of the lab's tmpfs, as /proc/self/mountinfo has it: "0:53"

  /// Whether it is certain that a lab that is not seen in its directory is mounted nowhere: it was mounted in this
  /// mount namespace, where it is no more, not even hidden by another mount; or before the machine was started.
  [[nodiscard]] bool is_of_vanished_lab() const;

  [[nodiscard]] std::string to_text() const;
  /// Nothing if the text is no claim.
  [[nodiscard]] static std::optional<LabClaim> parse(std::string_view text);
  /// The claim of a lab that this process makes.
  [[nodiscard]] static LabClaim of_this_process(std::string lab, std::string device);
};

}  // namespace netherd::lab
