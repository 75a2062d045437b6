#include "netherd/engine/batch.hpp"

#include <algorithm>
#include <utility>

namespace netherd::engine {

std::span<std::byte> Batch::reserve(std::size_t room) {
  if (bytes_.size() - used_ < room) bytes_.resize(std::max(bytes_.size() * 2, used_ + room));
  return std::span{bytes_}.subspan(used_);
}

void Batch::commit(std::size_t length, std::string_view operation, std::uint64_t tag, RequestKind kind) {
  requests_.push_back({static_cast<std::uint32_t>(used_), static_cast<std::uint32_t>(length), operation, tag, kind});
  used_ += length;
}

void Batch::clear() noexcept {
  used_ = 0;
  requests_.clear();
  outcomes_.clear();
  failures_ = 0;
}

std::span<const std::byte> Batch::message(std::size_t position) const noexcept {
  return std::span{bytes_}.subspan(requests_[position].offset, requests_[position].length);
}

std::span<const std::byte> Batch::all_messages() const noexcept {
  if (std::ranges::find(requests_, 0U, &Entry::length) != requests_.end()) return {};
  return std::span{bytes_}.first(used_);
}

void Batch::remove_last() noexcept {
  used_ = requests_.back().offset;
  requests_.pop_back();
}

const Outcome* Batch::first_failure() const noexcept {
  const auto failure = std::ranges::find_if(outcomes_, [](const Outcome& outcome) { return !outcome.ok(); });
  return failure != outcomes_.end() ? &*failure : nullptr;
}

void Batch::start(Listener& listener) {
  outcomes_.assign(requests_.size(), Outcome{});
  pending_ = requests_.size();
  failures_ = 0;
  listener_ = &listener;
}

void Batch::refuse(boost::system::error_code error) {
  outcomes_.assign(requests_.size(), Outcome{error, RequestState::waiting, nullptr});
  failures_ = requests_.size();
}

void Batch::end_one(std::uint32_t position, Outcome outcome) {
  if (!outcome.ok()) ++failures_;
  outcomes_[position] = std::move(outcome);
  if (--pending_ == 0) std::exchange(listener_, nullptr)->on_batch_done(*this);
}

void Batch::on_reply(std::uint32_t, const MessageView&) {}

void Batch::on_outcome(std::uint32_t position, Outcome outcome) { end_one(position, std::move(outcome)); }

std::string_view Batch::operation(std::uint32_t position) const { return requests_[position].operation; }

std::uint64_t Batch::tag(std::uint32_t position) const { return requests_[position].tag; }

}  // namespace netherd::engine
