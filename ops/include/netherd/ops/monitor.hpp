#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>
#include <vector>

#include "netherd/engine/channel.hpp"
#include "netherd/engine/message_list.hpp"
#include "netherd/engine/notification_stream.hpp"
#include "netherd/engine/socket.hpp"
#include "netherd/ops/event.hpp"
#include "netherd/ops/known_state.hpp"

namespace netherd::ops {

/// What a Monitor has to tell.
struct MonitorUpdate {
  boost::system::error_code error{};
  /// Objects were listed, and events are the differences to what was known: at first, after a loss, and where the
  /// kernel does not tell (see KnownState).
  bool listed = false;
  bool lost = false;  ///< notifications were lost; nothing is missing all the same
  /// The objects changed each time that they were listed: removals may be missing, until a later update has listed
  /// them.
  bool inconsistent = false;
  std::vector<Event> events{};
};

/// Watches the objects of a network namespace: `ip monitor link address route neigh nsid`, which loses nothing.
///
///     Monitor monitor{context, NetlinkSocket::open(NETLINK_ROUTE).value(), channel, {Subject::links}};
///     for (;;) {
///       MonitorUpdate update = co_await monitor.async_next();
///       if (update.error) break;
///       for (const Event& event : update.events) ...
///     }
///
/// The first update tells all that is there, as added. From then on an update is what has come since the last one: at
/// most one event per notification, and none for what tells nothing new. Where notifications were lost (ENOBUFS) the
/// objects are listed and compared with what is known; so the events, applied one after the other, always lead to the
/// kernel's state, although not through every state in between. A notification that was under way during a list may be
/// older than it: what it says is taken back by those behind it.
///
/// Both sockets must be of the same namespace; `lister` is used for nothing but lists, between other requests, and must
/// outlive the monitor. Memory and time: see KnownState.
///
/// Where objects change so fast that every list is interrupted (engine::DumpAttempts), the last one is taken for what
/// it has, and not for what it lacks: nothing that is there is reported as removed. The next async_next() lists again.
///
/// Errors of an update: what stopped a list (MonitorUpdate::error is its outcome's) or the stream; the events so far
/// are with it. The next async_next() goes on where it can: a list that failed is asked for again. After close():
/// operation_aborted.
///
/// Lifetime: monitor and context must live until async_next() has ended; one at a time. Thread safety: none.
class Monitor {
 public:
  Monitor(boost::asio::io_context& context, engine::NetlinkSocket socket, engine::Channel& lister, Subjects watched)
      : stream_{context, std::move(socket)}, lister_{&lister}, state_{watched} {}

  /// Waits for news, and tells them. Never an update that has neither events, nor `listed`, nor an error.
  [[nodiscard]] boost::asio::awaitable<MonitorUpdate> async_next();

  /// Ends async_next(), if it waits for notifications, with operation_aborted.
  void close() noexcept { stream_.close(); }
  [[nodiscard]] const KnownState& state() const noexcept { return state_; }

 private:
  [[nodiscard]] boost::system::error_code join();
  /// True if one can go on: a loss is no error.
  [[nodiscard]] bool take(boost::system::error_code error, MonitorUpdate& update);
  void take_what_has_come(MonitorUpdate& update);
  [[nodiscard]] boost::asio::awaitable<void> async_list_doubtful(MonitorUpdate& update);
  [[nodiscard]] boost::asio::awaitable<engine::Outcome> async_list(Subject subject);

  engine::NotificationStream stream_;
  engine::Channel* lister_;
  KnownState state_;
  engine::MessageList list_;
  bool joined_ = false;
};

}  // namespace netherd::ops
