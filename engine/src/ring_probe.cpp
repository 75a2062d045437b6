#include "ring_probe.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace netherd::engine {

namespace {

struct ProbedOperation {
  std::string_view name;
  int expected_result;
};

/// Their places are their user data. There is no descriptor -1: only a kernel that knows the operation gets as far as
/// saying so.
constexpr std::array probed_operations{ProbedOperation{"io_uring_enter", 0}, ProbedOperation{"IORING_OP_SEND", -EBADF},
                                       ProbedOperation{"IORING_OP_RECVMSG", -EBADF}};
constexpr int no_descriptor = -1;

boost::system::error_code system_error(int error) noexcept { return {error, boost::system::system_category()}; }

void prepare(io_uring_sqe& entry, std::size_t place, msghdr& header) noexcept {
  if (place == 0) io_uring_prep_nop(&entry);
  if (place == 1) io_uring_prep_send(&entry, no_descriptor, nullptr, 0, 0);
  if (place == 2) io_uring_prep_recvmsg(&entry, no_descriptor, &header, 0);
  io_uring_sqe_set_data64(&entry, place);
}

/// The kernel stops a submission behind an entry that it finds wrong.
int submit_all(io_uring& ring) noexcept {
  int result = 0;
  for (std::size_t attempts = probed_operations.size(); attempts > 0 && io_uring_sq_ready(&ring) > 0; --attempts) {
    result = io_uring_submit(&ring);
    if (result < 0 && result != -EINTR) break;
  }
  return io_uring_sq_ready(&ring) > 0 && result >= 0 ? -EAGAIN : result;
}

}  // namespace

RingFlaw try_round_trip(io_uring& ring) noexcept {
  msghdr header{};
  for (std::size_t place = 0; place < probed_operations.size(); ++place) {
    prepare(*io_uring_get_sqe(&ring), place, header);
  }
  if (const int result = submit_all(ring); result < 0) return {system_error(-result), "io_uring_enter"};
  RingFlaw flaw;
  std::size_t completed = 0;
  for (io_uring_cqe* completion = nullptr; io_uring_peek_cqe(&ring, &completion) == 0; ++completed) {
    const ProbedOperation& operation = probed_operations.at(io_uring_cqe_get_data64(completion));
    const int result = completion->res;
    io_uring_cqe_seen(&ring, completion);
    if (result == operation.expected_result || flaw.error) continue;
    flaw = {system_error(result < 0 ? -result : EINVAL), operation.name};
  }
  if (!flaw.error && completed < probed_operations.size()) flaw = {system_error(ETIME), "io_uring_enter"};
  return flaw;
}

}  // namespace netherd::engine
