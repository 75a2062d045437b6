#pragma once

#include <string_view>

/// What `ip OBJECT help` shows.
namespace netherd::ip::usage {

extern const std::string_view ip;
extern const std::string_view link;
extern const std::string_view address;
extern const std::string_view route;
extern const std::string_view rule;
extern const std::string_view neighbour;
extern const std::string_view nexthop;
extern const std::string_view tuntap;
extern const std::string_view netns;
extern const std::string_view monitor;

}  // namespace netherd::ip::usage
