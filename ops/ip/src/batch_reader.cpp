#include "batch_reader.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "objects.hpp"

namespace netherd::ip {

namespace {

std::size_t read_some(int descriptor, std::span<char> buffer) {
  for (;;) {
    const ssize_t size = ::read(descriptor, buffer.data(), buffer.size());
    if (size >= 0) return static_cast<std::size_t>(size);
    if (errno != EINTR) fail(std::string{"Cannot read: "} + std::strerror(errno));
  }
}

engine::FileDescriptor open_file(const std::string& file) {
  if (file == "-") return {};
  engine::FileDescriptor descriptor{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!descriptor) fail("Cannot open file \"" + file + "\" for reading: " + std::strerror(errno));
  return descriptor;
}

bool is_number(std::string_view word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string_view::npos;
}

constexpr std::array<std::string_view, 6> objects_within{"address", "route", "rule", "neighbour", "nexthop", "link"};
constexpr std::array<std::string_view, 6> changes{"add", "append", "change", "replace", "prepend", "set"};
constexpr Touched everything{.everything = true};

bool is_change(std::string_view word, std::string_view object) {
  // A deleted link takes its peer along, wherever that is.
  if (abbreviates(word, "delete")) return object != "link";
  return std::ranges::any_of(changes, [word](std::string_view change) { return abbreviates(word, change); });
}

}  // namespace

Options take_inner_options(Words& words, Options options) {
  for (;;) {
    options = take_options(words, std::move(options));
    Words inner = words;
    if (options.all || options.batch || inner.size() < 4 || object_of(inner.take()) != "netns" ||
        !inner.accept_short("exec")) {
      return options;
    }
    const std::string name{inner.take()};
    if (!inner.accept("ip")) return options;
    words = inner;
    options = {};
    options.netns = name;
  }
}

Touched touched_by(Words words, Options options) try {
  options = take_inner_options(words, std::move(options));
  if (words.empty() || options.batch || options.all) return everything;
  const std::string_view object = object_of(words.take());
  if (words.empty()) return everything;
  const std::string_view command = words.take();
  if (object == "netns") {
    const bool creates = options.netns.empty() && abbreviates(command, "add") && words.size() == 1;
    return creates ? Touched{.creates = true, .names = {std::string{words.take()}}} : everything;
  }
  if (std::ranges::find(objects_within, object) == objects_within.end() || !is_change(command, object)) {
    return everything;
  }
  Touched touched{.names = {options.netns}};
  while (!words.empty()) {
    const std::string_view word = words.take();
    if (word.starts_with("link-")) return everything;  // link-netns gives a namespace its number, perhaps
    if (word != "netns" || words.empty()) continue;
    if (words.peek().find('/') != std::string_view::npos) return everything;
    if (is_number(words.peek())) return everything;  // the namespace of a process, which may have a name as well
    std::string name{words.take()};
    if (std::ranges::find(touched.names, name) == touched.names.end()) touched.names.push_back(std::move(name));
  }
  return touched;
} catch (const CommandError&) {
  return everything;
}

BatchReader::BatchReader(const std::string& file)
    : file_{open_file(file)},
      descriptor_{file_ ? file_.get() : STDIN_FILENO},
      lines_{[this](std::span<char> buffer) { return read_some(descriptor_, buffer); }} {}

bool BatchReader::next(BatchLine& line) {
  if (!lines_.next(line.text)) return false;
  line.number = lines_.number();
  line.words.clear();
  line.refusal = lines_.flaw();
  if (!line.refusal.empty()) return true;
  try {
    line.words = split_line(line.text);
  } catch (const CommandError& error) {
    line.refusal = error.what();
  }
  return true;
}

bool BatchReader::is_ready() const {
  pollfd readable{descriptor_, POLLIN, 0};
  return lines_.has_line() || ::poll(&readable, 1, 0) != 0;
}

}  // namespace netherd::ip
