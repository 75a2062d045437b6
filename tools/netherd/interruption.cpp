#include "interruption.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <system_error>

#include "exit_status.hpp"
#include "netherd/engine/file_descriptor.hpp"

namespace netherd::tools {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::array end_signals{SIGINT, SIGTERM, SIGHUP};
constexpr std::chrono::nanoseconds time_to_clean_up = 1'750ms;
constexpr suseconds_t tick_us = 20'000;

// What follows is shared with signal handlers.
std::atomic<int> caught{0};
std::atomic<std::int64_t> deadline_ns{0};
std::array<char, 512> last_words_text;
std::atomic<std::size_t> last_words_size{0};
int event = -1;
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<std::int64_t>::is_always_lock_free);

std::int64_t now_ns() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return (std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec}) / 1ns;
}

/// Async-signal-safe, as the handlers are that call it.
[[noreturn]] void exit_at_once() noexcept {
  pollfd room{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&room, 1, 0) == 1) {
    static_cast<void>(!::write(STDERR_FILENO, last_words_text.data(), last_words_size));
  }
  ::_exit(ExitStatus::failed);
}

extern "C" void netherd_on_tick(int) {
  const int error = errno;
  if (now_ns() >= deadline_ns) exit_at_once();
  errno = error;
}

extern "C" void netherd_on_end_signal(int signal) {
  const int error = errno;
  int none = 0;
  if (caught.compare_exchange_strong(none, signal)) {
    deadline_ns = now_ns() + time_to_clean_up / 1ns;
    const itimerval ticks{.it_interval = {0, tick_us}, .it_value = {0, tick_us}};
    ::setitimer(ITIMER_REAL, &ticks, nullptr);
    const std::uint64_t one = 1;
    static_cast<void>(!::write(event, &one, sizeof one));
  }
  errno = error;
}

/// Without SA_RESTART: what waits is to return.
void handle(int signal, void (*handler)(int)) noexcept {
  struct sigaction action{};
  action.sa_handler = handler;
  ::sigaction(signal, &action, nullptr);
}

bool is_ignored(int signal) noexcept {
  struct sigaction action{};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

void allow_ticks() noexcept {
  sigset_t ticks;
  ::sigemptyset(&ticks);
  ::sigaddset(&ticks, SIGALRM);
  ::pthread_sigmask(SIG_UNBLOCK, &ticks, nullptr);
}

void set_last_words(std::string_view words) noexcept {
  last_words_size = 0;
  const std::size_t size = std::min(words.size(), last_words_text.size());
  std::ranges::copy(words.substr(0, size), last_words_text.begin());
  last_words_size = size;
}

}  // namespace

void interruption::arm(std::string_view last_words) {
  set_last_words(last_words);
  if (event >= 0) return;
  event = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event < 0) throw std::system_error{errno, std::system_category(), "make an event for signals"};
  handle(SIGALRM, netherd_on_tick);
  allow_ticks();
  for (const int signal : end_signals) {
    if (!is_ignored(signal)) handle(signal, netherd_on_end_signal);
  }
}

int interruption::signal() noexcept { return caught; }

class InterruptionWatch::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& context, std::function<void()> on_signal)
      : event_{context, ::dup(event)}, on_signal_{std::move(on_signal)} {}

  void start() {
    event_.async_wait(asio::posix::stream_descriptor::wait_read,
                      [self = shared_from_this()](boost::system::error_code error) { self->on_event(error); });
  }

  void stop() {
    stopped_ = true;
    boost::system::error_code ignored;
    event_.close(ignored);
  }

 private:
  /// The event is never taken away, so that whoever watches next sees it as well.
  void on_event(boost::system::error_code error) {
    if (error || stopped_) return;
    if (interruption::signal() == 0) return start();
    stop();
    on_signal_();
  }

  asio::posix::stream_descriptor event_;
  std::function<void()> on_signal_;
  bool stopped_ = false;
};

InterruptionWatch::InterruptionWatch(asio::io_context& context, std::function<void()> on_signal)
    : impl_{std::make_shared<Impl>(context, std::move(on_signal))} {
  impl_->start();
}

InterruptionWatch::~InterruptionWatch() { impl_->stop(); }

void InterruptionWatch::stop() { impl_->stop(); }

}  // namespace netherd::tools
