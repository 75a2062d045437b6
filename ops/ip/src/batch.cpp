#include <cstdio>
#include <deque>

#include "batch_reader.hpp"
#include "concurrent_batch.hpp"
#include "run_command.hpp"

namespace netherd::ip {

namespace {

/// Lines that are read ahead to know what will be created.
constexpr std::size_t most_lines_ahead = 256;

/// Executes the lines one by one. They are read ahead, so that namespaces can be made in advance.
class OrderedBatch {
 public:
  OrderedBatch(BatchReader& reader, const Options& options, Namespaces& namespaces)
      : reader_{reader}, options_{options}, line_options_{options}, namespaces_{namespaces} {
    line_options_.batch.reset();
  }

  int run() {
    while (read_ahead()) {
      const Entry& entry = ahead_.front();
      namespaces_.expect_creations(creations_ahead_);
      const int status = run_line(entry.line);
      if (status != 0) {
        report_line(options_, entry.line.number);
        return status == status_usage ? status_usage : status_failed;
      }
      creations_ahead_ -= entry.creates ? 1 : 0;
      ahead_.pop_front();
    }
    return 0;
  }

 private:
  struct Entry {
    BatchLine line;
    bool creates = false;
  };

  /// False at the end of the file.
  bool read_ahead() {
    while (!ended_ && ahead_.size() < most_lines_ahead && (ahead_.empty() || reader_.is_ready())) {
      Entry& entry = ahead_.emplace_back();
      ended_ = !reader_.next(entry.line);
      if (ended_ || entry.line.is_blank()) {
        ahead_.pop_back();
        continue;
      }
      entry.creates = !entry.line.words.empty() && touched_by(Words{entry.line.words}, line_options_).creates;
      creations_ahead_ += entry.creates ? 1 : 0;
    }
    return !ahead_.empty();
  }

  int run_line(const BatchLine& line) {
    try {
      if (!line.refusal.empty()) fail(line.refusal);
      return run_command(Words{line.words}, line_options_, namespaces_);
    } catch (const CommandError& error) {
      report(error);
      return error.status();
    }
  }

  BatchReader& reader_;
  const Options& options_;
  Options line_options_;  // of the lines
  Namespaces& namespaces_;
  std::deque<Entry> ahead_;
  std::size_t creations_ahead_ = 0;
  bool ended_ = false;
};

/// Batch files can run others (`netns exec NAME ip -batch FILE`), and so themselves.
class Nesting {
 public:
  Nesting() {
    if (depth == most) fail("Batch files are nested too deeply: one may run itself");
    ++depth;
  }
  ~Nesting() { --depth; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;

 private:
  static constexpr int most = 16;
  static inline thread_local int depth = 0;
};

}  // namespace

void report_line(const Options& options, std::size_t number) {
  std::fprintf(stderr, "Command failed %s:%zu\n", options.batch->c_str(), number);
}

int run_batch(const Options& options, Namespaces& namespaces) {
  const Nesting nesting;
  namespaces.set_in_batch(true);
  BatchReader reader{*options.batch};
  return options.force ? ConcurrentBatch{reader, options, namespaces}.run()
                       : OrderedBatch{reader, options, namespaces}.run();
}

}  // namespace netherd::ip
