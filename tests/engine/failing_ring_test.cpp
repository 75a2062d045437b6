// A ring that the kernel sets up, and takes nothing from: at once, or from some moment on. Channels work on.

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include "channel_fixture.hpp"
#include "netherd/engine/message_list.hpp"
#include "netherd/engine/send_queue.hpp"
#include "support/refuse_system_call.hpp"

namespace {

using namespace netherd::engine;
using namespace netherd::test;
using namespace std::chrono_literals;

/// Filters stay as long as their thread does.
template <typename Function>
void on_own_thread(Function function) {
  std::thread{function}.join();
}

/// Requests of every kind on some channels.
class Work {
 public:
  Work(boost::asio::io_context& context, const ChannelOptions& options) {
    for (int count = 0; count < 3; ++count) channels_.emplace_back(context, open_socket(), options);
  }

  auto expected() {
    return [this](const Outcome& outcome) {
      EXPECT_TRUE(outcome.ok()) << outcome.to_string();
      ++outcomes_;
    };
  }

  void start() {
    for (int count = 0; count < 300; ++count) batch_.add(TouchLink{count % 3 == 2 ? 1'000'000 : 1});
    channels_[0].async_execute(batch_, [this](std::size_t failures) { batch_failures_ = failures; });
    for (Channel& channel : channels_) {
      channel.async_execute(TouchLink{1}, expected());
      channel.async_execute(GetLink{1}, Channel::Deadline{}, [this](const MessageView&) { ++objects_; }, expected());
      channel.async_list(DumpAddresses{}, list_, expected());
    }
  }
  void expect_done(const std::string& when) const {
    EXPECT_EQ(batch_failures_, 100U) << when;
    EXPECT_EQ(outcomes_, 3 * channels_.size()) << when;
    EXPECT_EQ(objects_, channels_.size()) << when;
    EXPECT_FALSE(list_.empty()) << when;
  }

 private:
  std::vector<Channel> channels_;
  Batch batch_;
  MessageList list_;
  std::optional<std::size_t> batch_failures_;
  std::size_t outcomes_ = 0;
  std::size_t objects_ = 0;
};

class FailingRing : public testing::TestWithParam<Submission> {
 protected:
  void SetUp() override {
    boost::asio::io_context context;
    if (Ring::of(context).unavailable()) GTEST_SKIP() << "no io_uring";
  }
  static ChannelOptions options() {
    ChannelOptions options;
    options.submission = GetParam();
    return options;
  }
};
INSTANTIATE_TEST_SUITE_P(Modes, FailingRing, testing::Values(Submission::in_loop, Submission::worker),
                         name_of_submission);

TEST_P(FailingRing, IsNotUsedWhereItIsRefusedFromTheStart) {
  for (const int error : {EPERM, ENOSYS, EAGAIN}) {
    on_own_thread([error] {
      refuse_system_call(SYS_io_uring_enter, error);
      boost::asio::io_context context;
      Work work{context, options()};
      work.start();
      context.run_for(20s);
      work.expect_done(std::to_string(error));
      EXPECT_TRUE(context.stopped());
    });
  }
}

TEST_P(FailingRing, IsLeftAtAnyMoment) {
  for (const bool queued : {false, true}) {
    for (int turns = 0; turns < 24; ++turns) {
      on_own_thread([queued, turns] {
        boost::asio::io_context context;
        ChannelOptions with_queue = options();
        if (queued) with_queue.send_queue = SendQueue::make(context);
        Work work{context, with_queue};
        work.start();
        for (int turn = 0; turn < turns; ++turn) context.poll_one();
        refuse_system_call(SYS_io_uring_enter, EPERM);
        context.run_for(20s);
        work.expect_done("after " + std::to_string(turns) + " turns");
        EXPECT_TRUE(context.stopped()) << turns;
      });
    }
  }
}

TEST_P(FailingRing, IsLeftWhenTheKernelHasTakenNothingForLong) {
  on_own_thread([] {
    boost::asio::io_context context;
    Work work{context, options()};
    refuse_system_call(SYS_io_uring_enter, EBUSY);
    work.start();
    context.run_for(20s);
    work.expect_done("EBUSY");
    EXPECT_EQ(Ring::of(context).unavailable().value(), EBUSY);
  });
}

TEST_P(FailingRing, LetsTheLoopEndWhenChannelsAreClosed) {
  // A receive is under way; neither of the two ways to cancel it is open.
  on_own_thread([] {
    boost::asio::io_context context;
    Channel channel{context, open_socket(), options()};
    constexpr std::uint32_t count = 40;
    std::uint32_t ended = 0;
    for (std::uint32_t offset = 0; offset < count; ++offset) {
      channel.async_execute(TouchLink{1}, [&](const Outcome&) { ++ended; });
    }
    for (int turn = 0; turn < 2; ++turn) context.poll_one();
    refuse_system_call(SYS_io_uring_register, EPERM);
    refuse_system_call(SYS_io_uring_enter, EPERM);
    channel.close();
    context.run_for(20s);
    EXPECT_EQ(ended, count);
    EXPECT_TRUE(context.stopped());
  });
}

TEST_P(FailingRing, EndsRequestsWithTheReasonWhereTheReactorFailsToo) {
  on_own_thread([] {
    boost::asio::io_context context;
    Channel channel{context, open_socket(), options()};
    refuse_system_call(SYS_epoll_ctl, ENOSPC);
    refuse_system_call(SYS_io_uring_enter, EPERM);
    std::optional<Outcome> result;
    channel.async_execute(TouchLink{1}, [&](Outcome outcome) { result = std::move(outcome); });
    context.run_for(20s);
    EXPECT_EQ(result.value().error, boost::system::errc::no_space_on_device);
    EXPECT_TRUE(context.stopped());
  });
}

TEST_P(FailingRing, SocketThatFailsForGoodEndsItsRequests) {
  for (const bool refused : {false, true}) {
    for (const int error : {EBADF, ENOTCONN, EINTR, ENOBUFS}) {
      on_own_thread([refused, error] {
        refuse_system_call(SYS_io_uring_setup, EPERM);
        boost::asio::io_context context;
        Channel channel{context, open_socket(), options()};
        std::optional<Outcome> first;
        channel.async_execute(TouchLink{1}, [&](Outcome outcome) { first = std::move(outcome); });
        if (refused) {
          context.run();
          EXPECT_TRUE(first.value().ok());
        }
        refuse_system_call(SYS_recvmsg, error);
        std::optional<Outcome> failed;
        channel.async_execute(TouchLink{1}, [&](Outcome outcome) { failed = std::move(outcome); });
        context.restart();
        context.run_for(20s);
        EXPECT_EQ(failed.value().error.value(), error);
        EXPECT_EQ(failed->state, RequestState::unknown);
        EXPECT_TRUE(context.stopped());
      });
    }
  }
}

}  // namespace
