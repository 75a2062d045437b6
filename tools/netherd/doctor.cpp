#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands.hpp"
#include "netherd/engine/ring.hpp"
#include "netherd/lab/automatic_device.hpp"
#include "netherd/lab/machine.hpp"
#include "preflight.hpp"
#include "privileges.hpp"
#include "run_directories.hpp"

namespace netherd::tools {

namespace {

enum class Verdict { good, slow, missing };

struct Diagnosis {
  std::string subject;
  Verdict verdict = Verdict::good;
  std::string text;
  std::string remedy{};
};

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::good:
      return "ok";
    case Verdict::slow:
      return "slow";
    case Verdict::missing:
      return "missing";
  }
  return "";
}

std::optional<std::uint64_t> read_setting(const std::string& key) {
  std::ifstream file{"/proc/sys/" + key};
  std::uint64_t value = 0;
  return file >> value ? std::optional{value} : std::nullopt;
}

/// A large ring of labs is what the machine is held against if no file says otherwise.
lab::LabNeeds usual_needs() {
  constexpr std::uint64_t nodes = 1000;
  return {.namespaces = nodes + 2,
          .mounts = nodes + 1,
          .open_files = 256,
          .memory_bytes = nodes * 256 * 1024,
          .bridges = true,
          .ipv6 = true,
          .settings = true};
}

class Doctor {
 public:
  explicit Doctor(const lab::RegistryPaths& paths) : paths_{paths} {}

  std::vector<Diagnosis> examine(const lab::LabNeeds& needs) && {
    examine_privileges();
    look_at_directories();
    look_at_ring();
    look_at_limits(needs);
    look_at_tunnels();
    look_at_neighbours(needs);
    return std::move(found_);
  }

 private:
  void add(Diagnosis diagnosis) { found_.push_back(std::move(diagnosis)); }

  void examine_privileges() {
    const PrivilegeCheck check = look_at_privileges();
    if (check.missing.empty()) return add({"privileges", Verdict::good, "CAP_SYS_ADMIN and CAP_NET_ADMIN are there"});
    add({"privileges", Verdict::missing, check.missing, check.remedy});
  }

  void look_at_directories() {
    const auto unwritable = find_unwritable(paths_);
    for (const lab::Shortage& shortage : unwritable) {
      add({"directories", Verdict::missing, shortage.what, shortage.remedy});
    }
    if (!unwritable.empty()) return;
    add({"directories", Verdict::good, fmt::format("{} and {} can be written to", paths_.labs, paths_.netns)});
  }

  void look_at_ring() {
    boost::asio::io_context context{1};
    engine::Ring& ring = engine::Ring::of(context);  // which tries a round trip
    const auto error = ring.unavailable();
    if (!error) return add({"io_uring", Verdict::good, "can be used"});
    add({"io_uring", Verdict::slow,
         fmt::format("cannot be used ({}: {}): requests go through epoll instead", ring.unavailable_step(),
                     error.message()),
         remedy_of_ring(ring.unavailable_step(), error)});
  }

  static std::string remedy_of_ring(std::string_view step, boost::system::error_code error) {
    if (error == boost::system::errc::too_many_files_open) return "raise the limit of open files (ulimit -n)";
    if (error == boost::system::errc::too_many_files_open_in_system) return "raise fs.file-max";
    if (error == boost::system::errc::not_enough_memory) return "raise the limit of locked memory (ulimit -l)";
    if (step == "epoll_ctl") return "raise fs.epoll.max_user_watches";
    if (!step.starts_with("io_uring_")) return "use a newer kernel";
    if (step == "io_uring_setup" && read_setting("kernel/io_uring_disabled").value_or(0) != 0) {
      return "sysctl -w kernel.io_uring_disabled=0";
    }
    return fmt::format("allow {}(2), which seccomp may forbid here", step);
  }

  void look_at_limits(const lab::LabNeeds& needs) {
    const lab::Machine machine = lab::look_at_machine(needs);
    const auto shortages = lab::find_shortages(needs, machine);
    for (const lab::Shortage& shortage : shortages) {
      add({"limits", Verdict::missing, shortage.what, shortage.remedy});
    }
    if (!shortages.empty()) return;
    add({"limits", Verdict::good,
         fmt::format("{} files, {} network namespaces, {} mounts, {:.1f} GiB of memory", machine.open_files,
                     machine.max_net_namespaces.value_or(0), machine.mount_max.value_or(0),
                     static_cast<double>(machine.memory_available_bytes.value_or(0)) / (1U << 30U))});
    add({"kinds", Verdict::good, needs.bridges ? "links of the kinds veth and bridge" : "links of the kind veth"});
  }

  /// Modules of tunnels put interfaces of their own into every new namespace. To make one takes about as long as half a
  /// veth pair.
  void look_at_tunnels() {
    constexpr double milliseconds_each = 0.2;
    const auto devices = lab::look_at_new_namespace();
    if (!devices) return;  // without privileges, of which another line tells
    if (devices->empty()) return add({"tunnels", Verdict::good, "no module adds interfaces to new namespaces"});
    add({"tunnels", Verdict::slow,
         fmt::format("modules of tunnels add {} to every new namespace ({}): about {:.1f} ms each time, and as much to "
                     "remove it",
                     counted(devices->size(), "interface"), fmt::join(*devices, ", "),
                     milliseconds_each * static_cast<double>(devices->size())),
         "sysctl -w net.core.fb_tunnels_only_for_init_net=1"});
  }

  /// All namespaces share one table of neighbours: two for each link, and as many again for IPv6 in the other table.
  void look_at_neighbours(const lab::LabNeeds& needs) {
    const auto most = read_setting("net/ipv4/neigh/default/gc_thresh3");
    if (!most) return;
    const std::uint64_t wanted = 2 * needs.namespaces;
    if (*most >= wanted) return add({"neighbours", Verdict::good, fmt::format("the table has room for {}", *most)});
    add({"neighbours", Verdict::slow,
         fmt::format("the table that all namespaces share has room for {}, and about {} may talk at a time", *most,
                     wanted),
         fmt::format("sysctl -w net.ipv4.neigh.default.gc_thresh3={0} net.ipv6.neigh.default.gc_thresh3={0}",
                     2 * wanted)});
  }

  const lab::RegistryPaths& paths_;
  std::vector<Diagnosis> found_;
};

nlohmann::ordered_json to_json(const std::vector<Diagnosis>& found) {
  auto list = nlohmann::ordered_json::array();
  for (const Diagnosis& diagnosis : found) {
    nlohmann::ordered_json entry{
        {"subject", diagnosis.subject}, {"verdict", to_string(diagnosis.verdict)}, {"text", diagnosis.text}};
    if (!diagnosis.remedy.empty()) entry["remedy"] = diagnosis.remedy;
    list.push_back(std::move(entry));
  }
  return {{"checks", std::move(list)}};
}

void print(const Diagnosis& diagnosis, Console& console) {
  console.print(fmt::format("{:<8} {:<11} {}{}{}", to_string(diagnosis.verdict), diagnosis.subject, diagnosis.text,
                            diagnosis.remedy.empty() ? "" : ": ", diagnosis.remedy));
}

}  // namespace

int doctor(const TopologyInput& input, Session& session) {
  lab::LabNeeds needs = usual_needs();
  if (!input.file.empty()) {
    auto topology = load_topology(input, session.console);
    if (!topology || !assign_addresses(*topology, session.console)) return ExitStatus::invalid;
    needs = lab::needs_of(lab::Plan{*topology});
  }
  raise_descriptor_limit();
  const std::vector<Diagnosis> found = Doctor{session.registry.paths()}.examine(needs);
  for (const Diagnosis& diagnosis : found) print(diagnosis, session.console);
  session.console.print_document(to_json(found));
  return std::ranges::count(found, Verdict::missing, &Diagnosis::verdict) == 0 ? ExitStatus::done : ExitStatus::failed;
}

}  // namespace netherd::tools
