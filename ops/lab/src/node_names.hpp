#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace netherd::lab {

/// Makes names of nodes out of labels that people wrote: valid, readable, each different, and the same on every run.
///
/// Spaces become '-', letters with accents lose them, what is left besides letters, digits, '_', '-' and '.' is
/// dropped. The second node of a name gets "-2", the third "-3".
class NodeNames {
 public:
  /// `fallback` is used if nothing is left of the label.
  [[nodiscard]] std::string name_for(std::string_view label, std::string_view fallback);

 private:
  std::unordered_set<std::string> used_;
  std::unordered_map<std::string, unsigned> next_suffixes_;
};

}  // namespace netherd::lab
