#include "concurrent_batch.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>

#include "netherd/ops/netns_path.hpp"

namespace netherd::ip {

namespace {

/// Lines that are read ahead.
constexpr std::size_t most_lines = 32 * 1024;
/// Of those, the ones that are read before something is executed again.
constexpr int lines_at_a_time = 64;
/// Lines that touch several namespaces, executed together: more would keep the threads that create namespaces waiting.
constexpr std::size_t most_unsettled = 8;

/// Which file a path leads to; empty if there is none.
std::string file_identity(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) return {};
  return std::to_string(facts.st_dev) + ':' + std::to_string(facts.st_ino);
}

}  // namespace

ConcurrentBatch::ConcurrentBatch(BatchReader& reader, const Options& options, Namespaces& namespaces)
    : reader_{reader}, options_{options}, line_options_{options}, namespaces_{namespaces} {
  line_options_.batch.reset();
  refused_ = [this](std::size_t line, const engine::Outcome& outcome) {
    const std::lock_guard lock{refusing_};
    note(line, refusal(outcome), status_refused);
  };
  keys_[""] = "";
  key_of_file_[file_identity("/proc/self/ns/net")] = "";
}

int ConcurrentBatch::run() {
  do {
    if (barrier_ == nullptr) admit_some();
  } while (do_something() || !ended_);
  settle();
  return failed_ ? status_failed : 0;
}

void ConcurrentBatch::admit_some() {
  for (int i = 0; i < lines_at_a_time && lines_.size() < most_lines && barrier_ == nullptr && !ended_; ++i) {
    if (!reader_.is_ready()) {
      if (!lines_.empty()) return;  // first what is there to do
      settle();
    }
    Line& line = lines_.emplace_back();
    line.self = std::prev(lines_.end());
    ended_ = !reader_.next(line.line);
    if (ended_ || line.line.is_blank()) {
      lines_.erase(line.self);
    } else {
      admit(line);
    }
  }
}

void ConcurrentBatch::admit(Line& line) {
  line.touched =
      line.line.refusal.empty() ? touched_by(Words{line.line.words}, line_options_) : Touched{.everything = true};
  if (line.touched.everything) {
    barrier_ = &line;
    return;
  }
  for (std::string& name : line.touched.names) {
    name = key_of(name);
    auto& queue = waiting_[name];
    if (!queue.empty()) ++line.waits_for;
    queue.push_back(&line);
  }
  if (line.waits_for == 0) make_ready(line);
}

void ConcurrentBatch::make_ready(Line& line) {
  auto& lines = line.touched.creates ? creations_ : line.touched.names.size() > 1 ? shared_ : ready_;
  lines.push_back(&line);
}

bool ConcurrentBatch::can_read_on() const {
  return !ended_ && barrier_ == nullptr && lines_.size() < most_lines && reader_.is_ready();
}

void ConcurrentBatch::execute_first(std::deque<Line*>& lines) {
  Line& line = *lines.front();
  lines.pop_front();
  execute(line);
}

/// False if there is nothing to do until more is read.
bool ConcurrentBatch::do_something() {
  namespaces_.expect_creations(creations_.size());
  const auto may_wait = [this] { return shared_.empty() && ready_.empty() && unsettled_.empty() && !can_read_on(); };
  if (!creations_.empty() && (namespaces_.has_spare() || may_wait())) {
    execute_first(creations_);
  } else if (!shared_.empty()) {
    execute_first(shared_);
    if (unsettled_.size() >= most_unsettled) settle_shared();
  } else if (!creations_.empty() && can_read_on()) {
    return true;
  } else if (!ready_.empty()) {
    execute_first(ready_);  // which only posts it
  } else if (!unsettled_.empty()) {
    settle_shared();
  } else if (barrier_ != nullptr) {
    execute_alone(*std::exchange(barrier_, nullptr));
  } else {
    return false;
  }
  return true;
}

int ConcurrentBatch::execute_words(Line& line) {
  if (!line.line.refusal.empty()) fail(line.line.refusal);
  return run_command(Words{line.line.words}, line_options_, namespaces_);
}

/// Namespaces beside the one that executes the line.
std::span<const std::string> ConcurrentBatch::others_touched_by(const Line& line) {
  return std::span{line.touched.names}.subspan(1);
}

void ConcurrentBatch::execute(Line& line) {
  const bool is_shared = line.touched.names.size() > 1;
  try {
    if (has_aliases_ || namespaces_.some_were_replaced()) namespaces_.settle_all();
    if (line.touched.creates) {
      execute_words(line);
    } else {
      for (const std::string& name : others_touched_by(line)) namespaces_.settle(name);
      post_command(Words{line.line.words}, line_options_, namespaces_, {line.line.number, &refused_, is_shared});
    }
  } catch (const CommandError& error) {
    note(line.line.number, error.what(), error.status());
  }
  if (!is_shared) return finish(line);
  unsettled_.push_back(&line);
  release(line.touched.names.front());  // what is posted there next comes behind this anyway
}

/// Executes what touches several namespaces, so that what waits for it in those can be posted.
void ConcurrentBatch::settle_shared() {
  namespaces_.settle_shared();
  for (Line* const line : std::exchange(unsettled_, {})) {
    for (const std::string& name : others_touched_by(*line)) release(name);
    lines_.erase(line->self);
  }
}

void ConcurrentBatch::execute_alone(Line& line) {
  settle();
  try {
    if (const int status = execute_words(line); status != 0) note(line.line.number, {}, status);
  } catch (const CommandError& error) {
    note(line.line.number, error.what(), error.status());
  }
  lines_.erase(line.self);
}

/// The line that waits for this namespace is the next one.
void ConcurrentBatch::release(const std::string& name) {
  const auto queue = waiting_.find(name);
  queue->second.pop_front();
  if (queue->second.empty()) {
    waiting_.erase(queue);
  } else if (Line& next = *queue->second.front(); --next.waits_for == 0) {
    make_ready(next);
  }
}

void ConcurrentBatch::finish(Line& line) {
  for (const std::string& name : line.touched.names) release(name);
  lines_.erase(line.self);
}

/// Executes what is posted, and says what has failed so far.
void ConcurrentBatch::settle() {
  namespaces_.settle_all();
  std::ranges::sort(failures_, {}, &Failure::line);
  for (const Failure& failure : failures_) {
    if (!failure.text.empty()) report({failure.status, failure.text});
    report_line(options_, failure.line);
  }
  failures_.clear();
}

void ConcurrentBatch::note(std::size_t line, std::string text, int status) {
  failures_.push_back({line, std::move(text), status});
  failed_ = true;
}

/// One name for each namespace, whatever names it has: links to the same file, and that of the process's own.
const std::string& ConcurrentBatch::key_of(const std::string& name) {
  const auto [entry, is_new] = keys_.try_emplace(name, name);
  if (!is_new || !ops::is_valid_netns_name(name)) return entry->second;
  const std::string file = file_identity(std::string{ops::netns_directory} + '/' + name);
  if (!file.empty()) entry->second = key_of_file_.try_emplace(file, name).first->second;
  has_aliases_ = has_aliases_ || entry->second != name;
  return entry->second;
}

}  // namespace netherd::ip
