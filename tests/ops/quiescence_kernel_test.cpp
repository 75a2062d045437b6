#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <fstream>

#include "iproute2.hpp"
#include "netherd/ops/link.hpp"
#include "netherd/ops/namespace_factory.hpp"
#include "netherd/ops/netns_path.hpp"
#include "netherd/ops/quiescence.hpp"

namespace netherd::ops {
namespace {

namespace asio = boost::asio;
namespace errc = boost::system::errc;
using namespace std::chrono_literals;
using boost::system::error_code;

/// What a namespace can be found by without keeping it alive.
class NamespaceHandle {
 public:
  explicit NamespaceHandle(int netns) {
    int mount = 0;
    handle()->handle_bytes = MAX_HANDLE_SZ;
    supported_ = ::name_to_handle_at(netns, "", handle(), &mount, AT_EMPTY_PATH) == 0;
  }
  /// False before Linux 6.18.
  [[nodiscard]] bool supported() const { return supported_; }
  [[nodiscard]] bool gone() {
    const auto current = open_current_namespace();
    const engine::FileDescriptor reopened{::open_by_handle_at(current->get(), handle(), O_RDONLY | O_CLOEXEC)};
    return !reopened && errno == ESTALE;
  }

 private:
  file_handle* handle() { return reinterpret_cast<file_handle*>(bytes_.data()); }

  alignas(file_handle) std::array<char, sizeof(file_handle) + MAX_HANDLE_SZ> bytes_{};
  bool supported_ = false;
};

class QuiescenceTest : public testing::Test {
 protected:
  /// Namespaces that each have a veth pair to ours.
  void make_namespaces(int count) {
    NamespaceFactory factory{context.get_executor(), {}};
    for (int i = 0; i < count; ++i) {
      factory.async_create({}, [this](error_code error, CreatedNamespace made) {
        ASSERT_FALSE(error);
        namespaces.push_back(std::move(made));
      });
    }
    context.run();
    context.restart();
    for (const CreatedNamespace& made : namespaces) {
      const std::string name = "veth" + std::to_string(made.netns.get());
      AddVeth veth;
      veth.main = {.name = "eth0", .netns = {"", made.netns.get()}};
      veth.peer = {.name = name};
      ASSERT_FALSE(here.execute(veth));
    }
  }

  std::size_t veth_count() {
    const auto links = here.dump(DumpLinks{}, decode_link);
    return static_cast<std::size_t>(std::ranges::count_if(links, [](const Link& link) { return link.kind == "veth"; }));
  }

  error_code wait(QuiescenceWatch& watch) {
    error_code outcome = asio::error::would_block;
    watch.async_wait([&](error_code error) { outcome = error; });
    EXPECT_EQ(outcome, asio::error::would_block) << "completed inside the initiating function";
    context.run();
    context.restart();
    return outcome;
  }

  asio::io_context context{1};
  test::NetlinkClient here;
  std::vector<CreatedNamespace> namespaces;
};

TEST_F(QuiescenceTest, DevicesAndNamespacesAreGone) {
  make_namespaces(50);
  for (CreatedNamespace& made : namespaces) made.socket.reset();
  ::usleep(200'000);  // until the sockets have let go
  NamespaceHandle handle{namespaces.front().netns.get()};
  EXPECT_EQ(veth_count(), 50U);
  EXPECT_TRUE(!handle.supported() || !handle.gone());

  QuiescenceWatch watch{context.get_executor(), {}};
  namespaces.clear();
  EXPECT_EQ(wait(watch), error_code{});
  EXPECT_EQ(veth_count(), 0U);
  EXPECT_TRUE(!handle.supported() || handle.gone());
}

TEST_F(QuiescenceTest, SocketsClosedJustBeforeAreWaitedFor) {
  for (int round = 0; round < 5; ++round) {
    make_namespaces(10);
    QuiescenceWatch watch{context.get_executor(), {.sockets_were_closed = true}};
    namespaces.clear();
    EXPECT_EQ(wait(watch), error_code{});
    EXPECT_EQ(veth_count(), 0U);
  }
}

TEST_F(QuiescenceTest, PinnedNamespacesAreWaitedForAfterTheirUnmount) {
  make_namespaces(20);
  for (std::size_t i = 0; i < namespaces.size(); ++i) {
    ASSERT_FALSE(pin_namespace("/run/netns/n" + std::to_string(i), namespaces[i].netns.get()));
  }
  namespaces.clear();
  ::usleep(200'000);
  QuiescenceWatch watch{context.get_executor(), {}};
  for (int i = 0; i < 20; ++i) ASSERT_FALSE(unpin_namespace("/run/netns/n" + std::to_string(i)));
  EXPECT_EQ(wait(watch), error_code{});
  EXPECT_EQ(veth_count(), 0U);
}

TEST_F(QuiescenceTest, NothingToWaitFor) {
  QuiescenceWatch watch{context.get_executor(), {}};
  EXPECT_EQ(wait(watch), error_code{});
}

TEST_F(QuiescenceTest, MadeLongBeforeItIsUsed) {
  QuiescenceWatch watch{context.get_executor(), {}};
  context.run_for(50ms);
  context.restart();
  EXPECT_EQ(wait(watch), error_code{});
}

TEST_F(QuiescenceTest, GivesUpInTime) {
  QuiescenceWatch watch{context.get_executor(), {.timeout = 0ms}};
  EXPECT_EQ(wait(watch), asio::error::timed_out);
}

TEST_F(QuiescenceTest, CanBeCancelled) {
  QuiescenceWatch watch{context.get_executor(), {}};
  asio::cancellation_signal signal;
  error_code outcome;
  watch.async_wait(asio::bind_cancellation_slot(signal.slot(), [&](error_code error) { outcome = error; }));
  signal.emit(asio::cancellation_type::total);
  signal.emit(asio::cancellation_type::total);
  context.run();
  EXPECT_EQ(outcome, asio::error::operation_aborted);
}

TEST_F(QuiescenceTest, DestructorCancels) {
  error_code outcome;
  {
    QuiescenceWatch watch{context.get_executor(), {}};
    watch.async_wait([&](error_code error) { outcome = error; });
  }
  context.run();
  EXPECT_EQ(outcome, asio::error::operation_aborted);
}

TEST_F(QuiescenceTest, CanBeDestroyedUnused) {
  {
    const QuiescenceWatch watch{context.get_executor(), {}};
  }
  context.run();
}

/// In a user namespace of its own with a limit of 12 network namespaces, which a namespace counts against until the
/// very end of its destruction. Exit codes: 0 as expected, 77 not possible here.
int fill_limit_twice() {
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) return 77;
  std::ofstream limit{"/proc/sys/user/max_net_namespaces"};
  if (!(limit << 12 << std::flush)) return 77;
  asio::io_context context{1};
  NamespaceFactory factory{context.get_executor(), {.threads = 1, .limit_patience = 0ms}};
  const auto create = [&] {
    std::vector<CreatedNamespace> created;
    for (int i = 0; i < 8; ++i) {
      factory.async_create({}, [&](error_code error, CreatedNamespace made) {
        if (!error) created.push_back(std::move(made));
      });
    }
    context.run();
    context.restart();
    return created;
  };
  auto created = create();
  if (created.size() != 8) return 1;
  error_code outcome;
  {
    QuiescenceWatch watch{context.get_executor(), {.sockets_were_closed = false}};
    for (CreatedNamespace& made : created) made.socket.reset();
    ::usleep(200'000);
    created.clear();
    watch.async_wait([&](error_code error) { outcome = error; });
    context.run();
    context.restart();
  }
  if (outcome) return 2;
  return create().size() == 8 ? 0 : 3;
}

TEST(QuiescenceLimit, NamespacesNoLongerCount) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(fill_limit_twice());
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "user namespaces cannot be made here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace netherd::ops
