#include "netherd/lab/host_indexes.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstdint>

namespace netherd::lab {

engine::InterfaceIndex first_host_index_of(std::uint32_t device_number) noexcept {
  constexpr unsigned links_bits = 16;
  constexpr std::uint32_t ranges = 1U << 14U;
  // Odd, so that different numbers stay different; large, so that small numbers do not lie near the kernel's own.
  constexpr std::uint32_t spread = 0x2f1b;
  const std::uint32_t range = device_number * spread % ranges;
  return engine::InterfaceIndex{static_cast<std::int32_t>((range == 0 ? ranges / 2 : range) << links_bits)};
}

std::optional<engine::InterfaceIndex> first_host_index(const std::string& lab_path) {
  struct stat status{};
  if (::stat(lab_path.c_str(), &status) != 0) return std::nullopt;
  return first_host_index_of(minor(status.st_dev));
}

}  // namespace netherd::lab
