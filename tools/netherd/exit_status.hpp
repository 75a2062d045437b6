#pragma once

namespace netherd::tools {

/// What the command tells the shell; `exec` passes on the status of what it ran.
enum ExitStatus : int {
  done = 0,
  failed = 1,   ///< the operation failed; what is left is said
  invalid = 2,  ///< wrong usage or invalid input; nothing was touched
};

}  // namespace netherd::tools
