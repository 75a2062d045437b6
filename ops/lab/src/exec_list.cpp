#include "netherd/lab/exec_list.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "netherd/lab/topology.hpp"

namespace netherd::lab {

namespace {

std::string lab_directory_of(const Topology& topology) {
  const std::size_t slash = topology.source.rfind('/');
  const std::string folder = slash == std::string::npos ? std::string{} : topology.source.substr(0, slash + 1);
  return folder + "clab-" + topology.name;
}

}  // namespace

ExecList::ExecList(std::initializer_list<std::string_view> lines) {
  std::vector<Line> block;
  block.reserve(lines.size());
  for (const std::string_view line : lines) block.push_back(std::make_shared<const std::string>(line));
  append(ExecLevel::node, std::make_shared<const std::vector<Line>>(std::move(block)));
}

void ExecList::append(ExecLevel level, Block lines) {
  if (lines && !lines->empty()) parts_.push_back({level, std::move(lines)});
}

bool operator==(const ExecList& left, const ExecList& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end());
}

std::string replace_variables(std::string_view command, const Topology& topology, const Node& node) {
  constexpr std::string_view mark = "__";
  std::string replaced;
  while (true) {
    const std::size_t at = command.find(mark);
    replaced += command.substr(0, at);
    if (at == std::string_view::npos) return replaced;
    command.remove_prefix(at);
    std::string value{mark};
    std::size_t length = mark.size();
    const auto take = [&](std::string_view name, auto&& make_value) {
      if (!command.starts_with(name)) return;
      value = make_value();
      length = name.size();
    };
    take("__clabNodeName__", [&] { return node.name; });
    take("__clabLabName__", [&] { return "clab-" + topology.name; });
    take("__clabDir__", [&] { return lab_directory_of(topology); });
    take("__clabNodeDir__", [&] { return lab_directory_of(topology) + '/' + node.name; });
    replaced += value;
    command.remove_prefix(length);
  }
}

}  // namespace netherd::lab
