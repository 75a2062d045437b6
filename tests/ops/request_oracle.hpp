#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "netherd/engine/message.hpp"

namespace netherd::test {

/// A request as text, for comparison: type, flags and the family's header, then the attributes as an indented tree.
///
/// What has no meaning is left out or evened out: order of attributes, sequence number, NLM_F_ACK, NLA_F_NESTED,
/// values of descriptors, and that `ip link set` asks for a change by RTM_NEWLINK instead of by RTM_SETLINK.
[[nodiscard]] std::string request_tree(std::span<const std::byte> bytes);

/// The last request of a type that a command (`ip`, `bridge` or `tc`) sends, as request_tree(); whether the kernel then
/// refuses it does not matter. If it sends none: what it says instead. Runs the command under strace(1), so do it in an
/// isolated namespace. Names of devices are looked up by the command, so they have to be there.
[[nodiscard]] std::string tree_sent_by(const std::string& command, std::uint16_t type);

template <engine::Request Request>
std::vector<std::byte> encoded(const Request& request) {
  std::vector<std::byte> buffer(65536);
  engine::MessageWriter writer{buffer};
  request.encode(writer);
  EXPECT_FALSE(writer.overflowed());
  const auto message = writer.message();
  return {message.begin(), message.end()};
}

/// The request describes itself as the command, and is what the command sends: one line per row of a table.
///
///     expect_sent(AddDummy{.link = {.name = "d0"}}, "ip link add d0 type dummy");
template <engine::Request Request>
void expect_sent(const Request& request, const std::string& command) {
  SCOPED_TRACE(command);
  if constexpr (requires { request.describe(); }) {
    EXPECT_EQ(request.describe(), command);
  }
  const auto message = encoded(request);
  const std::string sent = tree_sent_by(command, engine::MessageView{message}.type());
  EXPECT_EQ(request_tree(message), sent) << "Left: what the request encodes. Right: what the command sends.";
}

}  // namespace netherd::test
