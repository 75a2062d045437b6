"""Where the kernel's time goes while a lab is built and removed: samples of `perf`, by groups of kernel functions."""
import collections
import subprocess

from .contestants import Floor, Netherd
from .process import Failed, words

# The first group that has one of its functions in a sample's stack gets the sample, so the most particular come first.
GROUPS = (
    ("waiting for RTNL and other locks", ("mutex_spin_on_owner", "osq_lock", "__mutex_lock", "rwsem_down_read_slowpath",
                                          "rwsem_down_write_slowpath", "native_queued_spin_lock_slowpath")),
    ("RCU and grace periods", ("synchronize_rcu", "synchronize_rcu_expedited", "synchronize_net", "rcu_barrier",
                               "rcu_core", "rcu_do_batch", "kfree_rcu_work")),
    ("namespace: sysctl tables", ("__register_sysctl_table", "register_net_sysctl_sz", "unregister_sysctl_table",
                                  "unregister_net_sysctl_table", "drop_sysctl_table")),
    ("device: sysfs and uevents", ("netdev_register_kobject", "netdev_unregister_kobject", "netdev_queue_update_kobjects",
                                   "kobject_uevent_env", "device_add", "device_del", "sysfs_create_file_ns")),
    ("device: IPv6 (addrconf, /proc, routes)", ("addrconf_notify", "inet6_rtm_newaddr", "ipv6_add_dev", "addrconf_dad_work",
                                                "addrconf_ifdown", "inet6_addr_add")),
    ("device: IPv4 (inetdev, FIB)", ("inetdev_event", "inet_rtm_newaddr", "fib_inetaddr_event", "fib_netdev_event",
                                     "inet_rtm_newroute", "fib_add_ifaddr")),
    ("IPv6 routes", ("inet6_rtm_newroute", "ip6_route_add")),
    ("notifications to listeners", ("rtmsg_ifinfo_build_skb", "rtmsg_ifinfo", "rtmsg_ifinfo_event", "netlink_broadcast",
                                    "rtnl_notify", "peernet2id_alloc", "rtmsg_fib")),
    ("device: creation and registration", ("register_netdevice", "alloc_netdev_mqs", "veth_newlink", "rtnl_newlink",
                                           "__dev_open", "dev_open", "__dev_change_flags", "rtnl_setlink")),
    ("device: removal", ("unregister_netdevice_many_notify", "unregister_netdevice_queue", "netdev_run_todo",
                         "default_device_exit_batch", "free_netdev")),
    ("namespace: creation", ("copy_net_ns", "setup_net", "ksys_unshare")),
    ("namespace: destruction", ("cleanup_net", "ops_undo_list", "net_free")),
    ("names: mounts and files", ("path_mount", "__x64_sys_mount", "path_umount", "__x64_sys_umount", "do_mkdirat",
                                 "__x64_sys_symlinkat", "__x64_sys_symlink", "__x64_sys_openat", "do_unlinkat",
                                 "__x64_sys_move_mount", "__x64_sys_open_tree")),
    ("netlink: messages to and fro", ("netlink_sendmsg", "netlink_recvmsg", "netlink_unicast", "netlink_ack")),
    ("io_uring", ("io_submit_sqes", "io_wq_worker", "__do_sys_io_uring_enter", "io_uring_register")),
    ("process: start, end, page faults", ("do_exit", "__x64_sys_execve", "asm_exc_page_fault", "do_group_exit",
                                          "load_elf_binary", "__x64_sys_mmap", "ret_from_fork_asm")),
)
OTHER_KERNEL, USER = "kernel: other", "user space"


# Who counts: our programs, and the kernel's threads that work for them. Others only take their time. The kernel's
# threads have no names in a namespace of processes, but they all start in the same function.
OURS = ("netherd", "iou-")
THREAD_OF_KERNEL = (True, "kthread")


def function_name(text):
    """Without offset, and without what the compiler appended (".isra.0", ".constprop.0")."""
    return text.split("+")[0].split(".")[0].strip() if not text.startswith("[") else text


def parse_script(text):
    """[[(is the kernel's, function), caller, ...]] of those who count, from `perf script -F comm,ip,sym`: an entry of
    several lines per sample."""
    stacks, stack = [], None
    for line in text.splitlines():
        if not line.strip():
            stack = None
        elif line[0] not in " \t":
            stack = []
            stacks.append((line.startswith(OURS), stack))
        elif stack is not None:
            address, *name = line.split(maxsplit=1)
            stack.append((int(address, 16) >> 63 == 1, function_name(name[0] if name else "[unknown]")))
    return [entry for ours, entry in stacks if entry and (ours or THREAD_OF_KERNEL in entry)]


def group_of(stack):
    names = {name for in_kernel, name in stack if in_kernel}
    if not names:
        return USER
    for group, functions in GROUPS:
        if not names.isdisjoint(functions):
            return group
    return OTHER_KERNEL


def summarise(stacks):
    """Shares of groups, and of functions by themselves, both descending."""
    groups = collections.Counter(map(group_of, stacks))
    functions = collections.Counter(stack[0][1] for stack in stacks if stack[0][0])
    total = max(1, len(stacks))
    return {"samples": len(stacks), "groups": [[name, count / total] for name, count in groups.most_common()],
            "functions": [[name, count / total] for name, count in functions.most_common(25)]}


def _record(tools, command):
    data = tools.scratch / "perf.data"
    perf = ["perf", "record", "-a", "-g", "-F", "1999", "-o", data, "--", *command]
    tools.run(*perf)
    script = subprocess.run(words(["perf", "script", "--no-inline", "-i", data, "-F", "comm,ip,sym"]), capture_output=True, text=True,
                            check=False, errors="replace")
    data.unlink(missing_ok=True)
    return parse_script(script.stdout)


def _profile(bench, title, command):
    try:
        summary = summarise(_record(bench.tools, command))
    except (Failed, FileNotFoundError) as failure:
        return {"title": title, "error": f"no profile: {failure} (package linux-perf)"}
    if not summary["samples"]:
        return {"title": title, "error": "no profile: `perf` took no samples here"}
    return {"title": title, **summary}


def take(bench, options):
    """Of the ring and the star, netherd and floor: up, and down until the kernel has finished."""
    tools, found = bench.tools, []
    nodes = min(1000, max(options.size.nodes))
    for kind in ("ring", "star"):
        workload = bench.workload(kind, nodes)
        for who, up, down in (
                (Netherd(tools), [tools.netherd, "up", workload.topology, "--name", "bench", "--json", "--quiet"],
                 [tools.netherd, "down", "bench", "--wait"]),
                (Floor(tools), [tools.floor, workload.plan, "--name", "bench", "--json"],
                 [tools.floor, "down", "bench", "--wait"])):
            bench.say(f"profile of {who.name}, {workload}")
            found.append(_profile(bench, f"`up`, {workload}, {who.name}", up))
            found.append(_profile(bench, f"`down --wait`, {workload}, {who.name}", down))
            bench.clean(who, workload)
    return found
