#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

#include "netherd/engine/message.hpp"
#include "netherd/ip/inet.hpp"
#include "session.hpp"

namespace netherd::ip {

/// Which links and addresses `show` and `flush` are about. What is missing, 0 or -1 does not select.
struct LinkFilter {
  int family = AF_UNSPEC;  ///< AF_PACKET: links alone
  int index = 0;
  int group = -1;
  int master = 0;
  bool nomaster = false;
  bool up = false;
  std::optional<std::string> kind{};
  std::optional<std::string> slave_kind{};
  std::optional<std::string> label{};  ///< a pattern of the shell's
  unsigned flags = 0;                  ///< IFA_F_*, those of `flag_mask`
  unsigned flag_mask = 0;
  int scope = 0;
  int scope_mask = 0;
  Inet prefix{};
  bool links_only = false;  ///< `ip link` instead of `ip address`
  bool one_line = false;
  bool show_queue = true;
};

/// Shows one link; false if the filter leaves it out.
bool print_link(Session& session, const engine::MessageView& message, const LinkFilter& filter);
bool print_link_brief(Session& session, const engine::MessageView& message, const LinkFilter& filter);
void print_link_statistics(Session& session, const engine::MessageView& message);
void print_address(Session& session, const engine::MessageView& message, const LinkFilter& filter);
/// `linkinfo`: what is particular to the kind, and to the kind of the master.
void print_link_kind(Session& session, std::span<const std::byte> linkinfo);

/// `ip link show` and `ip address show|flush`: reads the selectors, and says what is to be done.
[[nodiscard]] Command parse_link_show(Words words, const Options& options, Environment& environment);
[[nodiscard]] Command parse_address_show(Words words, const Options& options, Environment& environment, bool flush);

}  // namespace netherd::ip
