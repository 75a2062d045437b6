#include "command.hpp"

namespace netherd::test {
namespace {

class Usage : public CommandTest {
 protected:
  static std::vector<std::string> commands() {
    return {"up",   "down",     "ls",    "show", "exec",   "shell",      "check", "ping",
            "plan", "generate", "bench", "gc",   "doctor", "completion", "ip"};
  }
};

struct WrongUsage {
  const char* arguments;
  const char* error;
};

TEST_F(Usage, ThatIsWrongIsOneLineAndTouchesNothing) {
  write_first_lab();
  const WrongUsage cases[] = {
      {"", "a command is missing"},
      {"--verison", "there is no option --verison; did you mean --version?"},
      {"--json ls", "--json: options stand behind the command: netherd ls --json"},
      {"upp first.yml", "there is no command called 'upp'; did you mean up?"},
      {"genrate ring", "there is no command called 'genrate'; did you mean generate?"},
      {"frobnicate", "there is no command called 'frobnicate'"},
      {"deploy", "there is no command called 'deploy'; did you mean up?"},
      {"destroy", "there is no command called 'destroy'; did you mean down?"},
      {"inspect", "there is no command called 'inspect'; did you mean show?"},
      {"list", "there is no command called 'list'; did you mean ls?"},
      {"status", "there is no command called 'status'; did you mean ls or show?"},
      {"start first", "there is no command called 'start'; did you mean up?"},
      {"stop first", "there is no command called 'stop'; did you mean down?"},
      {"up first.yml --wiat", "up: there is no option --wiat; did you mean --wait?"},
      {"up first.yml --nmae=other", "up: there is no option --nmae; did you mean --name?"},
      {"up first.yml --xyzzy", "up: there is no option --xyzzy"},
      {"up first.yml -x", "up: there is no option -x"},
      {"up first.yml second.yml", "up: 'second.yml' is one argument too many"},
      {"up", "up: FILE is required"},
      {"up first.yml --name", "up: --name: 1 required TEXT missing"},
      {"up first.yml --routing rip", "up: --routing: rip not in {none,default,shortest-path}"},
      {"up first.yml --ipv6 yes", "up: --ipv6: yes not in {on,off}"},
      {"up first.yml --format gml", "up: --format: gml not in {containerlab,graphml,edges}"},
      {"exec first --all --jobs 0 -- true", "exec: --jobs: Value 0 not in range 1 to 4096"},
      {"ping first --count many", "ping: --count: Value many not in range 1 to 1000000"},
      {"completion tcsh", "completion: SHELL: tcsh not in {bash,zsh,fish}"},
  };
  for (const auto& [arguments, error] : cases) {
    const Finished finished = run(std::string{"netherd "} + arguments);
    EXPECT_EQ(finished.status, 2) << arguments;
    EXPECT_EQ(finished.output, "") << arguments;
    const auto lines = lines_of(finished.errors);
    ASSERT_EQ(lines.size(), 1U) << arguments << ": " << finished.errors;
    EXPECT_TRUE(lines[0].starts_with(std::string{"netherd: "} + error + " (see `netherd ")) << lines[0];
  }
  expect_nothing_is_left();
}

TEST_F(Usage, OfValuesThatMakeNoSense) {
  write_first_lab();
  const WrongUsage cases[] = {
      {"up first.yml --ipv4-pool fd00::/64", "--ipv4-pool fd00::/64: not an IPv4 network such as 10.0.0.0/8"},
      {"up first.yml --ipv6-pool 10.0.0.0/8", "--ipv6-pool 10.0.0.0/8: not an IPv6 network such as fd00::/32"},
      {"up first.yml --name a/b", "--name a/b: a lab's name is 1 to 64 letters"},
      {"down", "down: give either a LAB, a FILE, or --all"},
      {"down first --all", "down: give either a LAB, a FILE, or --all"},
      {"exec first left", "exec: give NODE... or --all, then -- and a command"},
      {"exec first -- true", "exec: give NODE... or --all, then -- and a command"},
      {"exec first left --all -- true", "exec: give NODE... or --all, then -- and a command"},
      {"generate rign", "generate rign: no such kind; did you mean ring"},
      {"generate ring --nodes 2", "generate ring: --nodes 2 --degree 2: ring has at least 3 nodes"},
      {"generate ring --nodes 1000001", "generate ring: --nodes 1000001 --degree 2: ring has at most 1000000 nodes"},
      {"generate tree --degree 0", "generate tree: --nodes 10 --degree 0: the degree must be 1 to 1000"},
      {"check nosuch.yml", "nosuch.yml: read the file: No such file or directory"},
      {"check ./nosuch", "./nosuch: read the file: No such file or directory"},
      {"check fist", "there is no lab called 'fist'"},
  };
  for (const auto& [arguments, error] : cases) {
    const Finished finished = run(std::string{"netherd "} + arguments);
    EXPECT_EQ(finished.status, 2) << arguments;
    EXPECT_EQ(finished.output, "") << arguments;
    EXPECT_TRUE(finished.errors.starts_with(std::string{"netherd: "} + error)) << finished.errors;
    EXPECT_EQ(lines_of(finished.errors).size(), 1U) << finished.errors;
  }
  expect_nothing_is_left();
}

TEST_F(Usage, APoolThatIsTooSmallIsInvalidInput) {
  const Finished up = run("netherd generate ring --nodes 100 | netherd up - --ipv4-pool 10.0.0.0/28");
  EXPECT_EQ(up.status, 2);
  EXPECT_NE(up.errors.find("10.0.0.0/28"), std::string::npos) << up.errors;
  expect_nothing_is_left();
}

TEST_F(Usage, HelpOfEveryCommandHasAnExample) {
  const Finished help = run("netherd --help");
  EXPECT_EQ(help.status, 0);
  EXPECT_EQ(help.errors, "");
  EXPECT_NE(help.output.find("Example:\n  netherd "), std::string::npos);
  for (const std::string& command : commands()) {
    EXPECT_NE(help.output.find("\n  " + command + ' '), std::string::npos) << command;
    if (command == "ip") continue;  // it has the help of ip
    const Finished of_command = run("netherd " + command + " --help");
    EXPECT_EQ(of_command.status, 0) << command;
    EXPECT_EQ(of_command.errors, "") << command;
    const std::size_t example = of_command.output.find("Example:\n");
    ASSERT_NE(example, std::string::npos) << command;
    EXPECT_NE(of_command.output.find("netherd " + command, example), std::string::npos) << command;
  }
}

TEST_F(Usage, HelpOfGenerateEndsWithItsOwnExamples) {
  const std::string help = run("netherd generate --help").output;
  EXPECT_EQ(help.find("Exit status"), std::string::npos) << help;
  EXPECT_NE(help.find("scale-free"), std::string::npos) << help;
}

TEST_F(Usage, VersionNamesLibraryKernelAndLiburing) {
  const Finished version = run("netherd --version");
  EXPECT_EQ(version.status, 0);
  const auto lines = lines_of(version.output);
  ASSERT_GE(lines.size(), 3U);
  EXPECT_TRUE(lines[0].starts_with("netherd ")) << lines[0];
  EXPECT_EQ(lines[1] + '\n', run("uname -sr").output);
  EXPECT_TRUE(lines[2].starts_with("liburing 2.")) << lines[2];
}

/// What bash offers for a command line that ends in a half-typed word.
std::vector<std::string> complete_in_bash(const std::string& words) {
  const Finished bash = run("bash -c 'source <(netherd completion bash); COMP_WORDS=(" + words +
                            R"(); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _netherd; printf "%s\n" "${COMPREPLY[@]}"')");
  EXPECT_EQ(bash.errors, "");
  return lines_of(bash.output);
}

TEST_F(Usage, BashCompletesCommandsOptionsLabsAndNodes) {
  using Strings = std::vector<std::string>;
  write_first_lab();
  EXPECT_EQ(run("netherd up first.yml").status, 0);
  EXPECT_EQ(complete_in_bash("netherd pi"), Strings{"ping"});
  EXPECT_EQ(complete_in_bash("netherd up --wa"), Strings{"--wait"});
  EXPECT_EQ(complete_in_bash("netherd up --no"), Strings{""}) << "--nodes is in an example, and generate's";
  EXPECT_EQ(complete_in_bash("netherd exec --jobs 4 first mi"), Strings{"middle"});
  EXPECT_EQ(complete_in_bash("netherd ip ro"), Strings{"route"});
  EXPECT_EQ(complete_in_bash("netherd up --routing sh"), Strings{"shortest-path"});
  EXPECT_EQ(complete_in_bash("netherd down fi"), (Strings{"first", "first.yml"}));
  EXPECT_EQ(complete_in_bash("netherd exec first mi"), Strings{"middle"});
  EXPECT_EQ(complete_in_bash("netherd generate sc"), Strings{"scale-free"});
}

TEST_F(Usage, CompletionKnowsEveryCommandAndEveryOption) {
  const std::string zsh = run("netherd completion zsh").output;
  const std::string bash = run("netherd completion bash").output;
  const std::string fish = run("netherd completion fish").output;
  for (const std::string& command : commands()) {
    EXPECT_NE(zsh.find("'" + command + ":"), std::string::npos) << command;
    EXPECT_NE(bash.find(command + ' '), std::string::npos) << command;
    EXPECT_NE(fish.find(" -a " + command + " -d "), std::string::npos) << command;
    if (command == "ip") continue;
    for (const std::string& option : lines_of(
             run("netherd " + command + " --help | grep -oE '^  [a-z,-]*--[a-z0-9-]+' | grep -oE '[-]-.*'").output)) {
      EXPECT_NE(zsh.find(option), std::string::npos) << command << ' ' << option;
    }
  }
}

}  // namespace
}  // namespace netherd::test
