#pragma once

#include <cstddef>

namespace netherd::test {

/// How often this program has called operator new. Link netherd_count_allocations, which replaces it.
[[nodiscard]] std::size_t allocations() noexcept;

}  // namespace netherd::test
