#pragma once

#include <array>
#include <span>
#include <string_view>

namespace netherd::lab {

/// Keys of containerlab's topology files, as its schema (schemas/clab.schema.json) and its sources had them at
/// release 0.79. `read` are those that mean something to netherd, `ignored` those that mean something to
/// containerlab only.
struct KnownKeys {
  std::span<const std::string_view> read;
  std::span<const std::string_view> ignored;
};

namespace containerlab_keys {

inline constexpr std::array<std::string_view, 3> file_read{"name", "topology", "netherd"};
inline constexpr std::array<std::string_view, 5> file_ignored{"prefix", "mgmt", "settings", "debug", "$schema"};

inline constexpr std::array<std::string_view, 5> topology_read{"defaults", "kinds", "groups", "nodes", "links"};

inline constexpr std::array<std::string_view, 5> node_read{"kind", "group", "exec", "image", "network-mode"};
inline constexpr std::array<std::string_view, 55> node_ignored{
    "type",
    "startup-config",
    "startup-delay",
    "enforce-startup-config",
    "suppress-startup-config",
    "auto-remove",
    "restart-policy",
    "config",
    "image-pull-policy",
    "license",
    "position",
    "hostname",
    "entrypoint",
    "cmd",
    "SANs",
    "binds",
    "volumes",
    "devices",
    "cap-add",
    "privileged",
    "cgroupns-mode",
    "cgroup-parent",
    "pid-mode",
    "tmpfs",
    "security-opts",
    "shm-size",
    "ports",
    "mgmt-ipv4",
    "mgmt-ipv6",
    "mgmt_ipv4",
    "mgmt_ipv6",
    "publish",
    "env",
    "env-files",
    "user",
    "labels",
    "sandbox",
    "kernel",
    "runtime",
    "cpu",
    "cpu-set",
    "memory",
    "sysctls",
    "extras",
    "wait-for",
    "stages",
    "dns",
    "certificate",
    "healthcheck",
    "credentials",
    "username",
    "password",
    "aliases",
    "components",
    "link-apply-mode",
};

inline constexpr std::array<std::string_view, 6> link_read{"type", "endpoints", "mtu", "ipv4", "ipv6", "netherd"};
inline constexpr std::array<std::string_view, 7> link_to_host_read{"type", "endpoint", "host-interface", "mtu",
                                                                   "ipv4", "ipv6",     "netherd"};
inline constexpr std::array<std::string_view, 3> link_ignored{"vars", "labels", "impairment"};

inline constexpr std::array<std::string_view, 5> endpoint_read{"node", "interface", "mac", "ipv4", "ipv6"};
inline constexpr std::array<std::string_view, 1> endpoint_ignored{"vars"};

inline constexpr std::array<std::string_view, 4> netherd_read{"ipv4-pool", "ipv6", "ipv6-pool", "routing"};
inline constexpr std::array<std::string_view, 1> link_netherd_read{"weight"};

inline constexpr KnownKeys file{file_read, file_ignored};
inline constexpr KnownKeys topology{topology_read, {}};
inline constexpr KnownKeys node{node_read, node_ignored};
inline constexpr KnownKeys link{link_read, link_ignored};
inline constexpr KnownKeys link_to_host{link_to_host_read, link_ignored};
inline constexpr KnownKeys endpoint{endpoint_read, endpoint_ignored};
inline constexpr KnownKeys netherd{netherd_read, {}};
inline constexpr KnownKeys link_netherd{link_netherd_read, {}};

}  // namespace containerlab_keys

}  // namespace netherd::lab
