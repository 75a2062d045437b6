// Linked into an executable, this makes io_uring_setup() fail for all its tests, as kernel.io_uring_disabled and the
// filters of container runtimes do.

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>

#include "netherd/engine/ring.hpp"
#include "support/refuse_system_call.hpp"

namespace {

class WithoutIoUring final : public testing::Environment {
 public:
  void SetUp() override { netherd::test::refuse_system_call(SYS_io_uring_setup, EPERM); }
};

[[maybe_unused]] const testing::Environment* const environment = testing::AddGlobalTestEnvironment(new WithoutIoUring);

TEST(WithoutIoUring, RingSaysWhyItIsUnavailable) {
  boost::asio::io_context context;
  netherd::engine::Ring& ring = netherd::engine::Ring::of(context);
  EXPECT_EQ(ring.unavailable(), boost::system::errc::operation_not_permitted);
  EXPECT_EQ(ring.unavailable_step(), "io_uring_setup");
}

}  // namespace
