#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "attributes.hpp"
#include "link_parser.hpp"
#include "names.hpp"
#include "netherd/ip/inet.hpp"
#include "object_printers.hpp"
#include "objects.hpp"
#include "usage.hpp"

namespace netherd::ip {

namespace {

using engine::MessageView;
using NeighbourTable = AttributeTable<NDA_FLAGS_EXT>;

constexpr unsigned no_state = 0x100;
/// Asks the kernel for the neighbours behind links that have no master (neigh_master_filtered() in
/// net/core/neighbour.c, Linux 6.18).
constexpr int without_master = -1;

struct State {
  std::string_view word;
  std::string_view shown;
  unsigned bit;
};
constexpr std::array states{State{"incomplete", "INCOMPLETE", NUD_INCOMPLETE},
                            State{"reachable", "REACHABLE", NUD_REACHABLE},
                            State{"stale", "STALE", NUD_STALE},
                            State{"delay", "DELAY", NUD_DELAY},
                            State{"probe", "PROBE", NUD_PROBE},
                            State{"failed", "FAILED", NUD_FAILED},
                            State{"noarp", "NOARP", NUD_NOARP},
                            State{"permanent", "PERMANENT", NUD_PERMANENT}};

std::optional<unsigned> read_state(std::string_view word) {
  if (word == "none") return NUD_NONE;
  for (const State& state : states) {
    const bool may_be_short = state.bit == NUD_PERMANENT || state.bit == NUD_REACHABLE || state.bit == NUD_FAILED;
    if (word == state.word || (may_be_short && abbreviates(word, state.word))) return state.bit;
  }
  std::uint64_t number = 0;
  if (!read_number(word, 0xFF, number) || (number & (number - 1)) != 0) return {};
  return static_cast<unsigned>(number);
}

class NeighbourParser {
 public:
  NeighbourParser(Request& request, Environment& environment, int family)
      : request_{request}, environment_{environment}, family_{family} {}

  void parse(Words& words) {
    while (!words.empty()) {
      if (!take_value(words) && !take_flag(words)) take_destination(words);
    }
    if (!destination_ || destination_->family == AF_UNSPEC || (!device_ && !has_proxy_)) {
      fail("Device and destination are required arguments.", status_usage);
    }
    header().ndm_family = static_cast<unsigned char>(destination_->family);
    request_.put(NDA_DST, destination_->bytes());
    if (lladdr_) request_.put(NDA_LLADDR, lladdr_->bytes());
    if (extended_flags_ != 0) request_.put_u32(NDA_FLAGS_EXT, extended_flags_);
    if (device_) header().ndm_ifindex = index_of(environment_, *device_);
  }

 private:
  [[nodiscard]] ndmsg& header() { return request_.header<ndmsg>(); }

  bool take_value(Words& words) {
    if (words.accept_short("lladdr")) {
      if (has_lladdr_) refuse_duplicate("lladdr", words);
      has_lladdr_ = true;
      if (!words.accept("null")) lladdr_ = take_link_layer_address(words);
    } else if (words.accept("nud")) {
      const std::string_view word = words.take();
      const auto state = read_state(word);
      if (!state) refuse(word, "nud state is bad");
      header().ndm_state = static_cast<std::uint16_t>(*state);
    } else if (words.accept_short("proxy")) {
      if (words.abbreviates("help")) fail_with_usage(usage::neighbour);
      if (destination_) refuse_duplicate("address", words);
      destination_ = take_address(words, family_);
      header().ndm_flags |= NTF_PROXY;
      has_proxy_ = true;
    } else if (words.accept("dev")) {
      device_ = words.take();
    } else if (words.accept_short("protocol")) {
      const std::string_view word = words.take();
      const auto protocol = names::read_protocol(word);
      if (!protocol) refuse(word, "\"protocol\" value is invalid\n");
      request_.put_u8(NDA_PROTOCOL, static_cast<std::uint8_t>(*protocol));
    } else {
      return false;
    }
    return true;
  }

  bool take_flag(Words& words) {
    if (words.accept("router")) {
      header().ndm_flags |= NTF_ROUTER;
    } else if (words.accept_short("extern_learn")) {
      header().ndm_flags |= NTF_EXT_LEARNED;
    } else if (words.accept("use")) {
      header().ndm_flags |= NTF_USE;
    } else if (words.accept("managed")) {
      extended_flags_ |= NTF_EXT_MANAGED;
      header().ndm_state = NUD_NONE;
    } else {
      return false;
    }
    return true;
  }

  void take_destination(Words& words) {
    words.accept("to");
    if (words.abbreviates("help")) fail_with_usage(usage::neighbour);
    if (destination_) refuse_garbage("to", words.take());
    destination_ = take_address(words, family_);
  }

  Request& request_;
  Environment& environment_;
  int family_;
  std::optional<std::string_view> device_;
  std::optional<Inet> destination_;
  std::optional<LinkLayerAddress> lladdr_;
  std::uint32_t extended_flags_ = 0;
  bool has_lladdr_ = false;
  bool has_proxy_ = false;
};

Command modify(Words words, const Options& options, Environment& environment, std::uint16_t type, std::uint16_t flags) {
  ndmsg header{};
  header.ndm_family = static_cast<unsigned char>(options.family);
  header.ndm_state = NUD_PERMANENT;
  Request request{type, flags, header};
  NeighbourParser{request, environment, options.family}.parse(words);
  return {.request = std::move(request)};
}

bool passes(const MessageView& message, const NeighbourFilter& filter) {
  const auto header = message.family_header<ndmsg>().value_or(ndmsg{});
  const NeighbourTable table{message.attributes<ndmsg>()};
  if (filter.family != AF_UNSPEC && filter.family != header.ndm_family) return false;
  if (filter.index != 0 && filter.index != header.ndm_ifindex) return false;
  const bool stateless = header.ndm_state == 0 && (filter.states & no_state) != 0;
  const bool in_any_state = (header.ndm_flags & (NTF_PROXY | NTF_EXT_LEARNED)) != 0;
  if ((filter.states & header.ndm_state) == 0 && !in_any_state && !stateless) return false;
  if (filter.protocol != 0 && filter.protocol != table.u8(NDA_PROTOCOL)) return false;
  if (filter.unused && table.has(NDA_CACHEINFO) && table.as<nda_cacheinfo>(NDA_CACHEINFO).ndm_refcnt != 0) return false;
  if (!filter.prefix || !table.has(NDA_DST)) return true;
  Inet address{.family = header.ndm_family, .size = table.bytes(NDA_DST).size()};
  std::ranges::copy(table.bytes(NDA_DST).first(std::min<std::size_t>(address.size, 16)), address.data.begin());
  return address.begins_like(*filter.prefix, filter.prefix->bits);
}

void print_cache_facts(Printer& printer, const nda_cacheinfo& facts) {
  static const auto ticks = static_cast<std::uint32_t>(::sysconf(_SC_CLK_TCK));
  if (facts.ndm_refcnt != 0) printer.number("refcnt", " ref ", facts.ndm_refcnt, "");
  printer.number("used", " used ", facts.ndm_used / ticks, "");
  printer.number("confirmed", "/", facts.ndm_confirmed / ticks, "");
  printer.number("updated", "/", facts.ndm_updated / ticks, "");
}

void print_states(Printer& printer, unsigned state) {
  printer.open_array("state");
  for (const auto& [word, shown, bit] : states) {
    if ((state & bit) == 0) continue;
    state &= ~bit;
    printer.string(nullptr, "", shown, state != 0 ? "," : " ");
  }
  printer.close_array();
}

Request neighbour_dump(const NeighbourFilter& filter) {
  ndmsg header{};
  header.ndm_family = static_cast<unsigned char>(filter.family);
  if (filter.proxy) header.ndm_flags = NTF_PROXY;
  Request request{RTM_GETNEIGH, NLM_F_DUMP, header};
  if (filter.index != 0) request.put_value(NDA_IFINDEX, filter.index);
  if (filter.master != 0) request.put_value(NDA_MASTER, filter.master);
  return request;
}

int show_neighbours(Session& session, const NeighbourFilter& filter) {
  Messages neighbours;
  Request request = neighbour_dump(filter);
  session.list(request, neighbours, status_failed);
  session.printer().open_document();
  for (const MessageView neighbour : neighbours) print_neighbour(session, neighbour, filter);
  session.printer().close_document();
  session.flush();
  return 0;
}

constexpr int most_rounds = 10;

int flush_neighbours(Session& session, NeighbourFilter filter) {
  const int statistics = session.options().statistics;
  filter.states &= ~static_cast<unsigned>(NUD_FAILED);
  int round = 0;
  for (; round < most_rounds; ++round) {
    Messages neighbours;
    Request request = neighbour_dump(filter);
    session.list(request, neighbours, status_failed);
    std::size_t flushed = 0;
    for (const MessageView neighbour : neighbours) {
      if (!passes(neighbour, filter)) continue;
      Request removal = Request::again(neighbour, RTM_DELNEIGH);
      const auto outcome = session.connection().execute(removal);
      if (!outcome.ok() && outcome.error != boost::system::errc::no_such_file_or_directory) {
        fail(refusal(outcome), status_refused);
      }
      ++flushed;
    }
    if (flushed == 0) break;
    if (statistics > 0) {
      session.printer().text("\n*** Round " + std::to_string(round + 1) + ", deleting " + std::to_string(flushed) +
                             " entries ***\n");
    }
  }
  if (statistics > 0) {
    session.printer().text(round == 0 ? "Nothing to flush.\n"
                                      : "*** Flush is complete after " + std::to_string(round) + " round" +
                                            (round > 1 ? "s" : "") + " ***\n");
  }
  session.flush();
  return 0;
}

Command show(Words words, const Options& options, Environment& environment, bool flush) {
  NeighbourFilter filter{.family = options.family};
  filter.states = flush ? ~static_cast<unsigned>(NUD_PERMANENT | NUD_NOARP) : 0xFFU & ~static_cast<unsigned>(NUD_NOARP);
  if (flush && words.empty()) fail("Flush requires arguments.");
  bool state_given = false;
  std::optional<std::string_view> device;
  while (!words.empty()) {
    if (words.accept("dev")) {
      if (device) refuse_duplicate("dev", words);
      device = words.take();
    } else if (words.accept("master")) {
      const std::string_view name = words.take();
      const LinkFacts* link = environment.find_link(name);
      if (link == nullptr) refuse(name, "Device does not exist\n");
      filter.master = link->index;
    } else if (words.accept("vrf")) {
      const std::string_view name = words.take();
      const LinkFacts* link = environment.find_link(name);
      const int index = link != nullptr ? link->index : 0;
      if (index == 0 || !is_vrf(environment, index)) refuse(name, "Not a valid VRF name\n");
      filter.master = index;
    } else if (words.accept("nomaster")) {
      filter.master = without_master;
    } else if (words.accept("unused")) {
      filter.unused = true;
    } else if (words.accept("nud")) {
      const std::string_view word = words.take();
      auto state = read_state(word);
      if (!state && word != "all") refuse(word, "nud state is bad");
      if (!state) state = flush ? ~static_cast<unsigned>(NUD_NOARP) : ~0U;
      if (!std::exchange(state_given, true)) filter.states = 0;
      filter.states |= *state == 0 ? no_state : *state;
    } else if (words.accept("proxy")) {
      filter.proxy = true;
    } else if (words.accept_short("protocol")) {
      const std::string_view word = words.take();
      const auto protocol = names::read_protocol(word);
      if (!protocol && word != "all") refuse(word, "invalid \"protocol\"\n");
      filter.protocol = static_cast<std::uint8_t>(protocol.value_or(0));
    } else {
      words.accept("to");
      if (words.abbreviates("help")) fail_with_usage(usage::neighbour);
      filter.prefix = take_prefix(words, filter.family);
      if (filter.family == AF_UNSPEC) filter.family = filter.prefix->family;
    }
  }
  if (device) filter.index = index_of(environment, *device);
  return {.action = [filter, flush](Session& session) {
    return flush ? flush_neighbours(session, filter) : show_neighbours(session, filter);
  }};
}

/// Text even where JSON was asked for, as `ip` writes it there.
int show_neighbour(Session& session, Request request) {
  auto layout = session.options().layout();
  layout.format = Printer::Format::text;
  session.printer() = Printer{layout};
  const auto outcome =
      session.connection().get(request, [&](const MessageView& found) { print_neighbour(session, found, {}); });
  if (!outcome.ok()) fail(refusal(outcome), status_refused);
  session.flush();
  return 0;
}

Command get_neighbour(Words words, const Options& options, Environment& environment) {
  ndmsg header{};
  std::string_view device;
  std::optional<Inet> address;
  while (!words.empty()) {
    if (words.accept("dev")) {
      device = words.take();
      continue;
    }
    const bool proxy = words.accept_short("proxy");
    if (proxy) header.ndm_flags |= NTF_PROXY;
    if (!proxy) words.accept("to");
    if (words.abbreviates("help")) fail_with_usage(usage::neighbour);
    const std::string_view word = words.empty() ? "" : words.peek();
    if (address) proxy ? refuse_duplicate("address", word) : refuse_garbage("to", word);
    address = take_address(words, options.family);
  }
  const bool is_proxy = (header.ndm_flags & NTF_PROXY) != 0;
  if (!address || address->family == AF_UNSPEC || (device.empty() && !is_proxy))
    fail("Device and address are required arguments.");
  header.ndm_family = static_cast<unsigned char>(address->family);
  if (!device.empty()) header.ndm_ifindex = index_of(environment, device);
  Request request{RTM_GETNEIGH, 0, header};
  request.put(NDA_DST, address->bytes());
  return {.action = [request](Session& session) { return show_neighbour(session, request); }};
}

/// Address, device and link-layer address in columns.
void print_brief(Session& session, const ndmsg& header, const NeighbourTable& table, bool with_device) {
  Printer& printer = session.printer();
  const auto column = [&printer](const std::string& text, std::size_t width) {
    const bool short_text = !printer.json() && text.size() < width;
    return short_text ? text + std::string(width - text.size(), ' ') : text;
  };
  const std::string address = address_text(header.ndm_family, table.bytes(NDA_DST));
  const std::string device = session.link_name(header.ndm_ifindex);
  printer.open_object();
  printer.string("dst", "", column(address, 39), " ", header.ndm_family == AF_INET ? Colour::inet : Colour::inet6);
  if (with_device) printer.string("dev", "", column(device, 16), " ", Colour::interface_name);
  if (table.has(NDA_LLADDR)) printer.string("lladdr", "", link_layer_text(table.bytes(NDA_LLADDR), 1), "", Colour::mac);
  printer.text("\n");
  printer.close_object();
}

}  // namespace

void print_neighbour(Session& session, const MessageView& message, const NeighbourFilter& filter) {
  if (!passes(message, filter)) return;
  const auto header = message.family_header<ndmsg>().value_or(ndmsg{});
  const NeighbourTable table{message.attributes<ndmsg>()};
  Printer& printer = session.printer();
  const bool statistics = session.options().statistics > 0;
  if (session.options().brief) return print_brief(session, header, table, filter.index == 0);
  printer.open_object();
  if (message.type() == RTM_DELNEIGH) printer.flag("deleted", "Deleted ");
  if (message.type() == RTM_GETNEIGH) printer.null("miss", "miss ");
  if (table.has(NDA_DST)) {
    const int family = header.ndm_family;
    printer.string("dst", "", address_text(family, table.bytes(NDA_DST)), " ",
                   family == AF_INET ? Colour::inet : Colour::inet6);
  }
  if (filter.index == 0 && header.ndm_ifindex != 0) {
    printer.text("dev ");
    printer.string("dev", "", session.link_name(header.ndm_ifindex), " ", Colour::interface_name);
  }
  if (table.has(NDA_LLADDR)) {
    const LinkFacts* link = session.find_link(header.ndm_ifindex);
    printer.text("lladdr ");
    printer.string("lladdr", "", link_layer_text(table.bytes(NDA_LLADDR), link != nullptr ? link->type : 1), " ",
                   Colour::mac);
  }
  if ((header.ndm_flags & NTF_ROUTER) != 0) printer.null("router", "router ");
  if ((header.ndm_flags & NTF_PROXY) != 0) printer.null("proxy", "proxy ");
  if ((table.u32(NDA_FLAGS_EXT) & NTF_EXT_MANAGED) != 0) printer.null("managed", "managed ");
  if ((header.ndm_flags & NTF_EXT_LEARNED) != 0) printer.null("extern_learn", "extern_learn ");
  if ((header.ndm_flags & NTF_OFFLOADED) != 0) printer.null("offload", "offload ");
  if (statistics && table.has(NDA_CACHEINFO)) print_cache_facts(printer, table.as<nda_cacheinfo>(NDA_CACHEINFO));
  if (statistics && table.has(NDA_PROBES)) printer.number("probes", "probes ", table.u32(NDA_PROBES));
  if (header.ndm_state != 0) print_states(printer, header.ndm_state);
  if (table.u8(NDA_PROTOCOL) != 0) printer.string("protocol", "proto ", names::protocol(table.u8(NDA_PROTOCOL)));
  printer.text("\n");
  printer.close_object();
}

Command parse_neighbour(Words words, const Options& options, Environment& environment) {
  if (words.empty()) return show(words, options, environment, false);
  if (words.accept_short("add")) return modify(words, options, environment, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL);
  if (words.accept_short("change") || words.accept("chg")) {
    return modify(words, options, environment, RTM_NEWNEIGH, NLM_F_REPLACE);
  }
  if (words.accept_short("replace"))
    return modify(words, options, environment, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  if (words.accept_short("delete")) return modify(words, options, environment, RTM_DELNEIGH, 0);
  if (words.accept_short("get")) return get_neighbour(words, options, environment);
  if (words.accept_short("show") || words.accept_short("lst") || words.accept_short("list")) {
    return show(words, options, environment, false);
  }
  if (words.accept_short("flush")) return show(words, options, environment, true);
  if (words.abbreviates("help")) fail_with_usage(usage::neighbour);
  fail_unknown_command(words.peek(), "neigh");
}

}  // namespace netherd::ip
