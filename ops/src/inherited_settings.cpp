#include "inherited_settings.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace netherd::ops {

namespace {

constexpr const char* inheritance_mode = "net/core/devconf_inherit_init_net";
constexpr const char* ipv4_folder = "net/ipv4/conf/";
constexpr const char* ipv6_folder = "net/ipv6/conf/";

/// The kernel's own value of a setting in conf/all and in conf/default.
struct Default {
  std::string_view name;
  std::string_view all = "0";
  std::string_view fresh = "0";       ///< of `default`, and so of a new interface
  bool loopback_has_its_own = false;  ///< `lo` does not copy `default`
};

/// ipv4_devconf and ipv4_devconf_dflt in net/ipv4/devinet.c, Linux 6.18; unchanged since 5.16. `forwarding` comes
/// first: writing it changes accept_redirects of `all` as well, and both settings of all interfaces.
constexpr std::array ipv4_defaults{
    Default{"forwarding"},
    Default{"accept_local"},
    Default{"accept_redirects", "1", "1"},
    Default{"accept_source_route", "0", "1"},
    Default{"arp_accept"},
    Default{"arp_announce"},
    Default{"arp_evict_nocarrier", "1", "1"},
    Default{"arp_filter"},
    Default{"arp_ignore"},
    Default{"arp_notify"},
    Default{"bc_forwarding"},
    Default{"bootp_relay"},
    Default{"disable_policy", "0", "0", true},
    Default{"disable_xfrm", "0", "0", true},
    Default{"drop_gratuitous_arp"},
    Default{"drop_unicast_in_l2_multicast"},
    Default{"force_igmp_version"},
    Default{"igmpv2_unsolicited_report_interval", "10000", "10000"},
    Default{"igmpv3_unsolicited_report_interval", "1000", "1000"},
    Default{"ignore_routes_with_linkdown"},
    Default{"log_martians"},
    Default{"medium_id"},
    Default{"promote_secondaries"},
    Default{"proxy_arp"},
    Default{"proxy_arp_pvlan"},
    Default{"route_localnet"},
    Default{"rp_filter"},
    Default{"secure_redirects", "1", "1"},
    Default{"send_redirects", "1", "1"},
    Default{"shared_media", "1", "1"},
    Default{"src_valid_mark"},
    Default{"tag"},
};

/// ipv6_devconf and ipv6_devconf_dflt in net/ipv6/addrconf.c, Linux 6.18: those that decide what a node does.
constexpr std::array ipv6_defaults{
    Default{"disable_ipv6"},
    Default{"forwarding"},
    Default{"accept_dad", "0", "1", true},
    Default{"accept_ra", "1", "1"},
    Default{"accept_ra_defrtr", "1", "1"},
    Default{"accept_ra_pinfo", "1", "1"},
    Default{"accept_ra_rtr_pref", "1", "1"},
    Default{"accept_redirects", "1", "1"},
    Default{"accept_source_route"},
    Default{"addr_gen_mode"},
    Default{"autoconf", "1", "1"},
    Default{"dad_transmits", "1", "1"},
    Default{"disable_policy"},
    Default{"force_mld_version"},
    Default{"hop_limit", "64", "64"},
    Default{"ignore_routes_with_linkdown"},
    Default{"keep_addr_on_down"},
    Default{"ndisc_notify"},
    Default{"optimistic_dad"},
    Default{"proxy_ndp"},
    Default{"router_solicitations", "-1", "-1"},
    Default{"rpl_seg_enabled"},
    Default{"seg6_enabled"},
    Default{"use_oif_addrs_only"},
    Default{"use_optimistic"},
    Default{"use_tempaddr", "0", "0", true},
};

class Comparison {
 public:
  explicit Comparison(const ReadSetting& read) : read_{read} {}

  void compare(const std::string& folder, std::span<const Default> defaults) {
    for (const Default& known : defaults) {
      const std::string name{known.name};
      const bool all_differs = compare_one(folder + "all/" + name, known.all);
      const bool reaches_everything = known.name == "forwarding" || known.name == "disable_ipv6";
      if (all_differs && reaches_everything) continue;  // writing it changes `default` and `lo` as well
      const bool fresh_differs = compare_one(folder + "default/" + name, known.fresh);
      if (fresh_differs && !known.loopback_has_its_own) add(folder + "lo/" + name, known.fresh);
    }
  }

  [[nodiscard]] std::vector<KernelSetting> resets() && { return std::move(resets_); }

 private:
  bool compare_one(const std::string& key, std::string_view value) {
    const auto found = read_(key);
    const bool differs = found && *found != value;
    if (differs) add(key, value);
    return differs;
  }
  void add(std::string key, std::string_view value) {
    resets_.push_back({std::move(key), std::string{value}, SettingNeed::unless_missing});
  }

  const ReadSetting& read_;
  std::vector<KernelSetting> resets_;
};

/// Whether new namespaces may copy IPv6 settings. The initial namespace alone shows the setting that decides.
bool may_copy_ipv6(const ReadSetting& read) {
  const auto mode = read(inheritance_mode);
  return mode != "0" && mode != "2";
}

}  // namespace

std::vector<KernelSetting> find_inherited_settings(const ReadSetting& read) {
  Comparison comparison{read};
  comparison.compare(ipv4_folder, ipv4_defaults);
  if (may_copy_ipv6(read)) comparison.compare(ipv6_folder, ipv6_defaults);
  return std::move(comparison).resets();
}

std::vector<std::string> keys_of_inherited_settings(const ReadSetting& read) {
  std::vector<std::string> keys{inheritance_mode};
  const auto add = [&keys](const std::string& folder, std::span<const Default> defaults) {
    for (const Default& known : defaults) {
      for (const char* const part : {"all/", "default/"}) keys.push_back(folder + part + std::string{known.name});
    }
  };
  add(ipv4_folder, ipv4_defaults);
  if (may_copy_ipv6(read)) add(ipv6_folder, ipv6_defaults);
  return keys;
}

const std::vector<KernelSetting>& InheritedSettings::resets(SettingsFiles& files) {
  std::unique_lock lock{mutex_};
  if (keys_.empty()) {
    keys_ = keys_of_inherited_settings([&files](const std::string& key) { return files.read(key); });
    values_.resize(keys_.size());
  }
  while (next_ < keys_.size()) read(files, lock);
  all_read_.wait(lock, [this] { return read_ == keys_.size(); });
  if (!resets_) {
    resets_ = find_inherited_settings([this](const std::string& key) {
      const auto place = std::ranges::find(keys_, key);
      return place == keys_.end() ? std::nullopt : values_[static_cast<std::size_t>(place - keys_.begin())];
    });
  }
  return *resets_;
}

/// One setting; the lock is released meanwhile.
void InheritedSettings::read(SettingsFiles& files, std::unique_lock<std::mutex>& lock) {
  const std::size_t place = next_++;
  lock.unlock();
  auto value = files.read(keys_[place]);
  lock.lock();
  values_[place] = std::move(value);
  if (++read_ == keys_.size()) all_read_.notify_all();
}

}  // namespace netherd::ops
