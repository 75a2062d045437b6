#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>

#include "run_command.hpp"

namespace netherd::ip {

namespace {

/// Longest line, with those that continue it.
constexpr std::size_t most_line_bytes = 1U << 20U;

/// The lines of a batch file; a backslash at the end of a line joins the next one to it.
class Lines {
 public:
  explicit Lines(std::istream& stream) : stream_{stream} {}

  bool next(std::string& line) {
    if (!std::getline(stream_, line)) return false;
    ++number_;
    std::string rest;
    while (line.ends_with('\\') && std::getline(stream_, rest)) {
      ++number_;
      line.pop_back();
      line += rest;
      if (line.size() > most_line_bytes) break;
    }
    return true;
  }
  [[nodiscard]] std::size_t number() const noexcept { return number_; }

 private:
  std::istream& stream_;
  std::size_t number_ = 0;
};

int run_line(const std::string& line, Options options, Namespaces& namespaces) {
  options.batch.reset();
  try {
    if (line.size() > most_line_bytes) fail("Line is too long");
    const auto words = split_line(line);
    return words.empty() ? 0 : run_command(Words{words}, options, namespaces);
  } catch (const CommandError& error) {
    report(error);
    return error.status();
  }
}

int run_lines(std::istream& stream, const Options& options, Namespaces& namespaces) {
  Lines lines{stream};
  int status = 0;
  for (std::string line; lines.next(line);) {
    const int line_status = run_line(line, options, namespaces);
    if (line_status == 0) continue;
    std::fprintf(stderr, "Command failed %s:%zu\n", options.batch->c_str(), lines.number());
    status = line_status == status_usage ? status_usage : status_failed;
    if (!options.force) break;
  }
  return options.force && status != 0 ? status_failed : status;
}

}  // namespace

int run_batch(const Options& options, Namespaces& namespaces) {
  namespaces.set_in_batch(true);
  const std::string& file = *options.batch;
  if (file == "-") return run_lines(std::cin, options, namespaces);
  std::ifstream stream{file};
  if (!stream) fail("Cannot open file \"" + file + "\" for reading: " + std::strerror(errno));
  return run_lines(stream, options, namespaces);
}

}  // namespace netherd::ip
