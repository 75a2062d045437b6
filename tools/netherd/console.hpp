#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/lab/topology.hpp"

namespace netherd::tools {

/// Where the command's words go: results to standard output, messages to standard error.
///
/// With --json standard output carries exactly one document. A command that fails before it has one to show still
/// leaves one there: its errors.
class Console {
 public:
  Console();

  bool json = false;   ///< --json
  bool quiet = false;  ///< --quiet: errors only

  /// "netherd: TEXT"
  void error(std::string_view text);
  /// "netherd: FILE:LINE: TEXT"; what is not known is left out.
  void error(std::string_view source, lab::SourceLine line, std::string_view text);
  void warning(std::string_view text);
  void warning(std::string_view source, lab::SourceLine line, std::string_view text);
  /// A message that is neither, on standard error.
  void note(std::string_view text) const;

  /// One result for people; nothing with --json.
  void print(std::string_view text) const;
  /// The result for programs; nothing without --json.
  void print_document(const nlohmann::ordered_json& document);
  /// Leaves a document of the errors if there are any and nothing else was shown.
  void finish();

  [[nodiscard]] bool colours() const noexcept { return colours_; }
  /// Progress can be shown: standard error is a terminal, and nobody asked for quiet.
  [[nodiscard]] bool shows_progress() const noexcept { return terminal_ && !quiet; }

 private:
  struct Message {
    std::string source;
    lab::SourceLine line;
    std::string text;
  };
  void say(std::string_view prefix, std::string_view colour, std::string_view text) const;

  bool terminal_;
  bool colours_;
  bool printed_ = false;
  std::vector<Message> errors_;
};

/// 1234567 as "1,234,567".
[[nodiscard]] std::string grouped(std::uint64_t number);
/// "1 node", "1,000 nodes"; an irregular plural can be given.
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view noun, std::string_view plural = {});

}  // namespace netherd::tools
