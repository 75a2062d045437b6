#include "support/count_allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

// The other forms of operator new come down to these two, and those of delete to the first one here.

namespace {

std::atomic<std::size_t> count{0};

void* counted(void* memory) {
  count.fetch_add(1, std::memory_order_relaxed);
  if (memory == nullptr) throw std::bad_alloc{};
  return memory;
}

}  // namespace

std::size_t netherd::test::allocations() noexcept { return count.load(std::memory_order_relaxed); }

void* operator new(std::size_t size) { return counted(std::malloc(size)); }  // NOLINT(misc-new-delete-overloads)
void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto boundary = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(boundary, (size + boundary - 1) / boundary * boundary));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
