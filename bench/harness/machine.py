"""What the figures were measured on."""
import ctypes
import gzip
import os
import pathlib
import platform
import time

from .process import first_line

KERNEL_SETTINGS = ("CONFIG_HZ", "CONFIG_PREEMPT_NONE", "CONFIG_PREEMPT_VOLUNTARY", "CONFIG_PREEMPT",
                   "CONFIG_PREEMPT_LAZY", "CONFIG_PREEMPT_DYNAMIC", "CONFIG_PREEMPT_RCU", "CONFIG_RCU_NOCB_CPU",
                   "CONFIG_RCU_LAZY", "CONFIG_NR_CPUS", "CONFIG_IPV6", "CONFIG_DEBUG_NET_SMALL_RTNL", "CONFIG_LOCKDEP",
                   "CONFIG_KASAN", "CONFIG_AUDIT")
SYSCTLS = ("kernel/io_uring_disabled", "user/max_net_namespaces", "fs/mount-max",
           "net/core/fb_tunnels_only_for_init_net", "net/core/devconf_inherit_init_net")


def read(path):
    try:
        return pathlib.Path(path).read_text(errors="replace").strip()
    except OSError:
        return ""


def kernel_configuration():
    """The settings that matter here, "not set" included where the configuration is to be had."""
    try:
        text = gzip.decompress(pathlib.Path("/proc/config.gz").read_bytes()).decode()
    except OSError:
        text = read(f"/boot/config-{platform.release()}")
    if not text:
        return {}
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {name: values.get(name, "not set") for name in KERNEL_SETTINGS}


def processor():
    for line in read("/proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def build_setting(build, name):
    for line in read(pathlib.Path(build) / "CMakeCache.txt").splitlines():
        if line.startswith(name + ":"):
            return line.split("=", 1)[1]
    return ""


def describe_build(build):
    kind = build_setting(build, "CMAKE_BUILD_TYPE")
    return f"{kind}, {build_setting(build, f'CMAKE_CXX_FLAGS_{kind.upper()}')}"


def possible_processors():
    """"0-127" is 128: what a veth pair's default number of queues is."""
    last = read("/sys/devices/system/cpu/possible").replace(",", "-").split("-")[-1]
    return int(last) + 1 if last.isdigit() else os.cpu_count()


def io_uring():
    """Whether a ring can be made here, and if not, why."""
    io_uring_setup, parameters = 425, ctypes.create_string_buffer(120)
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.syscall(io_uring_setup, 1, parameters)
    if descriptor < 0:
        return f"cannot be used ({os.strerror(ctypes.get_errno())}): netherd does without it, and more slowly"
    os.close(descriptor)
    return "can be used"


def describe(build, commit):
    memory_gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return {
        "date": time.strftime("%Y-%m-%d %H:%M %Z"),
        "processors": f"{os.cpu_count()} × {processor()} ({possible_processors()} possible)",
        "memory": f"{memory_gib:.0f} GiB",
        "kernel": f"{platform.release()} {platform.version()}",
        "kernel configuration": kernel_configuration(),
        "sysctl": {name.replace("/", "."): read(f"/proc/sys/{name}") for name in SYSCTLS if read(f"/proc/sys/{name}")},
        "io_uring": io_uring(),
        "compiler": first_line([build_setting(build, "CMAKE_CXX_COMPILER") or "c++", "--version"]),
        "build": describe_build(build),
        "iproute2": first_line(["ip", "-V"]),
        "commit": commit,
    }


def commit_of(directory):
    return first_line(["git", "-c", "safe.directory=*", "-C", directory, "describe", "--always", "--dirty"])
