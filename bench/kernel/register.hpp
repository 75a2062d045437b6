#pragma once

#include <chrono>

namespace netherd::bench {

void register_request_benchmarks();
void register_dump_benchmarks();
void register_namespace_benchmarks();

/// Who does it: the engine, or blocking sends of messages that were encoded before.
enum class Way : bool { engine, floor };

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>{std::chrono::steady_clock::now() - start_}.count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace netherd::bench
