#include "probe_socket.hpp"

#include <arpa/inet.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <span>

namespace netherd::lab {

namespace {

constexpr std::uint16_t probe_ethernet_type = 0x88B5;
/// "Nearest bridge" (IEEE 802.1Q): a bridge takes it for itself and hands it to nobody else.
constexpr std::array<std::uint8_t, 6> nearest_bridge{0x01, 0x80, 0xC2, 0x00, 0x00, 0x0E};
/// The answers to a whole group of probes may wait in one socket, that of a hub.
constexpr int receive_buffer_bytes = 4 << 20;

struct EchoMessage {
  icmphdr header;  // an ICMPv6 echo has the same layout
  ProbeId id;
};

engine::FileDescriptor open_socket(int family, int type, int protocol) noexcept {
  return engine::FileDescriptor{::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol)};
}

/// Lets nothing but echo replies through.
void filter_replies(int socket, ProbeSocketKind kind) noexcept {
  if (kind == ProbeSocketKind::icmp) {
    const std::uint32_t blocked = ~(1U << ICMP_ECHOREPLY);
    ::setsockopt(socket, SOL_RAW, ICMP_FILTER, &blocked, sizeof blocked);
  } else if (kind == ProbeSocketKind::icmpv6) {
    std::array<std::uint32_t, 8> blocked;
    blocked.fill(~0U);
    blocked[ICMPV6_ECHO_REPLY >> 5U] &= ~(1U << (ICMPV6_ECHO_REPLY & 31U));
    ::setsockopt(socket, SOL_ICMPV6, ICMPV6_FILTER, &blocked, sizeof blocked);
  }
}

std::uint16_t checksum(std::span<const std::uint16_t> words) noexcept {
  std::uint32_t sum = 0;
  for (const std::uint16_t word : words) sum += word;
  while (sum > 0xFFFFU) sum = (sum & 0xFFFFU) + (sum >> 16U);
  return static_cast<std::uint16_t>(~sum);
}

EchoMessage make_echo(bool ipv4, const ProbeId& id) noexcept {
  EchoMessage message{};
  message.header.type = ipv4 ? ICMP_ECHO : ICMPV6_ECHO_REQUEST;
  message.header.un.echo.id = htons(static_cast<std::uint16_t>(id.run));
  message.header.un.echo.sequence = htons(static_cast<std::uint16_t>(id.round));
  message.id = id;
  if (ipv4) {  // that of IPv6 is the kernel's work
    message.header.checksum = checksum(std::bit_cast<std::array<std::uint16_t, sizeof message / 2>>(message));
  }
  return message;
}

/// Chooses the interface to leave by, and the source address.
template <typename PacketInfo>
int send_with_info(int socket, int level, int type, const PacketInfo& info, msghdr& header) noexcept {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(PacketInfo))> control{};
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  cmsghdr* const item = CMSG_FIRSTHDR(&header);
  item->cmsg_level = level;
  item->cmsg_type = type;
  item->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(item), &info, sizeof info);
  return ::sendmsg(socket, &header, 0) < 0 ? errno : 0;
}

}  // namespace

engine::FileDescriptor open_probe_socket(ProbeSocketKind kind) noexcept {
  engine::FileDescriptor socket;
  if (kind == ProbeSocketKind::icmp) socket = open_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  if (kind == ProbeSocketKind::icmpv6) socket = open_socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
  if (kind == ProbeSocketKind::frame) socket = open_socket(AF_PACKET, SOCK_DGRAM, htons(probe_ethernet_type));
  if (!socket) return socket;
  filter_replies(socket.get(), kind);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  return socket;
}

engine::InterfaceIndex index_of_interface(int socket, const std::string& name) noexcept {
  ifreq request{};
  std::memcpy(request.ifr_name, name.data(), std::min(name.size(), sizeof request.ifr_name - 1));
  if (::ioctl(socket, SIOCGIFINDEX, &request) != 0) return engine::InterfaceIndex::none;
  return engine::InterfaceIndex{request.ifr_ifindex};
}

int send_echo_request(int socket, engine::InterfaceIndex interface, const ops::IpAddress& source,
                      const ops::IpAddress& destination, const ProbeId& id) noexcept {
  EchoMessage message = make_echo(destination.is_v4(), id);
  iovec vector{&message, sizeof message};
  msghdr header{};
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  if (destination.is_v4()) {
    sockaddr_in target{};
    target.sin_family = AF_INET;
    target.sin_addr = std::bit_cast<in_addr>(destination.to_v4().to_bytes());
    header.msg_name = &target;
    header.msg_namelen = sizeof target;
    in_pktinfo info{};
    info.ipi_ifindex = engine::value_of(interface);
    info.ipi_spec_dst = std::bit_cast<in_addr>(source.to_v4().to_bytes());
    return send_with_info(socket, SOL_IP, IP_PKTINFO, info, header);
  }
  sockaddr_in6 target{};
  target.sin6_family = AF_INET6;
  target.sin6_addr = std::bit_cast<in6_addr>(destination.to_v6().to_bytes());
  target.sin6_scope_id = static_cast<std::uint32_t>(engine::value_of(interface));
  header.msg_name = &target;
  header.msg_namelen = sizeof target;
  in6_pktinfo info{};
  info.ipi6_ifindex = static_cast<unsigned>(engine::value_of(interface));
  info.ipi6_addr = std::bit_cast<in6_addr>(source.to_v6().to_bytes());
  return send_with_info(socket, SOL_IPV6, IPV6_PKTINFO, info, header);
}

int send_frame(int socket, engine::InterfaceIndex interface, const ProbeId& id) noexcept {
  sockaddr_ll target{};
  target.sll_family = AF_PACKET;
  target.sll_protocol = htons(probe_ethernet_type);
  target.sll_ifindex = engine::value_of(interface);
  target.sll_halen = nearest_bridge.size();
  std::ranges::copy(nearest_bridge, target.sll_addr);
  msghdr header{};
  ProbeId payload = id;
  iovec vector{&payload, sizeof payload};
  header.msg_name = &target;
  header.msg_namelen = sizeof target;
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  return ::sendmsg(socket, &header, 0) < 0 ? errno : 0;
}

Receive receive_probe(int socket, ProbeSocketKind kind, ReceivedProbe& probe) noexcept {
  std::array<std::byte, 2048> buffer;
  sockaddr_ll sender{};
  iovec vector{buffer.data(), buffer.size()};
  msghdr header{};
  if (kind == ProbeSocketKind::frame) {
    header.msg_name = &sender;
    header.msg_namelen = sizeof sender;
  }
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  const ssize_t received = ::recvmsg(socket, &header, 0);
  if (received < 0) return errno == EINTR ? Receive::other : Receive::nothing;
  const auto size = static_cast<std::size_t>(received);

  std::size_t offset = 0;  // of the probe's identity
  if (kind == ProbeSocketKind::icmp && size > 0) offset = (std::to_integer<std::size_t>(buffer[0]) & 15U) * 4;
  if (kind != ProbeSocketKind::frame) offset += offsetof(EchoMessage, id);
  if (size < offset + sizeof(ProbeId)) return Receive::other;
  std::memcpy(&probe.id, buffer.data() + offset, sizeof(ProbeId));
  if (kind == ProbeSocketKind::frame && sender.sll_pkttype == PACKET_OUTGOING) return Receive::other;
  probe.interface = engine::InterfaceIndex{sender.sll_ifindex};
  return Receive::probe;
}

}  // namespace netherd::lab
