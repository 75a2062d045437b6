#pragma once

#include <sched.h>

#include "iproute2.hpp"
#include "netherd/ops/ip_prefix.hpp"
#include "netherd/ops/link_reference.hpp"
#include "netherd/ops/mac_address.hpp"
#include "request_oracle.hpp"

namespace netherd::ops {

constexpr InterfaceIndex index_of(int number) { return InterfaceIndex{number}; }
inline MacAddress mac(std::string_view text) { return parse_mac_address(text).value(); }
inline IpPrefix prefix(std::string_view text) { return parse_ip_prefix(text).value(); }
inline IpAddress ip_address(std::string_view text) { return prefix(text).address; }

/// Each row of a table has a new namespace with the devices that the commands name: the commands are really executed,
/// as far as this kernel can, and what they do to the devices must not reach the next row.
class OracleTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { run("ip netns add other"); }
  static void TearDownTestSuite() { run("ip netns delete other"); }

  template <engine::Request Request>
  static void expect_sent(const Request& request, const std::string& command) {
    EXPECT_EQ(::unshare(CLONE_NEWNET), 0);
    run("printf 'link set lo up\\n"
        "link add p0 index 11 address 02:00:00:00:00:11 type veth peer name p1 index 12\\n"
        "link add br0 index 15 type bridge\\n' | ip -batch -");
    test::expect_sent(request, command);
  }

  static constexpr LinkReference p0{InterfaceIndex{11}, "p0"};
  static constexpr LinkReference p1{InterfaceIndex{12}, "p1"};
  static constexpr LinkReference br0{InterfaceIndex{15}, "br0"};
  static constexpr LinkReference none{InterfaceIndex::none, ""};

 private:
  static void run(const std::string& command) {
    const auto output = test::run_command(command);
    EXPECT_EQ(output.status, 0) << command << ": " << output.text;
  }
};

}  // namespace netherd::ops
