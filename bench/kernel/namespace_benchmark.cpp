// Namespaces: making them, making and pinning them, and letting go of many pins by one unmount.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "netherd/engine/file_descriptor.hpp"
#include "netherd/ops/namespace_factory.hpp"
#include "netherd/ops/netns_path.hpp"
#include "register.hpp"
#include "world.hpp"

namespace netherd::bench {

namespace {

using engine::FileDescriptor;

constexpr int namespaces = 64;
constexpr const char* directory = "/run/kernel-benchmark";

/// A tmpfs for pins: one unmount lets go of all of them.
class Pins {
 public:
  Pins() : mounted_{mount()} {}
  ~Pins() { unmount(); }
  Pins(const Pins&) = delete;
  Pins& operator=(const Pins&) = delete;

  bool unmount() {
    if (!mounted_) return false;
    mounted_ = false;
    return ::umount2(directory, MNT_DETACH) == 0;
  }
  [[nodiscard]] static std::string path(int number) { return fmt::format("{}/{}", directory, number); }
  /// Pins that are namespaces.
  [[nodiscard]] static std::size_t count() {
    const auto names = ops::list_namespaces(directory);
    return names ? names->size() : 0;
  }

 private:
  static bool mount() {
    ::mkdir(directory, 0755);
    return ::mount("tmpfs", directory, "tmpfs", 0, "mode=0755") == 0;
  }

  bool mounted_;
};

struct Made {
  std::vector<FileDescriptor> descriptors;  ///< namespaces and sockets
  bool failed = false;
};

void make_by_engine(boost::asio::io_context& context, bool pinned, Made& made) {
  ops::NamespaceFactory factory{context.get_executor(), {}};
  for (int number = 0; number < namespaces; ++number) {
    ops::CreateNamespace request;
    if (pinned) request.pin_path = Pins::path(number);
    factory.async_create(std::move(request), [&](boost::system::error_code error, ops::CreatedNamespace created) {
      if (error) made.failed = true;
      made.descriptors.push_back(std::move(created.netns));
      if (created.socket) made.descriptors.push_back((*std::move(created.socket)).release());
    });
  }
  context.restart();
  context.run();
}

bool pin(int number) {
  const std::string path = Pins::path(number);
  const FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444)};
  return file && ::mount("/proc/thread-self/ns/net", path.c_str(), nullptr, MS_BIND, nullptr) == 0;
}

void make_by_floor(bool pinned, Made& made) {
  for (int number = 0; number < namespaces && !made.failed; ++number) {
    made.failed = ::unshare(CLONE_NEWNET) != 0;
    made.descriptors.emplace_back(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    made.descriptors.emplace_back(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
    if (pinned && !pin(number)) made.failed = true;
  }
}

/// True if every descriptor is open, and the namespaces are different ones.
bool is_right(const Made& made, bool pinned) {
  if (made.failed || made.descriptors.size() != 2 * namespaces) return false;
  std::vector<ops::NamespaceIdentity> identities;
  for (std::size_t position = 0; position < made.descriptors.size(); position += 2) {
    const auto identity = ops::identify_namespace(made.descriptors[position].get());
    if (!identity || !made.descriptors[position + 1]) return false;
    identities.push_back(*identity);
  }
  std::ranges::sort(identities);
  const bool different = std::ranges::adjacent_find(identities) == identities.end();
  return different && (!pinned || Pins::count() == namespaces);
}

void create(benchmark::State& state, Way way, bool pinned) {
  boost::asio::io_context context{1};
  for ([[maybe_unused]] const auto turn : state) {
    Pins pins;
    Made made;
    const Stopwatch watch;
    if (way == Way::engine) {
      make_by_engine(context, pinned, made);
    } else {
      make_by_floor(pinned, made);
    }
    state.SetIterationTime(watch.seconds());
    if (!is_right(made, pinned)) return state.SkipWithError("wrong result: not as many namespaces as asked for");
    leave_namespace(context, [&] {
      made.descriptors.clear();
      pins.unmount();
    });
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * namespaces);
}

/// The same for both ways: one system call.
void unpin(benchmark::State& state) {
  boost::asio::io_context context{1};
  for ([[maybe_unused]] const auto turn : state) {
    Pins pins;
    Made made;
    make_by_floor(true, made);
    if (!is_right(made, true)) return state.SkipWithError("the namespaces cannot be made");
    made.descriptors.clear();
    leave_namespace(context, [&] {
      const Stopwatch watch;
      const bool done = pins.unmount();
      state.SetIterationTime(watch.seconds());
      if (!done || Pins::count() != 0) state.SkipWithError("wrong result: pins are left");
    });
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * namespaces);
}

}  // namespace

void register_namespace_benchmarks() {
  for (const Way way : {Way::engine, Way::floor}) {
    for (const bool pinned : {false, true}) {
      const auto name =
          fmt::format("namespace_create{}/{}", pinned ? "_pinned" : "", way == Way::engine ? "engine" : "floor");
      benchmark::RegisterBenchmark(name.c_str(), [way, pinned](benchmark::State& state) {
        create(state, way, pinned);
      })->UseManualTime();
    }
  }
  benchmark::RegisterBenchmark("namespace_unpin/floor", unpin)->UseManualTime();
}

}  // namespace netherd::bench
