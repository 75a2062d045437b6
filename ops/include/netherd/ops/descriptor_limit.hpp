#pragma once

#include <cstddef>

namespace netherd::ops {

/// How many more descriptors this process can open before it meets its limit (`ulimit -n`), counting those that are
/// open now, whoever has opened them: `ls /proc/self/fd`. Takes time in proportion to those that are open. Where they
/// cannot be counted it assumes 16. Thread safe.
[[nodiscard]] std::size_t unused_descriptors();

}  // namespace netherd::ops
