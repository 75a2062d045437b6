#pragma once

#include <string>
#include <string_view>

#include "findings.hpp"
#include "netherd/lab/reader.hpp"

namespace netherd::lab {

/// What a reader fills in.
struct Reading {
  Topology topology{};
  std::string expanded{};  ///< the text without its variables, where there were any
  FindingList errors{};
  FindingList warnings{};
};

/// The readers of the formats. Each fills the topology, whose name is set to what counts where the text does not say
/// one. Errors and warnings come in any order; validate() is the caller's business.
void read_containerlab(std::string_view text, const Environment& environment, Reading& reading);
void read_graphml(std::string_view text, Reading& reading);
void read_edge_list(std::string_view text, Reading& reading);

}  // namespace netherd::lab
