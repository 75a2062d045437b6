#pragma once

#include <string>
#include <vector>

#include "netherd/lab/registry.hpp"
#include "netherd/ops/netns_holders.hpp"

namespace netherd::lab {

/// A process that holds the namespace of a node. Such a namespace outlives its lab.
struct LabProcess {
  std::string lab;
  std::string node;
  ops::NamespaceHolder holder;
};

/// The namespaces of a lab's nodes, to find the processes that hold them, before and after Registry::remove().
///
/// Namespaces that the lab has not made are not among them: that of a `host` node, and that of process 1. Takes a
/// system call per node to make, and reads the lab's topology; the other functions take time linear in the machine's
/// processes (see netns_holders.hpp). Thread safety: none.
class LabNamespaces {
 public:
  /// Looks at an open lab. Errors: those of reading the topology and the directory of namespaces. Nothing is an error
  /// of a lab that is not mounted any more: it has no namespaces.
  [[nodiscard]] static LabResult<LabNamespaces> look(const Registry& registry, const LabDirectory& directory);

  /// Ends the processes that run inside: ops::terminate_processes_in().
  [[nodiscard]] ops::Termination terminate(const ops::TerminateOptions& options) const {
    return ops::terminate_processes_in(identities_, options);
  }
  /// Looks for the processes that hold them. To be called while the namespaces have names.
  [[nodiscard]] boost::system::error_code find_holders();
  /// Those that were found and still hold them.
  [[nodiscard]] std::vector<LabProcess> remaining_holders() const;

 private:
  std::string lab_;
  std::vector<std::string> nodes_;
  std::vector<ops::NamespaceIdentity> identities_;  // by position in nodes_
  std::vector<ops::NamespaceHolder> holders_;
};

/// Processes that were started in a node (NETHERD_LAB and NETHERD_NODE are in their environment), whose namespace has
/// no name any more: their lab was removed. Those in this process's own namespace are left out, and without privileges
/// those of other users.
[[nodiscard]] boost::system::result<std::vector<LabProcess>> find_stray_processes(const Registry& registry);

}  // namespace netherd::lab
