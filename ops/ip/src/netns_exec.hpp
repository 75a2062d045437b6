#pragma once

#include <string>
#include <vector>

#include "session.hpp"

namespace netherd::ip {

/// `ip netns exec NAME COMMAND...`: gives the command's exit status. An `ip` is not started but done here. Any other
/// program runs in the namespace with a mount namespace of its own, in which /sys shows that namespace and the files of
/// /etc/netns/NAME lie over those of /etc. With `may_become` this process becomes the program, unless it is a batch.
int execute_in_netns(Session& session, const std::string& name, const std::vector<std::string>& command,
                     bool may_become);

/// "nsid 5 (iproute2 netns name: x)"
void print_netns_id(Session& session, const engine::MessageView& message);

}  // namespace netherd::ip
