#include "twins.hpp"

#include <fstream>
#include <string_view>

namespace netherd::test {

namespace {

constexpr std::string_view heading = "==== ";

/// Timers and counters go on between the two.
constexpr std::string_view even_out =
    R"--( | sed -E 's/(timer"?:?) +[0-9.]+/\1/g; s/(timer"?:)[0-9.]+/\1/g; s/(bytes|packets|multicast)":[ 0-9]+/\1/g; s/used [0-9/]+//; s/users [0-9]+/users/g; s/ age [0-9]+sec//g; s/users":[0-9]+/users/g; s/,"age":[0-9]+//g; s/(used|confirmed|updated)":[0-9]+//g; s/^ +[0-9]+ +[0-9]+ +0 +.*//')--";

}  // namespace

/// One shell for all takes a third of the time.
std::vector<Twin> said_by_both(const std::vector<std::string>& lines, const std::string& prepare) {
  std::string script = prepare.empty() ? "" : "set -e\n" + prepare + "\nset +e\n";
  for (const std::string& line : lines) {
    for (const char* command : {"netherd ip", "ip"}) {
      script.append("echo '").append(heading).append(line).append("'; ");
      script.append(command).append(" ").append(line).append("; echo $?\n");
    }
  }
  std::ofstream{"twins.sh"} << script;
  const std::string shell = prepare.empty() ? "sh" : "unshare --mount sh";
  std::vector<std::string> answers;
  for (const std::string& line : lines_of(run(shell + " twins.sh 2>&1" + std::string{even_out}).output)) {
    if (line.starts_with(heading)) answers.emplace_back();
    if (answers.empty()) answers.emplace_back();  // what the preparation says
    answers.back() += line + '\n';
  }
  std::vector<Twin> twins;
  if (answers.size() != 2 * lines.size()) {
    ADD_FAILURE() << (answers.empty() ? "no answer" : answers.front());
    return twins;
  }
  for (std::size_t i = 0; i < lines.size(); ++i) twins.push_back({lines[i], answers[2 * i], answers[2 * i + 1]});
  return twins;
}

void expect_both_say_the_same(const std::vector<std::string>& lines, const std::string& prepare) {
  for (const Twin& twin : said_by_both(lines, prepare)) {
    if (twin.ours == twin.theirs) continue;
    Twin last = twin;
    if (prepare.empty()) {
      static_cast<void>(becomes_true([&] {
        last = said_by_both({twin.line}).at(0);
        return last.ours == last.theirs;
      }));
    }
    EXPECT_EQ(last.ours, last.theirs) << "Left: netherd ip. Right: ip.";
  }
}

}  // namespace netherd::test
