#pragma once

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "netherd/engine/error.hpp"
#include "netherd/engine/message.hpp"
#include "netherd/engine/types.hpp"

namespace netherd::engine {

/// Whom the pipeline tells what became of a request. `position` is the number that the caller gave it.
///
/// The functions are called from within the pipeline's. Both may enqueue further requests, on_reply() may also abandon
/// or fail requests, its own included; neither may destroy the pipeline.
class AnswerSink {
 public:
  /// A message that belongs to the answer: the object asked for, or one object of a dump. The view ends with the call.
  virtual void on_reply(std::uint32_t position, const MessageView& message) = 0;
  /// The end of the request. Called exactly once for each.
  virtual void on_outcome(std::uint32_t position, Outcome outcome) = 0;
  /// For diagnostics, asked only when a request has failed.
  [[nodiscard]] virtual std::string_view operation(std::uint32_t position) const = 0;
  [[nodiscard]] virtual std::uint64_t tag(std::uint32_t position) const = 0;

 protected:
  ~AnswerSink() = default;
};

enum class RequestKind : std::uint8_t {
  single,  ///< answered by an acknowledgement or an error
  get,     ///< the same, behind the object that it asks for: where that may be lost, an acknowledgement is no success
  ask,     ///< the same, but nobody looks at the object, which may be lost
  quiet,   ///< answered by an error only: that there is none, on_silence() tells
  dump,    ///< has NLM_F_DUMP: answered by any number of messages and NLMSG_DONE
  /// Several messages from NFNL_MSG_BATCH_BEGIN to NFNL_MSG_BATCH_END, which nfnetlink executes wholly or not at all.
  /// It is alone in its datagram and on its way, since the kernel takes nothing behind it; the first answer is its
  /// outcome.
  transaction,
};

/// A request on its way into the pipeline.
struct QueuedRequest {
  std::span<const std::byte> message;  ///< encoded; must stay valid until the outcome; of a transaction all messages
  AnswerSink* sink = nullptr;          ///< must stay valid until the outcome, or until it was abandoned
  std::uint32_t position = 0;
  RequestKind kind = RequestKind::single;
};

/// How much the pipeline has on its way at a time.
struct PipelineLimits {
  std::size_t datagram_bytes = 32 * 1024;    ///< largest datagram that is sent; below the send buffer less 32 bytes
  std::size_t datagram_requests = SIZE_MAX;  ///< requests in one datagram: bounds how long one send can take
  std::size_t window_requests = 128;         ///< requests sent and not answered: their answers must fit (see below)
  std::size_t dump_window_requests = 0;      ///< the same beside a dump, whose parts take room as well; 0: none
  std::size_t queue_requests = 1U << 20U;    ///< requests waiting and in flight together
};

/// Largest receive-buffer charge of one acknowledgement or error with extended acknowledgement, in bytes: the truesize
/// of a socket buffer from the 1 KiB slab (netlink_ack() in net/netlink/af_netlink.c, Linux 6.18; a plain one is
/// charged 832 bytes, measured there).
inline constexpr std::size_t answer_charge_bytes = 1344;
/// That of one part of a dump: 32 KiB of data, less its own overhead, and the socket buffer's head (netlink_recvmsg()).
inline constexpr std::size_t dump_part_charge_bytes = 33 * 1024;
/// How many requests a get counts for, since an object comes with its acknowledgement: that of a link is charged 4,352
/// bytes at most (measured).
inline constexpr std::size_t get_window_share = 4;

/// How many requests may be unanswered on a socket with this receive buffer (SO_RCVBUF as read back).
[[nodiscard]] constexpr std::size_t window_for_receive_buffer(std::size_t receive_buffer_bytes) noexcept {
  const std::size_t window = receive_buffer_bytes / answer_charge_bytes;
  return window > 0 ? window : 1;
}
/// The same beside a dump: the kernel makes another part as long as no more than half of the buffer is in use
/// (netlink_recvmsg()).
[[nodiscard]] constexpr std::size_t dump_window_for_receive_buffer(std::size_t receive_buffer_bytes) noexcept {
  const std::size_t half = receive_buffer_bytes / 2;
  return half > dump_part_charge_bytes ? (half - dump_part_charge_bytes) / answer_charge_bytes : 0;
}

/// The protocol of a netlink request socket, without any input or output of its own.
///
/// Requests go in, datagrams come out (next_datagram()); received bytes go in, outcomes come out (AnswerSink). The
/// owner of the socket does what the pipeline cannot: send and receive.
///
/// - Requests are sent in the order in which they were queued, several to a datagram, with consecutive sequence
///   numbers. The kernel executes them in order and goes on after one that fails.
/// - Only the last request of a datagram asks for an acknowledgement; errors are always answered. As answers come in
///   order, an answer proves that every earlier request without one has succeeded - unless an answer was lost.
/// - After a loss (on_overrun()) nothing is concluded from silence: what has no answer of its own ends as unknown.
/// - A dump runs beside other requests, as far as its window has room for them, one at a time; a second one holds the
///   queue until the first has ended.
///
/// Allocates only when its queue grows beyond what it ever held. Not thread safe. See docs/architecture.md.
class Pipeline {
 public:
  /// `protocol` (NETLINK_ROUTE ...) decides on the names of attributes in diagnostics.
  explicit Pipeline(PipelineLimits limits, SequenceNumber first = SequenceNumber{1}, int protocol = NETLINK_ROUTE);

  /// Queues a request. False: the queue is full, and nothing was done. Precondition: a whole message, padded, of at
  /// most limits().datagram_bytes.
  [[nodiscard]] bool enqueue(const QueuedRequest& request);

  /// The next datagram to send; empty if there is nothing to send now. Its requests are then in flight; the bytes stay
  /// valid until the next call. Precondition: the previous datagram's sending has ended (on_sent(), on_send_failed()).
  [[nodiscard]] std::span<const std::byte> next_datagram();
  /// The kernel has taken, and so executed, the datagram.
  void on_sent() noexcept { sending_ = false; }
  /// The kernel refused the datagram as a whole: none of its requests was executed.
  void on_send_failed(boost::system::error_code error);

  /// Bytes that the kernel sent. `truncated`: the datagram was longer than the buffer, which counts as a loss.
  void on_received(std::span<const std::byte> datagram, bool truncated);
  /// The same for the beginning of a datagram that was `datagram_bytes` long: no loss where all that is missing is the
  /// end of an object that nobody looks at.
  void on_received_beginning(std::span<const std::byte> beginning, std::size_t datagram_bytes);
  /// Nothing is left to receive after a blocking send: the kernel has executed the datagram within send()
  /// (netlink_unicast_kernel() in net/netlink/af_netlink.c, Linux 6.18), so what it has not answered by then has
  /// succeeded. Precondition: what is in flight is quiet, and nothing was lost since it was sent.
  void on_silence();
  /// The kernel dropped answers (ENOBUFS). Nothing is sent until on_drained().
  void on_overrun() noexcept { overrun_ = true; }
  [[nodiscard]] bool overrun() const noexcept { return overrun_; }
  /// Everything that was left in the receive buffer after an overrun has been handed in. Precondition: no send is
  /// under way.
  void on_drained();

  /// Gives up all requests of a sink, which end with `error` at once: what waits is not sent any more (state
  /// `waiting`); what was sent cannot be called back (state `unknown`), and its answer is dropped when it comes. Then
  /// the sink is not called again. Takes time linear in the queue.
  void abandon(AnswerSink& sink, boost::system::error_code error);
  /// Ends every request: waiting ones with `error`, sent ones as unknown with `error`.
  void fail_all(boost::system::error_code error);

  /// Something was sent that has no answer yet.
  [[nodiscard]] bool expects_answers() const noexcept { return in_flight_ > 0 || dump_.active; }
  /// Some of them are objects, which may be of any size, and are looked at.
  [[nodiscard]] bool expects_objects() const noexcept { return gets_in_flight_ > 0 || dump_.active; }
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  [[nodiscard]] std::size_t queued() const noexcept { return tail_ - head_; }
  [[nodiscard]] const PipelineLimits& limits() const noexcept { return limits_; }

 private:
  struct Entry {
    const std::byte* message = nullptr;
    AnswerSink* sink = nullptr;  ///< null: abandoned
    std::uint32_t length = 0;
    std::uint32_t position = 0;
    RequestKind kind = RequestKind::single;
    RequestState state = RequestState::waiting;
  };
  struct Dump {
    Entry entry;
    SequenceNumber sequence{};
    bool active = false;
    bool interrupted = false;
  };

  [[nodiscard]] Entry& at(std::uint64_t place) noexcept { return entries_[place & (entries_.size() - 1)]; }
  [[nodiscard]] SequenceNumber sequence_of(std::uint64_t place) const noexcept;
  /// The place of an unanswered request in flight; nothing for any other sequence number.
  [[nodiscard]] std::optional<std::uint64_t> find_in_flight(SequenceNumber sequence) noexcept;
  void grow();
  [[nodiscard]] bool may_be_sent(const Entry& entry) const noexcept;
  void stage(std::uint64_t place, std::size_t offset);
  void stage_transaction(std::span<std::byte> messages) noexcept;
  [[nodiscard]] std::shared_ptr<const Diagnostic> diagnose(const Entry& entry, SequenceNumber sequence,
                                                           const MessageView* answer) const;
  void handle(const MessageView& message);
  [[nodiscard]] bool handle_cut(std::span<const std::byte> message, std::size_t whole_bytes);
  void handle_dump_part(const MessageView& message);
  void end_dump(boost::system::error_code error, RequestState state, const MessageView* answer);
  void conclude_success_before(std::uint64_t place);
  void end(std::uint64_t place, boost::system::error_code error, RequestState state, const MessageView* answer);
  /// Passes over what was abandoned before it was sent.
  void skip_abandoned() noexcept;
  void drop_ended() noexcept;

  PipelineLimits limits_;
  int protocol_;
  std::vector<Entry> entries_;        // a ring, indexed by place modulo its size, which is a power of two
  std::uint64_t head_ = 0;            // oldest request not ended
  std::uint64_t next_ = 0;            // first request not sent
  std::uint64_t concluded_ = 0;       // everything before it has ended: where the search for silent successes starts
  std::uint64_t tail_ = 0;            // one behind the newest
  std::uint64_t datagram_start_ = 0;  // first request of the last datagram
  std::uint32_t first_sequence_;      // of place 0
  std::size_t in_flight_ = 0;
  std::size_t gets_in_flight_ = 0;
  std::size_t window_used_ = 0;
  std::unique_ptr<std::byte[]> datagram_;  // of limits_.datagram_bytes; filled before it is read, so never cleared
  Dump dump_;
  bool transaction_in_flight_ = false;
  bool sending_ = false;
  bool overrun_ = false;
};

}  // namespace netherd::engine
