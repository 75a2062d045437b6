#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <memory>
#include <utility>

namespace netherd::ops {

/// Waits until the kernel has finished destroying namespaces.
///
/// A namespace is destroyed some time after its last reference was dropped, in a kernel worker, batch by batch
/// (cleanup_net(), net/core/net_namespace.c, Linux 6.18). Until then its devices exist, and so do the other ends of
/// their veth pairs. There is no event for the end of it, but there is one for the beginning of a batch: RTM_DELNSID
/// for each of its namespaces, sent to those that have given it an id. The batches are worked on one after the other:
///
/// 1. A first sentinel namespace is dropped: when it is announced, everything dropped before it is in its batch or in
///    an earlier one.
/// 2. Only then a second sentinel is dropped, which therefore gets into a later batch: when that is announced, the
///    first sentinel's batch has ended.
///
/// The sentinels have ids in an observer namespace of the watch's own, so that nobody's ids are touched and no other
/// events come. `ip` has no equivalent; `ip monitor nsid` shows such events.
///
///     QuiescenceWatch watch{executor, {}};
///     ... drop all references: unmount, close ...
///     watch.async_wait([](boost::system::error_code error) { ... });
///
/// Make the watch before the references are dropped: its namespaces would have to queue up behind the teardown. A
/// thread of its own makes them (1 to 2 ms); the constructor does not wait for it.
///
/// Must be destroyed before the executor's context. Thread safety: as NamespaceFactory.
class QuiescenceWatch {
 public:
  using Signature = void(boost::system::error_code);

  struct Options {
    /// Netlink sockets inside the namespaces were closed in the last second or so. The kernel lets go of the namespace
    /// of such a socket only when it reclaims its memory, some 15 ms later and unannounced. The end of a batch implies
    /// that this has been done for all sockets closed before, so the wait is done twice.
    bool sockets_were_closed = false;
    std::chrono::milliseconds timeout{600'000};
  };

  /// Throws std::system_error if the thread cannot be started.
  QuiescenceWatch(boost::asio::any_io_executor executor, Options options);
  ~QuiescenceWatch();
  QuiescenceWatch(const QuiescenceWatch&) = delete;
  QuiescenceWatch& operator=(const QuiescenceWatch&) = delete;

  /// Completes when the kernel has finished with every namespace whose last reference was dropped before this call.
  /// To be called once.
  ///
  /// Errors: timed_out; those of making the sentinels: no_space_on_device (limit of namespaces), too_many_files_open,
  /// operation_not_permitted. Cancellation of every type, and the destructor: operation_aborted, nothing is changed.
  template <boost::asio::completion_token_for<Signature> Token>
  auto async_wait(Token&& token) {
    return boost::asio::async_initiate<Token, Signature>([this](auto handler) { this->start(std::move(handler)); },
                                                         token);
  }

 private:
  class Sentinels;
  void start(boost::asio::any_completion_handler<Signature> handler);

  std::shared_ptr<Sentinels> sentinels_;
};

}  // namespace netherd::ops
