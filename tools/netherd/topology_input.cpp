#include "topology_input.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "netherd/engine/file_descriptor.hpp"
#include "netherd/lab/addressing.hpp"

namespace netherd::tools {

namespace {

constexpr std::size_t least_read_bytes = 16U << 10U;

/// Everything from a descriptor up to `limit` bytes; more than that gives EFBIG.
std::optional<std::string> read_all(int descriptor, std::size_t limit) {
  struct stat status{};
  if (::fstat(descriptor, &status) < 0) return std::nullopt;
  const auto known_size = S_ISREG(status.st_mode) ? static_cast<std::size_t>(status.st_size) : 0;
  std::string text;
  std::size_t used = 0;
  while (std::max(known_size, used) <= limit) {
    // One byte more than a file has, so that its end is seen without more room; what comes by a pipe doubles it.
    if (used == text.size()) text.resize(used + std::max({known_size + 1, used, least_read_bytes}));
    const ssize_t size = ::read(descriptor, text.data() + used, text.size() - used);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::nullopt;
    used += static_cast<std::size_t>(size);
    if (size > 0) continue;
    text.resize(used);
    return text;
  }
  errno = EFBIG;
  return std::nullopt;
}

void report_unreadable(const std::string& file, Console& console) {
  if (errno == EFBIG) {
    console.error(fmt::format("{}: read the file: it is larger than {} MiB", file, max_input_bytes >> 20U));
  } else {
    console.error(fmt::format("{}: read the file: {}", file, std::strerror(errno)));
  }
}

bool override_routing(const std::string& text, lab::Topology& topology, Console& console) {
  if (text.empty()) return true;
  const auto routing = lab::parse_routing(text);
  if (routing) topology.options.routing = *routing;
  if (!routing) console.error(fmt::format("--routing {}: must be none, default or shortest-path", text));
  return routing.has_value();
}

bool override_pool(const char* option, const std::string& text, bool ipv4, std::optional<ops::IpPrefix>& pool,
                   Console& console) {
  if (text.empty()) return true;
  const auto prefix = ops::parse_ip_prefix(text);
  if (prefix && prefix->is_v4() == ipv4) {
    pool = prefix->network();
    return true;
  }
  console.error(fmt::format("{} {}: not an {} network such as {}", option, text, ipv4 ? "IPv4" : "IPv6",
                            ipv4 ? "10.0.0.0/8" : "fd00::/32"));
  return false;
}

bool override_name(const std::string& name, lab::Topology& topology, Console& console) {
  if (name.empty()) return true;
  if (!lab::is_valid_lab_name(name)) {
    console.error(
        fmt::format("--name {}: a lab's name is 1 to 64 letters, digits, '_', '-' and '.', and starts with "
                    "a letter, a digit or '_'",
                    name));
    return false;
  }
  topology.name = name;
  return true;
}

std::optional<std::string> environment_variable(std::string_view name) {
  const char* const value = std::getenv(std::string{name}.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

void report(const std::string& source, const std::vector<lab::Finding>& errors, Console& console) {
  for (const lab::Finding& finding : errors) console.error(source, finding.line, finding.text);
}

}  // namespace

bool is_file(const std::string& path) noexcept {
  struct stat status{};
  return path == "-" || (::stat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode));
}

bool looks_like_file(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 8> endings{".yml", ".yaml", ".json", ".graphml",
                                                    ".xml", ".txt",  ".csv",  ".edges"};
  return !lab::is_valid_lab_name(name) ||
         std::ranges::any_of(endings, [&](std::string_view each) { return name.ends_with(each); });
}

std::optional<std::string> read_input(const std::string& file, Console& console) {
  engine::FileDescriptor opened;
  if (file != "-") opened.reset(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  std::optional<std::string> text;
  if (file == "-" || opened) text = read_all(file == "-" ? STDIN_FILENO : opened.get(), max_input_bytes);
  if (!text) report_unreadable(file, console);
  return text;
}

bool override_options(const TopologyInput& input, lab::Topology& topology, Console& console) {
  lab::LabOptions& options = topology.options;
  const bool name = override_name(input.name, topology, console);
  const bool routing = override_routing(input.routing, topology, console);
  const bool ipv4 = override_pool("--ipv4-pool", input.ipv4_pool, true, options.ipv4_pool, console);
  const bool ipv6 = override_pool("--ipv6-pool", input.ipv6_pool, false, options.ipv6_pool, console);
  if (!input.ipv6.empty()) options.ipv6 = input.ipv6 == "on";
  return name && routing && ipv4 && ipv6;
}

std::optional<lab::Topology> load_topology(const TopologyInput& input, Console& console) {
  const auto text = read_input(input.file, console);
  if (!text) return std::nullopt;
  const auto format = input.format.empty() ? std::nullopt : lab::parse_format(input.format);
  lab::ReadResult result = lab::read_topology(*text, input.file, format, environment_variable);
  for (const lab::Finding& finding : result.warnings) console.warning(input.file, finding.line, finding.text);
  report(input.file, result.errors, console);
  const bool overridden = override_options(input, result.topology, console);
  if (!result.errors.empty() || !overridden) return std::nullopt;
  return std::move(result.topology);
}

bool assign_addresses(lab::Topology& topology, Console& console) {
  const std::vector<lab::Finding> findings = lab::assign_addresses(topology);
  report(topology.source, findings, console);
  return findings.empty();
}

}  // namespace netherd::tools
