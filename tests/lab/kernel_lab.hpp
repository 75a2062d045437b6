#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netherd/lab/builder.hpp"
#include "netherd/lab/plan.hpp"
#include "netherd/lab/registry.hpp"
#include "netherd/lab/topology.hpp"

namespace netherd::lab {

/// Calls a function on this thread inside the namespace that is pinned at `path`.
void inside(const std::string& path, const std::function<void()>& function);

/// The topology with its addresses assigned.
[[nodiscard]] Topology addressed(Topology topology);

/// Builds a claimed lab and returns when the builder has ended.
[[nodiscard]] BuildReport run_builder(const Plan& plan, const LabDirectory& directory, BuildOptions options = {});

/// "" if there is no failure, else everything that is known of it.
[[nodiscard]] std::string to_text(const std::optional<BuildFailure>& failure);

/// Where netherd could have left something: mounts below the labs' directory, its entries, and entries of /run/netns
/// that start with "LAB-". Empty if the lab is gone without a trace.
[[nodiscard]] std::vector<std::string> traces_of(std::string_view lab, const RegistryPaths& paths = {});

/// What this process holds open right now.
[[nodiscard]] std::size_t open_descriptors();

/// Every interface is there, up, and has its addresses: seen from inside each node.
void expect_complete(const Topology& topology, const LabDirectory& directory);

/// A lab that was claimed, and that is removed again with this object.
class KernelLab {
 public:
  explicit KernelLab(Topology topology);
  ~KernelLab();
  KernelLab(const KernelLab&) = delete;
  KernelLab& operator=(const KernelLab&) = delete;

  [[nodiscard]] const Topology& topology() const { return topology_; }
  [[nodiscard]] const Plan& plan() const { return plan_; }
  [[nodiscard]] const LabDirectory& directory() const { return *directory_; }
  [[nodiscard]] BuildReport build(BuildOptions options = {}) const {
    return run_builder(plan_, *directory_, std::move(options));
  }
  /// Gives the number of nodes removed.
  std::uint64_t remove();

 private:
  Topology topology_;
  Plan plan_;
  Registry registry_;
  std::optional<LabDirectory> directory_;
};

}  // namespace netherd::lab
