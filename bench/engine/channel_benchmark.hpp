#pragma once

namespace netherd::bench {

/// Adds the benchmarks that need a network namespace of their own.
void register_channel_benchmarks();

}  // namespace netherd::bench
