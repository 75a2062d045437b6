#pragma once

#include <string>
#include <vector>

#include "fake_links.hpp"

namespace netherd::test {

/// Fills links of every kind that netherd prints with random settings, always the same ones; `each` of a kind. They
/// have the indexes from `first_index` on, and are called "q1", "q2" ...
void add_random_links(FakeLinks& links, int each, int first_index);

/// The kinds, for messages of failed tests: that of the nth link.
[[nodiscard]] std::string kind_of_random_link(int n, int each);

}  // namespace netherd::test
