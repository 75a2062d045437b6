#include <gtest/gtest.h>
#include <signal.h>

#include <iostream>

#include "support/isolated_namespace.hpp"

namespace {

// CTest's SKIP_RETURN_CODE: the value that Automake and liburing use for a skipped test as well.
constexpr int skipped = 77;

/// A shell ignores them for what it runs in the background, and our children would inherit that.
void stop_ignoring_interruptions() {
  for (const int signal : {SIGINT, SIGQUIT}) ::signal(signal, SIG_DFL);
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (testing::GTEST_FLAG(list_tests)) return RUN_ALL_TESTS();
  stop_ignoring_interruptions();
  try {
    netherd::test::enter_isolated_namespace();
  } catch (const netherd::test::Unsupported& reason) {
    std::cout << "skipped: " << reason.what() << '\n';
    return skipped;
  } catch (const std::exception& error) {
    std::cerr << "cannot isolate this test: " << error.what() << '\n';
    return 1;
  }
  return RUN_ALL_TESTS();
}
