// A topology file of any format: the first byte chooses it. What is read without errors can be written and read again.
#include "netherd/lab/topology.hpp"

#include <array>
#include <string_view>

#include "fuzz_target.hpp"
#include "netherd/lab/reader.hpp"

namespace {

using namespace netherd::lab;
using netherd::fuzz::require;

/// By name, so that a format that comes to be is fuzzed as well; "a" and the like: recognised by content.
std::optional<Format> format_of(std::uint8_t choice) {
  constexpr std::array<std::string_view, 3> names{"containerlab", "graphml", "edges"};
  return choice % 4 < names.size() ? parse_format(names[choice % 4]) : std::nullopt;
}

std::optional<std::string> variable(std::string_view name) {
  if (name == "X") return "value";
  return name == "E" ? std::optional<std::string>{""} : std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  const ReadResult read = read_topology(text, "fuzz.clab.yml", format_of(data[0]), variable);
  for (const auto* findings : {&read.errors, &read.warnings}) {
    require(findings->size() <= 102, "and no more than a person reads");
    for (const Finding& finding : *findings) {
      require(!finding.text.empty(), "a finding says what is wrong");
      require(finding.text.size() <= 1'100, "in few words");
    }
  }
  if (!read.errors.empty()) return 0;
  require(validate(read.topology).empty(), "what a reader lets pass is valid");
  const std::string written = write_topology(read.topology);
  const ReadResult again = read_topology(written, "again.clab.yml", Format::containerlab);
  require(again.errors.empty(), "what is written can be read");
  require(write_topology(again.topology) == written, "and is written alike");
  return 0;
}
