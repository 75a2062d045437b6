#include "netherd/lab/generate.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "commands.hpp"
#include "suggest.hpp"

namespace netherd::tools {

namespace {

bool is_kind(const std::string& name, Console& console) {
  std::vector<std::string> names;
  for (const lab::GeneratorKind& kind : lab::generator_kinds()) {
    if (kind.name == name) return true;
    names.emplace_back(kind.name);
  }
  console.error(fmt::format("generate {}: no such kind{}", name, suggest(name, names)));
  return false;
}

bool write_output(const std::string& file, const std::string& text, Console& console) {
  if (file == "-") {
    console.write(text);
    return true;
  }
  std::ofstream stream{file, std::ios::binary};
  stream << text << std::flush;
  if (!stream) console.error(fmt::format("{}: write the file: {}", file, std::strerror(errno)));
  return static_cast<bool>(stream);
}

}  // namespace

int generate(const GenerateOptions& options, Session& session) {
  Console& console = session.console;
  if (!is_kind(options.kind, console)) return ExitStatus::invalid;
  auto topology = lab::generate(options.kind, options.shape);
  if (!topology) {
    console.error(fmt::format("generate {}: --nodes {} --degree {}: {}", options.kind, options.shape.nodes,
                              options.shape.degree, lab::reason_against(options.kind, options.shape)));
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

}  // namespace netherd::tools
