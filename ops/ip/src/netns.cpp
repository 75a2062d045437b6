#include <dirent.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "attributes.hpp"
#include "namespaces.hpp"
#include "netherd/ops/netns_id.hpp"
#include "netherd/ops/netns_path.hpp"
#include "netns_exec.hpp"
#include "objects.hpp"
#include "run_command.hpp"
#include "session.hpp"
#include "usage.hpp"

namespace netherd::ip {

namespace {

using engine::MessageView;

/// Names in a directory, in its own order: the one in which `ip` lists them.
std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream{::opendir(directory.c_str()), ::closedir};
  if (!stream) return names;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  return names;
}

std::vector<std::string> netns_names() { return names_in(std::string{ops::netns_directory}); }

std::optional<std::int32_t> id_of(Session& session, const std::string& name) {
  const auto netns = ops::open_namespace(std::string{ops::netns_directory} + '/' + name);
  return netns ? session.netns_id(netns->get()) : std::nullopt;
}

int list(Session& session) {
  Printer& printer = session.printer();
  printer.open_document();
  for (const std::string& name : netns_names()) {
    printer.open_object();
    printer.string("name", "", name, "");
    if (const auto id = id_of(session, name)) printer.number("id", " (id: ", *id, ")");
    printer.text("\n");
    printer.close_object();
  }
  printer.close_document();
  session.flush();
  return 0;
}

std::string take_name(Words& words) {
  if (words.empty()) fail("No netns name specified");
  const std::string name{words.take()};
  static_cast<void>(netns_path(name));  // refuses what is none
  return name;
}

void expect_end(const Words& words) {
  if (!words.empty()) fail("extra arguments specified");
}

Command remove(Words words, const Options& options) {
  if (options.all) {
    return {.action = [](Session& session) {
      for (const std::string& name : netns_names()) session.namespaces().remove(name);
      return 0;
    }};
  }
  const std::string name = take_name(words);
  expect_end(words);
  return {.action = [name](Session& session) {
    session.namespaces().remove(name);
    return 0;
  }};
}

Command add(Words words) {
  const std::string name = take_name(words);
  expect_end(words);
  return {.action = [name](Session& session) {
    session.namespaces().create(name);
    return 0;
  }};
}

std::string take_pid(Words& words) {
  const std::string pid{words.take()};
  if (pid.find_first_not_of("0123456789") != std::string::npos) fail("Specified string '" + pid + "' is not a pid");
  return pid;
}

Command attach(Words words) {
  if (words.size() < 2) fail("No netns name and PID specified");
  const std::string name = take_name(words);
  const std::string_view word = words.take();
  std::uint64_t pid_number = 0;
  if (!read_number(word, INT32_MAX, pid_number) || pid_number == 0) fail("Invalid PID: " + std::string{word});
  const std::string pid = std::to_string(pid_number);
  expect_end(words);
  return {.action = [name, pid](Session& session) {
    session.namespaces().attach(name, pid);
    return 0;
  }};
}

Command set_id(Words words, Environment& environment) {
  const std::string name = take_name(words);
  if (words.empty()) fail("No nsid specified");
  const std::string_view word = words.take();
  std::uint64_t id = 0;
  const bool automatic = word == "auto";
  if (!automatic && !read_number(word, INT32_MAX, id)) {
    std::uint64_t magnitude = 0;
    const bool negative = word.starts_with('-') && read_number(word.substr(1), INT32_MAX, magnitude);
    refuse(word, negative ? "\"netnsid\" value should be >= 0" : "Invalid \"netnsid\" value\n");
  }
  expect_end(words);
  const int netns = environment.open_netns(name);
  if (netns < 0) fail("Cannot open network namespace \"" + name + "\": No such file or directory");
  Request request{RTM_NEWNSID, 0, rtgenmsg{}};
  request.put_value(NETNSA_FD, netns);
  request.put_value(NETNSA_NSID, automatic ? -1 : static_cast<std::int32_t>(id));
  return {.request = std::move(request)};
}

int show_id(Session& session, std::int32_t id, std::optional<std::int32_t> target) {
  Request request{RTM_GETNSID, 0, rtgenmsg{}};
  request.put_value(NETNSA_NSID, id);
  if (target) request.put_value(NETNSA_TARGET_NSID, *target);
  session.printer().open_document();
  const auto outcome =
      session.connection().get(request, [&](const MessageView& answer) { print_netns_id(session, answer); });
  if (!outcome.ok()) {
    static_cast<void>(session.printer().take());
    fail(refusal(outcome), status_refused);
  }
  session.printer().close_document();
  session.flush();
  return 0;
}

int list_ids(Session& session, std::optional<std::int32_t> target) {
  Messages ids;
  Request request{RTM_GETNSID, NLM_F_DUMP, rtgenmsg{}};
  if (target) request.put_value(NETNSA_TARGET_NSID, *target);
  session.list(request, ids, status_failed);
  session.printer().open_document();
  for (const MessageView message : ids) {
    if (ops::decode_netns_id(message)) print_netns_id(session, message);
  }
  session.printer().close_document();
  session.flush();
  return 0;
}

std::int32_t take_id(Words& words, std::string_view keyword) {
  return static_cast<std::int32_t>(words.take_number(INT32_MAX, '"' + std::string{keyword} + "\" value is invalid"));
}

Command list_id(Words words) {
  std::optional<std::int32_t> only;
  std::optional<std::int32_t> target;
  while (!words.empty()) {
    const std::string_view keyword = words.take();
    if (keyword != "nsid" && keyword != "target-nsid") fail_with_usage(usage::netns);
    auto& id = keyword == "nsid" ? only : target;
    if (id) refuse_duplicate(keyword, keyword);
    id = take_id(words, keyword);
  }
  return {.action = [only, target](Session& session) {
    return only ? show_id(session, *only, target) : list_ids(session, target);
  }};
}

struct Identity {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const Identity&, const Identity&) = default;
};

std::optional<Identity> identity(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) return {};
  return Identity{facts.st_dev, facts.st_ino};
}

Command identify(Words words) {
  const std::string pid = words.empty() ? "self" : take_pid(words);
  expect_end(words);
  return {.action = [pid](Session& session) {
    const auto wanted = identity("/proc/" + pid + "/ns/net");
    if (!wanted) fail(std::string{"Cannot open network namespace: "} + std::strerror(errno));
    std::string found;
    for (const std::string& name : netns_names()) {
      if (identity(std::string{ops::netns_directory} + '/' + name) == wanted) found += name + '\n';
    }
    session.write(found.empty() ? "\n" : found);  // `ip` has no JSON for it
    return 0;
  }};
}

Command pids(Words words) {
  const std::string name = take_name(words);
  expect_end(words);
  return {.action = [name](Session& session) {
    const auto wanted = identity(netns_path(name));
    if (!wanted) fail(std::string{"Cannot open network namespace: "} + std::strerror(errno));
    std::string found;
    for (const std::string& pid : names_in("/proc")) {
      if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
      if (identity("/proc/" + pid + "/ns/net") == wanted) found += pid + '\n';
    }
    session.write(found);
    return 0;
  }};
}

/// The names as they come and go, until the process is ended.
int monitor(Session& session) {
  prepare_netns_directory();
  const engine::FileDescriptor events{::inotify_init1(IN_CLOEXEC)};
  if (!events ||
      ::inotify_add_watch(events.get(), std::string{ops::netns_directory}.c_str(), IN_CREATE | IN_DELETE) < 0) {
    fail(std::string{"inotify_init failed: "} + std::strerror(errno));
  }
  alignas(inotify_event) std::array<char, 4096> buffer;
  for (ssize_t size; (size = ::read(events.get(), buffer.data(), buffer.size())) > 0;) {
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      session.printer().text(((event->mask & IN_CREATE) != 0 ? "add " : "delete ") + std::string{event->name} + '\n');
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
    session.flush();
  }
  return 0;
}

Command execute(Words words, const Options& options) {
  if (options.all) {
    if (words.empty()) fail("No command specified");
    const std::vector<std::string> command{words.rest().begin(), words.rest().end()};
    return {.action = [outer = options.netns, command](Session& session) {
      for (const std::string& name : netns_names()) {
        session.printer().text("\nnetns: " + name + '\n');
        session.flush();
        try {
          static_cast<void>(execute_in_netns(session, {outer, name, command}, false));
        } catch (const CommandError& error) {
          report(error);  // which does not keep `ip` from the next namespace either
        }
      }
      return 0;
    }};
  }
  if (words.empty()) fail("No netns name specified");
  const std::string name{words.take()};
  if (words.empty()) fail("No command specified");
  const NetnsProgram program{options.netns, name, {words.rest().begin(), words.rest().end()}};
  return {.action = [program](Session& session) { return execute_in_netns(session, program, true); }};
}

}  // namespace

void print_netns_id(Session& session, const MessageView& message) {
  const AttributeTable<NETNSA_MAX> table{message.attributes<rtgenmsg>()};
  if (!table.has(NETNSA_NSID)) return;
  Printer& printer = session.printer();
  const int id = table.index(NETNSA_NSID);
  printer.open_object();
  if (message.type() == RTM_DELNSID) printer.flag("deleted", "Deleted ");
  printer.number("nsid", "nsid ", id);
  if (const int current = table.index(NETNSA_CURRENT_NSID); table.has(NETNSA_CURRENT_NSID) && current >= 0) {
    printer.number("current-nsid", "current-nsid ", current);
  } else if (table.has(NETNSA_CURRENT_NSID)) {
    printer.text("current-nsid unassigned ");
  }
  if (const std::string name = session.name_of_netns(id); !name.empty()) {
    printer.string("name", "(iproute2 netns name: ", name, ")");
  }
  printer.text("\n");
  printer.close_object();
}

Command parse_netns(Words words, const Options& options, Environment& environment) {
  if (!options.all && words.size() > 1) static_cast<void>(netns_path(words.rest()[1]));  // refuses what is no name
  if (words.empty() || words.accept_short("list") || words.accept_short("show") || words.accept_short("lst")) {
    expect_end(words);
    return {.action = list};
  }
  if (words.accept_short("list-id")) return list_id(words);
  if (words.abbreviates("help")) fail_with_usage(usage::netns);
  if (words.accept_short("add")) return add(words);
  if (words.accept_short("set")) return set_id(words, environment);
  if (words.accept_short("delete")) return remove(words, options);
  if (words.accept_short("identify")) return identify(words);
  if (words.accept_short("pids")) return pids(words);
  if (words.accept_short("exec")) return execute(words, options);
  if (words.accept_short("monitor")) {
    expect_end(words);
    return {.action = monitor};
  }
  if (words.accept_short("attach")) return attach(words);
  fail_unknown_command(words.peek(), "netns");
}

}  // namespace netherd::ip
