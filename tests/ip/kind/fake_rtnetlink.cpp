// Loaded into `ip` with LD_PRELOAD: a kernel that has the links of a file, whatever the machine's kernel knows.
//
//   NETHERD_FAKE_LINKS  RTM_NEWLINK messages, one behind the other: what RTM_GETLINK is answered with
//   NETHERD_FAKE_SENT   where requests that change something are appended; they are answered by success
//
// All else goes to the machine's kernel.
#include <dlfcn.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Bytes = std::vector<char>;

std::deque<Bytes> answers;

template <typename Function>
Function real(const char* name) {
  void* const symbol = ::dlsym(RTLD_NEXT, name);
  Function function = nullptr;
  std::memcpy(&function, &symbol, sizeof function);
  return function;
}

template <typename T>
T read_at(const Bytes& bytes, std::size_t offset) {
  T value{};
  if (offset + sizeof value <= bytes.size()) std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

constexpr std::size_t attributes_offset = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(ifinfomsg));

/// Text of a top-level attribute; empty if there is none.
std::string text_of(const Bytes& message, std::uint16_t type) {
  for (std::size_t at = attributes_offset; at + sizeof(rtattr) <= message.size();) {
    const auto attribute = read_at<rtattr>(message, at);
    if (attribute.rta_len < sizeof(rtattr) || at + attribute.rta_len > message.size()) break;
    if (attribute.rta_type == type) return message.data() + at + sizeof(rtattr);
    at += RTA_ALIGN(attribute.rta_len);
  }
  return {};
}

int index_of(const Bytes& message) { return read_at<ifinfomsg>(message, NLMSG_HDRLEN).ifi_index; }

const std::vector<Bytes>& links() {
  static const std::vector<Bytes> all = [] {
    std::vector<Bytes> messages;
    const char* const path = std::getenv("NETHERD_FAKE_LINKS");
    std::ifstream file{path != nullptr ? path : ""};
    const Bytes bytes{std::istreambuf_iterator<char>{file}, {}};
    for (std::size_t at = 0; at + sizeof(nlmsghdr) <= bytes.size();) {
      const std::size_t size = read_at<nlmsghdr>(bytes, at).nlmsg_len;
      const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
      messages.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(size));
      at += NLMSG_ALIGN(size);
    }
    return messages;
  }();
  return all;
}

void answer(int socket, const Bytes& request, Bytes message) {
  sockaddr_nl own{};
  socklen_t size = sizeof own;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&own), &size);
  auto header = read_at<nlmsghdr>(message, 0);
  header.nlmsg_len = static_cast<std::uint32_t>(message.size());
  header.nlmsg_seq = read_at<nlmsghdr>(request, 0).nlmsg_seq;
  header.nlmsg_pid = own.nl_pid;
  std::memcpy(message.data(), &header, sizeof header);
  answers.push_back(std::move(message));
}

void answer_error(int socket, const Bytes& request, int error) {
  Bytes message(NLMSG_HDRLEN + sizeof(nlmsgerr));
  nlmsghdr header{};
  header.nlmsg_type = NLMSG_ERROR;
  nlmsgerr body{};
  body.error = -error;
  body.msg = read_at<nlmsghdr>(request, 0);
  std::memcpy(message.data(), &header, sizeof header);
  std::memcpy(message.data() + NLMSG_HDRLEN, &body, sizeof body);
  answer(socket, request, std::move(message));
}

void answer_link(int socket, const Bytes& request) {
  const int index = index_of(request);
  const std::string name = text_of(request, IFLA_IFNAME);
  const auto found = std::ranges::find_if(links(), [&](const Bytes& link) {
    return index != 0 ? index_of(link) == index : text_of(link, IFLA_IFNAME) == name;
  });
  found != links().end() ? answer(socket, request, *found) : answer_error(socket, request, ENODEV);
}

void answer_list(int socket, const Bytes& request) {
  const auto add = [&](Bytes message) {
    auto header = read_at<nlmsghdr>(message, 0);
    header.nlmsg_flags |= NLM_F_MULTI;
    std::memcpy(message.data(), &header, sizeof header);
    answer(socket, request, std::move(message));
  };
  for (const Bytes& link : links()) add(link);
  Bytes end(NLMSG_HDRLEN + sizeof(int));
  nlmsghdr header{};
  header.nlmsg_type = NLMSG_DONE;
  std::memcpy(end.data(), &header, sizeof header);
  add(std::move(end));
}

/// True if the request has been answered here.
bool take_request(int socket, const Bytes& request) {
  const auto header = read_at<nlmsghdr>(request, 0);
  const bool is_dump = (header.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  switch (header.nlmsg_type) {
    case RTM_GETLINK:
      is_dump ? answer_list(socket, request) : answer_link(socket, request);
      return true;
    case RTM_NEWLINK:
    case RTM_SETLINK:
    case RTM_DELLINK: {
      const char* const path = std::getenv("NETHERD_FAKE_SENT");
      if (path == nullptr) return false;
      std::ofstream{path, std::ios::app}.write(request.data(), static_cast<std::streamsize>(request.size()));
      answer_error(socket, request, 0);
      return true;
    }
    default:
      return false;
  }
}

bool is_netlink(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  return ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0 && address.ss_family == AF_NETLINK;
}

}  // namespace

extern "C" ssize_t sendmsg(int socket, const msghdr* message, int flags) {
  Bytes request;
  for (std::size_t i = 0; i < message->msg_iovlen; ++i) {
    const auto* const data = static_cast<const char*>(message->msg_iov[i].iov_base);
    request.insert(request.end(), data, data + message->msg_iov[i].iov_len);
  }
  if (is_netlink(socket) && take_request(socket, request)) return static_cast<ssize_t>(request.size());
  return real<decltype(&::sendmsg)>("sendmsg")(socket, message, flags);
}

extern "C" ssize_t send(int socket, const void* data, std::size_t size, int flags) {
  const auto* const bytes = static_cast<const char*>(data);
  if (is_netlink(socket) && take_request(socket, Bytes(bytes, bytes + size))) return static_cast<ssize_t>(size);
  return real<decltype(&::send)>("send")(socket, data, size, flags);
}

extern "C" ssize_t recvmsg(int socket, msghdr* message, int flags) {
  if (answers.empty() || !is_netlink(socket)) return real<decltype(&::recvmsg)>("recvmsg")(socket, message, flags);
  const Bytes next = answers.front();
  if ((flags & MSG_PEEK) == 0) answers.pop_front();
  const std::size_t room = message->msg_iov[0].iov_len;
  std::memcpy(message->msg_iov[0].iov_base, next.data(), std::min(room, next.size()));
  if (message->msg_name != nullptr) {
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    std::memcpy(message->msg_name, &kernel, sizeof kernel);
    message->msg_namelen = sizeof kernel;
  }
  message->msg_flags = next.size() > room ? MSG_TRUNC : 0;
  const bool tells_size = (flags & MSG_TRUNC) != 0;
  return static_cast<ssize_t>(tells_size ? next.size() : std::min(room, next.size()));
}
