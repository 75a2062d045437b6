#pragma once

#include <boost/system/error_code.hpp>
#include <optional>
#include <string>
#include <vector>

#include "netherd/lab/plan.hpp"
#include "netherd/lab/registry.hpp"
#include "netherd/ops/netns_path.hpp"

namespace netherd::lab {

/// A lab's link into the namespace that netherd was started in, seen from there.
struct AdoptedLink {
  engine::InterfaceIndex index{};
  std::string interface;
};

/// Those that a plan makes, at its adopted node.
[[nodiscard]] std::vector<AdoptedLink> adopted_links(const Plan& plan);

/// Where a lab's links at the host are, and what they are there.
struct AdoptedLinksRecord {
  std::string namespace_path;         ///< where the namespace is pinned
  ops::NamespaceIdentity identity{};  ///< of that namespace, for when somebody has removed the pin
  std::vector<AdoptedLink> links;
};

/// Records them in the lab's directory, before any of them is made; where there are none, no record is left.
[[nodiscard]] boost::system::error_code record_adopted_links(const LabDirectory& directory, const Plan& plan);

/// Reads the record; empty if there is none. If somebody has put a directory or the like in its place it is empty as
/// well, because the lab must stay removable, and the kernel deletes the links together with the lab's namespaces.
[[nodiscard]] LabResult<AdoptedLinksRecord> read_adopted_links(const LabDirectory& directory);

/// Deletes those that are still there: by index, name and kind, so that nothing else is touched. The rest of a lab goes
/// with its namespaces, but these would live as long as the processes at the other end.
[[nodiscard]] std::optional<LabError> delete_adopted_links(const AdoptedLinksRecord& record);

}  // namespace netherd::lab
