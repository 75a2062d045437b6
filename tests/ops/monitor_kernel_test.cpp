// A monitor against the kernel: what it tells, applied event by event, is what is there, whatever was lost on the way.
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "iproute2.hpp"
#include "netherd/ops/monitor.hpp"

namespace netherd::ops {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

engine::NetlinkSocket open_socket() { return engine::NetlinkSocket::open(NETLINK_ROUTE).value(); }

/// One that loses notifications as soon as there are a few.
engine::NetlinkSocket open_tiny_socket() {
  engine::NetlinkSocket socket = open_socket();
  const int smallest = 1;
  EXPECT_EQ(::setsockopt(socket.descriptor(), SOL_SOCKET, SO_RCVBUF, &smallest, sizeof smallest), 0);
  return socket;
}

std::string text_of(const Link& link) {
  return "link " + std::to_string(value_of(link.index)) + ": " + link.name + " " + std::to_string(link.up()) + " " +
         std::to_string(link.mtu);
}
std::string text_of(const Address& address) {
  return "address " + std::to_string(value_of(address.index)) + ": " + address.address.to_string();
}
std::string text_of(const Route& route) {
  std::string text = "route " + std::to_string(route.table) + ": " + route.destination.to_string() + " metric " +
                     std::to_string(route.metric) + " dev " + std::to_string(value_of(route.index));
  if (route.gateway) text += " via " + route.gateway->to_string();
  std::set<std::string> hops;  // which the kernel gives in any order
  for (const RouteHop& hop : route.hops) hops.insert(hop.gateway.value_or(IpAddress{}).to_string());
  for (const std::string& hop : hops) text += " nexthop " + hop;
  return text;
}
std::string text_of(const Neighbour& neighbour) { return "neighbour: " + neighbour.address.to_string(); }
std::string text_of(const NetnsId& id) { return "nsid: " + std::to_string(id.id); }
std::string text_of(const Object& object) {
  return std::visit([](const auto& alternative) { return text_of(alternative); }, object);
}

std::multiset<std::string> texts_of(const KnownState& state) {
  std::multiset<std::string> texts;
  for (std::size_t subject = 0; subject < subject_count; ++subject) {
    state.for_each(static_cast<Subject>(subject), [&](const Object& object) { texts.insert(text_of(object)); });
  }
  return texts;
}

/// Each test has a network namespace of its own: sockets and commands are in it.
class MonitorTest : public testing::Test {
 protected:
  MonitorTest() {
    EXPECT_EQ(::unshare(CLONE_NEWNET), 0);
    run("link set lo up");
    lister.emplace(context, open_socket());
  }

  static void run(const std::string& arguments) {
    const auto output = test::run_command("ip " + arguments);
    EXPECT_EQ(output.status, 0) << "ip " << arguments << ": " << output.text;
  }
  static void run_batch(const std::string& lines) {
    const auto output = test::run_command("printf '" + lines + "' | ip -batch -");
    EXPECT_EQ(output.status, 0) << output.text;
  }

  void watch(Subjects subjects, engine::NetlinkSocket socket = open_socket()) {
    monitor.emplace(context, std::move(socket), *lister, subjects);
    const auto first = next();
    ASSERT_TRUE(first.has_value());
    EXPECT_TRUE(first->listed);
    EXPECT_FALSE(first->error) << first->error.message();
    for (const Event& event : first->events) EXPECT_EQ(event.kind, EventKind::added);
  }

  /// What the monitor tells next; nothing if it is silent.
  std::optional<MonitorUpdate> next(std::chrono::milliseconds patience = 200ms) {
    if (!pending) {
      pending = true;
      asio::co_spawn(context, monitor->async_next(), [this](const std::exception_ptr& thrown, MonitorUpdate update) {
        EXPECT_EQ(thrown, nullptr);
        pending = false;
        ended = std::move(update);
      });
    }
    const auto latest = std::chrono::steady_clock::now() + patience;
    context.restart();
    while (pending && context.run_one_until(latest) > 0) {
    }
    return std::exchange(ended, std::nullopt);
  }

  /// Everything that is told until there is silence.
  std::vector<Event> settle() {
    std::vector<Event> events;
    while (const auto update = next()) {
      EXPECT_FALSE(update->error) << update->error.message();
      if (update->error) break;
      lost = lost || update->lost;
      listed = listed || update->listed;
      events.insert(events.end(), update->events.begin(), update->events.end());
    }
    return events;
  }

  /// What another monitor, which has lost nothing, knows right now.
  std::multiset<std::string> truth(Subjects subjects) {
    asio::io_context other;
    engine::Channel other_lister{other, open_socket()};
    Monitor fresh{other, open_socket(), other_lister, subjects};
    asio::co_spawn(other, fresh.async_next(), [](const std::exception_ptr& thrown, const MonitorUpdate& update) {
      EXPECT_EQ(thrown, nullptr);
      EXPECT_FALSE(update.error);
    });
    other.run();
    return texts_of(fresh.state());
  }

  /// The monitor knows what there is. The kernel may do something of its own (IPv6 checks addresses for a second or
  /// two) while one is asked after the other; what it did is told then.
  void expect_truth(Subjects subjects, const char* after = "") {
    auto known = texts_of(monitor->state());
    auto real = truth(subjects);
    for (int attempt = 0; known != real && attempt < 20; ++attempt) {
      settle();
      known = texts_of(monitor->state());
      real = truth(subjects);
    }
    EXPECT_EQ(known, real) << after;
  }

  asio::io_context context{1};
  std::optional<engine::Channel> lister;
  std::optional<Monitor> monitor;
  std::optional<MonitorUpdate> ended;
  bool pending = false;
  bool lost = false;
  bool listed = false;
};

TEST_F(MonitorTest, FirstTellsWhatIsThere) {
  monitor.emplace(context, open_socket(), *lister, Subjects{Subject::links, Subject::addresses});
  const auto first = next();
  ASSERT_TRUE(first.has_value());
  std::multiset<std::string> texts;
  for (const Event& event : first->events) texts.insert(text_of(event.object));
  EXPECT_EQ(texts, (std::multiset<std::string>{"link 1: lo 1 65536", "address 1: 127.0.0.1/8", "address 1: ::1/128"}));
  EXPECT_FALSE(next().has_value()) << "nothing happens";
}

TEST_F(MonitorTest, TellsLinksAddressesAndNeighbours) {
  watch({Subject::links, Subject::addresses, Subject::neighbours});
  run("link add p0 type veth peer name p1");
  const auto links = settle();
  ASSERT_EQ(links.size(), 2U);
  EXPECT_EQ(links[0].kind, EventKind::added);
  run("link set p0 up addrgenmode none");
  run("address add 10.0.0.1/24 dev p0");
  run("neighbour add 10.0.0.2 lladdr 02:00:00:00:00:02 dev p0");
  std::multiset<std::string> texts;
  for (const Event& event : settle()) {
    if (event.kind == EventKind::added) texts.insert(text_of(event.object));
  }
  EXPECT_TRUE(texts.contains("neighbour: 10.0.0.2"));
  EXPECT_EQ(std::ranges::count_if(texts, [](const auto& text) { return text.starts_with("address"); }), 1);
  run("link delete p0");
  std::size_t removed = 0;
  for (const Event& event : settle()) removed += event.kind == EventKind::removed ? 1 : 0;
  EXPECT_GE(removed, 4U) << "two links, the address, the neighbour";
  expect_truth(monitor->state().watched());
  EXPECT_FALSE(lost);
}

/// Lists are interrupted, perhaps each time: what is there all the time is known all the same, and never removed.
TEST_F(MonitorTest, TakesNothingForRemovedWhileObjectsChange) {
  const auto lasting = test::run_command(
      "seq 0 1499 | awk '{ print \"addr add 10.1.\" int($1/250) \".\" $1%250 \"/32 dev lo\" }' | ip -batch -");
  ASSERT_EQ(lasting.status, 0) << lasting.text;
  std::atomic<bool> done = false;
  std::thread changes{[&done] {
    while (!done) {
      static_cast<void>(test::run_command(
          "for i in $(seq 300); do echo addr add 10.9.9.9/32 dev lo; echo addr del 10.9.9.9/32 dev lo; done "
          "| ip -force -batch -"));
    }
  }};
  std::size_t removed = 0;
  monitor.emplace(context, open_socket(), *lister, Subjects{Subject::addresses});
  for (int round = 0; round < 20; ++round) {
    const auto update = next(10s);
    if (!update) continue;
    EXPECT_FALSE(update->error) << update->error.message();
    for (const Event& event : update->events) {
      const std::string text = text_of(event.object);
      if (event.kind == EventKind::removed && text.find("10.1.") != std::string::npos) ++removed;
    }
  }
  done = true;
  changes.join();
  EXPECT_EQ(removed, 0U);
  settle();
  expect_truth({Subject::addresses});
}

TEST_F(MonitorTest, TellsNamespaceIds) {
  run("netns add other");
  watch({Subject::netns_ids});
  run("netns set other 7");
  const auto events = settle();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(std::get<NetnsId>(events[0].object).id, 7);
  run("netns delete other");
  std::vector<Event> gone;
  for (int attempt = 0; attempt < 50 && gone.empty(); ++attempt) gone = settle();  // in the kernel's own time
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_EQ(gone[0], (Event{EventKind::removed, NetnsId{7}}));
}

TEST_F(MonitorTest, SilentLossOfRoutesIsNoticed) {
  run("link add p0 type veth peer name p1");
  run("link set p0 up");
  run("link set p1 up");
  run("address add 10.0.0.1/24 dev p0");
  run("address add 10.0.0.9/24 dev p0");
  run("route add 10.9.0.0/16 via 10.0.0.2");
  run("route add 10.8.0.0/16 via 10.0.0.2 src 10.0.0.9");
  watch({Subject::routes});
  settle();
  run("address delete 10.0.0.9/24 dev p0");
  std::set<std::string> gone;
  for (const Event& event : settle()) {
    if (event.kind == EventKind::removed) gone.insert(text_of(event.object));
  }
  EXPECT_EQ(std::ranges::count_if(gone, [](const auto& text) { return text.find("10.8.0.0/16") != text.npos; }), 1);
  run("link set p0 down");
  for (const Event& event : settle()) {
    if (event.kind == EventKind::removed) gone.insert(text_of(event.object));
  }
  EXPECT_EQ(std::ranges::count_if(gone, [](const auto& text) { return text.find("10.9.0.0/16") != text.npos; }), 1);
  expect_truth({Subject::routes});
}

TEST_F(MonitorTest, ReplacedAndMultipathRoutesEndAsTheKernelHasThem) {
  run("link add p0 type veth peer name p1");
  run("link set p0 up");
  run("link set p1 up");
  run("address add 10.0.0.1/24 dev p0");
  run("address add 2001:db8::1/64 dev p0 nodad");
  watch({Subject::routes});
  for (const char* change :
       {"route add 10.9.0.0/16 via 10.0.0.2", "route replace 10.9.0.0/16 via 10.0.0.3",
        "route append 10.9.0.0/16 via 10.0.0.4", "route prepend 10.9.0.0/16 via 10.0.0.5",
        "route replace 10.9.0.0/16 via 10.0.0.6", "route delete 10.9.0.0/16 via 10.0.0.4",
        "route change 10.9.0.0/16 nexthop via 10.0.0.7 nexthop via 10.0.0.8",
        "-6 route add 2001:db8:9::/48 via 2001:db8::2", "-6 route append 2001:db8:9::/48 via 2001:db8::3",
        "-6 route append 2001:db8:9::/48 via 2001:db8::4", "-6 route delete 2001:db8:9::/48 via 2001:db8::3",
        "-6 route replace 2001:db8:9::/48 dev p0",
        "-6 route replace 2001:db8:9::/48 nexthop via 2001:db8::5 nexthop via 2001:db8::6",
        "-6 route delete 2001:db8:9::/48", "nexthop add id 1 via 10.0.0.2 dev p0", "route add 10.7.0.0/16 nhid 1",
        "nexthop replace id 1 via 10.0.0.3 dev p0", "nexthop delete id 1"}) {
    run(change);
    settle();
    expect_truth({Subject::routes}, change);
  }
}

TEST_F(MonitorTest, SurvivesLostNotifications) {
  const Subjects subjects{Subject::links, Subject::addresses, Subject::routes};
  run("link add p0 type veth peer name p1");
  run("link set p0 up addrgenmode none");
  watch(subjects, open_tiny_socket());
  std::string additions;
  std::string removals;
  for (int number = 1; number <= 300; ++number) {
    const std::string place = std::to_string(number / 256) + "." + std::to_string(number % 256);
    additions += "address add 10.1." + place + "/32 dev p0\\n";
    if (number % 2 == 0) removals += "address delete 10.1." + place + "/32 dev p0\\n";
  }
  run_batch(additions);
  std::map<std::string, int> balance;
  const auto apply = [&](const std::vector<Event>& events) {
    for (const Event& event : events) {
      if (event.kind == EventKind::changed || !std::holds_alternative<Address>(event.object)) continue;
      balance[text_of(event.object)] += event.kind == EventKind::added ? 1 : -1;
    }
  };
  apply(settle());
  EXPECT_TRUE(lost);
  EXPECT_TRUE(listed);
  expect_truth(subjects);
  run_batch(removals + "link set p0 mtu 1400\\n");
  apply(settle());
  expect_truth(subjects);
  EXPECT_EQ(std::ranges::count_if(balance, [](const auto& entry) { return entry.second == 1; }), 150);
  EXPECT_EQ(std::ranges::count_if(balance, [](const auto& entry) { return entry.second == 0; }), 150);
}

TEST_F(MonitorTest, AListThatFailsIsAskedForAgain) {
  watch({Subject::links}, open_tiny_socket());
  lister->close();
  std::string additions;
  for (int number = 0; number < 20; ++number) additions += "link add v" + std::to_string(number) + " type veth\\n";
  run_batch(additions);
  const auto failed = next();
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->error, engine::EngineError::channel_closed);
  *lister = engine::Channel{context, open_socket()};
  settle();
  expect_truth({Subject::links});
}

TEST_F(MonitorTest, EndsWhenItIsClosed) {
  watch({Subject::links});
  EXPECT_FALSE(next(10ms).has_value());
  monitor->close();
  auto closed = next();
  ASSERT_TRUE(closed.has_value());
  EXPECT_EQ(closed->error, asio::error::operation_aborted);
  closed = next();
  ASSERT_TRUE(closed.has_value());
  EXPECT_EQ(closed->error, asio::error::operation_aborted);
}

}  // namespace
}  // namespace netherd::ops
