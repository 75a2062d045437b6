#include "netherd/lab/topology.hpp"

#include <algorithm>
#include <utility>

namespace netherd::lab {

namespace {

constexpr std::array<std::pair<Routing, std::string_view>, 3> routing_names{{
    {Routing::none, "none"},
    {Routing::default_route, "default"},
    {Routing::shortest_path, "shortest-path"},
}};

constexpr std::size_t max_lab_name_bytes = 64;
constexpr std::size_t max_node_name_bytes = 128;

bool is_name_character(char character) noexcept {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_' || character == '-' || character == '.';
}

bool is_valid_name(std::string_view name, std::size_t max_bytes) noexcept {
  return !name.empty() && name.size() <= max_bytes && name.front() != '.' && name.front() != '-' &&
         std::ranges::all_of(name, is_name_character);
}

}  // namespace

std::string_view to_string(Routing routing) noexcept { return routing_names[static_cast<std::size_t>(routing)].second; }

std::optional<Routing> parse_routing(std::string_view text) noexcept {
  for (const auto& [routing, name] : routing_names) {
    if (name == text) return routing;
  }
  return std::nullopt;
}

bool is_valid_lab_name(std::string_view name) noexcept { return is_valid_name(name, max_lab_name_bytes); }
bool is_valid_node_name(std::string_view name) noexcept { return is_valid_name(name, max_node_name_bytes); }

}  // namespace netherd::lab
