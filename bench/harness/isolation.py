"""Namespaces of the benchmark's own: network, mounts with an empty /run, and processes.

The machine's interfaces, labs and mounts are out of reach. When the first process in the new namespace of processes
ends, in whatever way, the kernel kills all others and drops what they made: so an interrupted benchmark leaves nothing.
"""
import os
import pathlib
import signal
import subprocess
import sys

MARK = "NETHERD_BENCH_ISOLATED"
SCRATCH = pathlib.Path("/run/netherd-bench")

# A tmpfs for /run, and a /sys that shows the new network namespace. `exec` makes the command process 1.
PREPARE = f'mount -t tmpfs tmpfs /run && mkdir -p /run/netns {SCRATCH} && mount -t sysfs sysfs /sys && exec "$@"'

# setpriv: dies with the process that started it. --kill-child: takes all that is inside along.
ENTER = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child=KILL",
         "--mount-proc", "--propagation", "private", "sh", "-c", PREPARE, "sh"]


class NotPossible(Exception):
    """Why nothing can be measured here."""


def is_inside():
    return os.environ.get(MARK) == "yes"


def check_possible():
    if os.geteuid() != 0:
        raise NotPossible("making network namespaces needs root: sudo tools/bench")
    try:
        done = subprocess.run([*ENTER, "true"], capture_output=True, text=True, check=False)
    except FileNotFoundError as missing:
        raise NotPossible(f"{missing.filename} is not there (package util-linux)") from missing
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["nothing said"]
        raise NotPossible(f"namespaces of our own cannot be made: {said[-1]}")


class Interrupted(Exception):
    def __init__(self, number):
        super().__init__(f"interrupted ({signal.Signals(number).name})")
        self.status = 128 + number


def _raise_interrupted(number, _):
    raise Interrupted(number)


def run_inside(command):
    """Runs a command inside and gives its exit status. SIGTERM and SIGHUP end it and all that it has started."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, _raise_interrupted)
    child = subprocess.Popen([*ENTER, *map(str, command)], env={**os.environ, MARK: "yes"})
    try:
        return child.wait()
    except Interrupted as interrupted:
        child.kill()
        child.wait()
        print(f"bench: {interrupted}; nothing is left behind", file=sys.stderr)
        return interrupted.status
