#pragma once

#include <linux/rtnetlink.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "netherd/ip/command.hpp"

namespace netherd::ip {

/// The words that are common to all links: of `ip link add` and `set`, and of a peer (iplink_parse() in iproute2). They
/// become attributes of the request; what is needed elsewhere is kept.
class LinkParser {
 public:
  LinkParser(Request& request, Environment& environment, bool creating);

  /// Reads up to `type KIND`, or to the end.
  void parse(Words& words);

  std::optional<std::string_view> device{};
  std::optional<std::string_view> name{};
  std::optional<std::string_view> lower{};
  std::optional<std::string_view> type{};
  std::optional<int> index{};
  std::optional<std::uint32_t> group{};
  bool moved = false;  ///< into another namespace

 private:
  [[nodiscard]] ifinfomsg& header() noexcept { return request_.header<ifinfomsg>(); }
  void mention(std::string_view keyword, Words& words);
  bool take_identity(Words& words);
  bool take_place(Words& words);
  bool take_size(Words& words);
  bool take_state(Words& words);
  bool take_flag(Words& words);
  bool take_text(Words& words);
  void take_device(Words& words);
  void take_number(Words& words, std::string_view keyword, int attribute, std::uint64_t most);
  void take_number_once(Words& words, std::string_view keyword, int attribute);
  void take_netns(Words& words);
  void take_link_netns(Words& words);
  void take_link_netns_id(Words& words);
  void take_master(Words& words, bool vrf);
  void take_protodown_reason(Words& words);
  void take_address_generation(Words& words);
  void put_off_on(Words& words, std::string_view keyword, int attribute);
  void finish(const Words& words);
  void finish_group(const Words& words);
  void finish_creation();
  void finish_change();
  void check_address_size();
  void take_virtual_function(Words& words);

  Request& request_;
  Environment& environment_;
  bool creating_;
  bool device_is_name_ = false;  // only `name` was given so far
  std::size_t address_size_ = 0;
  std::vector<std::string_view> mentioned_;
};

/// Throws CommandError for what the kernel would not take as a name; `keyword` is what it belongs to, with quotes.
void check_interface_name(std::string_view name, std::string_view keyword);
/// The same for a name of any length, as links may have in addition.
void check_alternative_name(std::string_view name, std::string_view keyword);
[[nodiscard]] bool is_vrf(Environment& environment, int index);

}  // namespace netherd::ip
