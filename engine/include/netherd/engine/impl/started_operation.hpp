#pragma once

#include <memory>
#include <utility>

namespace netherd::engine::detail {

struct DiscardOperation {
  template <typename Operation>
  void operator()(Operation* operation) const noexcept {
    operation->discard();
  }
};

/// An operation on its way to being started: whoever throws before release() leaves nothing behind.
template <typename Operation>
using UnstartedOperation = std::unique_ptr<Operation, DiscardOperation>;

/// Makes an operation in memory of `allocator`, which gets the memory back if the constructor throws. `construct` is
/// called with the memory.
template <typename Allocator, typename Construct>
auto make_operation(Allocator allocator, Construct construct) {
  using Traits = std::allocator_traits<Allocator>;
  using Operation = typename Traits::value_type;
  struct GiveBack {
    Allocator& allocator;
    Operation* memory;
    ~GiveBack() {
      if (memory != nullptr) Traits::deallocate(allocator, memory, 1);
    }
  } memory{allocator, Traits::allocate(allocator, 1)};
  construct(memory.memory);
  return UnstartedOperation<Operation>{std::exchange(memory.memory, nullptr)};
}

}  // namespace netherd::engine::detail
