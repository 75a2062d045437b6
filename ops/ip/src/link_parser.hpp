#pragma once

#include <linux/rtnetlink.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "netherd/ip/command.hpp"

namespace netherd::ip {

/// The words that are common to all links: of `ip link add` and `set`, and of a peer. They become attributes of the
/// request as they are read; what is needed elsewhere is kept.
class LinkParser {
 public:
  LinkParser(Request& request, Environment& environment, bool creating);

  /// Reads up to `type KIND`, or to the end.
  void parse(Words& words);

  std::string_view device{};
  std::string_view name{};
  std::string_view lower{};
  std::string_view type{};
  std::optional<int> index{};
  std::optional<std::uint32_t> group{};
  std::size_t address_size = 0;
  bool moved = false;  ///< into another namespace

 private:
  [[nodiscard]] ifinfomsg& header() noexcept { return request_.header<ifinfomsg>(); }
  void mention(std::string_view keyword, const Words& words);
  bool take_identity(Words& words);
  bool take_size(Words& words);
  bool take_state(Words& words);
  bool take_flag(Words& words);
  bool take_place(Words& words);
  void take_number(Words& words, std::string_view keyword, int attribute);
  void take_netns(Words& words);
  void take_master(Words& words, bool vrf);
  void take_protodown_reason(Words& words);
  void take_address_generation(Words& words);

  Request& request_;
  Environment& environment_;
  bool creating_;
  std::vector<std::string_view> mentioned_;
};

/// Throws CommandError for what the kernel would not take as a name.
void check_interface_name(std::string_view name, std::string_view keyword);
[[nodiscard]] bool is_vrf(Environment& environment, int index);

}  // namespace netherd::ip
