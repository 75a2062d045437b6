"""What runs inside leaves nothing, however it ends."""
import os
import pathlib
import signal
import subprocess
import sys
import time

import privileges
import pytest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
pytestmark = privileges.needs_namespaces

SUPERVISOR = "import sys; from harness import isolation; sys.exit(isolation.run_inside(sys.argv[1:]))"


def start(*command):
    return subprocess.Popen([sys.executable, "-c", SUPERVISOR, *command], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(BENCH)})


def becomes(condition):
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_exit_status_is_that_of_the_command():
    assert start("sh", "-c", "exit 7").wait() == 7


def test_run_is_empty_and_nothing_reaches_the_machine():
    process = start("sh", "-c", "ls /run/netns; ip -br link; ip netns add ours && ls /run/netns")
    output, _ = process.communicate(timeout=30)
    interfaces_and_namespaces = [line.split()[0] for line in output.splitlines()]
    assert interfaces_and_namespaces == ["lo", "ours"]
    assert not pathlib.Path("/run/netns/ours").exists()


@pytest.mark.parametrize("number, status", [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130),
                                            (signal.SIGKILL, -9)])
def test_no_process_outlives_an_interruption(number, status):
    process = start("sh", "-c", "ip netns add ours; sleep 1000 & exec sleep 1000")
    assert becomes(lambda: children_of(process.pid))
    inside = children_of(process.pid)
    process.send_signal(number)
    assert process.wait(timeout=30) == status
    assert becomes(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in inside))


def children_of(pid):
    """All descendants, once both sleeps are there."""
    found, todo = [], [str(pid)]
    while todo:
        parent = todo.pop()
        try:
            children = pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        except OSError:
            continue
        found += children
        todo += children
    names = []
    for child in found:
        try:
            names.append(pathlib.Path(f"/proc/{child}/comm").read_text().strip())
        except OSError:
            pass
    return found if names.count("sleep") == 2 else []
