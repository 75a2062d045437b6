#pragma once

#include <optional>
#include <string>

namespace netherd::tools {

/// Moves this process into network and mount namespaces of its own, with an empty /run: what it makes there reaches
/// nothing of the machine, and disappears with the process, however that ends. Gives what failed, in words.
///
/// Precondition: no other thread exists.
[[nodiscard]] std::optional<std::string> enter_private_namespaces();

}  // namespace netherd::tools
