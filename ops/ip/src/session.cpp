#include "session.hpp"

#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
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

/// A link takes 1 to 2 KiB.
constexpr engine::SocketOptions notification_buffer{.receive_buffer_bytes = 1U << 19U};
std::array<char, 16 * 1024> notification_bytes;

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
  printer_ = Printer{options.layout()};
}

void Session::post(Command command, std::size_t number, const Connection::Refused& refused) {
  namespaces_.settle_shared(this);
  connection_.post(std::move(*command.request), number, refused);
  names_change_ = names_change_ || command.changes_links;
}

void Session::settle() {
  namespaces_.settle_shared(this);
  connection_.settle();
  names_change_ = false;
}

void Session::execute(Request& request) {
  settle();
  const Outcome outcome = connection_.execute(request);
  if (!outcome.ok()) fail(refusal(outcome), status_refused);
}

void Session::list(Request& request, Messages& found) {
  settle();
  const Outcome outcome = connection_.list(request, found);
  if (!outcome.ok()) fail(refusal(outcome) + "\nDump terminated", status_refused);
}

const LinkFacts* Session::remember(LinkFacts facts) {
  by_name_[facts.name] = facts.index;
  return &(by_index_[facts.index] = std::move(facts));
}

const LinkFacts* Session::ask(Request& request) {
  const LinkFacts* answer = nullptr;
  const Outcome outcome =
      connection_.get(request, [&](const MessageView& message) { answer = remember(facts_of(message)); });
  return outcome.ok() ? answer : nullptr;
}

void Session::list_links() {
  Request request{RTM_GETLINK, NLM_F_DUMP, ifinfomsg{}};
  request.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  Messages links;
  if (!connection_.list(request, links).ok()) return;
  for (const MessageView link : links) remember_link(link);
}

/// Takes in what has become of the links that are remembered.
void Session::follow_changes() {
  if (!namespaces_.in_batch()) return;
  if (names_change_) settle();
  if (!notifications_) {
    settle();
    notifications_ = namespaces_.open_socket(name_, notification_buffer);
    const int socket = notifications_->descriptor();
    sockaddr_nl own{};  // the kernel skips sockets without an address
    own.nl_family = AF_NETLINK;
    constexpr int group = RTNLGRP_LINK;
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0 ||
        ::setsockopt(socket, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) {
      fail(std::string{"Cannot listen: "} + std::strerror(errno));
    }
    return;
  }
  for (;;) {
    sockaddr_nl sender{};
    socklen_t sender_size = sizeof sender;
    const ssize_t size = ::recvfrom(notifications_->descriptor(), notification_bytes.data(), notification_bytes.size(),
                                    MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&sender), &sender_size);
    if (size < 0 && errno == EAGAIN) return;
    if (size < 0 && errno != EINTR) forget_links();  // some were lost
    if (size < 0 || sender.nl_pid != 0) continue;    // not the kernel
    engine::MessageStream reader{std::as_bytes(std::span{notification_bytes}.first(static_cast<std::size_t>(size)))};
    while (const auto message = reader.next()) follow(*message);
  }
}

void Session::follow(const MessageView& message) {
  const auto header = message.family_header<ifinfomsg>().value_or(ifinfomsg{});
  if (header.ifi_family != AF_UNSPEC) return;  // a bridge tells of its ports
  const auto known = by_index_.find(header.ifi_index);
  const bool has_gone = message.type() == RTM_DELLINK;
  LinkFacts facts = facts_of(message);
  if (has_gone || (known != by_index_.end() && known->second.name != facts.name)) forget(header.ifi_index);
  if (!has_gone && message.type() == RTM_NEWLINK) remember(std::move(facts));
}

void Session::forget(int index) {
  by_index_.erase(index);
  std::erase_if(by_name_, [index](const auto& entry) { return entry.second == index; });
}

const LinkFacts* Session::find_link(std::string_view name) {
  follow_changes();
  const auto find_known = [&]() -> const LinkFacts* {
    const auto known = by_name_.find(std::string{name});
    return known != by_name_.end() ? &by_index_[known->second] : nullptr;
  };
  if (const LinkFacts* known = find_known()) return known;
  settle();
  follow_changes();
  if (std::exchange(is_fresh_, false)) list_links();
  if (const LinkFacts* known = find_known()) return known;
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
  follow_changes();
  if (const auto known = by_index_.find(index); known != by_index_.end()) return &known->second;
  settle();
  Request request = link_question(index);
  return ask(request);
}

std::vector<std::byte> Session::describe_link(int index) {
  settle();
  std::vector<std::byte> bytes;
  Request request = link_question(index);
  static_cast<void>(connection_.get(
      request, [&bytes](const MessageView& message) { bytes.assign(message.bytes().begin(), message.bytes().end()); }));
  return bytes;
}

int Session::open_netns(std::string_view name) { return namespaces_.open(name); }

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
      Request request{RTM_GETNSID, 0, rtgenmsg{}};
      request.put_value(NETNSA_FD, netns->get());
      static_cast<void>(connection_.get(request, [&](const MessageView& answer) {
        if (const auto number = ops::decode_netns_id(answer)) netns_names_[*number] = name;
      }));
    }
  }
  const auto found = netns_names_.find(id);
  return found == netns_names_.end() ? std::string{} : found->second;
}

}  // namespace netherd::ip
