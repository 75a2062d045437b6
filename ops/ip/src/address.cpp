#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "link_show.hpp"
#include "names.hpp"
#include "netherd/ip/inet.hpp"
#include "objects.hpp"
#include "usage.hpp"

namespace netherd::ip {

namespace {

struct Flag {
  std::string_view keyword;
  unsigned bit;
  bool ipv6_only;
};
constexpr std::array flags{
    Flag{"home", IFA_F_HOMEADDRESS, true},          Flag{"nodad", IFA_F_NODAD, true},
    Flag{"mngtmpaddr", IFA_F_MANAGETEMPADDR, true}, Flag{"noprefixroute", IFA_F_NOPREFIXROUTE, false},
    Flag{"autojoin", IFA_F_MCAUTOJOIN, false},      Flag{"optimistic", IFA_F_OPTIMISTIC, true}};
/// What the kernel alone decides. `ip` warns and goes on.
constexpr std::array<std::string_view, 7> states{"secondary", "temporary", "dadfailed",     "deprecated",
                                                 "tentative", "permanent", "stable-privacy"};

void warn(std::string_view keyword, const char* what) {
  std::fprintf(stderr, "Warning: %s option %s\n", std::string{keyword}.c_str(), what);
}

class AddressParser {
 public:
  AddressParser(Request& request, Environment& environment, bool deleting)
      : request_{request}, environment_{environment}, deleting_{deleting} {}

  void parse(Words& words) {
    while (!words.empty()) {
      // The order decides what an abbreviation stands for.
      if (take_addresses(words) || take_rest(words) || take_lifetimes(words) || take_flag(words)) continue;
      words.accept("local");
      if (words.abbreviates("help")) fail_with_usage(usage::address);
      if (local_.size > 0) refuse_garbage("local", words.take());
      local_word_ = words.empty() ? std::string_view{} : words.peek();
      local_ = take_prefix(words, header().ifa_family);
      set_family(local_.family);
      request_.put(IFA_LOCAL, local_.bytes());
    }
    finish();
  }

 private:
  [[nodiscard]] ifaddrmsg& header() { return request_.header<ifaddrmsg>(); }
  void set_family(int family) {
    if (header().ifa_family == AF_UNSPEC) header().ifa_family = static_cast<unsigned char>(family);
  }

  bool take_addresses(Words& words) {
    if (words.accept("peer") || words.accept("remote")) {
      if (peer_.size > 0) refuse_duplicate("peer", words);
      peer_ = take_prefix(words, header().ifa_family);
      set_family(peer_.family);
      request_.put(IFA_ADDRESS, peer_.bytes());
      header().ifa_prefixlen = static_cast<unsigned char>(peer_.bits);
    } else if (words.accept_short("broadcast") || words.accept("brd")) {
      if (has_broadcast_) refuse_duplicate("broadcast", words);
      has_broadcast_ = true;
      if (words.is("+") || words.is("-")) {
        computed_broadcast_ = words.take().front();
      } else {
        put_address(words, IFA_BROADCAST);
      }
    } else if (words.accept("anycast")) {
      if (has_anycast_) refuse_duplicate("anycast", words);
      has_anycast_ = true;
      put_address(words, IFA_ANYCAST);
    } else {
      return false;
    }
    return true;
  }

  void put_address(Words& words, int attribute) {
    const Inet address = take_address(words, header().ifa_family);
    set_family(address.family);
    request_.put(attribute, address.bytes());
  }

  bool take_lifetimes(Words& words) {
    const auto take = [&](std::string_view keyword, std::optional<std::uint32_t>& lifetime) {
      const std::string_view mention = words.peek();
      if (!words.accept_short(keyword)) return false;
      if (lifetime) refuse_duplicate(keyword, mention);
      lifetime = words.accept("forever") ? UINT32_MAX : words.take_u32(std::string{keyword} + " value");
      return true;
    };
    return take("valid_lft", valid_) || take("preferred_lft", preferred_);
  }

  bool take_flag(Words& words) {
    for (const auto& [keyword, bit, ipv6_only] : flags) {
      if (!words.accept(keyword)) continue;
      if (ipv6_only && header().ifa_family != AF_INET6) {
        warn(keyword, "can be set only for IPv6 addresses");
      } else {
        flags_ |= bit;
      }
      return true;
    }
    if (words.empty() || std::ranges::find(states, words.peek()) == states.end()) return false;
    warn(words.take(), "is not mutable from userspace");
    return true;
  }

  bool take_rest(Words& words) {
    if (words.accept("scope")) {
      const std::string_view word = words.take();
      const auto scope = names::read_scope(word);
      if (!scope) refuse(word, "invalid scope value.");
      header().ifa_scope = static_cast<unsigned char>(*scope);
      has_scope_ = true;
    } else if (words.accept("dev")) {
      device_ = words.take();
    } else if (words.accept("label")) {
      request_.put_string(IFA_LABEL, words.take());
    } else if (words.accept_short("metric") || words.accept_short("priority") || words.accept_short("preference")) {
      request_.put_u32(IFA_RT_PRIORITY, words.take_u32("\"metric\" value is invalid\n"));
    } else {
      return false;
    }
    return true;
  }

  /// All host bits of the peer's subnet set, or cleared.
  void put_computed_broadcast() {
    if (header().ifa_family != AF_INET) fail("Broadcast can be set only for IPv4 addresses");
    Inet broadcast = peer_;
    if (broadcast.bits > 30) return;
    for (int bit = broadcast.bits; bit < 32; ++bit) {
      const auto mask = static_cast<std::byte>(0x80U >> static_cast<unsigned>(bit % 8));
      std::byte& byte = broadcast.data[static_cast<std::size_t>(bit / 8)];
      byte = computed_broadcast_ == '+' ? byte | mask : byte & ~mask;
    }
    request_.put(IFA_BROADCAST, broadcast.bytes());
  }

  void put_lifetimes() {
    if (!valid_ && !preferred_) return;
    ifa_cacheinfo lifetimes{};
    lifetimes.ifa_valid = valid_.value_or(UINT32_MAX);
    lifetimes.ifa_prefered = preferred_.value_or(UINT32_MAX);
    if (lifetimes.ifa_valid == 0) fail("valid_lft is zero");
    if (lifetimes.ifa_valid < lifetimes.ifa_prefered) fail("preferred_lft is greater than valid_lft");
    request_.put_value(IFA_CACHEINFO, lifetimes);
  }

  void put_own_address() {
    if (peer_.size > 0 || local_.size == 0) return;
    if (deleting_ && local_.family == AF_INET && !local_.length_given) {
      const std::string word{local_word_};
      std::fprintf(stderr,
                   "Warning: Executing wildcard deletion to stay compatible with old scripts.\n"
                   "         Explicitly specify the prefix length (%s/32) to avoid this warning.\n"
                   "         This special behaviour is likely to disappear in further releases,\n"
                   "         fix your scripts!\n",
                   word.c_str());
      return;
    }
    peer_ = local_;
    request_.put(IFA_ADDRESS, local_.bytes());
  }

  void finish() {
    if (flags_ <= UINT8_MAX) {
      header().ifa_flags = static_cast<unsigned char>(flags_);
    } else {
      request_.put_u32(IFA_FLAGS, flags_);
    }
    if (!device_) fail("Not enough information: \"dev\" argument is required.");
    put_own_address();
    if (header().ifa_prefixlen == 0) header().ifa_prefixlen = static_cast<unsigned char>(local_.bits);
    if (computed_broadcast_ != '\0' && !deleting_) put_computed_broadcast();
    if (!has_scope_ && !deleting_) {
      const bool loopback = local_.family == AF_INET && local_.data[0] == std::byte{127};
      header().ifa_scope = loopback ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
    }
    header().ifa_index = static_cast<std::uint32_t>(index_of(environment_, *device_));
    put_lifetimes();
    if ((flags_ & IFA_F_MCAUTOJOIN) != 0 && !local_.is_multicast()) {
      fail("autojoin needs multicast address");
    }
  }

  Request& request_;
  Environment& environment_;
  bool deleting_;
  Inet local_;
  Inet peer_;
  std::string_view local_word_;
  std::optional<std::string_view> device_;
  std::optional<std::uint32_t> valid_;
  std::optional<std::uint32_t> preferred_;
  unsigned flags_ = 0;
  char computed_broadcast_ = '\0';
  bool has_broadcast_ = false;
  bool has_anycast_ = false;
  bool has_scope_ = false;
};

Command modify(Words words, const Options& options, Environment& environment, std::uint16_t type,
               std::uint16_t flags_of_request) {
  ifaddrmsg header{};
  header.ifa_family = static_cast<unsigned char>(options.family);
  Request request{type, flags_of_request, header};
  AddressParser{request, environment, type == RTM_DELADDR}.parse(words);
  return {.request = std::move(request)};
}

}  // namespace

Command parse_address(Words words, const Options& options, Environment& environment) {
  if (words.empty()) return parse_address_show(words, options, environment, false);
  if (words.accept_short("add")) return modify(words, options, environment, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  if (words.accept_short("change") || words.accept("chg")) {
    return modify(words, options, environment, RTM_NEWADDR, NLM_F_REPLACE);
  }
  if (words.accept_short("replace"))
    return modify(words, options, environment, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
  if (words.accept_short("delete")) return modify(words, options, environment, RTM_DELADDR, 0);
  if (words.accept_short("show") || words.accept_short("lst") || words.accept_short("list")) {
    return parse_address_show(words, options, environment, false);
  }
  if (words.accept_short("flush")) return parse_address_show(words, options, environment, true);
  if (words.abbreviates("help")) fail_with_usage(usage::address);
  fail_unknown_command(words.peek(), "address");
}

}  // namespace netherd::ip
