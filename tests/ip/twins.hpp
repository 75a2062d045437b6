#pragma once

#include <string>
#include <vector>

#include "command.hpp"

namespace netherd::test {

/// What both commands say to the same arguments, standard error included, and their exit statuses.
struct Twin {
  std::string line;
  std::string ours;
  std::string theirs;
};
/// `netherd ip LINE` and `ip LINE` in turn for each line, in the state that a shell script `prepare` makes. With a
/// script everything happens in a mount namespace of its own. Timers and counters are left out.
[[nodiscard]] std::vector<Twin> said_by_both(const std::vector<std::string>& lines, const std::string& prepare = {});

/// Fails the test for each line that they answer in different ways. Without a script a line has several tries: the
/// kernel's own neighbours and addresses come and go, also between the two.
void expect_both_say_the_same(const std::vector<std::string>& lines, const std::string& prepare = {});

}  // namespace netherd::test
