#include "request_oracle.hpp"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>

#include "iproute2.hpp"

namespace netherd::test {

namespace {

using engine::MessageStream;
using engine::MessageView;
using Bytes = std::vector<std::byte>;
using BytesView = std::span<const std::byte>;

struct Attribute {
  std::uint16_t type;
  BytesView payload;
};

std::size_t aligned(std::size_t size) { return NLMSG_ALIGN(size); }

/// The attributes, if the bytes are nothing but a list of them: what is nested is thus seen without any schema.
std::optional<std::vector<Attribute>> attribute_list(BytesView bytes) {
  std::vector<Attribute> attributes;
  while (!bytes.empty()) {
    nlattr header{};
    if (bytes.size() < sizeof header) return std::nullopt;
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.nla_len < sizeof header || header.nla_len > bytes.size()) return std::nullopt;
    attributes.push_back({static_cast<std::uint16_t>(header.nla_type & NLA_TYPE_MASK),
                          bytes.subspan(sizeof header, header.nla_len - sizeof header)});
    bytes = bytes.subspan(std::min(bytes.size(), aligned(header.nla_len)));
  }
  return attributes;
}

std::string hex(BytesView bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    char digits[4];
    std::snprintf(digits, sizeof digits, "%s%02x", text.empty() ? "" : " ", std::to_integer<unsigned>(byte));
    text += digits;
  }
  return text;
}

std::string tree_of(BytesView bytes, const std::string& indent);

std::string line_of(const Attribute& attribute, const std::string& indent) {
  const std::string name = indent + "attribute " + std::to_string(attribute.type) + ": ";
  const auto nested = attribute_list(attribute.payload);
  if (nested && !nested->empty()) return name + "\n" + tree_of(attribute.payload, indent + "  ");
  // VETH_INFO_PEER and its like: a link's header, then attributes.
  if (attribute.payload.size() > sizeof(ifinfomsg) && attribute_list(attribute.payload.subspan(sizeof(ifinfomsg)))) {
    return name + hex(attribute.payload.first(sizeof(ifinfomsg))) + "\n" +
           tree_of(attribute.payload.subspan(sizeof(ifinfomsg)), indent + "  ");
  }
  return name + hex(attribute.payload) + "\n";
}

std::string tree_of(BytesView bytes, const std::string& indent) {
  const auto attributes = attribute_list(bytes);
  if (!attributes) return indent + "not attributes: " + hex(bytes) + "\n";
  std::vector<std::string> lines;
  for (const Attribute& attribute : *attributes) lines.push_back(line_of(attribute, indent));
  std::ranges::sort(lines);
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

/// Size of the fixed header of a message's family. The groups of four (NEW, DEL, GET, SET) are those of rtnetlink.h.
std::size_t family_header_bytes(std::uint16_t type) {
  switch (type & ~3) {
    case RTM_NEWLINK:
    case RTM_NEWLINKPROP:
      return sizeof(ifinfomsg);
    case RTM_NEWADDR:
      return sizeof(ifaddrmsg);
    case RTM_NEWROUTE:
      return sizeof(rtmsg);
    case RTM_NEWNEIGH:
      return sizeof(ndmsg);
    case RTM_NEWRULE:
      return sizeof(fib_rule_hdr);
    case RTM_NEWQDISC:
    case RTM_NEWTCLASS:
      return sizeof(tcmsg);
    case RTM_NEWNSID:
      return sizeof(rtgenmsg);
    case RTM_NEWNEXTHOP:
      return sizeof(nhmsg);
    default:
      ADD_FAILURE() << "the oracle does not know messages of type " << type;
      return 0;
  }
}

/// RTM_SETLINK and RTM_NEWLINK without NLM_F_CREATE are one: see rtnl_newlink(), net/core/rtnetlink.c.
std::uint16_t plain_type(const MessageView& message) {
  const bool changes_link = message.type() == RTM_NEWLINK && (message.flags() & NLM_F_CREATE) == 0;
  return changes_link ? static_cast<std::uint16_t>(RTM_SETLINK) : message.type();
}

/// A descriptor's number is the sender's own affair.
std::optional<std::uint16_t> descriptor_attribute(std::uint16_t type) {
  if ((type & ~3) == RTM_NEWLINK) return std::uint16_t{IFLA_NET_NS_FD};
  if ((type & ~3) == RTM_NEWNSID) return std::uint16_t{NETNSA_FD};
  return std::nullopt;
}

Bytes without_descriptors(std::uint16_t type, BytesView attributes) {
  Bytes plain{attributes.begin(), attributes.end()};
  const auto descriptor = descriptor_attribute(type);
  for (const Attribute& attribute : attribute_list(attributes).value_or(std::vector<Attribute>{})) {
    if (attribute.type != descriptor) continue;
    const auto offset = attribute.payload.data() - attributes.data();
    std::fill_n(plain.begin() + offset, attribute.payload.size(), std::byte{0xff});
  }
  return plain;
}

/// For `ip -6 route add default` there is a destination of no bits, which the kernel does not look at.
BytesView without_empty_destination(const MessageView& message, BytesView attributes) {
  const bool is_route = (message.type() & ~3) == RTM_NEWROUTE;
  const auto list = attribute_list(attributes);
  if (!is_route || !list || list->empty() || list->front().type != RTA_DST) return attributes;
  const auto header = message.family_header<rtmsg>();
  return header && header->rtm_dst_len == 0 ? attributes.subspan(RTA_SPACE(list->front().payload.size())) : attributes;
}

/// The bytes in a line of strace's dump: " | 00010  00 01 ...  ascii |". Two columns of eight, 49 characters in all.
Bytes dumped_bytes(const std::string& line) {
  Bytes bytes;
  std::istringstream columns{line.substr(10, 49)};
  columns >> std::hex;
  for (unsigned value = 0; columns >> value;) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

std::vector<Bytes> dumped_buffers(const std::string& path) {
  std::vector<Bytes> buffers;
  std::ifstream file{path};
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(" | ")) continue;
    if (line.starts_with(" | 00000 ")) buffers.emplace_back();
    const Bytes bytes = dumped_bytes(line);
    buffers.back().insert(buffers.back().end(), bytes.begin(), bytes.end());
  }
  return buffers;
}

/// `ip` names a port's settings by IFLA_INFO_KIND "bridge_slave", for which the kernel looks in vain (and starts
/// modprobe); what it heeds are IFLA_INFO_SLAVE_DATA and the master (rtnl_changelink(), net/core/rtnetlink.c). Requests
/// have IFLA_INFO_SLAVE_KIND "bridge" instead.
std::string with_slave_kind(std::string tree) {
  const std::string suffix = " 5f 73 6c 61 76 65\n";  // "_slave"
  const std::string kind = "  attribute 1: ";
  const std::size_t end = tree.find(suffix);
  if (end == std::string::npos) return tree;
  const std::size_t start = tree.rfind(kind, end);
  if (start == std::string::npos) return tree;
  tree.replace(end, suffix.size(), "\n");
  return tree.replace(start, kind.size(), "  attribute 4: ");
}

/// With an empty message `ip` first asks whether the kernel knows RTM_NEWLINK at all.
bool is_probe(const MessageView& message) {
  const auto payload = message.payload();
  return message.type() == RTM_NEWLINK && payload.size() == sizeof(ifinfomsg) &&
         std::ranges::all_of(payload, [](std::byte byte) { return byte == std::byte{0}; });
}

struct Sent {
  std::vector<Bytes> buffers;
  std::string output;
};

Sent sent_by(const std::string& command) {
  char path[] = "/run/request-oracle-XXXXXX";
  const engine::FileDescriptor file{::mkstemp(path)};
  const std::string tracer = "strace -f -e trace=sendmsg,sendto -e write=all -e signal=none -o ";
  const auto output = run_command(tracer + path + " " + command);
  Sent sent{dumped_buffers(path), output.text};
  ::unlink(path);
  return sent;
}

bool is_wanted(const MessageView& message, std::uint16_t type) {
  if (type != RTM_NEWLINK && type != RTM_SETLINK) return message.type() == type;
  return (message.type() == RTM_NEWLINK || message.type() == RTM_SETLINK) && !is_probe(message);
}

}  // namespace

std::string request_tree(std::span<const std::byte> bytes) {
  const MessageView message{bytes};
  const std::uint16_t type = plain_type(message);
  const std::size_t header = family_header_bytes(type);
  const auto payload = message.payload();
  const auto attributes =
      without_empty_destination(message, payload.subspan(std::min(payload.size(), aligned(header))));
  return "type " + std::to_string(type) + ", flags " + std::to_string(message.flags() & ~NLM_F_ACK) + "\nheader " +
         hex(payload.first(std::min(payload.size(), header))) + "\n" +
         tree_of(without_descriptors(type, attributes), "");
}

std::string tree_sent_by(const std::string& command, std::uint16_t type) {
  std::string tree;
  const Sent sent = sent_by(command);
  for (const Bytes& buffer : sent.buffers) {
    MessageStream stream{buffer};
    while (const auto message = stream.next()) {
      if (is_wanted(*message, type)) tree = with_slave_kind(request_tree(message->bytes()));
    }
  }
  return tree.empty() ? "nothing: " + sent.output : tree;
}

}  // namespace netherd::test
