// What a registry finds in /run/netherd: files that a crash, or somebody else, may have left in any state. The input's
// first block is the phase, the rest the topology. In a /run of its own.
#include "netherd/lab/registry.hpp"

#include <sys/mount.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "fuzz_target.hpp"
#include "support/isolated_namespace.hpp"

namespace {

using netherd::fuzz::require;

const std::string lab = "/run/netherd/lab";

void write(const std::string& name, std::span<const std::byte> content) {
  std::ofstream file{lab + "/" + name, std::ios::binary | std::ios::trunc};
  file.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  try {
    netherd::test::enter_isolated_namespace();
  } catch (const netherd::test::Unsupported& reason) {
    std::fprintf(stderr, "skipped: %s\n", reason.what());
    std::exit(77);
  }
  require(::mkdir("/run/netherd", 0755) == 0 && ::mkdir(lab.c_str(), 0755) == 0, "folders can be made");
  require(::mount("fuzz", lab.c_str(), "tmpfs", 0, "mode=0755") == 0, "a tmpfs can be mounted");
  require(::mkdir((lab + "/ns").c_str(), 0755) == 0, "folders can be made");
  constexpr std::string_view claim = "netherd lab lab\nboot b\nmount-namespace 1\ndevice 0:1\n";
  write("claim", std::as_bytes(std::span{claim}));
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* const end = static_cast<const std::uint8_t*>(std::memchr(data, '\n', size));
  const std::size_t phase_bytes = end != nullptr ? static_cast<std::size_t>(end - data) : 0;
  const netherd::fuzz::Block content{{data, size}};
  write("phase", content.bytes().first(phase_bytes));
  write("topology", content.bytes().subspan(phase_bytes));

  const netherd::lab::Registry registry;
  const auto labs = registry.list();
  require(labs && labs->size() == 1 && labs->front().name == "lab", "the lab is found whatever its files are");
  static_cast<void>(registry.read_topology_file("lab"));
  return 0;
}
