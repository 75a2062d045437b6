#include "namespaces.hpp"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "netherd/ops/netns_path.hpp"

namespace netherd::ip {

namespace {

using engine::FileDescriptor;

/// Each open namespace takes two descriptors; most of the process's are for others.
std::size_t most_open_namespaces() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return std::clamp<std::size_t>(limit.rlim_cur / 4, 8, 1024);
}

std::string quoted(std::string_view text) { return '"' + std::string{text} + '"'; }

engine::NetlinkSocket check_socket(boost::system::result<engine::NetlinkSocket> socket) {
  if (!socket) fail("Cannot open rtnetlink: " + socket.error().message());
  return std::move(*socket);
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
      fail("mount --bind " + directory + " " + directory + " failed: " + std::strerror(errno));
    }
  }
}

ops::NamespaceFactory& Namespaces::factory() {
  if (!factory_) factory_.emplace(context_.get_executor(), ops::NamespaceFactory::Options{});
  return *factory_;
}

std::unique_ptr<Session> Namespaces::session_on(engine::NetlinkSocket socket) {
  return std::make_unique<Session>(Connection{std::move(socket)}, *this, *options_);
}

engine::NetlinkSocket Namespaces::open_socket(std::string_view name) {
  if (name.empty()) return check_socket(engine::NetlinkSocket::open(NETLINK_ROUTE));
  const int netns = open(name);
  if (netns < 0) fail_to_open(name);
  return check_socket(engine::NetlinkSocket::adopt(open_inside(name, netns)));
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
  static const std::size_t most = most_open_namespaces();
  while (entries_.size() >= most) {
    entries_.erase(ages_.back());
    ages_.pop_back();
  }
  ages_.emplace_front(name);
  return entries_.emplace(name, Entry{std::move(netns), nullptr, ages_.begin()}).first->second;
}

int Namespaces::open(std::string_view name) {
  if (const Entry* entry = find(name)) return entry->netns.get();
  if (!ops::is_valid_netns_name(name)) return -1;
  auto netns = ops::open_namespace(netns_path(name));
  return netns ? remember(name, std::move(*netns)).netns.get() : -1;
}

FileDescriptor Namespaces::open_inside(std::string_view name, int netns) {
  boost::system::error_code error;
  FileDescriptor socket;
  ops::OpenNamespace request{.descriptor = netns};
  factory().async_enter(std::move(request), [&](boost::system::error_code failure, ops::CreatedNamespace created) {
    error = failure;
    socket = std::move(created.socket);
  });
  context_.restart();
  context_.run();
  if (error) fail("setting the network namespace " + quoted(name) + " failed: " + error.message(), status_usage);
  return socket;
}

Session& Namespaces::enter(std::string_view name) {
  if (open(name) < 0) fail_to_open(name);
  Entry& entry = *find(name);
  if (!entry.session) entry.session = session_on(open_socket(name));
  return *entry.session;
}

void Namespaces::create(std::string_view name) {
  const std::string path = netns_path(name);
  prepare_netns_directory();
  if (::access(path.c_str(), F_OK) == 0) {
    fail("Cannot create namespace file \"" + path + "\": " + std::strerror(EEXIST));
  }
  boost::system::error_code error;
  ops::CreatedNamespace made;
  ops::CreateNamespace request{.pin_path = path};
  factory().async_create(std::move(request), [&](boost::system::error_code failure, ops::CreatedNamespace created) {
    error = failure;
    made = std::move(created);
  });
  context_.restart();
  context_.run();
  if (error) {
    fail("Failed to create a new network namespace " + quoted(name) + ": " + std::string{made.failed_step} + ": " +
         error.message());
  }
  forget(name);
  remember(name, std::move(made.netns)).session =
      session_on(check_socket(engine::NetlinkSocket::adopt(std::move(made.socket))));
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
  ages_.erase(found->second.age);
  entries_.erase(found);
}

}  // namespace netherd::ip
