// Processes and the namespaces that they are in, against `ip netns pids|identify|attach`.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "iproute2.hpp"
#include "netherd/ops/netns_path.hpp"
#include "netherd/ops/netns_process.hpp"

namespace netherd::ops {
namespace {

namespace errc = boost::system::errc;
using test::NamedNamespace;

/// A process that stays in a namespace until it is destroyed.
class Inhabitant {
 public:
  explicit Inhabitant(int netns) {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      const bool entered = ::setns(netns, CLONE_NEWNET) == 0;
      static_cast<void>(!::write(ready[1], "x", entered ? 1 : 0));
      ::close(ready[1]);
      ::pause();
      ::_exit(0);
    }
    ::close(ready[1]);
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
  }
  ~Inhabitant() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Inhabitant(const Inhabitant&) = delete;
  Inhabitant& operator=(const Inhabitant&) = delete;
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

TEST(NetnsProcess, ProcessesInANamespaceAreThoseThatIpSees) {
  const NamedNamespace netns{"node"};
  EXPECT_TRUE(processes_in(netns.descriptor()).value().empty());
  const Inhabitant first{netns.descriptor()};
  const Inhabitant second{netns.descriptor()};
  const auto processes = processes_in(netns.descriptor()).value();
  std::string text;
  for (const pid_t process : processes) text += std::to_string(process) + "\n";
  EXPECT_EQ(processes.size(), 2U);
  EXPECT_EQ(test::run_command("ip netns pids node | sort -n").text, text);
  EXPECT_EQ(processes_in(STDIN_FILENO).error(), errc::invalid_argument);
}

TEST(NetnsProcess, OurOwnNamespaceHasUs) {
  const auto current = open_current_namespace();
  const auto processes = processes_in(current->get()).value();
  EXPECT_TRUE(std::ranges::binary_search(processes, ::getpid()));
}

TEST(NetnsProcess, ANamespaceIsAdoptedByItsProcess) {
  const NamedNamespace netns{"node"};
  const Inhabitant inhabitant{netns.descriptor()};
  const auto found = open_namespace_of(inhabitant.pid());
  ASSERT_TRUE(found);
  EXPECT_EQ(identify_namespace(found->get()).value(), identify_namespace(netns.descriptor()).value());
  EXPECT_EQ(test::run_command("ip netns identify " + std::to_string(inhabitant.pid())).text, "node\n");
  ASSERT_FALSE(pin_namespace("/run/netns/adopted", found->get()));
  EXPECT_EQ(names_of_namespace("/run/netns", found->get()).value(), (std::vector<std::string>{"adopted", "node"}));
  EXPECT_FALSE(unpin_namespace("/run/netns/adopted"));
}

TEST(NetnsProcess, WhoIsNotThereHasNoNamespace) {
  pid_t gone = -1;
  {
    const Inhabitant inhabitant{open_current_namespace()->get()};
    gone = inhabitant.pid();
  }
  EXPECT_EQ(open_namespace_of(gone).error(), errc::no_such_process);
  EXPECT_EQ(open_namespace_of(0).error(), errc::no_such_process);
  EXPECT_EQ(open_namespace_of(-1).error(), errc::no_such_process);
}

TEST(NetnsProcess, NamesAreThoseOfTheDirectory) {
  const NamedNamespace netns{"node"};
  const NamedNamespace other{"other"};
  EXPECT_EQ(names_of_namespace("/run/netns", netns.descriptor()).value(), std::vector<std::string>{"node"});
  EXPECT_TRUE(names_of_namespace("/run/netns", open_current_namespace()->get()).value().empty());
  EXPECT_TRUE(names_of_namespace("/run/missing", netns.descriptor()).value().empty());
  EXPECT_EQ(names_of_namespace("/etc/passwd", netns.descriptor()).error(), errc::not_a_directory);
  EXPECT_EQ(names_of_namespace("/run/netns", STDIN_FILENO).error(), errc::invalid_argument);
}

}  // namespace
}  // namespace netherd::ops
