#pragma once

#include <nlohmann/json_fwd.hpp>
#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/lab/topology.hpp"

namespace netherd::tools {

/// Standard output with a buffer, and a memory of what could not be written.
class StandardOutput {
 public:
  void write(std::string_view text);
  /// Call it before the process ends or becomes another.
  void flush();
  /// The first error of a write; 0 as long as nothing is lost.
  [[nodiscard]] int error() const noexcept { return error_; }
  /// For whoever writes by other means.
  void set_error(int error) noexcept { error_ = error_ == 0 ? error : error_; }

 private:
  std::string buffer_;
  int error_ = 0;
};

/// Where the command's words go: results to standard output, messages to standard error.
///
/// Results are checked: a command whose output is lost has failed. Messages are not: nothing that a command does may
/// depend on whether somebody reads them, so they are lost without a word, and never throw.
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
  void print(std::string_view text);
  /// Text as it is, without a line break of its own, with --json as well.
  void write(std::string_view text);
  /// The same as a stream, for results that are not to be held in memory.
  [[nodiscard]] std::ostream& stream() noexcept { return stream_; }
  /// The result for programs; nothing without --json.
  void print_document(const nlohmann::ordered_json& document);
  /// Leaves a document of the errors if there are any and nothing else was shown. Gives the exit status: the command's,
  /// or that of failure if its output was lost.
  [[nodiscard]] int finish(int status);
  /// Notes that somebody else could not write results to standard output.
  void set_output_error(int error) noexcept { output_.set_error(error); }
  void flush() { output_.flush(); }

  [[nodiscard]] bool colours() const noexcept { return colours_; }
  /// Progress can be shown: standard error is a terminal, and nobody asked for quiet.
  [[nodiscard]] bool shows_progress() const noexcept { return terminal_ && !quiet; }

 private:
  struct Message {
    std::string source;
    lab::SourceLine line;
    std::string text;
  };
  class StreamBuffer : public std::streambuf {
   public:
    explicit StreamBuffer(StandardOutput& output) : output_{output} {}

   protected:
    int_type overflow(int_type character) override;
    std::streamsize xsputn(const char* text, std::streamsize size) override;

   private:
    StandardOutput& output_;
  };
  void say(std::string_view prefix, std::string_view colour, std::string_view text) const;

  StandardOutput output_;
  StreamBuffer stream_buffer_{output_};
  std::ostream stream_{&stream_buffer_};
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
