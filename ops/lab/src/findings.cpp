#include "findings.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace netherd::lab {

void sort_by_line(std::vector<Finding>& findings) {
  std::vector<std::pair<SourceLine, std::size_t>> order;
  order.reserve(findings.size());
  for (std::size_t i = 0; i < findings.size(); ++i) order.emplace_back(findings[i].line, i);
  std::ranges::sort(order);
  std::vector<Finding> sorted;
  sorted.reserve(order.size());
  for (const auto& [line, position] : order) sorted.push_back(std::move(findings[position]));
  findings = std::move(sorted);
}

void append(std::vector<Finding>& findings, std::vector<Finding> more) {
  findings.insert(findings.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace netherd::lab
