#include "netherd/lab/generate.hpp"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include "session.hpp"
#include "suggest.hpp"
#include "topology_input.hpp"

namespace netherd::tools {

namespace {

struct Options {
  std::string kind;
  std::string output = "-";
  lab::GenerateOptions shape;
  TopologyInput lab{.routing = "default", .ipv4_pool = "10.0.0.0/8"};
};

std::string kinds_text() {
  std::string text = "Kinds:\n";
  for (const lab::GeneratorKind& kind : lab::generator_kinds()) {
    text += fmt::format("  {:<12} {}\n", kind.name, kind.summary);
  }
  return text;
}

const lab::GeneratorKind* find_kind(const std::string& name, Console& console) {
  std::vector<std::string> names;
  for (const lab::GeneratorKind& kind : lab::generator_kinds()) {
    if (kind.name == name) return &kind;
    names.emplace_back(kind.name);
  }
  console.error(fmt::format("generate {}: no such kind{}", name, suggest(name, names)));
  return nullptr;
}

bool write_output(const std::string& file, const std::string& text, Console& console) {
  if (file == "-") {
    fmt::print("{}", text);
    return true;
  }
  std::ofstream stream{file, std::ios::binary};
  stream << text << std::flush;
  if (!stream) console.error(fmt::format("{}: write the file: {}", file, std::strerror(errno)));
  return static_cast<bool>(stream);
}

int generate(const Options& options, Session& session) {
  Console& console = session.console;
  const lab::GeneratorKind* const kind = find_kind(options.kind, console);
  if (kind == nullptr) return ExitStatus::invalid;
  auto topology = lab::generate(options.kind, options.shape);
  if (!topology) {
    console.error(fmt::format("generate {}: --nodes {} --degree {}: {}; a {} has at least {} nodes", options.kind,
                              options.shape.nodes, options.shape.degree, topology.error().message(), options.kind,
                              kind->minimum_nodes));
    return ExitStatus::invalid;
  }
  if (!override_options(options.lab, *topology, console)) return ExitStatus::invalid;
  if (!write_output(options.output, lab::write_topology(*topology), console)) return ExitStatus::failed;
  if (options.output != "-") {
    console.note(fmt::format("{}: {} of {} and {}", options.output, options.kind,
                             counted(topology->nodes.size(), "node"), counted(topology->links.size(), "link")));
  }
  return ExitStatus::done;
}

}  // namespace

void add_generate(CLI::App& app, Session& session) {
  CLI::App& command = *app.add_subcommand("generate", "Write a topology of a well-known shape");
  auto options = std::make_shared<Options>();
  command.add_option("KIND", options->kind, "What to generate, see below")->required();
  command.add_option("--nodes", options->shape.nodes, "Number of nodes; rounded up where the kind asks for it")
      ->capture_default_str();
  command
      .add_option("--degree", options->shape.degree,
                  "tree: children per node; scale-free: links of a new node; random: mean degree")
      ->capture_default_str();
  command.add_option("--seed", options->shape.seed, "Random kinds: the same seed gives the same topology")
      ->capture_default_str();
  command.add_option("--name", options->lab.name, "Name of the lab; default: KIND");
  add_lab_options(command, options->lab);
  command.get_option("--routing")->capture_default_str();
  command.get_option("--ipv4-pool")->capture_default_str();
  command.add_option("-o,--output", options->output, "File to write; - for standard output")->capture_default_str();
  add_output_options(command, session, Reports::no);
  command.footer([] {
    return kinds_text() +
           "Example:\n  netherd generate ring --nodes 1000 -o ring.yml\n"
           "  netherd generate fat-tree --nodes 100 --routing shortest-path | netherd up -";
  });
  command.callback([&session, options] { session.run = [&session, options] { return generate(*options, session); }; });
}

}  // namespace netherd::tools
