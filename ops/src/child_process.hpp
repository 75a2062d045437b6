#pragma once

#include <sys/types.h>

#include <boost/system/error_code.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/engine/file_descriptor.hpp"
#include "netherd/ops/process.hpp"

namespace netherd::ops {

/// Strings as exec() wants them: pointers with a null pointer behind them. The strings must outlive it.
class PointerArray {
 public:
  explicit PointerArray(std::span<const std::string> strings);
  [[nodiscard]] char* const* get() const noexcept { return pointers_.data(); }

 private:
  std::vector<char*> pointers_;
};

/// A process that runs its command, or the reason why there is none.
struct ChildProcess {
  boost::system::error_code error{};
  std::string_view failed_step{};
  pid_t pid = -1;
  bool leads_group = false;
  engine::FileDescriptor pidfd{};
  engine::FileDescriptor output{};        ///< our end of the pipe, non-blocking; empty if it is not captured
  engine::FileDescriptor error_output{};  ///< likewise
};

/// Starts a command inside a namespace; returns when it runs, or has failed to.
[[nodiscard]] ChildProcess start_child(const RunInNamespace& request);

}  // namespace netherd::ops
