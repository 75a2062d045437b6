// Primitives of the kernel, through the engine and through the floor. Each round is done in a namespace of its own, and
// what it has made is read back: a wrong result is an error, and no figure.

#include <benchmark/benchmark.h>

#include <exception>
#include <iostream>

#include "register.hpp"
#include "support/isolated_namespace.hpp"

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  try {
    netherd::test::enter_isolated_namespace();
    netherd::bench::register_namespace_benchmarks();
    netherd::bench::register_request_benchmarks();
    netherd::bench::register_dump_benchmarks();
    benchmark::RunSpecifiedBenchmarks();
  } catch (const std::exception& error) {
    std::cerr << "kernel_benchmark: " << error.what() << '\n';
    return 1;
  }
  benchmark::Shutdown();
}
