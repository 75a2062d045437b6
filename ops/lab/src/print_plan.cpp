#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "link_ends.hpp"
#include "netherd/lab/plan.hpp"
#include "netherd/ops/shell_word.hpp"

namespace netherd::lab {

namespace {

class PrintingSink final : public RequestSink {
 public:
  explicit PrintingSink(std::ostream& out) : out_{out} {}
  void request(const ops::AddBridge& request, SourceLine) override { print(request); }
  void request(const ops::SetLink& request, SourceLine) override { print(request); }
  void request(const ops::AddAddress& request, SourceLine) override { print(request); }
  void request(const ops::AddRoute& request, SourceLine) override { print(request); }
  void request(const ops::GetLink&, SourceLine) override {}

  template <typename Request>
  void print(const Request& request) {
    out_ << request.describe() << '\n';
  }

 private:
  std::ostream& out_;
};

void print_settings(const Plan& plan, NodeId node, const std::vector<ops::KernelSetting>& settings, std::ostream& out) {
  for (const ops::KernelSetting& setting : settings) {
    std::string key = setting.key;
    std::ranges::replace(key, '/', '.');
    out << "ip netns exec " << plan.netns_name(node) << " sysctl -qw " << ops::shell_word(key + '=' + setting.value)
        << '\n';
  }
}

void print_namespace(const Plan& plan, NodeId node, std::ostream& out) {
  if (plan.topology().node(node).adopted) {
    out << "ip netns attach " << plan.netns_name(node) << " $$\n";
    return;
  }
  out << "ip netns add " << plan.netns_name(node) << '\n';
  print_settings(plan, node, plan.settings(node), out);
}

}  // namespace

void print_plan(const Plan& plan, std::ostream& out) {
  PrintingSink sink{out};
  std::vector<std::uint32_t> links_made(plan.topology().nodes.size());
  const auto configure_if_complete = [&](NodeId node) {
    if (links_made[position_of(node)] != plan.link_count(node)) return;
    for (const Stage stage : all_stages) {
      if (stage == Stage::late_ipv6) print_settings(plan, node, plan.late_settings(node), out);
      plan.configuration_requests(node, stage, sink);
    }
  };

  for (std::size_t position = 0; position < plan.node_order().size(); ++position) {
    const NodeId node = plan.node_order()[position];
    print_namespace(plan, node, out);
    plan.bridge_requests(node, sink);
    for (const LinkId link : plan.links_of_step(position)) {
      const Plan::PlannedLink planned = plan.link_request(link);
      sink.print(planned.request);
      ++links_made[position_of(planned.main_node)];
      ++links_made[position_of(planned.peer_node)];
      const NodeId earlier = planned.main_node == node ? planned.peer_node : planned.main_node;
      if (earlier != node) configure_if_complete(earlier);
    }
    configure_if_complete(node);
  }
}

}  // namespace netherd::lab
