#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "netherd/engine/error.hpp"
#include "netherd/engine/message.hpp"
#include "netherd/engine/pipeline.hpp"

namespace netherd::engine {

/// Requests that are executed together, in order, with one outcome each.
///
///     Batch batch;
///     batch.add(SetLink{...});
///     batch.add(AddAddress{...}, line_number);
///     std::size_t failed = co_await channel.async_execute(batch, use_awaitable);
///
/// A request that fails does not stop those behind it: that is how the kernel executes them. Requests are encoded when
/// they are added, so nothing that they refer to (names, but not descriptors) has to outlive the call.
///
/// A batch can be cleared and filled again; it then allocates nothing until it grows beyond what it ever held.
/// Lifetime: it must neither be changed nor destroyed while it is being executed. Not thread safe.
class Batch final : private AnswerSink {
 public:
  /// Whom a channel tells, once, when the last outcome has come.
  class Listener {
   public:
    virtual void on_batch_done(Batch& batch) = 0;

   protected:
    ~Listener() = default;
  };

  Batch() = default;
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  /// Appends a request. `tag` comes back in the diagnostic, should the request fail.
  template <Request R>
  void add(const R& request, std::uint64_t tag = 0) {
    append(request, tag, RequestKind::single);
  }

  /// Appends a request for an object, for which room is kept in the receive buffer. The object itself is dropped: this
  /// is for what asking does (GetLink of ops/link.hpp), or for whether it is there. To see it,
  /// Channel::async_execute().
  template <Request R>
  void ask(const R& request, std::uint64_t tag = 0) {
    append(request, tag, RequestKind::ask);
  }

  /// Forgets all requests and outcomes, keeping the memory.
  void clear() noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return requests_.size(); }
  [[nodiscard]] bool empty() const noexcept { return requests_.empty(); }
  [[nodiscard]] std::span<const std::byte> message(std::size_t position) const noexcept;

  /// One outcome per request, in the order in which they were added. Complete once the batch has been executed.
  [[nodiscard]] std::span<const Outcome> outcomes() const noexcept { return outcomes_; }
  /// The first request that did not succeed, or null.
  [[nodiscard]] const Outcome* first_failure() const noexcept;
  [[nodiscard]] std::size_t failures() const noexcept { return failures_; }

 private:
  friend class Channel;
  friend class ChannelCore;
  friend class NetfilterTransaction;
  struct Entry {
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
    std::string_view operation;
    std::uint64_t tag = 0;
    RequestKind kind = RequestKind::single;
  };
  static constexpr std::size_t typical_request_bytes = 512;

  template <Request R>
  void append(const R& request, std::uint64_t tag, RequestKind kind) {
    // Encode, and where the buffer is too small, grow and encode again: an encoder needs to know nothing of sizes.
    // What cannot be encoded at all is kept as an empty message, and ends with request_too_large.
    for (std::size_t room = typical_request_bytes; room <= largest_request_bytes; room *= 2) {
      MessageWriter writer{reserve(room)};
      request.encode(writer);
      if (!writer.overflowed()) return commit(writer.message().size(), R::operation, tag, kind);
    }
    commit(0, R::operation, tag, kind);
  }

  /// One behind the other; empty if one of them could not be encoded.
  [[nodiscard]] std::span<const std::byte> all_messages() const noexcept;
  void remove_last() noexcept;
  [[nodiscard]] std::span<std::byte> reserve(std::size_t room);
  void commit(std::size_t length, std::string_view operation, std::uint64_t tag, RequestKind kind);
  /// Forgets earlier outcomes and gets ready to be executed.
  void start(Listener& listener);
  /// Every request ends with `error`, not sent.
  void refuse(boost::system::error_code error);
  void end_one(std::uint32_t position, Outcome outcome);

  void on_reply(std::uint32_t position, const MessageView& message) override;
  void on_outcome(std::uint32_t position, Outcome outcome) override;
  [[nodiscard]] std::string_view operation(std::uint32_t position) const override;
  [[nodiscard]] std::uint64_t tag(std::uint32_t position) const override;

  std::vector<std::byte> bytes_;
  std::size_t used_ = 0;
  std::vector<Entry> requests_;
  std::vector<Outcome> outcomes_;
  std::size_t pending_ = 0;
  std::size_t failures_ = 0;
  Listener* listener_ = nullptr;
};

}  // namespace netherd::engine
