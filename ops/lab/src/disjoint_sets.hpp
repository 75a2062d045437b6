#pragma once

#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace netherd::lab {

/// Union-find over the numbers below a bound.
class DisjointSets {
 public:
  explicit DisjointSets(std::size_t size) : parents_(size) { std::iota(parents_.begin(), parents_.end(), 0U); }

  [[nodiscard]] std::size_t representative(std::size_t member) noexcept {
    while (parents_[member] != member) {
      parents_[member] = parents_[parents_[member]];  // halves the path for the next one who asks
      member = parents_[member];
    }
    return member;
  }

  /// False if both are in one set already.
  bool join(std::size_t left, std::size_t right) noexcept {
    left = representative(left);
    right = representative(right);
    parents_[left] = right;
    return left != right;
  }

 private:
  std::vector<std::size_t> parents_;
};

}  // namespace netherd::lab
