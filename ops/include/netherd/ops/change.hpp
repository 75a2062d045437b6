#pragma once

#include <cstdint>

namespace netherd::ops {

/// How an object is written: the verb of `ip`. What each one means when the object is there already, or is not:
///
///     verb     there          not there
///     add      file_exists    made
///     change   changed        no_such_file_or_directory
///     replace  changed        made
///     append   made beside or behind it (routes, forwarding entries)
///     prepend  made before it (routes)
enum class Change : std::uint8_t { add, change, replace, append, prepend };

}  // namespace netherd::ops
