#include <grp.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/veth.h>
#include <pwd.h>

#include <array>

#include "../attributes.hpp"
#include "../kind.hpp"
#include "../names.hpp"

namespace netherd::ip {

namespace {

/// NETKIT_* and IFLA_NETKIT_* of linux/if_link.h, Linux 6.7, which the headers of Debian 12 lack.
namespace netkit {
constexpr int peer_info = 1;
constexpr int policy = 3;
constexpr int peer_policy = 4;
constexpr int mode = 5;
constexpr std::uint32_t forward = 0;
constexpr std::uint32_t blackhole = 2;
constexpr std::array<std::string_view, 2> modes{"l2", "l3"};
}  // namespace netkit

void parse_veth(Words& words, KindContext& context) {
  if (!words.accept("peer")) fail_unknown_setting(words, context);
  parse_peer(words, context, VETH_INFO_PEER);
  if (!words.empty()) refuse_garbage("peer", words.peek());
}

bool take_policy(Words& words, Request& request, int attribute) {
  if (words.accept("forward")) {
    request.put_u32(attribute, netkit::forward);
  } else if (words.accept("blackhole")) {
    request.put_u32(attribute, netkit::blackhole);
  } else {
    return false;
  }
  return true;
}

/// Not in iproute2 6.1: the grammar is that of 6.7.
void parse_netkit(Words& words, KindContext& context) {
  static constexpr std::array settings{Setting{"mode", Value::word_u32, netkit::mode, 0, netkit::modes, true}};
  while (!words.empty()) {
    if (take_setting(words, settings, context.request, context.environment) ||
        take_policy(words, context.request, netkit::policy)) {
      continue;
    }
    if (!words.accept("peer")) fail_unknown_setting(words, context);
    if (!words.empty()) take_policy(words, context.request, netkit::peer_policy);
    if (!words.empty()) parse_peer(words, context, netkit::peer_info);
    return;
  }
}

constexpr std::array vrf_showings{Showing{IFLA_VRF_TABLE, Shown::u32, "table"}};

void print_tun(Session& session, std::span<const std::byte> data) {
  const AttributeTable<IFLA_TUN_MAX> table{data};
  Printer& printer = session.printer();
  if (table.has(IFLA_TUN_TYPE)) {
    const std::uint8_t type = table.u8(IFLA_TUN_TYPE);
    printer.string("type", "type ", type == IFF_TUN ? "tun" : type == IFF_TAP ? "tap" : "UNKNOWN");
  }
  if (table.has(IFLA_TUN_PI)) printer.on_off("pi", "pi ", table.u8(IFLA_TUN_PI) != 0);
  if (table.has(IFLA_TUN_VNET_HDR)) printer.on_off("vnet_hdr", "vnet_hdr ", table.u8(IFLA_TUN_VNET_HDR) != 0);
  if (table.has(IFLA_TUN_MULTI_QUEUE)) {
    const bool multiple = table.u8(IFLA_TUN_MULTI_QUEUE) != 0;
    printer.json_bool("multi_queue", multiple);
    if (multiple) printer.text("multi_queue ");
    if (multiple && table.has(IFLA_TUN_NUM_QUEUES)) {
      printer.number("numqueues", "numqueues ", table.u32(IFLA_TUN_NUM_QUEUES));
    }
    if (multiple && table.has(IFLA_TUN_NUM_DISABLED_QUEUES)) {
      printer.number("numdisabled", "numdisabled ", table.u32(IFLA_TUN_NUM_DISABLED_QUEUES));
    }
  }
  if (table.has(IFLA_TUN_PERSIST)) printer.on_off("persist", "persist ", table.u8(IFLA_TUN_PERSIST) != 0);
  if (table.has(IFLA_TUN_OWNER)) {
    const passwd* user = ::getpwuid(table.u32(IFLA_TUN_OWNER));
    printer.string("user", "user ", user != nullptr ? user->pw_name : std::to_string(table.u32(IFLA_TUN_OWNER)));
  }
  if (table.has(IFLA_TUN_GROUP)) {
    const ::group* group = ::getgrgid(table.u32(IFLA_TUN_GROUP));
    printer.string("group", "group ", group != nullptr ? group->gr_name : std::to_string(table.u32(IFLA_TUN_GROUP)));
  }
}

constexpr std::array vrf_slave_showings{Showing{IFLA_VRF_PORT_TABLE, Shown::u32, "table"}};

void parse_vrf(Words& words, KindContext& context) {
  while (!words.empty()) {
    if (!words.accept_short("table")) fail_unknown_setting(words, context);
    const std::string_view word = words.take();
    const auto table = names::read_table(word);
    if (!table) refuse(word, "invalid table ID\n");
    context.request.put_u32(IFLA_VRF_TABLE, *table);
  }
}

constexpr std::array hsr_settings{
    Setting{.keyword = "supervision",
            .value = Value::u8,
            .attribute = IFLA_HSR_MULTICAST_SPEC,
            .complaint = "ADDR-BYTE is invalid"},
    Setting{.keyword = "version", .value = Value::u8, .attribute = IFLA_HSR_VERSION, .complaint = "version is invalid"},
    Setting{.keyword = "proto", .value = Value::u8, .attribute = IFLA_HSR_PROTOCOL, .complaint = "protocol is invalid"},
    Setting{.keyword = "slave1", .value = Value::link, .attribute = IFLA_HSR_SLAVE1, .complaint = "No such interface"},
    Setting{.keyword = "slave2", .value = Value::link, .attribute = IFLA_HSR_SLAVE2, .complaint = "No such interface"},
};
constexpr std::array hsr_showings{
    Showing{IFLA_HSR_SEQ_NR, Shown::u16, "seq_nr", "sequence"},
    Showing{IFLA_HSR_SUPERVISION_ADDR, Shown::lladdr, "supervision_addr", "supervision"},
    Showing{IFLA_HSR_PROTOCOL, Shown::u8, "proto"},
};

void print_hsr(Session& session, std::span<const std::byte> data) {
  const AttributeTable<64> table{data};
  Printer& printer = session.printer();
  const auto slave = [&](std::size_t attribute, const char* key) {
    const std::string before = std::string{key} + ' ';
    table.has(attribute) ? printer.string(key, before, session.link_name(table.index(attribute)))
                         : printer.null(key, before + "<none> ");
  };
  slave(IFLA_HSR_SLAVE1, "slave1");
  slave(IFLA_HSR_SLAVE2, "slave2");
  print_showings(session, data, hsr_showings);
}

constexpr std::array kinds{
    Kind{.name = "veth", .parse = parse_veth, .usage = {"[ peer SETTING... ]"}},
    Kind{.name = "netkit",
         .parse = parse_netkit,
         .unknown = unknown_option,
         .usage = {"[ mode { l2 | l3 } ] [ forward | blackhole ]", "[ peer [ forward | blackhole ] SETTING... ]"}},
    Kind{.name = "hsr", .settings = hsr_settings, .print = print_hsr, .unknown = R"(what is "$"?)"},
    Kind{.name = "vrf",
         .showings = vrf_showings,
         .parse = parse_vrf,
         .unknown = unknown_option,
         .usage = {"[ table TABLE ]"}},
    Kind{.name = "vrf_slave", .showings = vrf_slave_showings},
    Kind{.name = "tun", .print = print_tun}};

}  // namespace

constinit const std::span<const Kind> plain_kinds{kinds};

}  // namespace netherd::ip
