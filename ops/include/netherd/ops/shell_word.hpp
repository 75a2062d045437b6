#pragma once

#include <string>
#include <string_view>

namespace netherd::ops {

/// A text as one word for a POSIX shell: as it is where no character has a meaning of its own, else in single quotes.
[[nodiscard]] std::string shell_word(std::string_view text);

}  // namespace netherd::ops
