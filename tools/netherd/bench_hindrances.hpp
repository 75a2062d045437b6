#pragma once

#include <string>
#include <vector>

#include "bench_costs.hpp"

namespace netherd::tools {

/// Something that makes labs on this machine slower than they could be.
struct Hindrance {
  std::string what;
  std::string cost;    ///< by how much, as far as it can be told without changing the machine
  std::string remedy;  ///< empty if there is none
};

/// Looks for them, in a namespace of this process's own. Changes nothing.
[[nodiscard]] std::vector<Hindrance> find_hindrances(const Costs& costs);

}  // namespace netherd::tools
