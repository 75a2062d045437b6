#include "session.hpp"

#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "attributes.hpp"
#include "namespaces.hpp"
#include "netherd/ops/link_settings.hpp"
#include "netherd/ops/netns_id.hpp"
#include "netherd/ops/netns_path.hpp"

namespace netherd::ip {

namespace {

using engine::MessageView;
using engine::Outcome;

LinkFacts facts_of(const MessageView& message) {
  const auto header = message.family_header<ifinfomsg>().value_or(ifinfomsg{});
  const AttributeTable<IFLA_IFNAME> attributes{message.attributes<ifinfomsg>()};
  return {.index = header.ifi_index,
          .name = std::string{attributes.text(IFLA_IFNAME)},
          .flags = header.ifi_flags,
          .type = header.ifi_type,
          .address_size = attributes.bytes(IFLA_ADDRESS).size()};
}

/// No such link, or no link can have such a name. Anything else says nothing about it.
bool says_that_there_is_none(const Outcome& outcome) {
  if (outcome.error.category() != boost::system::system_category()) return false;
  const int error = outcome.error.value();
  return outcome.state == engine::RequestState::answered && (error == ENODEV || error == EINVAL || error == ERANGE);
}

Request link_question(int index) {
  ifinfomsg header{};
  header.ifi_index = index;
  Request request{RTM_GETLINK, 0, header};
  request.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS);
  return request;
}

}  // namespace

std::string refusal(const Outcome& outcome) {
  if (outcome.diagnostic && !outcome.diagnostic->kernel_message.empty()) {
    const std::string& words = outcome.diagnostic->kernel_message;
    return "Error: " + words + (words.ends_with('.') ? "" : ".");
  }
  return "RTNETLINK answers: " + outcome.error.message();
}

void Session::use(const Options& options) {
  options_ = &options;
  netns_of_paths_.clear();
  forget_links();  // an earlier command of the batch, or another program, may have changed them
  forget_netns_names();
  printer_ = Printer{options.layout()};
}

void Session::post(Command command, std::size_t number, const Connection::Refused& refused) {
  connection_.post(std::move(*command.request), number, refused);
  names_change_ = names_change_ || command.changes_links;
}

void Session::settle() {
  namespaces_.settle_shared(this);
  settle_own();
}

void Session::settle_own() {
  connection_.settle();
  names_change_ = false;
}

void Session::execute(Request& request) {
  settle();
  const Outcome outcome = connection_.execute(request);
  if (!outcome.ok()) fail(refusal(outcome), status_refused);
}

void Session::list(Request& request, Messages& found, int status) {
  settle();
  const Outcome outcome = connection_.list(request, found);
  if (!outcome.delivered()) fail(refusal(outcome) + "\nDump terminated", status);
  if (!outcome.ok()) std::fputs("Dump was interrupted and may be inconsistent.\n", stderr);
}

const LinkFacts* Session::remember(LinkFacts facts) {
  by_name_[facts.name] = facts.index;
  return &(by_index_[facts.index] = std::move(facts));
}

const LinkFacts* Session::ask(Request& request) {
  const LinkFacts* answer = nullptr;
  const Outcome outcome =
      connection_.get(request, [&](const MessageView& message) { answer = remember(facts_of(message)); });
  if (!outcome.ok() && !says_that_there_is_none(outcome)) fail(refusal(outcome), status_refused);
  return outcome.ok() ? answer : nullptr;
}

/// The index only, as most commands need it: an ioctl of a microsecond, which waits for no lock (dev_ioctl() in
/// net/core/dev_ioctl.c, Linux 6.18). So it can be asked each time, and is true each time.
int Session::find_index(std::string_view name) {
  if (names_change_) settle_own();
  ifreq question{};
  if (!name.empty() && name.size() < sizeof question.ifr_name && name.find(':') == std::string_view::npos) {
    std::ranges::copy(name, question.ifr_name);
    if (::ioctl(connection_.socket().descriptor(), SIOCGIFINDEX, &question) == 0) return question.ifr_ifindex;
  }
  return Environment::find_index(name);
}

const LinkFacts* Session::find_link(std::string_view name) {
  if (names_change_) settle_own();
  if (const auto known = by_name_.find(std::string{name}); known != by_name_.end()) return &by_index_[known->second];
  if (name.empty() || name.size() > 127) return nullptr;
  Request request = link_question(0);
  request.put_string(name.size() <= ops::max_interface_name_bytes ? IFLA_IFNAME : IFLA_ALT_IFNAME, name);
  const LinkFacts* link = ask(request);
  if (link == nullptr && name.size() <= ops::max_interface_name_bytes) {
    Request alternative = link_question(0);
    alternative.put_string(IFLA_ALT_IFNAME, name);
    link = ask(alternative);
  }
  if (link == nullptr && name.starts_with("if")) {  // "if7" is what an unknown link is called
    int index = 0;
    const auto [end, error] = std::from_chars(name.data() + 2, name.data() + name.size(), index);
    if (error == std::errc{} && end == name.data() + name.size() && index > 0) link = find_link(index);
  }
  if (link != nullptr && link->name == name) by_name_[std::string{name}] = link->index;
  return link;
}

const LinkFacts* Session::find_link(int index) {
  if (names_change_) settle_own();
  if (const auto known = by_index_.find(index); known != by_index_.end()) return &known->second;
  Request request = link_question(index);
  return ask(request);
}

std::vector<std::byte> Session::describe_link(int index) {
  settle();
  std::vector<std::byte> bytes;
  Request request = link_question(index);
  const Outcome outcome = connection_.get(
      request, [&bytes](const MessageView& message) { bytes.assign(message.bytes().begin(), message.bytes().end()); });
  if (!outcome.ok() && !says_that_there_is_none(outcome)) fail(refusal(outcome), status_refused);
  return bytes;
}

/// A path is opened anew each time: what it leads to may have changed.
int Session::open_netns(std::string_view name) {
  if (name.find('/') == std::string_view::npos) return namespaces_.open(name);
  auto netns = ops::open_namespace(std::string{name});
  return netns ? netns_of_paths_.emplace_back(std::move(*netns)).get() : -1;
}

std::optional<std::int32_t> Session::netns_id(std::string_view name) {
  const int netns = open_netns(name);
  if (netns < 0) return {};
  settle();
  if (const auto id = netns_id(netns)) return id;
  Request request{RTM_NEWNSID, 0, rtgenmsg{}};
  request.put_value(NETNSA_FD, netns);
  request.put_value(NETNSA_NSID, std::int32_t{-1});  // the kernel chooses
  static_cast<void>(connection_.execute(request));   // somebody else may have been faster
  return netns_id(netns);
}

std::optional<std::int32_t> Session::netns_id(int netns) {
  Request request{RTM_GETNSID, 0, rtgenmsg{}};
  request.put_value(NETNSA_FD, netns);
  std::optional<std::int32_t> id;
  static_cast<void>(connection_.get(request, [&id](const MessageView& answer) { id = ops::decode_netns_id(answer); }));
  return id;
}

std::string Session::link_name(int index) {
  if (index == 0) return "*";
  const LinkFacts* link = find_link(index);
  return link != nullptr ? link->name : "if" + std::to_string(index);
}

void Session::remember_link(const MessageView& message) { remember(facts_of(message)); }

void Session::forget_links() {
  by_index_.clear();
  by_name_.clear();
}

void Session::write(std::string_view text) {
  for (std::size_t written = 0; written < text.size();) {
    const ssize_t size = ::write(STDOUT_FILENO, text.data() + written, text.size() - written);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) {  // somebody else has made the stream non-blocking
      pollfd room{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
      ::poll(&room, 1, -1);
      continue;
    }
    if (size < 0) fail(std::string{"Cannot write: "} + std::strerror(errno));
    written += static_cast<std::size_t>(size);
  }
}

std::string Session::name_of_netns(int id) {
  if (!netns_names_known_) {
    netns_names_known_ = true;
    const auto names = ops::list_namespaces(std::string{ops::netns_directory});
    for (const std::string& name : names ? *names : std::vector<std::string>{}) {
      const auto netns = ops::open_namespace(netns_path(name));
      if (!netns) continue;
      if (const auto number = netns_id(netns->get())) netns_names_[*number] = name;
    }
  }
  const auto found = netns_names_.find(id);
  return found == netns_names_.end() ? std::string{} : found->second;
}

}  // namespace netherd::ip
