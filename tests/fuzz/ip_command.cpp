// A batch file in the language of `ip`: its lines, their words, the requests that they become. No kernel is asked.
// Every line is either understood or refused with a reason, and what it becomes is a well-formed netlink message.
#include <string>

#include "fuzz_target.hpp"
#include "ip/fake_environment.hpp"
#include "netherd/ip/batch_lines.hpp"
#include "netherd/ip/command.hpp"

namespace {

using namespace netherd;
using fuzz::require;

void check_message(std::span<const std::byte> bytes) {
  nlmsghdr header{};
  require(bytes.size() >= sizeof header, "a message has a header");
  std::memcpy(&header, bytes.data(), sizeof header);
  require(header.nlmsg_len == bytes.size(), "a message knows its length");
  require((header.nlmsg_flags & NLM_F_REQUEST) != 0, "a request says that it is one");
}

void read_line(std::string_view line, ip::Environment& environment) {
  try {
    ip::Command command = test::parse_line(line, environment);
    require(command.request.has_value() != static_cast<bool>(command.action), "a command is a request or an action");
    if (command.request) check_message(command.request->message());
  } catch (const ip::CommandError& error) {
    require(*error.what() != '\0', "a refusal says why");
    require(error.status() != 0, "a refusal is a failure");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::FakeEnvironment environment;
  std::string_view rest{reinterpret_cast<const char*>(data), size};
  ip::BatchLines lines{[&rest](std::span<char> buffer) {
    const std::size_t taken = rest.copy(buffer.data(), buffer.size());
    rest.remove_prefix(taken);
    return taken;
  }};
  for (std::string line; lines.next(line);) {
    if (lines.flaw().empty()) read_line(line, environment);
  }
  return 0;
}
