#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "netherd/engine/batch.hpp"
#include "netherd/lab/plan.hpp"

namespace netherd::lab {

/// Fills a batch with a plan's requests, tagged with the line of the topology that each comes from.
class BatchFiller final : public RequestSink {
 public:
  /// `bridge_netns`: descriptor of the namespace that a bridge is to be made in; -1: that of the socket.
  explicit BatchFiller(engine::Batch& batch, int bridge_netns = -1) : batch_{batch}, bridge_netns_{bridge_netns} {}
  void request(const ops::AddBridge& request, SourceLine line) override;
  void request(const ops::SetLink& request, SourceLine line) override;
  void request(const ops::AddAddress& request, SourceLine line) override;
  void request(const ops::AddRoute& request, SourceLine line) override;
  void request(const ops::GetLink& request, SourceLine line) override;

  [[nodiscard]] std::uint64_t addresses() const noexcept { return addresses_; }
  [[nodiscard]] std::uint64_t routes() const noexcept { return routes_; }
  /// Requests that change nothing.
  [[nodiscard]] std::uint64_t questions() const noexcept { return questions_; }

 private:
  engine::Batch& batch_;
  int bridge_netns_;
  std::uint64_t addresses_ = 0;
  std::uint64_t routes_ = 0;
  std::uint64_t questions_ = 0;
};

/// Describes the request at one position of what a plan gives: needed only when it has failed.
class RequestDescriber final : public RequestSink {
 public:
  explicit RequestDescriber(std::size_t position) : remaining_{position} {}
  void request(const ops::AddBridge& request, SourceLine line) override;
  void request(const ops::SetLink& request, SourceLine line) override;
  void request(const ops::AddAddress& request, SourceLine line) override;
  void request(const ops::AddRoute& request, SourceLine line) override;
  void request(const ops::GetLink& request, SourceLine line) override;
  /// The equivalent `ip` command.
  [[nodiscard]] const std::string& command() const noexcept { return command_; }

 private:
  template <typename Request>
  void look_at(const Request& request) {
    if (remaining_-- == 0) command_ = request.describe();
  }
  std::size_t remaining_;
  std::string command_;
};

}  // namespace netherd::lab
