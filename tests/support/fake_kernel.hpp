#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "netherd/engine/message.hpp"

namespace netherd::test {

/// What the kernel makes of one request.
struct Reaction {
  int error = 0;                                    ///< errno, or 0
  std::size_t objects = 0;                          ///< messages before the end: what was asked for, or a whole dump
  std::string words{};                              ///< extended acknowledgement of an error
  std::optional<std::uint32_t> attribute_offset{};  ///< the same
  std::optional<std::uint32_t> missing_type{};      ///< the same: of an attribute that is not there
  std::optional<std::uint32_t> missing_nest{};      ///< the same: where it should be
  bool echoes_request = false;                      ///< the error carries the request: no NETLINK_CAP_ACK
  bool interrupted = false;                         ///< the last part of the dump has NLM_F_DUMP_INTR
  int done_error = 0;                               ///< errno at the end of a dump that began well
};

/// How answers travel.
struct FakeKernelOptions {
  std::size_t receive_buffer_answers = 256;  ///< more of them are dropped
  std::size_t objects_per_part = 3;          ///< of a dump
  std::size_t answers_per_datagram = 1;      ///< the kernel itself sends every answer alone
};

/// The request side of a netlink socket without a kernel: executes what is sent as a script says, and answers as
/// net/netlink/af_netlink.c does.
///
/// - Messages of a datagram are executed in order, also behind one that fails; a truncated one vanishes.
/// - Errors always answer; success answers with NLM_F_ACK only.
/// - Answers beyond the receive buffer are dropped. The next receive() then gives ENOBUFS before what is still there,
///   and everything is dropped until the buffer has been emptied.
/// - One dump at a time (EBUSY for a second one); its parts are made when there is room, beside other answers.
class FakeKernel {
 public:
  using Script = std::function<Reaction(const engine::MessageView& request)>;

  struct Execution {
    std::uint32_t sequence = 0;
    std::uint32_t mark = 0;  ///< see make_request()
    int error = 0;
  };
  struct Reception {
    int error = 0;  ///< errno: EAGAIN, ENOBUFS
    std::vector<std::byte> datagram;
  };

  explicit FakeKernel(Script script, FakeKernelOptions options = {}) : script_{std::move(script)}, options_{options} {}

  /// Executes a whole datagram, as sendmsg() does.
  void send(std::span<const std::byte> datagram);
  /// The same in steps, as seen by another thread: hands the datagram over, then executes one message at a time. False:
  /// there is none left, the send has ended.
  void begin_send(std::span<const std::byte> datagram);
  bool execute_next();

  /// As recvmsg() with MSG_DONTWAIT.
  [[nodiscard]] Reception receive();
  /// Puts bytes among the answers, as they are.
  void inject(std::vector<std::byte> datagram) { queue_.push_back(std::move(datagram)); }
  /// Loses the newest answer, as if there had been no room for it. False: there is none.
  bool lose_newest_answer();

  [[nodiscard]] const std::vector<Execution>& executed() const { return executed_; }
  [[nodiscard]] std::size_t dropped_answers() const { return dropped_answers_; }
  [[nodiscard]] bool has_answers() const { return !queue_.empty() || overrun_reported_ || dump_.has_value(); }

 private:
  struct Dump {
    nlmsghdr request{};
    Reaction reaction;
    std::size_t objects_sent = 0;
  };

  void execute(const engine::MessageView& request);
  void answer(const engine::MessageView& request, const Reaction& reaction);
  void deliver(std::vector<std::byte> answer);
  void overrun();
  void continue_dump();

  Script script_;
  FakeKernelOptions options_;
  std::vector<std::byte> sending_;
  std::size_t sending_offset_ = 0;
  std::deque<std::vector<std::byte>> queue_;
  std::optional<Dump> dump_;
  std::vector<Execution> executed_;
  std::size_t dropped_answers_ = 0;
  bool congested_ = false;
  bool overrun_reported_ = false;
};

/// Types of the requests that the fake kernel knows; their lowest two bits tell them apart, as in rtnetlink.
inline constexpr std::uint16_t change_request_type = 16;
inline constexpr std::uint16_t get_request_type = 18;
/// Type of the objects that it answers with. Each carries its number, counted from 0.
inline constexpr std::uint16_t object_type = 17;

/// A request that carries a mark, by which scripts and tests know it, and as many bytes of ballast as it takes to be
/// `size` bytes long.
[[nodiscard]] std::vector<std::byte> make_request(std::uint16_t type, std::uint16_t flags, std::uint32_t mark,
                                                  std::size_t size = 0);
[[nodiscard]] std::uint32_t mark_of(const engine::MessageView& request);

}  // namespace netherd::test
