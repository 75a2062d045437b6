#pragma once

#include <string>
#include <string_view>

#include "findings.hpp"
#include "netherd/lab/reader.hpp"

namespace netherd::lab {

/// Replaces variables of the environment in a topology file as containerlab does before it reads one:
///
/// - $NAME, ${NAME}: the value; a variable that is not set, or empty, stays as it is written;
/// - ${NAME-TEXT}, ${NAME=TEXT}: TEXT where it is not set; ${NAME:-TEXT}, ${NAME:=TEXT}: where it is empty, too;
/// - ${NAME+TEXT}, ${NAME:+TEXT}: TEXT where it is set, else nothing;
/// - $$: a dollar sign.
///
/// Whatever else begins with a dollar sign stays. TEXT is replaced in turn. Lines remain lines: a value with a line end
/// is an error. Names that begin with NETHERD_ stay, because each command of a node has values of its own for them.
[[nodiscard]] std::string expand_environment(std::string_view text, const Environment& environment,
                                             FindingList& errors);

}  // namespace netherd::lab
