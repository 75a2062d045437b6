#include "netherd/ops/namespace_factory.hpp"

#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <iterator>
#include <mutex>
#include <thread>
#include <variant>

#include "inherited_settings.hpp"
#include "netherd/ops/netns_path.hpp"
#include "post_completion.hpp"
#include "settings_files.hpp"
#include "signals_blocked.hpp"
#include "system_error.hpp"

namespace netherd::ops {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using engine::FileDescriptor;

/// How long to wait before asking again when the limit of namespaces is reached: the kernel takes about 1 ms for each.
constexpr std::chrono::milliseconds limit_retry_interval{5};

/// What a job has come to: the descriptors, or the failure and its step.
struct JobResult {
  error_code error;
  CreatedNamespace created;

  bool step(std::string_view name, error_code outcome) noexcept {
    if (!outcome) return true;
    error = outcome;
    created = {};
    created.failed_step = name;
    return false;
  }
};

error_code open_netlink_socket(const engine::SocketOptions& options,
                               std::optional<engine::NetlinkSocket>& socket) noexcept {
  auto opened = engine::NetlinkSocket::open(NETLINK_ROUTE, options);
  if (!opened) return opened.error();
  socket = std::move(*opened);
  return {};
}

error_code open_netns_of_socket(int socket, FileDescriptor& netns) noexcept {
  netns.reset(::ioctl(socket, SIOCGSKNS));
  return error_of(netns.get());
}

error_code write_settings(SettingsFiles& files, const std::vector<KernelSetting>& settings) {
  for (const KernelSetting& setting : settings) {
    if (const auto error = files.write(setting)) return error;
  }
  return {};
}

error_code pin(const CreateNamespace& request, int netns) noexcept {
  return request.pin_path.empty() ? error_code{} : pin_namespace(request.pin_path, netns);
}

error_code link_name(const CreateNamespace& request) noexcept {
  if (request.symlink_path.empty()) return {};
  const auto error = error_of(::symlink(request.pin_path.c_str(), request.symlink_path.c_str()));
  if (error && !request.pin_path.empty()) static_cast<void>(unpin_namespace(request.pin_path));
  return error;
}

JobResult open_socket_inside(const OpenNamespace& request, SettingsFiles& files) {
  JobResult result;
  auto& [netns, socket, failed_step] = result.created;
  if (!request.path.empty()) {
    auto opened = open_namespace(request.path);
    if (!result.step("open the namespace", opened ? error_code{} : opened.error())) return result;
    netns = std::move(*opened);
  }
  const int entered = request.path.empty() ? request.descriptor : netns.get();
  if (!result.step("enter the namespace", error_of(::setns(entered, CLONE_NEWNET)))) return result;
  files.on_namespace_entered();
  static_cast<void>(result.step("change a setting of the namespace", write_settings(files, request.settings)) &&
                    result.step("open a netlink socket", open_netlink_socket({}, socket)));
  return result;
}

}  // namespace

/// The queue of jobs and the threads that do them. Shared with what is posted to the executor and with cancellation
/// slots, both of which can outlive the factory.
class NamespaceFactory::Workshop : public std::enable_shared_from_this<Workshop> {
 public:
  using Work = std::variant<CreateNamespace, OpenNamespace>;
  using Descriptors = std::vector<FileDescriptor>;

  Workshop(asio::any_io_executor executor, Options options, FileDescriptor home)
      : executor_{std::move(executor)}, options_{std::move(options)}, home_{std::move(home)} {}

  void start_threads();
  void stop();
  void submit(Work work, Handler handler);
  void close(Descriptors descriptors, asio::any_completion_handler<void()> closed);
  void cancel_all();

 private:
  struct Job {
    std::uint64_t number;
    Work work;
    PendingCompletion<error_code, CreatedNamespace> completion;
    bool cancelled = false;  ///< guarded by mutex_
  };
  using JobPointer = std::unique_ptr<Job>;
  struct Closing {
    Descriptors descriptors;
    std::optional<PendingCompletion<>> completion;
  };

  void run();
  void close_waiting(std::unique_lock<std::mutex>& lock);
  void perform_next(std::unique_lock<std::mutex>& lock, SettingsFiles& files);
  [[nodiscard]] JobResult perform(const Job& job, const CreateNamespace& request, SettingsFiles& files);
  [[nodiscard]] JobResult perform(const Job&, const OpenNamespace& request, SettingsFiles& files) {
    return open_socket_inside(request, files);
  }
  [[nodiscard]] JobResult finish_creation(const CreateNamespace& request, SettingsFiles& files);
  [[nodiscard]] error_code unshare_within_limit(const Job& job);
  enum class AtLimit : std::uint8_t { retry, give_up, cancelled };
  [[nodiscard]] AtLimit wait_at_limit(const Job& job, std::chrono::steady_clock::time_point give_up);
  void go_home() const noexcept { static_cast<void>(::setns(home_.get(), CLONE_NEWNET)); }
  void cancel(std::uint64_t number);
  static void deliver(JobPointer job, JobResult result);
  static void close_all(std::vector<Closing> closings);

  const asio::any_io_executor executor_;
  const Options options_;
  const FileDescriptor home_;
  std::vector<std::thread> threads_;
  std::uint64_t next_number_ = 0;

  /// The limit was reached and did not give way: later jobs fail at once, until one succeeds.
  std::atomic<bool> patience_used_up_{false};
  InheritedSettings inherited_;

  std::mutex mutex_;                        // guards what follows
  std::condition_variable work_available_;  // threads without work wait for it
  std::condition_variable job_cancelled_;   // threads that the limit holds up wait for it
  std::deque<JobPointer> queue_;            // by number
  std::vector<Job*> running_;
  std::vector<Closing> to_close_;
  bool stopping_ = false;
};

void NamespaceFactory::Workshop::start_threads() {
  const SignalsBlocked blocked;
  const std::size_t count = std::max<std::size_t>(1, options_.threads);
  while (threads_.size() < count) threads_.emplace_back([this] { run(); });
}

void NamespaceFactory::Workshop::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  work_available_.notify_all();
  cancel_all();
  for (std::thread& thread : threads_) thread.join();
  close_all(std::exchange(to_close_, {}));
}

void NamespaceFactory::Workshop::submit(Work work, Handler handler) {
  auto job = std::make_unique<Job>(Job{next_number_++, std::move(work), {executor_, std::move(handler)}});
  if (auto slot = job->completion.cancellation_slot(); slot.is_connected()) {
    slot.assign([workshop = shared_from_this(), number = job->number](asio::cancellation_type type) {
      if (type != asio::cancellation_type::none) workshop->cancel(number);
    });
  }
  {
    const std::lock_guard lock{mutex_};
    queue_.push_back(std::move(job));
  }
  work_available_.notify_one();
}

void NamespaceFactory::Workshop::close(Descriptors descriptors, asio::any_completion_handler<void()> closed) {
  Closing closing{.descriptors = std::move(descriptors), .completion = {}};
  if (closed) closing.completion.emplace(executor_, std::move(closed));
  {
    const std::lock_guard lock{mutex_};
    to_close_.push_back(std::move(closing));
  }
  work_available_.notify_one();
}

void NamespaceFactory::Workshop::close_all(std::vector<Closing> closings) {
  for (Closing& closing : closings) {
    closing.descriptors.clear();
    if (closing.completion) std::move(*closing.completion).post();
  }
}

void NamespaceFactory::Workshop::cancel(std::uint64_t number) {
  JobPointer cancelled;
  {
    const std::lock_guard lock{mutex_};
    const auto place = std::ranges::lower_bound(queue_, number, {}, [](const JobPointer& job) { return job->number; });
    if (place != queue_.end() && (*place)->number == number) {
      cancelled = std::move(*place);
      queue_.erase(place);
    }
    for (Job* const job : running_) job->cancelled = job->cancelled || job->number == number;
  }
  job_cancelled_.notify_all();
  if (cancelled) deliver(std::move(cancelled), {.error = asio::error::operation_aborted, .created = {}});
}

void NamespaceFactory::Workshop::cancel_all() {
  std::deque<JobPointer> not_started;
  {
    const std::lock_guard lock{mutex_};
    not_started.swap(queue_);
    for (Job* const job : running_) job->cancelled = true;
  }
  job_cancelled_.notify_all();
  for (JobPointer& job : not_started) deliver(std::move(job), {.error = asio::error::operation_aborted, .created = {}});
}

void NamespaceFactory::Workshop::deliver(JobPointer job, JobResult result) {
  std::move(job->completion).post(result.error, std::move(result.created));
}

void NamespaceFactory::Workshop::run() {
  SettingsFiles files{options_.settings_directory};
  bool away = false;
  std::unique_lock lock{mutex_};
  while (!stopping_) {
    if (!to_close_.empty()) {
      close_waiting(lock);
    } else if (!queue_.empty()) {
      perform_next(lock, files);
      away = true;
    } else if (away) {
      lock.unlock();
      go_home();
      away = false;
      lock.lock();
    } else {
      work_available_.wait(lock);
    }
  }
}

void NamespaceFactory::Workshop::close_waiting(std::unique_lock<std::mutex>& lock) {
  std::vector<Closing> closings;
  closings.swap(to_close_);
  lock.unlock();
  close_all(std::move(closings));
  lock.lock();
}

void NamespaceFactory::Workshop::perform_next(std::unique_lock<std::mutex>& lock, SettingsFiles& files) {
  JobPointer job = std::move(queue_.front());
  queue_.pop_front();
  running_.push_back(job.get());
  lock.unlock();
  JobResult result = std::visit([&](const auto& request) { return perform(*job, request, files); }, job->work);
  lock.lock();
  std::erase(running_, job.get());
  lock.unlock();
  deliver(std::move(job), std::move(result));
  lock.lock();
}

JobResult NamespaceFactory::Workshop::perform(const Job& job, const CreateNamespace& request, SettingsFiles& files) {
  JobResult result;
  if (!result.step("create the namespace", unshare_within_limit(job))) return result;
  files.on_namespace_entered();
  return finish_creation(request, files);
}

/// Precondition: the thread is in the new namespace.
JobResult NamespaceFactory::Workshop::finish_creation(const CreateNamespace& request, SettingsFiles& files) {
  JobResult result;
  auto& [netns, socket, failed_step] = result.created;
  const auto reset_inherited = [&] {
    return request.reset_inherited_settings ? write_settings(files, inherited_.resets(files)) : error_code{};
  };
  static_cast<void>(result.step("open a netlink socket", open_netlink_socket(request.socket, socket)) &&
                    result.step("open the namespace", open_netns_of_socket(socket->descriptor(), netns)) &&
                    result.step("reset the settings that the namespace has inherited", reset_inherited()) &&
                    result.step("change a setting of the namespace", write_settings(files, request.settings)) &&
                    result.step("pin the namespace", pin(request, netns.get())) &&
                    result.step("link the name of the namespace", link_name(request)));
  return result;
}

error_code NamespaceFactory::Workshop::unshare_within_limit(const Job& job) {
  const auto give_up = std::chrono::steady_clock::now() + options_.limit_patience;
  for (;;) {
    const auto error = error_of(::unshare(CLONE_NEWNET));
    if (!error) patience_used_up_ = false;
    if (error != boost::system::errc::no_space_on_device || patience_used_up_) return error;
    go_home();  // the namespace that this thread is still in may be the one to go
    switch (wait_at_limit(job, give_up)) {
      case AtLimit::retry:
        break;
      case AtLimit::give_up:
        patience_used_up_ = true;
        return error;
      case AtLimit::cancelled:
        return asio::error::operation_aborted;
    }
  }
}

NamespaceFactory::Workshop::AtLimit NamespaceFactory::Workshop::wait_at_limit(
    const Job& job, std::chrono::steady_clock::time_point give_up) {
  std::unique_lock lock{mutex_};
  if (!to_close_.empty()) close_waiting(lock);  // these may be what gives the limit way
  if (job_cancelled_.wait_for(lock, limit_retry_interval, [&] { return job.cancelled; })) return AtLimit::cancelled;
  return std::chrono::steady_clock::now() < give_up ? AtLimit::retry : AtLimit::give_up;
}

NamespaceFactory::NamespaceFactory(asio::any_io_executor executor, Options options) {
  auto home = open_current_namespace();
  if (!home) throw boost::system::system_error{home.error(), "open the current network namespace"};
  workshop_ = std::make_shared<Workshop>(std::move(executor), std::move(options), std::move(*home));
  try {
    workshop_->start_threads();
  } catch (...) {
    workshop_->stop();
    throw;
  }
}

NamespaceFactory::~NamespaceFactory() { workshop_->stop(); }

void NamespaceFactory::close(std::vector<FileDescriptor> descriptors) { workshop_->close(std::move(descriptors), {}); }

void NamespaceFactory::close(std::vector<FileDescriptor> descriptors, asio::any_completion_handler<void()> closed) {
  workshop_->close(std::move(descriptors), std::move(closed));
}

void NamespaceFactory::cancel() { workshop_->cancel_all(); }

void NamespaceFactory::start(CreateNamespace request, Handler handler) {
  workshop_->submit(std::move(request), std::move(handler));
}

void NamespaceFactory::start(OpenNamespace request, Handler handler) {
  workshop_->submit(std::move(request), std::move(handler));
}

}  // namespace netherd::ops
