#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "netherd/ip/command.hpp"
#include "netherd/ip/request.hpp"

namespace netherd::test {

/// Links that no kernel has: RTM_NEWLINK messages, for `ip` (through fake_rtnetlink.cpp) and for netherd's parser.
class FakeLinks final : public ip::Environment {
 public:
  /// Adds what describe_kind() has put into a link's message. Index and name are the caller's.
  void add(ip::Request message);
  /// A message with what every link has; `type` is ARPHRD_*.
  [[nodiscard]] static ip::Request start_of(int index, const std::string& name, unsigned short type);

  [[nodiscard]] const std::vector<std::vector<std::byte>>& messages() const { return messages_; }
  /// For NETHERD_FAKE_LINKS.
  void write(const std::string& path) const;

  const ip::LinkFacts* find_link(std::string_view name) override;
  const ip::LinkFacts* find_link(int index) override;
  std::vector<std::byte> describe_link(int index) override;
  int open_netns(std::string_view) override { return -1; }

 private:
  std::vector<std::vector<std::byte>> messages_;
  std::vector<ip::LinkFacts> facts_;
};

/// `LD_PRELOAD=... NAME=VALUE...`, to stand before `ip`.
[[nodiscard]] std::string with_fake_kernel(const std::string& links, const std::string& sent = {});

}  // namespace netherd::test
