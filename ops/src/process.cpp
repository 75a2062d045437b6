#include "netherd/ops/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>

#include "child_process.hpp"
#include "post_completion.hpp"
#include "private_mounts.hpp"
#include "system_error.hpp"

namespace netherd::ops {

namespace {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;
using boost::system::error_code;

/// How long a process that got SIGKILL may take to end before it is left to the kernel.
constexpr int killed_patience_ms = 1'000;

/// Collects what comes out of a pipe.
class Capture {
 public:
  Capture(const asio::any_io_executor& executor, engine::FileDescriptor pipe, std::size_t limit_bytes)
      : stream_{executor}, limit_bytes_{limit_bytes} {
    if (pipe) stream_.assign(pipe.release());
  }

  [[nodiscard]] bool open() const { return stream_.is_open(); }
  [[nodiscard]] stream_descriptor& stream() { return stream_; }
  [[nodiscard]] bool truncated() const { return truncated_; }
  [[nodiscard]] std::string take() { return std::move(text_); }

  /// Reads once, as much as a pipe holds: all that was written before. Closes at the end of the stream.
  void drain() {
    std::array<char, 65536> buffer;
    const ssize_t size = ::read(stream_.native_handle(), buffer.data(), buffer.size());
    if (size > 0) keep({buffer.data(), static_cast<std::size_t>(size)});
    if (size == 0 || (size < 0 && errno != EAGAIN)) close();
  }
  void close() {
    error_code ignored;
    stream_.close(ignored);
  }

 private:
  void keep(std::string_view piece) {
    const std::string_view kept = piece.substr(0, limit_bytes_ - text_.size());
    text_ += kept;
    truncated_ = truncated_ || kept.size() < piece.size();
  }

  stream_descriptor stream_;
  std::size_t limit_bytes_;
  std::string text_;
  bool truncated_ = false;
};

/// How often to look whether a process has ended, where nothing tells.
constexpr std::chrono::milliseconds look_interval{10};

/// A process that was started, until it has ended and was waited for.
///
/// Descriptors are only waited for asynchronously and read by hand, so that no data is under way inside Asio when the
/// process ends.
class RunningProcess : public std::enable_shared_from_this<RunningProcess> {
 public:
  using Completion = PendingCompletion<error_code, ProcessResult>;

  RunningProcess(const asio::any_io_executor& executor, const RunInNamespace& request, ChildProcess child,
                 Completion completion)
      : exit_{executor, child.pidfd.release()},
        output_{executor, std::move(child.output), request.capture_limit_bytes},
        error_output_{executor, std::move(child.error_output), request.capture_limit_bytes},
        grace_timer_{executor},
        look_timer_{executor},
        kill_grace_{request.kill_grace},
        signal_target_{child.leads_group ? -child.pid : child.pid},
        completion_{std::move(completion)} {}

  ~RunningProcess() {
    if (ended_) return;
    send_signal(SIGKILL);
    pollfd exit{.fd = exit_.native_handle(), .events = POLLIN, .revents = 0};
    ::poll(&exit, 1, killed_patience_ms);
    siginfo_t status{};
    static_cast<void>(look_for_end(status));
  }
  RunningProcess(const RunningProcess&) = delete;
  RunningProcess& operator=(const RunningProcess&) = delete;

  void start() {
    if (auto slot = completion_.cancellation_slot(); slot.is_connected()) {
      slot.assign([process = weak_from_this()](asio::cancellation_type type) {
        const auto killing = asio::cancellation_type::terminal | asio::cancellation_type::partial;
        if ((type & killing) == asio::cancellation_type::none) return;
        if (const auto self = process.lock()) self->cancel();
      });
    }
    collect(output_);
    collect(error_output_);
    wait_for_end();
  }

 private:
  void wait_for_end() {
    exit_.async_wait(stream_descriptor::wait_read, [self = shared_from_this()](error_code error) {
      if (error == asio::error::operation_aborted) return;
      error ? self->look_later() : self->finish_if_ended();
    });
  }

  /// The descriptor cannot be waited for.
  void look_later() {
    look_timer_.expires_after(look_interval);
    look_timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->finish_if_ended();
    });
  }

  void collect(Capture& capture) {
    if (!capture.open()) return;
    capture.stream().async_wait(stream_descriptor::wait_read, [self = shared_from_this(), &capture](error_code error) {
      if (error || !capture.open()) return;
      capture.drain();
      self->collect(capture);
    });
  }

  void cancel() {
    if (ended_ || cancelled_) return;
    cancelled_ = true;
    send_signal(SIGTERM);
    grace_timer_.expires_after(kill_grace_);
    grace_timer_.async_wait([process = weak_from_this()](error_code error) {
      const auto self = process.lock();
      if (!error && self && !self->ended_) self->send_signal(SIGKILL);
    });
  }

  /// An event alone proves nothing: it may have been under way for an earlier descriptor, whose place in Asio's reactor
  /// this one has taken.
  void finish_if_ended() {
    siginfo_t status{};
    const error_code error = look_for_end(status);
    if (!error && status.si_pid == 0) return wait_for_end();
    finish(error, status);
  }

  void finish(error_code error, const siginfo_t& status) {
    ended_ = true;
    grace_timer_.cancel();
    for (Capture* capture : {&output_, &error_output_}) {
      if (capture->open()) capture->drain();
      capture->close();
    }
    ProcessResult result;
    if (error) result.failed_step = "learn how the command has ended";
    result.signal = status.si_code == CLD_EXITED ? 0 : status.si_status;
    result.exit_code = status.si_code == CLD_EXITED ? status.si_status : 128 + status.si_status;
    result.output = output_.take();
    result.error_output = error_output_.take();
    result.truncated = output_.truncated() || error_output_.truncated();
    if (!error && cancelled_) error = asio::error::operation_aborted;
    std::move(completion_).post(error, std::move(result));
  }

  /// The process id stays ours until the process was waited for.
  void send_signal(int signal) const noexcept { ::kill(signal_target_, signal); }

  /// Never waits: `status.si_pid` is 0 as long as the process has not ended. An error: somebody else has waited for it.
  error_code look_for_end(siginfo_t& status) noexcept {
    while (::waitid(P_PIDFD, static_cast<id_t>(exit_.native_handle()), &status, WEXITED | WNOHANG) < 0) {
      if (errno != EINTR) return last_error();
    }
    return {};
  }

  stream_descriptor exit_;  // a pidfd: readable when the process has ended
  Capture output_;
  Capture error_output_;
  asio::steady_timer grace_timer_;
  asio::steady_timer look_timer_;
  const std::chrono::milliseconds kill_grace_;
  const pid_t signal_target_;
  bool cancelled_ = false;
  bool ended_ = false;
  Completion completion_;
};

}  // namespace

namespace detail {

void start_process(const asio::any_io_executor& executor, const RunInNamespace& request,
                   asio::any_completion_handler<ProcessSignature> handler) {
  RunningProcess::Completion completion{executor, std::move(handler)};
  auto child = start_child(request);
  if (child.error) {
    ProcessResult result;
    result.failed_step = child.failed_step;
    std::move(completion).post(child.error, std::move(result));
    return;
  }
  const pid_t pid = child.pid;
  std::make_shared<RunningProcess>(executor, request, std::move(child), std::move(completion))->start();
  if (request.on_started) request.on_started(pid);
}

}  // namespace detail

error_code exec_in_namespace(int netns, std::span<const std::string> arguments, std::string_view mounts_of,
                             const ProcessSettings* settings) {
  if (arguments.empty()) return boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
  std::optional<PrivateMounts> mounts;
  if (!mounts_of.empty()) {
    auto prepared = PrivateMounts::prepare(mounts_of);
    if (!prepared) return prepared.error();
    mounts = *std::move(prepared);
  }
  if (const auto error = error_of(::setns(netns, CLONE_NEWNET))) return error;
  if (mounts) {
    if (const auto error = error_of(mounts->enter())) return error;
  }
  if (settings != nullptr) settings->apply();
  const PointerArray argv{arguments};
  ::execvp(argv.get()[0], argv.get());
  return last_error();
}

}  // namespace netherd::ops
