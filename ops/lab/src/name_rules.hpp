#pragma once

#include <string_view>

namespace netherd::lab {

/// is_valid_lab_name() and is_valid_node_name() in words.
inline constexpr std::string_view lab_name_rule =
    "must be 1 to 64 letters, digits, '_', '-' or '.', and not start with '-' or '.'";
inline constexpr std::string_view node_name_rule =
    "must be 1 to 128 letters, digits, '_', '-' or '.', and not start with '-' or '.'";

}  // namespace netherd::lab
