#include <fcntl.h>
#include <grp.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <pwd.h>
#include <sched.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "attributes.hpp"
#include "link_parser.hpp"
#include "namespaces.hpp"
#include "netherd/ops/netns_path.hpp"
#include "netherd/ops/tun_device.hpp"
#include "objects.hpp"
#include "session.hpp"
#include "usage.hpp"

namespace netherd::ip {

namespace {

using engine::MessageView;

template <typename Lookup>
std::uint32_t take_account(Words& words, std::string_view what, Lookup lookup) {
  const std::string_view word = words.take();
  std::uint64_t number = 0;
  if (read_number(word, UINT32_MAX - 1, number)) return static_cast<std::uint32_t>(number);
  const auto found = lookup(std::string{word});
  if (!found) fail("invalid " + std::string{what} + " \"" + std::string{word} + "\"", status_usage);
  return *found;
}

std::optional<std::uint32_t> find_user(const std::string& name) {
  const passwd* entry = ::getpwnam(name.c_str());
  return entry != nullptr ? std::optional{entry->pw_uid} : std::nullopt;
}

std::optional<std::uint32_t> find_group(const std::string& name) {
  const ::group* entry = ::getgrnam(name.c_str());
  return entry != nullptr ? std::optional{entry->gr_gid} : std::nullopt;
}

ops::TunSettings parse_settings(Words& words, bool adding) {
  ops::TunSettings settings;
  std::optional<ops::TunMode> mode;
  const auto set_mode = [&mode](ops::TunMode chosen) {
    if (mode && *mode != chosen) fail("You managed to ask for more than one tunnel mode.", status_usage);
    mode = chosen;
  };
  while (!words.empty()) {
    if (words.accept_short("mode")) {
      const std::string_view word = words.take();
      if (!abbreviates(word, "tun") && !abbreviates(word, "tap")) {
        fail("Unknown tunnel mode \"" + std::string{word} + "\"", status_usage);
      }
      set_mode(abbreviates(word, "tun") ? ops::TunMode::tun : ops::TunMode::tap);
    } else if (adding && words.accept_short("user")) {
      settings.user = take_account(words, "user", find_user);
    } else if (adding && words.accept_short("group")) {
      settings.group = take_account(words, "group", find_group);
    } else if (words.accept_short("pi")) {
      settings.pi = true;
    } else if (words.accept_short("one_queue")) {
      settings.one_queue = true;
    } else if (words.accept_short("vnet_hdr")) {
      settings.vnet_hdr = true;
    } else if (words.accept_short("multi_queue")) {
      settings.multi_queue = true;
    } else {
      const bool named = words.accept_short("dev") || words.accept_short("name");
      if (!named && words.abbreviates("help")) fail_with_usage(usage::tuntap);
      const std::string_view name = words.take();
      if (!settings.name.empty()) refuse_garbage("name", name);
      check_interface_name(name, "\"name\"");
      settings.name = name;
    }
  }
  if (!mode) fail("You failed to specify a tunnel mode");
  settings.mode = *mode;
  return settings;
}

/// Does something inside the namespace of a session: a device is made where the calling thread is.
template <typename Function>
void inside(Session& session, const Function& function) {
  if (session.options().netns.empty()) return function();
  const int netns = session.namespaces().open(session.options().netns);
  std::exception_ptr failure;
  std::thread{[&] {
    try {
      if (::setns(netns, CLONE_NEWNET) != 0) fail("setting the network namespace failed");
      function();
    } catch (...) {
      failure = std::current_exception();
    }
  }}.join();
  if (failure) std::rethrow_exception(failure);
}

Command change(Words words, bool adding) {
  const ops::TunSettings settings = parse_settings(words, adding);
  return {.action = [settings, adding](Session& session) {
    inside(session, [&] {
      const auto error = adding ? ops::add_tun(settings) : ops::delete_tun(settings);
      if (error) fail("ioctl(TUNSETIFF): " + error.message());
    });
    return 0;
  }};
}

/// "NAME(PID)" of each process that has the device open.
void print_processes(Printer& printer, const std::string& device) {
  namespace fs = std::filesystem;
  printer.open_array("processes");
  std::error_code ignored;
  for (const auto& process : fs::directory_iterator{"/proc", ignored}) {
    const std::string pid = process.path().filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos || pid == std::to_string(::getpid())) continue;
    for (const auto& file : fs::directory_iterator{process.path() / "fd", ignored}) {
      if (fs::read_symlink(file.path(), ignored) != "/dev/net/tun") continue;
      std::ifstream info{process.path() / "fdinfo" / file.path().filename()};
      for (std::string key, value; info >> key >> value;) {
        if (key != "iff:" || value != device) continue;
        std::string name;
        std::getline(std::ifstream{process.path() / "comm"}, name);
        printer.open_object();
        printer.string("name", " ", name, "");
        printer.json_number("pid", std::stoi(pid));
        printer.text('(' + pid + ')');
        printer.close_object();
      }
    }
  }
  printer.close_array();
}

void print_device(Session& session, const MessageView& message) {
  const auto header = message.family_header<ifinfomsg>().value_or(ifinfomsg{});
  const AttributeTable<IFLA_MAX> link{message.attributes<ifinfomsg>()};
  const AttributeTable<IFLA_INFO_DATA> info{link.bytes(IFLA_LINKINFO)};
  if ((header.ifi_type != ARPHRD_NONE && header.ifi_type != ARPHRD_ETHER) || info.text(IFLA_INFO_KIND) != "tun") return;
  const AttributeTable<IFLA_TUN_MAX> tun{info.bytes(IFLA_INFO_DATA)};
  Printer& printer = session.printer();
  printer.open_object();
  printer.string("ifname", "", link.text(IFLA_IFNAME), ":");
  printer.open_array("flags");
  const auto flag = [&printer](bool set, const char* name) {
    if (set) printer.string(nullptr, " ", name, "");
  };
  flag(tun.u8(IFLA_TUN_TYPE) == IFF_TUN, "tun");
  flag(tun.u8(IFLA_TUN_TYPE) == IFF_TAP, "tap");
  flag(tun.u8(IFLA_TUN_PI) != 0, "pi");
  flag(tun.u8(IFLA_TUN_VNET_HDR) != 0, "vnet_hdr");
  flag(tun.u8(IFLA_TUN_MULTI_QUEUE) != 0, "multi_queue");
  flag(tun.u8(IFLA_TUN_PERSIST) != 0, "persist");
  printer.close_array();
  if (tun.has(IFLA_TUN_OWNER)) printer.number("user", " user ", tun.u32(IFLA_TUN_OWNER), "");
  if (tun.has(IFLA_TUN_GROUP)) printer.number("group", " group ", tun.u32(IFLA_TUN_GROUP), "");
  printer.text("\n");
  if (session.options().details > 0) {
    printer.text("\tAttached to processes:");
    print_processes(printer, std::string{link.text(IFLA_IFNAME)});
    printer.text("\n");
  }
  printer.close_object();
}

int show(Session& session) {
  Request request{RTM_GETLINK, NLM_F_DUMP, ifinfomsg{}};
  const auto info = request.begin_nest(IFLA_LINKINFO | NLA_F_NESTED);
  request.put_text(IFLA_INFO_KIND, "tun");
  request.end_nest(info);
  Messages devices;
  session.list(request, devices, status_failed);
  session.printer().open_document();
  for (const MessageView device : devices) print_device(session, device);
  session.printer().close_document();
  session.flush();
  return 0;
}

}  // namespace

Command parse_tuntap(Words words, const Options&, Environment&) {
  if (words.empty() || words.accept_short("show") || words.accept_short("lst") || words.accept_short("list")) {
    if (words.abbreviates("help")) fail_with_usage(usage::tuntap);
    if (!words.empty()) refuse(words.peek(), "\"ip tuntap show\" takes no arguments");
    return {.action = show};
  }
  if (words.accept_short("add")) return change(words, true);
  if (words.accept_short("delete")) return change(words, false);
  if (words.abbreviates("help")) fail_with_usage(usage::tuntap);
  fail_unknown_command(words.peek(), "tuntap");
}

}  // namespace netherd::ip
