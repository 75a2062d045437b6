#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <utility>

namespace netherd::ops {

/// The handler of an operation in progress, with the outstanding work that keeps both execution contexts running: the
/// operation's own and that of the handler.
template <typename... Results>
class PendingCompletion {
 public:
  using Handler = boost::asio::any_completion_handler<void(Results...)>;

  PendingCompletion(const boost::asio::any_io_executor& executor, Handler handler)
      : handler_{std::move(handler)},
        own_work_{executor},
        handler_work_{boost::asio::get_associated_executor(handler_, executor)} {}

  [[nodiscard]] boost::asio::cancellation_slot cancellation_slot() const noexcept {
    return boost::asio::get_associated_cancellation_slot(handler_);
  }

  /// Completes the operation, never from inside this function. Can be called from any thread. It goes by way of the
  /// operation's own executor, because the handler's need not be one that can be posted to.
  void post(Results... results) && {
    const auto executor = own_work_.get_executor();
    boost::asio::post(executor, [self = std::move(*this), ... results = std::move(results)]() mutable {
      self.cancellation_slot().clear();
      const auto handler_executor = self.handler_work_.get_executor();
      boost::asio::dispatch(handler_executor, boost::asio::append(std::move(self.handler_), std::move(results)...));
    });
  }

 private:
  Handler handler_;
  boost::asio::executor_work_guard<boost::asio::any_io_executor> own_work_;
  boost::asio::executor_work_guard<boost::asio::any_completion_executor> handler_work_;
};

}  // namespace netherd::ops
