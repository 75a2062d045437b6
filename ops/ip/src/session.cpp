#include "session.hpp"

#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

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

void Session::execute(Request& request) {
  const Outcome outcome = connection_.execute(request);
  if (!outcome.ok()) fail(refusal(outcome), status_refused);
}

void Session::list(Request& request, engine::MessageList& found) {
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

void Session::drop_stale_links() {
  if (std::exchange(link_generation_, namespaces_.link_generation()) != namespaces_.link_generation()) forget_links();
}

const LinkFacts* Session::find_link(std::string_view name) {
  drop_stale_links();
  if (const auto known = by_name_.find(std::string{name}); known != by_name_.end()) return &by_index_[known->second];
  Request request = link_question(0);
  if (name.empty() || name.size() > 127) return nullptr;
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
  if (link != nullptr) by_name_[std::string{name}] = link->index;
  return link;
}

const LinkFacts* Session::find_link(int index) {
  drop_stale_links();
  if (const auto known = by_index_.find(index); known != by_index_.end()) return &known->second;
  Request request = link_question(index);
  return ask(request);
}

std::vector<std::byte> Session::describe_link(int index) {
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
      Request request{RTM_GETNSID, 0, rtgenmsg{}};
      request.put_value(NETNSA_FD, namespaces_.open(name));
      static_cast<void>(connection_.get(request, [&](const MessageView& answer) {
        if (const auto number = ops::decode_netns_id(answer)) netns_names_[*number] = name;
      }));
    }
  }
  const auto found = netns_names_.find(id);
  return found == netns_names_.end() ? std::string{} : found->second;
}

}  // namespace netherd::ip
