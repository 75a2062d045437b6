#pragma once

#include <cstddef>
#include <deque>
#include <list>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "batch_reader.hpp"
#include "run_command.hpp"

namespace netherd::ip {

/// `-force -batch FILE`: whatever fails, all other lines are executed; so the order matters only between lines that
/// touch the same namespace. Each line waits for those before it that do, and for nothing else:
///
/// - Namespaces are created by helper threads, while links are made between those that exist.
/// - What is within a namespace comes last: links that are up make the kernel's own workers compete for its lock.
/// - Requests are sent many at a time, as far as no later line has to know what they have done.
///
/// What is shown, and whatever may have effects that the words do not tell, waits for everything before it. What goes
/// wrong is said in the order of the lines. Not thread safe.
class ConcurrentBatch {
 public:
  ConcurrentBatch(BatchReader& reader, const Options& options, Namespaces& namespaces);
  /// Gives the exit status.
  int run();

 private:
  struct Line {
    BatchLine line;
    Touched touched;
    std::size_t waits_for = 0;  // lines before it, one per namespace at most
    std::list<Line>::iterator self;
  };
  struct Failure {
    std::size_t line;
    std::string text;
    int status;
  };

  void make_ready(Line& line);
  void admit_some();
  void admit(Line& line);
  [[nodiscard]] bool can_read_on() const;
  void execute_first(std::deque<Line*>& lines);
  bool do_something();
  void execute(Line& line);
  void execute_alone(Line& line);
  int execute_words(Line& line);
  [[nodiscard]] static std::span<const std::string> others_touched_by(const Line& line);
  void release(const std::string& name);
  void finish(Line& line);
  void settle_shared();
  void settle();
  void note(std::size_t line, std::string text, int status);
  [[nodiscard]] const std::string& key_of(const std::string& name);

  BatchReader& reader_;
  const Options& options_;
  Options line_options_;  // what a line begins with
  Namespaces& namespaces_;
  Connection::Refused refused_;
  std::mutex refusing_;  // more than one thread may settle
  std::list<Line> lines_;
  std::unordered_map<std::string, std::deque<Line*>> waiting_;  // by namespace
  std::unordered_map<std::string, std::string> keys_;           // the name by which a namespace is known here
  std::unordered_map<std::string, std::string> key_of_file_;
  std::deque<Line*> creations_;   // that can be executed now
  std::deque<Line*> shared_;      // those that touch several namespaces
  std::deque<Line*> ready_;       // all others
  std::vector<Line*> unsettled_;  // those of shared_ that are posted, but perhaps not executed
  Line* barrier_ = nullptr;       // waits for all others
  bool ended_ = false;
  bool has_aliases_ = false;  // a namespace is spoken of by two names
  std::vector<Failure> failures_;
  bool failed_ = false;
};

}  // namespace netherd::ip
