#include "findings.hpp"

#include <algorithm>
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

void FindingList::add(SourceLine line, std::string_view text) {
  if (is_full()) return static_cast<void>(++left_out_);
  kept_.push_back({line, shortened(text, max_text)});
}

std::vector<Finding> FindingList::take(std::size_t most, std::string_view of_what) && {
  std::vector<Finding> taken = std::move(kept_);
  sort_by_line(taken);
  if (taken.size() > most) {
    left_out_ += taken.size() - most;
    taken.resize(most);
  }
  if (left_out_ != 0) taken.push_back({SourceLine::none, fmt::format("and {} {} more", left_out_, of_what)});
  return taken;
}

}  // namespace netherd::lab
