#pragma once

#include <linux/if_arp.h>

#include <string>
#include <vector>

#include "netherd/ip/command.hpp"

namespace netherd::test {

/// Links lo (1), eth0 (2) and br0 (3); a namespace "red", whose descriptor is 7.
class FakeEnvironment final : public ip::Environment {
 public:
  const ip::LinkFacts* find_link(std::string_view name) override {
    for (const auto& link : links_) {
      if (link.name == name) return &link;
    }
    return nullptr;
  }
  const ip::LinkFacts* find_link(int index) override {
    return index >= 1 && index <= 3 ? &links_[static_cast<std::size_t>(index - 1)] : nullptr;
  }
  std::vector<std::byte> describe_link(int) override { return {}; }
  int open_netns(std::string_view name) override { return name == "red" ? 7 : -1; }

 private:
  std::vector<ip::LinkFacts> links_{
      {1, "lo", 0, ARPHRD_LOOPBACK, 6}, {2, "eth0", 0, ARPHRD_ETHER, 6}, {3, "br0", 0, ARPHRD_ETHER, 6}};
};

/// Splits and reads a line, options included.
inline ip::Command parse_line(std::string_view line, ip::Environment& environment) {
  const auto words = ip::split_line(line);
  ip::Words rest{words};
  const ip::Options options = ip::take_options(rest);
  return ip::parse_command(rest, options, environment);
}

}  // namespace netherd::test
