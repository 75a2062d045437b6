#pragma once

#include <optional>
#include <string>

#include "netherd/engine/types.hpp"

namespace netherd::lab {

/// Where the indexes of a lab's interfaces begin in the namespace that netherd was started in (Node::adopted), given
/// the lab's directory: a range of 65,536 that no other running lab has. Nothing if the directory is not there.
///
/// It follows from the device number of the lab's tmpfs, which the kernel gives to one file system at a time
/// (get_anon_bdev(), fs/super.c, Linux 6.18: the lowest free one); it stays the same as long as the lab is there. Two
/// labs could share a range only if there were more than 16,383 such file systems. Thread safe.
[[nodiscard]] std::optional<engine::InterfaceIndex> first_host_index(const std::string& lab_path);

/// The range that belongs to a device number: far above the indexes that the kernel itself gives out.
[[nodiscard]] engine::InterfaceIndex first_host_index_of(std::uint32_t device_number) noexcept;

}  // namespace netherd::lab
