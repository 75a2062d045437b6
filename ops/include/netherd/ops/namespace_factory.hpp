#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "netherd/engine/file_descriptor.hpp"
#include "netherd/engine/socket.hpp"

namespace netherd::ops {

/// What is to happen where a setting cannot be written.
enum class SettingNeed : std::uint8_t {
  required,        ///< it is an error
  unless_missing,  ///< a kernel that does not have the setting is fine: to switch off what it has not got
  welcome,         ///< nothing depends on it: neither a missing setting nor a read-only /proc/sys is an error
};

/// A setting under /proc/sys: `sysctl -qw KEY=VALUE`, the key with slashes ("net/ipv6/conf/all/forwarding"). Where
/// /proc/sys is read-only, a setting that has the value already counts as written.
struct KernelSetting {
  std::string key{};
  std::string value{};
  SettingNeed need = SettingNeed::required;
};

/// Whether settings of namespaces can be written here: not where /proc/sys is mounted read-only and the kernel gives us
/// no procfs of our own either, as in some containers.
[[nodiscard]] bool can_write_settings();

/// Asks for a new namespace: `ip netns add NAME`. Its interface `lo` is down, as the kernel makes it.
struct CreateNamespace {
  std::string pin_path{};      ///< where to pin it; empty: it lives as long as its descriptors
  std::string symlink_path{};  ///< a symbolic link to pin_path that is made as well; empty: none
  /// Give it the kernel's own defaults instead of the IP settings that it copies from the machine. They are looked up
  /// once per factory, by all of its threads, which takes up to 1 ms; where the machine has the defaults nothing is
  /// written.
  bool reset_inherited_settings = false;
  std::vector<KernelSetting> settings{};  ///< written inside the namespace thereafter; each takes 15 to 40 µs
  engine::SocketOptions socket{};         ///< of the socket that is handed over
};

/// Asks for a socket inside a namespace that exists. What `ip -n NAME` does before its own work, but without a mount
/// namespace of its own.
struct OpenNamespace {
  std::string path{};                     ///< a pinned namespace
  int descriptor = -1;                    ///< an open one, used if the path is empty; must stay open until completion
  std::vector<KernelSetting> settings{};  ///< written inside the namespace
};

/// What the factory hands over.
struct CreatedNamespace {
  engine::FileDescriptor netns{};                 ///< the namespace; empty if it was opened by its descriptor
  std::optional<engine::NetlinkSocket> socket{};  ///< inside it: NETLINK_ROUTE; always there on success
  /// What could not be done ("create the namespace"), with static lifetime; empty on success.
  std::string_view failed_step{};
};

/// Makes namespaces, and opens sockets inside namespaces, on threads of its own.
///
/// unshare(CLONE_NEWNET) blocks for half a millisecond and changes the thread that it runs on, so it is done on helper
/// threads. They do that and what costs least right there (the socket, the pin, settings), and hand the descriptors
/// over; everything else stays on the caller's thread. Closing a socket or a namespace takes 3 to 4 µs, and they do
/// that as well for whom it would keep waiting. Here alone in netherd a mutex is needed, for the queue of jobs. Any
/// number of jobs can be submitted ahead; they start in the order of submission.
///
/// A helper thread that has nothing to do returns to the namespace in which the factory was made, so that it keeps no
/// namespace alive. All signals are blocked in helper threads.
///
/// The kernel counts a namespace until it has finished destroying it; unshare() then fails with ENOSPC when
/// user.max_net_namespaces is reached. The factory then retries for Options::limit_patience, unless the job is
/// cancelled.
///
/// Completion: handlers run on their associated executor, or else on the factory's, never inside the initiating
/// function. Errors are those of the failing system call, CreatedNamespace::failed_step says which; nothing made is
/// left behind. Among them: no_space_on_device (the limit of namespaces, or of mounts), too_many_files_open,
/// file_exists (pin_path or symlink_path), operation_not_permitted (CAP_SYS_ADMIN is needed).
///
/// Cancellation (terminal, partial and total alike): a job that was not started, and one that waits for the limit of
/// namespaces, completes with operation_aborted at once; any other job that was started runs to its end, which takes
/// less than a millisecond. cancel() does that to all jobs. The destructor does so too, and waits for what runs.
///
/// Descriptors: a thread holds one of its own once it has written settings, and one more while it writes them.
///
/// In a co_await expression give the request a name of its own and move it in: g++ 12 destroys a braced temporary twice
/// there.
///
/// Thread safety: one thread at a time, the one that runs the handlers. The factory's executor must take submissions
/// from other threads, as that of every io_context does unless it was made with an "unsafe" concurrency hint.
class NamespaceFactory {
 public:
  using Signature = void(boost::system::error_code, CreatedNamespace);

  struct Options {
    /// More than two gain nothing: the kernel serialises part of the work.
    std::size_t threads = 1;
    std::chrono::milliseconds limit_patience{10'000};
    /// Where settings are, instead of below /proc/sys. For tests of what cannot be written or is not there.
    std::string settings_directory{};
  };

  /// Starts the threads. Throws boost::system::system_error if /proc is missing, std::system_error if a thread cannot
  /// be started.
  NamespaceFactory(boost::asio::any_io_executor executor, Options options);
  ~NamespaceFactory();
  NamespaceFactory(const NamespaceFactory&) = delete;
  NamespaceFactory& operator=(const NamespaceFactory&) = delete;

  template <boost::asio::completion_token_for<Signature> Token>
  auto async_create(CreateNamespace request, Token&& token) {
    return boost::asio::async_initiate<Token, Signature>(
        [this](auto handler, CreateNamespace asked) { this->start(std::move(asked), std::move(handler)); }, token,
        std::move(request));
  }

  template <boost::asio::completion_token_for<Signature> Token>
  auto async_enter(OpenNamespace request, Token&& token) {
    return boost::asio::async_initiate<Token, Signature>(
        [this](auto handler, OpenNamespace asked) { this->start(std::move(asked), std::move(handler)); }, token,
        std::move(request));
  }

  /// Closes descriptors on a helper thread, before what is submitted later; nobody is told.
  void close(std::vector<engine::FileDescriptor> descriptors);
  /// The same; `closed` is called on the factory's executor when all of them are closed.
  void close(std::vector<engine::FileDescriptor> descriptors, boost::asio::any_completion_handler<void()> closed);

  /// Cancels all jobs.
  void cancel();

 private:
  class Workshop;
  using Handler = boost::asio::any_completion_handler<Signature>;

  void start(CreateNamespace request, Handler handler);
  void start(OpenNamespace request, Handler handler);

  std::shared_ptr<Workshop> workshop_;
};

}  // namespace netherd::ops
