#include "netherd/ops/monitor.hpp"

#include <linux/rtnetlink.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace netherd::ops {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using engine::EngineError;
using engine::MessageView;

/// An update is handed over when it has so many events, however much has come.
constexpr std::size_t most_events = 4096;

struct Membership {
  Subject subject;
  rtnetlink_groups group;
};
/// Of routes the kernel does not tell all: links, addresses and nexthops tell when to ask.
constexpr std::array memberships{Membership{Subject::links, RTNLGRP_LINK},
                                 Membership{Subject::addresses, RTNLGRP_IPV4_IFADDR},
                                 Membership{Subject::addresses, RTNLGRP_IPV6_IFADDR},
                                 Membership{Subject::routes, RTNLGRP_IPV4_ROUTE},
                                 Membership{Subject::routes, RTNLGRP_IPV6_ROUTE},
                                 Membership{Subject::routes, RTNLGRP_LINK},
                                 Membership{Subject::routes, RTNLGRP_IPV4_IFADDR},
                                 Membership{Subject::routes, RTNLGRP_NEXTHOP},
                                 Membership{Subject::neighbours, RTNLGRP_NEIGH},
                                 Membership{Subject::netns_ids, RTNLGRP_NSID}};

constexpr std::array all_subjects{Subject::links, Subject::addresses, Subject::routes, Subject::neighbours,
                                  Subject::netns_ids};

}  // namespace

error_code Monitor::join() {
  for (const Membership& membership : memberships) {
    if (!state_.watched().has(membership.subject)) continue;
    if (const auto error = stream_.join(membership.group)) return error;
  }
  joined_ = true;
  return {};
}

bool Monitor::take(error_code error, MonitorUpdate& update) {
  if (!error) return true;
  if (error != EngineError::notifications_lost && error != EngineError::malformed_answer) {
    update.error = error;
    return false;
  }
  update.lost = true;
  state_.on_loss();
  return true;
}

void Monitor::take_what_has_come(MonitorUpdate& update) {
  const auto visit = [&](const MessageView& message) { state_.on_notification(message, update.events); };
  while (update.events.size() < most_events) {
    const error_code error = stream_.try_receive(visit);
    if (error == boost::system::errc::resource_unavailable_try_again || !take(error, update)) return;
  }
}

asio::awaitable<engine::Outcome> Monitor::async_list(Subject subject) {
  switch (subject) {
    case Subject::links: {
      const DumpLinks request;
      co_return co_await lister_->async_list(request, list_, asio::use_awaitable);
    }
    case Subject::addresses: {
      const DumpAddresses request;
      co_return co_await lister_->async_list(request, list_, asio::use_awaitable);
    }
    case Subject::routes: {
      const DumpRoutes request;
      co_return co_await lister_->async_list(request, list_, asio::use_awaitable);
    }
    case Subject::neighbours: {
      const DumpNeighbours request;
      co_return co_await lister_->async_list(request, list_, asio::use_awaitable);
    }
    case Subject::netns_ids:
      break;
  }
  const DumpNetnsIds request;
  co_return co_await lister_->async_list(request, list_, asio::use_awaitable);
}

asio::awaitable<void> Monitor::async_list_doubtful(MonitorUpdate& update) {
  const Subjects doubtful = state_.doubtful();
  for (const Subject subject : all_subjects) {
    if (!doubtful.has(subject)) continue;
    const engine::Outcome outcome = co_await async_list(subject);
    if (!outcome.delivered()) {
      update.error = outcome.error;
      co_return;
    }
    state_.begin_list(subject);
    for (const MessageView message : list_) state_.on_listed(message, update.events);
    if (outcome.ok()) state_.end_list(subject, update.events);
    update.inconsistent = update.inconsistent || !outcome.ok();
    update.listed = true;
  }
}

asio::awaitable<MonitorUpdate> Monitor::async_next() {
  MonitorUpdate update;
  update.error = !stream_.is_open() ? error_code{asio::error::operation_aborted} : joined_ ? error_code{} : join();
  if (update.error) co_return update;

  const auto visit = [&](const MessageView& message) { state_.on_notification(message, update.events); };
  while (!update.error && update.events.empty() && !update.listed) {
    if (state_.doubtful().empty()) {
      const auto [error] = co_await stream_.async_receive(visit, asio::as_tuple(asio::use_awaitable));
      if (!take(error, update)) break;
    }
    if (!stream_.is_open()) {
      update.error = asio::error::operation_aborted;
      break;
    }
    take_what_has_come(update);
    if (update.lost) stream_.discard_pending();  // what is listed now is newer
    if (!update.error && !state_.doubtful().empty()) co_await async_list_doubtful(update);
  }
  co_return update;
}

}  // namespace netherd::ops
