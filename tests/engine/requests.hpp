#pragma once

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/engine/message.hpp"

// The smallest requests with which the engine can be tried on the kernel; those for users are in ops.
namespace netherd::test {

/// Adds 10.x.y.z/32 to the loopback device, where x.y.z is the number: quick, and EEXIST the second time.
struct AddNumberedAddress {
  static constexpr std::string_view operation = "add numbered address";
  std::uint32_t number = 0;
  int index = 1;

  void encode(engine::MessageWriter& writer) const noexcept {
    writer.begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
    ifaddrmsg header{};
    header.ifa_family = AF_INET;
    header.ifa_prefixlen = 32;
    header.ifa_index = static_cast<std::uint32_t>(index);
    writer.put_family_header(header);
    writer.put_u32(IFA_LOCAL, htonl(0x0a000000U | number));
  }
};

/// Sets nothing of the loopback device, which succeeds; of another index, which fails.
struct TouchLink {
  static constexpr std::string_view operation = "touch link";
  int index = 1;

  void encode(engine::MessageWriter& writer) const noexcept {
    writer.begin(RTM_SETLINK, 0);
    ifinfomsg header{};
    header.ifi_index = index;
    writer.put_family_header(header);
  }
};

/// Adds a veth pair: slow (more than 0.4 ms). Its ends are called aNUMBER and bNUMBER.
struct AddNumberedVeth {
  static constexpr std::string_view operation = "add numbered veth";
  std::uint32_t number = 0;

  void encode(engine::MessageWriter& writer) const noexcept {
    writer.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    writer.put_family_header(ifinfomsg{});
    writer.put_string(IFLA_IFNAME, "a" + std::to_string(number));
    const auto information = writer.begin_nest(IFLA_LINKINFO);
    writer.put_string(IFLA_INFO_KIND, "veth");
    const auto data = writer.begin_nest(IFLA_INFO_DATA);
    const auto peer = writer.begin_nest(1);  // VETH_INFO_PEER
    writer.put_raw(ifinfomsg{});
    writer.put_string(IFLA_IFNAME, "b" + std::to_string(number));
    writer.end_nest(peer);
    writer.end_nest(data);
    writer.end_nest(information);
  }
};

inline bool veth_exists(std::uint32_t number) { return ::if_nametoindex(("a" + std::to_string(number)).c_str()) != 0; }

/// Asks for a link by index.
struct GetLink {
  static constexpr std::string_view operation = "get link";
  int index = 1;

  void encode(engine::MessageWriter& writer) const noexcept {
    writer.begin(RTM_GETLINK, 0);
    ifinfomsg header{};
    header.ifi_index = index;
    writer.put_family_header(header);
  }
};

/// Lists all objects of one type.
template <typename Header, std::uint16_t type>
struct Dump {
  static constexpr std::string_view operation = "dump";
  void encode(engine::MessageWriter& writer) const noexcept {
    writer.begin(type, NLM_F_DUMP);
    writer.put_family_header(Header{});
  }
};
using DumpLinks = Dump<ifinfomsg, RTM_GETLINK>;
using DumpAddresses = Dump<ifaddrmsg, RTM_GETADDR>;
using DumpRoutes = Dump<rtmsg, RTM_GETROUTE>;

/// A request of a given size, more or less, that the kernel refuses.
struct LargeRequest {
  static constexpr std::string_view operation = "send a large request";
  std::size_t payload_bytes = 0;

  void encode(engine::MessageWriter& writer) const noexcept {
    writer.begin(RTM_GETLINK, 0);
    writer.put_family_header(ifinfomsg{});
    writer.put_bytes(IFLA_IFNAME, std::vector<std::byte>(payload_bytes));
  }
};

}  // namespace netherd::test
