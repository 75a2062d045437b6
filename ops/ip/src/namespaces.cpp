#include "namespaces.hpp"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "netherd/ops/netns_path.hpp"

namespace netherd::ip {

namespace {

using engine::FileDescriptor;

/// Descriptors are shared with programs, files and what is just being opened.
constexpr std::size_t other_descriptors = 32;

std::size_t most_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return std::max<std::size_t>(limit.rlim_cur, other_descriptors) - other_descriptors;
}

/// Each open namespace takes up to three.
std::size_t most_open_namespaces() { return std::clamp<std::size_t>(most_descriptors() / 4, 4, 1024); }

/// Enough that the creating threads need not wait for the next command. Each takes two.
std::size_t most_spares() { return std::clamp<std::size_t>(most_descriptors() / 16, 1, 32); }

/// Largest datagram: of one command (those of `ip` are at most 4 KiB), and of many.
constexpr std::size_t command_bytes = 8 * 1024;
constexpr std::size_t batch_bytes = 32 * 1024;

std::string quoted(std::string_view text) { return '"' + std::string{text} + '"'; }

engine::NetlinkSocket check_socket(boost::system::result<engine::NetlinkSocket> socket) {
  if (!socket) fail("Cannot open rtnetlink: " + socket.error().message());
  return std::move(*socket);
}

/// What a thread has to gain from is more than its start.
constexpr std::size_t least_for_helper = 8;

/// The kernel executes a request on the thread that sends it. Behind each send of a single thread, the kernel's own
/// workers go first, which have carriers and IPv6 addresses to see to; two threads get twice their share of its lock.
void settle_side_by_side(std::span<Session* const> sessions) {
  std::atomic<std::size_t> next = 0;
  const auto settle_some = [&] {
    for (std::size_t i = next++; i < sessions.size(); i = next++) sessions[i]->settle();
  };
  std::optional<std::jthread> helper;
  if (sessions.size() >= least_for_helper) helper.emplace(settle_some);
  settle_some();
}

[[noreturn]] void fail_to_open(std::string_view name) {
  const auto opened = ops::open_namespace(netns_path(name));
  fail("Cannot open network namespace " + quoted(name) + ": " + (opened ? "gone" : opened.error().message()),
       status_usage);
}

}  // namespace

std::string netns_path(std::string_view name) {
  if (!ops::is_valid_netns_name(name)) fail("Invalid netns name " + quoted(name), status_usage);
  return std::string{ops::netns_directory} + '/' + std::string{name};
}

void prepare_netns_directory() {
  const std::string directory{ops::netns_directory};
  ::mkdir(directory.c_str(), 0755);
  for (bool mounted = false; ::mount("", directory.c_str(), "none", MS_SHARED | MS_REC, nullptr) != 0; mounted = true) {
    if (errno != EINVAL || mounted) fail("mount --make-shared " + directory + " failed: " + std::strerror(errno));
    if (::mount(directory.c_str(), directory.c_str(), "none", MS_BIND | MS_REC, nullptr) != 0) {
      fail(std::string{"mount --bind "}
               .append(directory)
               .append(" ")
               .append(directory)
               .append(" failed: ")
               .append(std::strerror(errno)));
    }
  }
}

/// The kernel serialises part of the work: more than two threads gain nothing.
ops::NamespaceFactory& Namespaces::factory() {
  if (!factory_) {
    const ops::NamespaceFactory::Options options{.threads = in_batch_ ? 2U : 1U};
    factory_.emplace(context_.get_executor(), options);
  }
  return *factory_;
}

std::unique_ptr<Session> Namespaces::session_on(engine::NetlinkSocket socket) {
  return std::make_unique<Session>(Connection{std::move(socket), in_batch_ ? batch_bytes : command_bytes}, *this,
                                   *options_);
}

engine::NetlinkSocket Namespaces::open_socket(std::string_view name) {
  if (name.empty()) return check_socket(engine::NetlinkSocket::open(NETLINK_ROUTE));
  const int netns = open(name);
  if (netns < 0) fail_to_open(name);
  return open_inside(name, netns);
}

Session& Namespaces::home() {
  if (!home_) home_ = session_on(open_socket({}));
  return *home_;
}

Namespaces::Entry* Namespaces::find(std::string_view name) {
  const auto found = entries_.find(std::string{name});
  if (found == entries_.end()) return nullptr;
  ages_.splice(ages_.begin(), ages_, found->second.age);
  return &found->second;
}

Namespaces::Entry& Namespaces::remember(std::string_view name, FileDescriptor netns) {
  make_room();
  ages_.emplace_front(name);
  struct stat facts{};
  ::fstat(netns.get(), &facts);
  Entry entry{.netns = std::move(netns),
              .path = netns_path(name),
              .device = facts.st_dev,
              .inode = facts.st_ino,
              .socket = {},
              .session = nullptr,
              .age = ages_.begin()};
  return entries_.emplace(name, std::move(entry)).first->second;
}

/// Others may delete the name, and give it to another namespace. One system call of less than a microsecond.
bool Namespaces::is_current(const Entry& entry) {
  struct stat facts{};
  return ::stat(entry.path.c_str(), &facts) == 0 && facts.st_dev == entry.device && facts.st_ino == entry.inode;
}

/// Many at a time, since requests that are posted may need any of them, and are executed first.
void Namespaces::make_room() {
  static const std::size_t most = most_open_namespaces();
  if (entries_.size() < most) return;
  settle_all();
  while (entries_.size() > most / 2) {
    entries_.erase(ages_.back());
    ages_.pop_back();
  }
}

int Namespaces::open(std::string_view name) {
  if (const Entry* entry = find(name)) {
    const bool in_use = entry->session && entry->session.get() == entered_;
    if (in_use || is_current(*entry)) return entry->netns.get();
    forget(name);
    some_were_replaced_ = true;
  }
  if (!ops::is_valid_netns_name(name)) return -1;
  auto netns = ops::open_namespace(netns_path(name));
  return netns ? remember(name, std::move(*netns)).netns.get() : -1;
}

/// Enters the namespace for a moment: a helper thread would cost more than all the rest of a short command.
engine::NetlinkSocket Namespaces::open_inside(std::string_view name, int netns) {
  const auto fail_to_set = [name] {
    fail("setting the network namespace " + quoted(name) + " failed: " + std::strerror(errno), status_usage);
  };
  if (!home_netns_) home_netns_ = FileDescriptor{::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
  if (!home_netns_ || ::setns(netns, CLONE_NEWNET) != 0) fail_to_set();
  auto socket = engine::NetlinkSocket::open(NETLINK_ROUTE);
  if (::setns(home_netns_.get(), CLONE_NEWNET) != 0) std::abort();  // everything else would be done in a wrong place
  return check_socket(std::move(socket));
}

Session& Namespaces::enter(std::string_view name) {
  entered_ = nullptr;
  if (open(name) < 0) fail_to_open(name);
  Entry& entry = *find(name);
  if (!entry.session) {
    entry.session = session_on(entry.socket ? *std::exchange(entry.socket, {}) : open_inside(name, entry.netns.get()));
  }
  entered_ = entry.session.get();
  return *entry.session;
}

void Namespaces::make_spare() {
  ops::CreateNamespace request{};
  ++spares_to_come_;
  factory().async_create(std::move(request), [this](boost::system::error_code error, ops::CreatedNamespace made) {
    --spares_to_come_;
    if (spares_to_drop_ > 0) {
      --spares_to_drop_;
    } else {
      spares_.push_back({error, std::move(made)});
    }
  });
}

void Namespaces::expect_creations(std::size_t count) {
  static const std::size_t most = most_spares();
  for (count = std::min(count, most); spares_.size() + spares_to_come_ - spares_to_drop_ < count;) make_spare();
}

bool Namespaces::has_spare() {
  if (spares_.empty()) {
    context_.restart();
    context_.poll();
  }
  return !spares_.empty();
}

void Namespaces::wait_for_spare() {
  while (spares_.empty()) {
    expect_creations(1);
    context_.restart();
    context_.run_one();
  }
}

void Namespaces::drop_spares() {
  spares_.clear();
  spares_to_drop_ = spares_to_come_;
}

void Namespaces::share(Session& session) {
  if (shared_ == &session) return;
  settle_shared();
  shared_ = &session;
}

void Namespaces::settle(const std::string& name) {
  if (name.empty()) {
    if (home_) home_->settle_own();
  } else if (const auto found = entries_.find(name); found != entries_.end() && found->second.session) {
    found->second.session->settle_own();
  }
}

void Namespaces::settle_shared(const Session* but) {
  if (shared_ == nullptr || shared_ == but) return;
  std::exchange(shared_, nullptr)->settle();
}

void Namespaces::settle_all() {
  settle_shared();
  std::vector<Session*> sessions;
  if (home_ && home_->has_posted()) sessions.push_back(home_.get());
  for (auto& [name, entry] : entries_) {
    if (entry.session && entry.session->has_posted()) sessions.push_back(entry.session.get());
  }
  settle_side_by_side(sessions);
}

void Namespaces::create(std::string_view name) {
  const std::string path = netns_path(name);
  if (!directory_is_prepared_) prepare_netns_directory();
  directory_is_prepared_ = true;
  const auto fail_on_file = [&path](int error) {
    fail("Cannot create namespace file \"" + path + "\": " + std::strerror(error));
  };
  if (::access(path.c_str(), F_OK) == 0) fail_on_file(EEXIST);
  wait_for_spare();
  Spare spare = std::move(spares_.front());
  spares_.pop_front();
  if (spare.error) {
    fail("Failed to create a new network namespace " + quoted(name) + ": " + std::string{spare.made.failed_step} +
         ": " + spare.error.message());
  }
  if (const auto error = ops::pin_namespace(path, spare.made.netns.get())) fail_on_file(error.value());
  forget(name);
  Entry& entry = remember(name, std::move(spare.made.netns));
  entry.socket = std::move(spare.made.socket);
}

void Namespaces::attach(std::string_view name, std::string_view pid) {
  const std::string path = netns_path(name);
  const std::string source = "/proc/" + std::string{pid} + "/ns/net";
  prepare_netns_directory();
  const FileDescriptor netns{::open(source.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!netns) fail("Cannot open network namespace of process " + std::string{pid} + ": " + std::strerror(errno));
  if (const auto error = ops::pin_namespace(path, netns.get())) {
    fail("Cannot create namespace file \"" + path + "\": " + error.message());
  }
  forget(name);
}

void Namespaces::remove(std::string_view name) {
  const std::string path = netns_path(name);
  forget(name);
  ::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
  if (::unlink(path.c_str()) != 0) {
    fail("Cannot remove namespace file \"" + path + "\": " + std::strerror(errno));
  }
}

void Namespaces::forget(std::string_view name) {
  const auto found = entries_.find(std::string{name});
  if (found == entries_.end()) return;
  settle_all();
  ages_.erase(found->second.age);
  entries_.erase(found);
}

}  // namespace netherd::ip
