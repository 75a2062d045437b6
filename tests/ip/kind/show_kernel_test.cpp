// Links of kinds that this machine's kernel may lack, as `ip` and netherd show them: both get the same messages.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <random>

#include "fake_links.hpp"
#include "iproute2.hpp"
#include "link_show.hpp"
#include "names.hpp"
#include "namespaces.hpp"
#include "netherd/ip/words.hpp"
#include "random_links.hpp"

namespace netherd::test {
namespace {

constexpr int each = 12;
constexpr int first_index = 1001;
const std::string links_path = "/run/fake-links";

ip::Options options_of(const std::string& words) {
  const auto split = ip::split_line(words);
  ip::Words rest{split};
  return ip::take_options(rest);
}

/// What netherd writes for one link, as `ip link show dev NAME` does.
std::string shown_here(ip::Session& session, const std::vector<std::byte>& message) {
  const ip::LinkFilter filter{.family = AF_PACKET, .links_only = true, .one_line = session.options().one_line};
  session.printer().open_document();
  session.printer().open_object();
  const engine::MessageView view{message};
  session.options().brief ? ip::print_link_brief(session, view, filter) : ip::print_link(session, view, filter);
  session.printer().close_object();
  session.printer().close_document();
  return session.printer().take();
}

/// What `ip` writes, link by link: each begins with its number or, in JSON, takes a line.
std::vector<std::string> shown_by_ip(const std::string& options, std::size_t count) {
  std::ofstream batch{"/run/batch"};
  for (std::size_t n = 1; n <= count; ++n) batch << "link show dev q" << n << '\n';
  batch.close();
  const std::string text =
      run_command('(' + with_fake_kernel(links_path) + "ip " + options + " -batch /run/batch 2>/dev/null)").text;
  std::vector<std::string> shown;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) {
    const bool begins = line.find(": q") != std::string::npos || line.starts_with("[{") || line.starts_with("q");
    if (begins) shown.emplace_back();
    if (!shown.empty()) shown.back() += line + '\n';
  }
  return shown;
}

TEST(KindsOfLinks, AreShownAsByIp) {
  ASSERT_EQ(run_command("ip link add p0 index 11 type veth peer name p1 index 12").status, 0);
  FakeLinks links;
  add_random_links(links, each, first_index);
  for (const auto& [index, name] : std::map<int, std::string>{{11, "p0"}, {12, "p1"}}) {
    links.add(FakeLinks::start_of(index, name, 1));
  }
  links.write(links_path);
  const std::size_t count = links.messages().size() - 2;
  for (const std::string format :
       {"-d", "-d -j", "-d -s", "-d -s -s", "-d -j -s -s", "-d -N", "-d -o", "-j -s", "-br"}) {
    ip::Options options = options_of(format);
    ip::names::show_numbers(options.numeric);
    ip::Namespaces namespaces{options};
    ip::Session& session = namespaces.home();
    session.use(options);
    const auto theirs = shown_by_ip(format, count);
    ASSERT_EQ(theirs.size(), count) << format;
    for (std::size_t n = 0; n < count; ++n) {
      EXPECT_EQ(shown_here(session, links.messages()[n]), theirs[n])
          << format << ", " << kind_of_random_link(static_cast<int>(n), each) << ". Left: netherd ip. Right: ip.";
    }
  }
  ip::names::show_numbers(false);
}

/// Bytes that no kernel sends: what is missing or too short reads as nothing. Name and queue length stay, since netherd
/// asks the kernel for a length that is missing, and the kernel starts modprobe for a name that it does not know.
TEST(KindsOfLinks, AreShownWhateverTheirBytes) {
  FakeLinks links;
  add_random_links(links, 3, first_index);
  const std::size_t kept = FakeLinks::start_of(1, "q100", 1).message().size();
  std::mt19937 numbers{7};             // NOLINT: the same in every run
  testing::internal::CaptureStderr();  // complaints about lists that end too early
  for (const std::string format : {"-d -s -s", "-d -j -s -s"}) {
    ip::Options options = options_of(format);
    ip::Namespaces namespaces{options};
    ip::Session& session = namespaces.home();
    session.use(options);
    for (auto bytes : links.messages()) {
      for (int change = 0; change < 20; ++change) {
        bytes.at(kept + numbers() % (bytes.size() - kept)) = static_cast<std::byte>(numbers());
        static_cast<void>(shown_here(session, bytes));
      }
    }
  }
  static_cast<void>(testing::internal::GetCapturedStderr());
}

}  // namespace
}  // namespace netherd::test
