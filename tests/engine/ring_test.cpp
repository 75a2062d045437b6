#include "netherd/engine/ring.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <liburing.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <memory_resource>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include "netherd/engine/file_descriptor.hpp"
#include "support/refuse_system_call.hpp"

namespace {

namespace asio = boost::asio;
using namespace netherd::engine;
using boost::system::error_code;
using netherd::test::refuse_system_call;

class RingTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto reason = ring().unavailable()) GTEST_SKIP() << "no io_uring: " << reason.message();
  }
  Ring& ring() { return Ring::of(context); }
  void run() {
    context.restart();
    context.run();
  }

  asio::io_context context;
};

const auto nop = [](io_uring_sqe& entry) { io_uring_prep_nop(&entry); };

class Pipe {
 public:
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error{"no pipe"};
    reading_.reset(ends[0]);
    writing_.reset(ends[1]);
  }
  auto reader() {
    return [this](io_uring_sqe& entry) {
      io_uring_prep_read(&entry, reading_.get(), received.data(), static_cast<unsigned>(received.size()), 0);
    };
  }
  void write(std::string_view text) const {
    ASSERT_EQ(::write(writing_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  std::array<char, 16> received{};

 private:
  FileDescriptor reading_;
  FileDescriptor writing_;
};

/// Where a handler leaves what it was called with.
struct Completion {
  std::optional<error_code> error;
  std::int32_t result = 0;

  auto handler() {
    return [this](error_code with_error, std::int32_t with_result) {
      EXPECT_FALSE(error.has_value()) << "called twice";
      error = with_error;
      result = with_result;
    };
  }
};

TEST_F(RingTest, IsOnePerContext) {
  asio::io_context other;
  EXPECT_EQ(&Ring::of(context), &Ring::of(context));
  EXPECT_NE(&Ring::of(context), &Ring::of(other));
}

TEST_F(RingTest, RunReturnsWhenNothingIsOutstanding) {
  EXPECT_EQ(context.run(), 0U);
  Completion completion;
  ring().async_submit(nop, completion.handler());
  EXPECT_FALSE(completion.error.has_value()) << "never from within the initiating function";
  run();
  EXPECT_EQ(completion.error, error_code{});
  EXPECT_EQ(context.poll(), 0U);
}

TEST_F(RingTest, ReportsErrorsOfTheKernel) {
  Completion completion;
  ring().async_submit([](io_uring_sqe& entry) { io_uring_prep_close(&entry, -1); }, completion.handler());
  run();
  EXPECT_EQ(completion.error, boost::system::errc::bad_file_descriptor);
  EXPECT_EQ(completion.result, -EBADF);
}

TEST_F(RingTest, ReadsWhatComesLater) {
  Pipe pipe;
  Completion completion;
  ring().async_submit(pipe.reader(), completion.handler());
  asio::steady_timer timer{context, std::chrono::milliseconds{5}};
  timer.async_wait([&](error_code) { pipe.write("later"); });
  run();
  EXPECT_EQ(completion.result, 5);
  EXPECT_STREQ(pipe.received.data(), "later");
}

TEST_F(RingTest, WaitsForTimeouts) {
  __kernel_timespec duration{.tv_sec = 0, .tv_nsec = 5'000'000};
  Completion completion;
  const auto start = std::chrono::steady_clock::now();
  ring().async_submit([&](io_uring_sqe& entry) { io_uring_prep_timeout(&entry, &duration, 0, 0); },
                      completion.handler());
  run();
  EXPECT_EQ(completion.error, boost::system::errc::stream_timeout);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds{5});
}

TEST_F(RingTest, TakesMoreOperationsThanItHasEntries) {
  std::size_t completed = 0;
  for (int count = 0; count < 5000; ++count) ring().async_submit(nop, [&](error_code, std::int32_t) { ++completed; });
  run();
  EXPECT_EQ(completed, 5000U);
}

TEST_F(RingTest, HandlersMayStartTheNextOperation) {
  int left = 1000;
  std::function<void()> again = [&] {
    ring().async_submit(nop, [&](error_code, std::int32_t) {
      if (--left > 0) again();
    });
  };
  again();
  run();
  EXPECT_EQ(left, 0);
}

TEST_F(RingTest, AnotherOperationMayFollowTheLastOne) {
  // The wait for completions is given up with the last operation; the next one has to wait again.
  for (const int hint : {1, 2}) {
    asio::io_context hinted{hint};
    Ring& own = Ring::of(hinted);
    for (int round = 0; round < 50; ++round) {
      Pipe first;
      Pipe second;
      Completion last;
      own.async_submit(first.reader(), [&](error_code, std::int32_t) {
        own.async_submit(second.reader(), last.handler());
        asio::post(hinted, [&] { second.write("x"); });
      });
      own.async_submit(nop, [&](error_code, std::int32_t) { first.write("x"); });
      hinted.restart();
      hinted.run_for(std::chrono::seconds{10});
      ASSERT_EQ(last.result, 1) << "round " << round;
    }
  }
}

TEST_F(RingTest, CancelsWhatIsPending) {
  Pipe pipe;
  Completion completion;
  asio::cancellation_signal signal;
  ring().async_submit(pipe.reader(), asio::bind_cancellation_slot(signal.slot(), completion.handler()));
  context.poll();
  EXPECT_FALSE(completion.error.has_value());
  signal.emit(asio::cancellation_type::terminal);
  run();
  EXPECT_EQ(completion.error, boost::system::errc::operation_canceled);
}

TEST_F(RingTest, CancelsWhatIsNotYetSubmitted) {
  Pipe pipe;
  Completion completion;
  asio::cancellation_signal signal;
  ring().async_submit(pipe.reader(), asio::bind_cancellation_slot(signal.slot(), completion.handler()));
  signal.emit(asio::cancellation_type::terminal);
  signal.emit(asio::cancellation_type::terminal);
  run();
  EXPECT_EQ(completion.error, boost::system::errc::operation_canceled);
}

TEST_F(RingTest, CancellingWhatHasEndedDoesNothing) {
  Completion completion;
  asio::cancellation_signal signal;
  ring().async_submit(nop, asio::bind_cancellation_slot(signal.slot(), completion.handler()));
  run();
  signal.emit(asio::cancellation_type::terminal);
  run();
  EXPECT_EQ(completion.error, error_code{});
}

TEST_F(RingTest, HandlersRunOnTheirExecutors) {
  auto strand = asio::make_strand(context);
  bool inside = false;
  ring().async_submit(
      nop, asio::bind_executor(strand, [&](error_code, std::int32_t) { inside = strand.running_in_this_thread(); }));
  run();
  EXPECT_TRUE(inside);
}

TEST_F(RingTest, HandlersBringTheirMemory) {
  std::array<std::byte, 4096> storage;
  std::pmr::monotonic_buffer_resource memory{storage.data(), storage.size(), std::pmr::null_memory_resource()};
  const std::pmr::polymorphic_allocator<> allocator{&memory};
  Completion completion;
  ring().async_submit(nop, asio::bind_allocator(allocator, completion.handler()));
  void* const next = memory.allocate(1, 1);
  EXPECT_GT(static_cast<std::byte*>(next), storage.data()) << "nothing was taken from it";
  run();
  EXPECT_EQ(completion.error, error_code{});
}

TEST_F(RingTest, ResumesCoroutines) {
  std::size_t completed = 0;
  const auto loop = [&]() -> asio::awaitable<void> {
    for (; completed < 100; ++completed) EXPECT_EQ(co_await ring().async_submit(nop, asio::use_awaitable), 0);
  };
  asio::co_spawn(context, loop, asio::detached);
  run();
  EXPECT_EQ(completed, 100U);
}

TEST(Ring, ContextDestroyedWithOperationsPending) {
  // The kernel must have let go of the buffers: the sanitizer sees a write after their end.
  const auto witness = std::make_shared<int>(0);
  for (int turns = 0; turns < 10; ++turns) {
    const auto pipe = std::make_unique<Pipe>();
    asio::io_context doomed;
    Ring& ring = Ring::of(doomed);
    if (ring.unavailable()) GTEST_SKIP() << "no io_uring";
    for (int count = 0; count < 300; ++count) {
      ring.async_submit(pipe->reader(), [witness](error_code, std::int32_t) { ADD_FAILURE() << "called"; });
    }
    for (int turn = 0; turn < turns; ++turn) doomed.poll_one();
  }
  EXPECT_EQ(witness.use_count(), 1);
}

TEST_F(RingTest, EntryThatTheKernelRefusesHoldsNobodyUp) {
  // The kernel stops a submission at such an entry; those behind it must be handed over again.
  constexpr std::uint8_t no_such_operation = 255;
  Completion refused;
  Completion behind;
  ring().async_submit(
      [](io_uring_sqe& entry) {
        io_uring_prep_nop(&entry);
        entry.opcode = no_such_operation;
      },
      refused.handler());
  ring().async_submit(nop, behind.handler());
  context.restart();
  context.run_for(std::chrono::seconds{5});
  EXPECT_EQ(refused.error, boost::system::errc::invalid_argument);
  EXPECT_EQ(behind.error, error_code{});
}

TEST_F(RingTest, CancellationReachesItsOperationOnly) {
  // Memory is used again: a cancellation must not hit an operation that took the place of the one it was meant for.
  std::optional<Pipe> pipe{std::in_place};
  Completion next;
  asio::cancellation_signal signal;
  ring().async_submit(nop, asio::bind_cancellation_slot(signal.slot(), [&](error_code, std::int32_t) {
                        ring().async_submit(pipe->reader(), next.handler());
                      }));
  signal.emit(asio::cancellation_type::terminal);
  asio::steady_timer timer{context, std::chrono::milliseconds{5}};
  timer.async_wait([&](error_code) { pipe->write("x"); });
  run();
  EXPECT_EQ(next.error, error_code{});
  EXPECT_EQ(next.result, 1);
}

std::chrono::nanoseconds processor_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

void use_kernel_that_takes_nothing(int error, int requests, const std::shared_ptr<int>& witness) {
  asio::io_context context;
  Ring& ring = Ring::of(context);
  refuse_system_call(SYS_io_uring_enter, error);
  int refused = 0;
  for (int count = 0; count < requests; ++count) {
    ring.async_submit(nop, [&, witness](error_code failure, std::int32_t) {
      EXPECT_EQ(failure, boost::system::errc::resource_unavailable_try_again);
      ++refused;
    });
  }
  const auto before = processor_time();
  context.run_for(std::chrono::milliseconds{200});
  EXPECT_LT(processor_time() - before, std::chrono::milliseconds{100}) << "waits by spinning";
  EXPECT_EQ(refused, requests - 256) << "what the queue has no room for";
}

TEST_F(RingTest, KernelThatTakesNoSubmissionsIsWaitedForPatiently) {
  for (const int error : {EAGAIN, EBUSY}) {
    const auto witness = std::make_shared<int>(0);
    std::thread{use_kernel_that_takes_nothing, error, 260, witness}.join();
    EXPECT_EQ(witness.use_count(), 1) << "what the kernel never saw is discarded with the context";
  }
}

/// Filters stay as long as their thread does.
template <typename Function>
void on_own_thread(Function function) {
  std::thread{function}.join();
}

TEST_F(RingTest, RefusedFromTheStartItIsUnavailable) {
  struct Refusal {
    unsigned call;
    int error;
    std::string_view step;
  };
  for (const Refusal& refusal :
       {Refusal{SYS_io_uring_setup, EPERM, "io_uring_setup"}, Refusal{SYS_io_uring_setup, EMFILE, "io_uring_setup"},
        Refusal{SYS_io_uring_setup, ENOMEM, "io_uring_setup"}, Refusal{SYS_io_uring_enter, EPERM, "io_uring_enter"},
        Refusal{SYS_io_uring_enter, ENOSYS, "io_uring_enter"}, Refusal{SYS_io_uring_enter, EAGAIN, "io_uring_enter"},
        Refusal{SYS_epoll_ctl, ENOSPC, "epoll_ctl"}}) {
    on_own_thread([refusal] {
      asio::io_context refused;
      refuse_system_call(refusal.call, refusal.error);
      Ring& own = Ring::of(refused);
      EXPECT_EQ(own.unavailable(), (error_code{refusal.error, boost::system::system_category()})) << refusal.step;
      EXPECT_EQ(own.unavailable_step(), refusal.step);
    });
  }
  on_own_thread([] {
    refuse_system_call(SYS_io_uring_register, EPERM);
    asio::io_context limited;
    EXPECT_FALSE(Ring::of(limited).unavailable()) << "a limit of workers is all that it is needed for";
  });
}

TEST_F(RingTest, LeavesNoDescriptorBehindWhereItIsRefused) {
  on_own_thread([] {
    refuse_system_call(SYS_io_uring_enter, EPERM);
    const FileDescriptor before{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    {
      asio::io_context refused;
      EXPECT_TRUE(Ring::of(refused).unavailable());
    }
    const FileDescriptor after{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    EXPECT_EQ(after.get(), before.get() + 1);
  });
}

TEST_F(RingTest, FailsForGoodWithTheReason) {
  for (const int error : {EPERM, ENOSYS, EBADF, EAGAIN}) {
    on_own_thread([error] {
      asio::io_context failing;
      Ring& own = Ring::of(failing);
      Completion queued;
      own.async_submit(nop, queued.handler());
      refuse_system_call(SYS_io_uring_enter, error);
      failing.run_for(std::chrono::seconds{10});
      const error_code reason{error, boost::system::system_category()};
      EXPECT_EQ(queued.error, reason);
      EXPECT_EQ(own.unavailable(), reason);
      EXPECT_EQ(own.unavailable_step(), "io_uring_enter");
      Completion later;
      own.async_submit(nop, later.handler());
      failing.restart();
      EXPECT_EQ(failing.run_for(std::chrono::seconds{10}) > 0, true);
      EXPECT_EQ(later.error, reason);
      EXPECT_TRUE(failing.stopped()) << "nothing keeps the loop from ending";
    });
  }
}

TEST_F(RingTest, WhatTheKernelHasOutlivesTheFailure) {
  on_own_thread([] {
    asio::io_context failing;
    Ring& own = Ring::of(failing);
    Pipe written;
    Pipe silent;
    Completion reading;
    Completion cancelled;
    asio::cancellation_signal signal;
    own.async_submit(written.reader(), reading.handler());
    own.async_submit(silent.reader(), asio::bind_cancellation_slot(signal.slot(), cancelled.handler()));
    failing.poll();
    refuse_system_call(SYS_io_uring_enter, EPERM);
    Completion queued;
    own.async_submit(nop, queued.handler());
    failing.poll();
    EXPECT_EQ(queued.error, boost::system::errc::operation_not_permitted);
    written.write("x");
    signal.emit(asio::cancellation_type::terminal);
    failing.run_for(std::chrono::seconds{10});
    EXPECT_EQ(reading.result, 1);
    EXPECT_EQ(cancelled.error, boost::system::errc::operation_canceled);
    EXPECT_TRUE(failing.stopped());
  });
}

TEST_F(RingTest, CancellationThatIsStillQueuedOutlivesTheFailure) {
  on_own_thread([] {
    asio::io_context failing;
    Ring& own = Ring::of(failing);
    Pipe silent;
    Completion cancelled;
    asio::cancellation_signal signal;
    own.async_submit(silent.reader(), asio::bind_cancellation_slot(signal.slot(), cancelled.handler()));
    failing.poll();
    signal.emit(asio::cancellation_type::terminal);
    refuse_system_call(SYS_io_uring_enter, EPERM);
    failing.run_for(std::chrono::seconds{10});
    EXPECT_EQ(cancelled.error, boost::system::errc::operation_canceled);
  });
}

TEST(Ring, ContextDestroyedWhileOperationsEnd) {
  // More operations than the queue has entries: some of them end while the others are being cancelled.
  const auto witness = std::make_shared<int>(0);
  for (int round = 0; round < 20; ++round) {
    std::array<Pipe, 4> pipes;
    asio::io_context doomed;
    Ring& ring = Ring::of(doomed);
    if (ring.unavailable()) GTEST_SKIP() << "no io_uring";
    for (std::size_t count = 0; count < 700; ++count) {
      ring.async_submit(pipes[count % pipes.size()].reader(), [witness](error_code, std::int32_t) {});
    }
    doomed.poll();
    for (const Pipe& pipe : pipes) pipe.write("0123456789");
  }
  EXPECT_EQ(witness.use_count(), 1);
}

TEST_F(RingTest, ThrowingPreparationLeavesNothingBehind) {
  const auto witness = std::make_shared<int>(0);
  const auto throw_within = [](io_uring_sqe& entry) {
    io_uring_prep_close(&entry, STDIN_FILENO);
    throw std::runtime_error{"no"};
  };
  EXPECT_THROW(ring().async_submit(throw_within, [witness](error_code, std::int32_t) {}), std::runtime_error);
  EXPECT_EQ(witness.use_count(), 1);
  Completion next;
  ring().async_submit(nop, next.handler());
  run();
  EXPECT_EQ(next.error, error_code{});
  EXPECT_NE(::fcntl(STDIN_FILENO, F_GETFD), -1) << "the entry was executed all the same";
}

}  // namespace
