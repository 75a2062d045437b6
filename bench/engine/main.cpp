// The benchmarks of the engine. Those on the kernel run in a network namespace of their own; without the privileges for
// one they are left out.

#include <benchmark/benchmark.h>
#include <sched.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include "channel_benchmark.hpp"

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  if (::unshare(CLONE_NEWNET) == 0) {
    netherd::bench::register_channel_benchmarks();
  } else {
    std::cerr << "no network namespace (" << std::strerror(errno) << "): benchmarks on the kernel are left out\n";
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
