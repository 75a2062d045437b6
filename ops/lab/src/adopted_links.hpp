#pragma once

#include <boost/system/error_code.hpp>
#include <optional>
#include <string>
#include <vector>

#include "netherd/lab/plan.hpp"
#include "netherd/lab/registry.hpp"

namespace netherd::lab {

/// A lab's link into the namespace that netherd was started in, seen from there.
struct AdoptedLink {
  engine::InterfaceIndex index{};
  std::string interface;
};

/// Those that a plan makes, at its adopted node.
[[nodiscard]] std::vector<AdoptedLink> adopted_links(const Plan& plan);

/// Records them in the lab's directory, before any of them is made; where there are none, no record is left.
[[nodiscard]] boost::system::error_code record_adopted_links(const LabDirectory& directory, const Plan& plan);

/// Deletes those that are recorded below `lab_path` and still there: by index, name and kind, so that nothing else is
/// touched. The rest of a lab goes with its namespaces, but these would live as long as the processes at the other end.
[[nodiscard]] std::optional<LabError> delete_adopted_links(const std::string& lab_path);

}  // namespace netherd::lab
