#include "command_line.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <sstream>
#include <string_view>

#include "commands.hpp"
#include "netherd/ip/run.hpp"
#include "usage.hpp"
#include "version.hpp"

// The only source, beside usage.cpp, that includes CLI11: it makes objects in each that does, before main() begins.

namespace netherd::tools {
namespace {

constexpr const char* description =
    "Builds, checks and removes test-beds of thousands of Linux network namespaces.\n"
    "A lab comes from a topology file: containerlab's format, GraphML, or a list of edges.";
constexpr const char* footer =
    "Example:\n"
    "  netherd generate ring --nodes 1000 | netherd up -\n"
    "  netherd exec ring n1 -- ping -c 1 10.0.0.2\n"
    "  netherd down ring\n"
    "\n"
    "`netherd COMMAND --help` tells more about a command, with an example.\n"
    "Exit status: 0 done; 1 the operation failed; 2 wrong usage or invalid input, and nothing was touched.";

/// The command that was given.
using Chosen = std::function<int(Session&)>;

/// The options that commands have in common: --json (if the command reports something) and --quiet.
enum class Reports : bool { no, yes };

void add_output_options(CLI::App& command, Session& session, Reports reports) {
  if (reports == Reports::yes) {
    command.add_flag("--json", session.console.json, "Write one JSON document to standard output, and nothing else");
  }
  command.add_flag("--quiet", session.console.quiet, "No progress, warnings and notes on standard error");
}

/// A subcommand, and where what it is asked for goes: valid as long as the subcommand is.
template <typename Options>
struct Subcommand {
  CLI::App& command;
  Options& options;
};

template <typename Options>
Subcommand<Options> add_subcommand(CLI::App& app, Chosen& chosen, const char* name, const char* summary,
                                   int (*run)(const Options&, Session&)) {
  CLI::App& command = *app.add_subcommand(name, summary);
  auto options = std::make_shared<Options>();
  command.callback(
      [&chosen, options, run] { chosen = [options, run](Session& session) { return run(*options, session); }; });
  return {command, *options};
}

void add_lab(CLI::App& command, std::string& lab) { command.add_option("LAB", lab, "Name of the lab")->required(); }

void add_format_option(CLI::App& command, std::string& format) {
  command.add_option("--format", format, "Format of FILE, if its content should not decide")
      ->check(CLI::IsMember({"containerlab", "graphml", "edges"}));
}

/// Routing, pools, and whether there is IPv6.
void add_lab_options(CLI::App& command, TopologyInput& input) {
  command.add_option("--routing", input.routing, "Routes that every node gets")
      ->check(CLI::IsMember({"none", "default", "shortest-path"}));
  command.add_option("--ipv4-pool", input.ipv4_pool, "Links without an IPv4 address get one from this network");
  command.add_option("--ipv6-pool", input.ipv6_pool, "Links without an IPv6 address get one from this network");
  command.add_option("--ipv6", input.ipv6, "Whether there is IPv6 in the nodes, link-local addresses included")
      ->check(CLI::IsMember({"on", "off"}));
}

void add_topology_input(CLI::App& command, TopologyInput& input) {
  command.add_option("FILE", input.file, "Topology file; - for standard input")->required();
  add_format_option(command, input.format);
  command.add_option("--name", input.name, "Name of the lab, instead of the file's");
  add_lab_options(command, input);
}

void add_up(CLI::App& app, Session& session, Chosen& chosen) {
  auto [command, options] = add_subcommand(app, chosen, "up", "Build a lab from a topology file", up);
  add_topology_input(command, options.input);
  command.add_flag("--wait", options.wait, "Return when every link has carrier");
  command.add_flag("--strict", options.strict, "Fail, and remove the lab, if a line of an exec list fails");
  command.add_flag("--keep-on-failure", options.keep_on_failure, "Leave what was made if the lab cannot be built");
  command
      .add_option("--submission", options.submission,
                  "Who executes requests: the event loop, kernel workers, or whoever is faster")
      ->check(CLI::IsMember({"auto", "in-loop", "worker"}))
      ->capture_default_str();
  command.add_option("--factory-threads", options.factory_threads, "Threads that create namespaces")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  add_output_options(command, session, Reports::yes);
  command.footer(
      "Example:\n"
      "  netherd up lab.yml --wait\n"
      "  netherd generate ring --nodes 1000 | netherd up - --name big --json");
}

void add_down(CLI::App& app, Session& session, Chosen& chosen) {
  auto [command, options] = add_subcommand(app, chosen, "down", "Remove a lab", down);
  command.add_option("LAB", options.input.file, "Name of the lab, or the file it came from (- for standard input)");
  command.add_flag("--all", options.all, "All labs of this machine");
  command.add_flag("--wait", options.wait, "Return when the kernel has finished its own cleanup");
  command.add_flag("--kill", options.kill, "End the processes that run in the nodes first");
  command.add_option("--name", options.input.name, "Name of the lab, instead of the file's");
  add_format_option(command, options.input.format);
  add_output_options(command, session, Reports::yes);
  command.footer("Example:\n  netherd down ring\n  netherd down lab.yml --kill --wait");
}

void add_ls(CLI::App& app, Session& session, Chosen& chosen) {
  auto [command, options] = add_subcommand(app, chosen, "ls", "List the labs of this machine", ls);
  command.add_flag("--names", options.names_only, "Only their names, one per line");
  add_output_options(command, session, Reports::yes);
  command.footer("Example:\n  netherd ls");
}

void add_show(CLI::App& app, Session& session, Chosen& chosen) {
  auto [command, options] =
      add_subcommand(app, chosen, "show", "Show nodes, interfaces, addresses and state of a lab", show);
  add_lab(command, options.lab);
  command.add_option("NODE", options.node, "Only this node");
  command.add_flag("--names", options.names_only, "Only the names of the nodes, one per line");
  add_output_options(command, session, Reports::yes);
  command.footer("Example:\n  netherd show ring\n  netherd show ring n1 --json");
}

void add_exec(CLI::App& app, Session& session, Chosen& chosen) {
  auto [command, options] =
      add_subcommand(app, chosen, "exec", "Run a command in one, several or all nodes of a lab", exec);
  add_lab(command, options.lab);
  command.add_option("NODE", options.nodes, "Names of nodes; with several, each line of output names its node");
  command.add_flag("--all", options.all, "All nodes, switches included");
  command.add_option("--jobs", options.jobs, "How many nodes at a time")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  add_output_options(command, session, Reports::yes);
  command.footer(
      "What follows -- is the command. In one node it has the terminal, and its exit status is netherd's; of several\n"
      "nodes the highest one is.\n"
      "Example:\n  netherd exec ring n1 -- ping -c 1 10.0.0.2\n  netherd exec ring --all --jobs 8 -- ip route");
}

void add_shell(CLI::App& app, Session& session, Chosen& chosen) {
  auto [command, options] = add_subcommand(app, chosen, "shell", "Start an interactive shell in a node", shell);
  add_lab(command, options.lab);
  command.add_option("NODE", options.node, "Name of the node")->required();
  add_output_options(command, session, Reports::no);
  command.footer(
      "The shell is $SHELL; NETHERD_LAB and NETHERD_NODE tell it where it is.\n"
      "Example:\n  netherd shell ring n1");
}

void add_check(CLI::App& app, Session& session, Chosen& chosen) {
  auto [command, options] = add_subcommand(
      app, chosen, "check", "Compare a running lab with its topology, or look for errors in a file", check);
  command.add_option("LAB", options.file, "Name of the lab, or a topology file (- for standard input)")->required();
  add_format_option(command, options.format);
  command.add_option("--name", options.name, "Name of the lab, instead of the file's");
  add_lab_options(command, options);
  add_output_options(command, session, Reports::yes);
  command.footer(
      "Each difference is a line, and the exit status is 1 then; of a file each error, and the status is 2.\n"
      "Example:\n  netherd check ring\n  netherd check lab.yml --ipv4-pool 10.0.0.0/8");
}

void add_ping(CLI::App& app, Session& session, Chosen& chosen) {
  auto [command, options] =
      add_subcommand(app, chosen, "ping", "Send a packet over every link of a lab, in both directions", ping);
  add_lab(command, options.lab);
  command.add_option("--count", options.count, "Packets over each link in each direction")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command.add_option("--timeout", options.timeout_seconds, "Seconds to wait for each answer")
      ->check(CLI::Range(0.001, 3'600.0))
      ->capture_default_str();
  add_output_options(command, session, Reports::yes);
  command.footer(
      "Links with addresses at both ends are probed by ICMP, others by Ethernet frames. Lists the directions that do\n"
      "not answer; the exit status is then 1.\n"
      "Example:\n  netherd ping ring\n  netherd ping ring --count 5 --timeout 0.2 --json");
}

void add_plan(CLI::App& app, Session& session, Chosen& chosen) {
  auto [command, options] =
      add_subcommand(app, chosen, "plan", "Print what `up` would send, as the equivalent ip commands", plan);
  add_topology_input(command, options);
  add_output_options(command, session, Reports::yes);
  command.footer("Example:\n  netherd plan lab.yml --routing shortest-path | less");
}

std::string kinds_text() {
  std::string text = "Kinds:\n";
  for (const lab::GeneratorKind& kind : lab::generator_kinds()) {
    text += fmt::format("  {:<12} {}\n", kind.name, kind.summary);
  }
  return text;
}

void add_generate(CLI::App& app, Session& session, Chosen& chosen) {
  auto [command, options] = add_subcommand(app, chosen, "generate", "Write a topology of a well-known shape", generate);
  command.add_option("KIND", options.kind, "What to generate, see below")->required();
  command.add_option("--nodes", options.shape.nodes, "Number of nodes; rounded up where the kind asks for it")
      ->capture_default_str();
  command
      .add_option("--degree", options.shape.degree,
                  "tree: children per node; scale-free: links of a new node; random: mean degree")
      ->capture_default_str();
  command.add_option("--seed", options.shape.seed, "Random kinds: the same seed gives the same topology")
      ->capture_default_str();
  command.add_option("--name", options.lab.name, "Name of the lab; default: KIND");
  add_lab_options(command, options.lab);
  command.get_option("--routing")->capture_default_str();
  command.get_option("--ipv4-pool")->capture_default_str();
  command.add_option("-o,--output", options.output, "File to write; - for standard output")->capture_default_str();
  add_output_options(command, session, Reports::no);
  command.footer("");  // the inherited one, which would follow
  command.footer([] {
    return kinds_text() +
           "Example:\n  netherd generate ring --nodes 1000 -o ring.yml\n"
           "  netherd generate fat-tree --nodes 100 --routing shortest-path | netherd up -";
  });
}

void add_bench(CLI::App& app, Session& session, Chosen& chosen) {
  auto [command, options] =
      add_subcommand(app, chosen, "bench", "Measure this machine: how fast labs can be built on it", bench);
  add_topology_input(command, options.input);
  command.get_option("FILE")->required(false)->description(
      "A topology: what it should take, and what it takes; - for standard input");
  command.add_flag("--predict-only", options.predict_only, "Do not build the topology's lab");
  command.add_option("--rounds", options.rounds, "Rounds of the measurement, of which medians are taken")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  add_output_options(command, session, Reports::yes);
  command.footer(
      "Everything is built in namespaces of its own, and disappears with this command, however that ends.\n"
      "Example:\n"
      "  netherd bench\n"
      "  netherd bench lab.yml --routing shortest-path");
}

void add_gc(CLI::App& app, Session& session, Chosen& chosen) {
  CLI::App& command = *app.add_subcommand("gc", "Remove what crashed runs have left");
  add_output_options(command, session, Reports::yes);
  command.footer("Labs that are up, and those that another netherd works on, are not touched.\nExample:\n  netherd gc");
  command.callback([&chosen] { chosen = gc; });
}

void add_doctor(CLI::App& app, Session& session, Chosen& chosen) {
  auto [command, options] = add_subcommand(
      app, chosen, "doctor", "Check this machine: limits, kernel features, settings that slow down", doctor);
  command.add_option("FILE", options.file, "A topology to check it for; without one, a lab of 1,000 nodes");
  add_format_option(command, options.format);
  add_lab_options(command, options);
  add_output_options(command, session, Reports::yes);
  command.footer("The exit status is 1 if something is missing.\nExample:\n  netherd doctor\n  netherd doctor lab.yml");
}

void add_completion(CLI::App& app, Session&, Chosen& chosen) {
  auto [command, options] =
      add_subcommand(app, chosen, "completion", "Print a completion script for a shell", completion);
  command.add_option("SHELL", options.shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command.footer("Example:\n  source <(netherd completion bash)");
}

/// Only for the help: main() hands the words to ip::run().
void add_ip(CLI::App& app, Session&, Chosen& chosen) {
  CLI::App& command = *app.add_subcommand("ip", "Execute a command in the language of iproute2's ip, or many at once");
  command.footer("Example:\n  netherd ip -n first-left route show\n  netherd ip -batch commands");
  command.callback([&chosen] { chosen = [](Session&) { return ip::run({}); }; });
}

/// Splits `exec LAB NODE... -- CMD` at the first "--": what follows it is a command and no option of ours.
std::vector<std::string> take_command(std::vector<std::string>& arguments) {
  const auto is_option = [](const std::string& argument) { return argument.starts_with('-'); };
  const auto subcommand = std::ranges::find_if_not(arguments, is_option);
  if (subcommand == arguments.end() || *subcommand != "exec") return {};
  const auto separator = std::find(subcommand, arguments.end(), "--");
  if (separator == arguments.end()) return {};
  std::vector<std::string> command{separator + 1, arguments.end()};
  arguments.erase(separator, arguments.end());
  return command;
}

/// Shows help or version on standard output; what is wrong with the usage as one line on standard error.
int report_usage(const CLI::App& app, const CLI::ParseError& error, Console& console) {
  if (error.get_exit_code() == 0) {
    std::ostringstream out;
    std::ostringstream errors;
    const int status = app.exit(error, out, errors);
    console.write(out.str());
    return console.finish(status);
  }
  console.error(explain_usage(app, error));
  return console.finish(ExitStatus::invalid);
}

struct Command {
  std::string_view name;
  void (*add)(CLI::App& app, Session& session, Chosen& chosen);
};
constexpr std::array commands{Command{"up", add_up},         Command{"down", add_down},
                              Command{"ls", add_ls},         Command{"show", add_show},
                              Command{"exec", add_exec},     Command{"shell", add_shell},
                              Command{"check", add_check},   Command{"ping", add_ping},
                              Command{"plan", add_plan},     Command{"generate", add_generate},
                              Command{"bench", add_bench},   Command{"gc", add_gc},
                              Command{"doctor", add_doctor}, Command{"completion", add_completion},
                              Command{"ip", add_ip}};

/// Describing all commands to CLI11 is a ninth of a short command's time: what is not asked for is left out.
void add_commands(std::string_view first_argument, CLI::App& app, Session& session, Chosen& chosen) {
  const auto* const asked_for = std::ranges::find(commands, first_argument, &Command::name);
  if (asked_for != commands.end()) return asked_for->add(app, session, chosen);
  for (const Command& command : commands) command.add(app, session, chosen);
}

}  // namespace

int run_command_line(std::vector<std::string> arguments, Session& session) {
  session.command = take_command(arguments);
  CLI::App app{description, "netherd"};
  app.footer(footer);
  app.set_version_flag("--version", version_text, "Print the versions of netherd, kernel and libraries");
  app.require_subcommand(1);
  Chosen chosen;
  add_commands(arguments.empty() ? std::string_view{} : arguments.front(), app, session, chosen);
  try {
    std::ranges::reverse(arguments);  // CLI11 takes them from the back
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return report_usage(app, error, session.console);
  }
  return session.console.finish(chosen(session));
}

}  // namespace netherd::tools
