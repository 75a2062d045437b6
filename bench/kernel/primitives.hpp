#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "netherd/engine/batch.hpp"
#include "world.hpp"

namespace netherd::bench {

/// One kind of request, many times over.
struct Primitive {
  std::string_view name;
  std::uint32_t requests;                                   ///< in one round
  void (*prepare)(World& world, std::uint32_t requests);    ///< what has to be there before
  void (*add)(engine::Batch& batch, std::uint32_t number);  ///< appends request `number`
  std::size_t (*objects)(World& world);                     ///< reads back what the requests change
  std::ptrdiff_t objects_per_request;                       ///< by how much that has to change
};

[[nodiscard]] std::span<const Primitive> primitives() noexcept;

/// Adds so many IPv4 routes, for dumps.
void prepare_routes(World& world, std::uint32_t count);

}  // namespace netherd::bench
