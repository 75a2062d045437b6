#pragma once

#include <string>
#include <string_view>

#include "netherd/lab/reader.hpp"

namespace netherd::lab {

/// The readers of the formats. Each fills the topology, whose name is set to what counts where the text does not say
/// one. Errors and warnings come in any order; validate() is the caller's business.
void read_containerlab(std::string_view text, ReadResult& result);
void read_graphml(std::string_view text, ReadResult& result);
void read_edge_list(std::string_view text, ReadResult& result);

}  // namespace netherd::lab
