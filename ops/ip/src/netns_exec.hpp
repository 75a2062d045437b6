#pragma once

#include <string>
#include <vector>

#include "session.hpp"

namespace netherd::ip {

/// `ip -n OUTER netns exec NAME COMMAND...`; `outer` may be empty.
struct NetnsProgram {
  std::string outer;
  std::string name;
  std::vector<std::string> command;
};

/// Gives the command's exit status. An `ip` is not started but done here. Any other program runs in the namespace with
/// a mount namespace of its own, in which /sys shows that namespace and the files of /etc/netns/NAME lie over those of
/// /etc. With `may_become` this process becomes the program, unless it is a batch.
int execute_in_netns(Session& session, const NetnsProgram& program, bool may_become);

/// "nsid 5 (iproute2 netns name: x)"
void print_netns_id(Session& session, const engine::MessageView& message);

}  // namespace netherd::ip
