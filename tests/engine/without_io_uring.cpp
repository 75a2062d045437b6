// Linked into an executable, this makes io_uring_setup() fail for all its tests, as kernel.io_uring_disabled and the
// filters of container runtimes do.

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <cstddef>

#include "netherd/engine/ring.hpp"

namespace {

class WithoutIoUring final : public testing::Environment {
 public:
  void SetUp() override {
    std::array<sock_filter, 4> program{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
  }
};

[[maybe_unused]] const testing::Environment* const environment = testing::AddGlobalTestEnvironment(new WithoutIoUring);

TEST(WithoutIoUring, RingSaysWhyItIsUnavailable) {
  boost::asio::io_context context;
  EXPECT_EQ(netherd::engine::Ring::of(context).unavailable(), boost::system::errc::operation_not_permitted);
}

}  // namespace
