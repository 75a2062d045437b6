#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/result.hpp>
#include <cstddef>
#include <memory>
#include <string>

#include "netherd/engine/file_descriptor.hpp"

namespace netherd::tools {

/// A file without a name that a command writes to, both streams in order, and that is read when it has ended.
///
/// Not a pipe: a server that the command leaves in the background would be ended by SIGPIPE at its first line after we
/// have gone, and would hang if somebody kept the pipe and did not read it. It can write to the file for as long as it
/// lives; the memory is freed with the last process that has the file open.
class ScratchOutput {
 public:
  /// While the command runs it can write so much, and a little more; then its writes fail with EPERM.
  static constexpr std::size_t most_bytes = 16U << 20U;

  [[nodiscard]] static boost::system::result<ScratchOutput> open(const boost::asio::any_io_executor& executor);
  ~ScratchOutput();
  ScratchOutput(ScratchOutput&&) noexcept = default;
  ScratchOutput& operator=(ScratchOutput&&) = delete;

  [[nodiscard]] int descriptor() const noexcept;
  /// What was written, most_bytes of it.
  [[nodiscard]] std::string read() const;
  [[nodiscard]] bool truncated() const noexcept;

 private:
  class Watch;
  explicit ScratchOutput(std::shared_ptr<Watch> watch) : watch_{std::move(watch)} {}
  std::shared_ptr<Watch> watch_;
};

}  // namespace netherd::tools
