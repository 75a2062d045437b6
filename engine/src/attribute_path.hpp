#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "attribute_names.hpp"

namespace netherd::engine {

/// Where an offset points to within a request.
struct AttributePath {
  std::string path{};                      ///< "IFLA_LINKINFO.IFLA_INFO_DATA"; numbers where no name is known
  const AttributeTable* inside = nullptr;  ///< what may be in the last one; of an empty path: in the message
};

/// The path to the attribute that starts at `offset`, or in which that is, in bytes from the start of the request.
/// Empty if it is not within an attribute.
[[nodiscard]] AttributePath attribute_path(int protocol, std::span<const std::byte> request, std::uint32_t offset);

/// The path with one attribute more.
[[nodiscard]] std::string path_of_member(const AttributePath& path, std::uint16_t type);

}  // namespace netherd::engine
