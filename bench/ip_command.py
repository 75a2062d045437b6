"""Measures `netherd ip` against `ip` and the floor: whole processes, in turn, medians with least and greatest.

    sudo /usr/bin/python3 bench/ip_command.py [--runs N] [--only ring,routes,show,start]

Needs the release: cmake --preset release && cmake --build --preset release. In namespaces of its own; nothing is left behind.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import time

from harness import isolation, plan_text, schedule

TOP = pathlib.Path(__file__).resolve().parent.parent
NETHERD = TOP / "build/release/tools/netherd/netherd"
FLOOR = TOP / "build/release/bench/floor/netherd-floor"
RING_NODES = 500
ROUTES = 100_000
INTERFACES = 10_000
STARTS = 20  # per run, for what takes about a millisecond


def shell(command, repeat=1):
    """Wall seconds of a shell command; what it prints goes to a file, as a user would have it."""
    with open(isolation.SCRATCH / "output", "w") as output:
        start = time.perf_counter()
        for _ in range(repeat):
            subprocess.run(command, stdout=output, check=True)
        return (time.perf_counter() - start) / repeat


def in_turn(runs, contestants, after=lambda name: None):
    """Everyone once before anyone again, each time with another one first. {name: function} to {name: [seconds]}."""
    seconds = {name: [] for name in contestants}
    for number in range(runs):
        for name in schedule.turns(list(contestants), number):
            seconds[name].append(contestants[name]())
            after(name)
    return seconds


def report(title, seconds, bars):
    """Bars: (name, base, text): the median of base / name in neighbouring runs."""
    print(f"\n{title}\n")
    for name, times in seconds.items():
        print(f"| {name} | {statistics.median(times) * 1000:,.1f} ms "
              f"({min(times) * 1000:,.1f}–{max(times) * 1000:,.1f}) |")
    for name, base, text in bars:
        ratios = [b / a for a, b in zip(seconds[name], seconds[base])]
        print(f"{base} / {name}: {statistics.median(ratios):.2f} ({text})")
    sys.stdout.flush()


def settle():
    """Until the kernel has destroyed what was there."""
    subprocess.run([NETHERD, "ip", "-all", "netns", "delete"], check=True)
    subprocess.run([FLOOR, "down", "bench", "--wait", "--json"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1.5)


def write_ring(folder):
    topology = folder / "ring.yml"
    subprocess.run([NETHERD, "generate", "ring", "--nodes", str(RING_NODES), "--quiet", "-o", topology], check=True)
    plan = subprocess.run([NETHERD, "plan", topology, "--name", "bench", "--quiet"], check=True, capture_output=True,
                          text=True).stdout
    (folder / "plan").write_text(plan)
    create, inside = plan_text.split_for_batches(plan)
    (folder / "nodes").mkdir()
    (folder / "create").write_text("".join(f"{line}\n" for line in create))
    for name, lines in inside.items():
        (folder / "nodes" / name).write_text("".join(f"{line}\n" for line in lines))
    one = create + [f"-n {name} {line}" for name, lines in inside.items() for line in lines]
    (folder / "one").write_text("".join(f"{line}\n" for line in one))
    execs = create + [f"netns exec {name} ip -batch {folder}/nodes/{name}" for name in inside]
    (folder / "exec").write_text("".join(f"{line}\n" for line in execs))


def measure_ring(runs, folder):
    write_ring(folder)
    peers = TOP / "bench/peers/ip-batch"
    seconds = in_turn(runs, {
        "floor": lambda: shell([FLOOR, folder / "plan", "--name", "bench", "--json"]),
        "netherd ip -batch": lambda: shell([NETHERD, "ip", "-batch", folder / "one"]),
        "netherd ip -force -batch": lambda: shell([NETHERD, "ip", "-force", "-batch", folder / "one"]),
        "ip -batch, sequential": lambda: shell([peers, folder, "sequential", "up"]),
        "ip -batch, parallel": lambda: shell([peers, folder, "parallel", "up"]),
        "ip -batch, netns exec": lambda: shell(["ip", "-batch", folder / "exec"]),
    }, lambda _: settle())
    report(f"A ring of {RING_NODES} namespaces", seconds, [
        ("netherd ip -batch", "ip -batch, sequential", "bar: 4"),
        ("netherd ip -batch", "ip -batch, parallel", "bar: 2.5"),
        ("netherd ip -batch", "ip -batch, netns exec", "bar: 4"),
        ("netherd ip -force -batch", "ip -batch, parallel", "no bar"),
        ("floor", "netherd ip -force -batch", "bar: at most 1.25")])


def measure_routes(runs, folder):
    lines = [f"route add 10.{i >> 16}.{i >> 8 & 255}.{i & 255}/32 via 192.168.0.2 dev v0" for i in range(ROUTES)]
    (folder / "routes").write_text("".join(f"{line}\n" for line in lines))
    (folder / "link").write_text("link add v0 type veth peer name v1\nlink set v1 up\nlink set v0 up\n"
                                 "addr add 192.168.0.1/24 dev v0\n")

    def fresh():
        subprocess.run(["ip", "link", "del", "v0"], stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "-batch", folder / "link"], check=True)
        time.sleep(0.5)

    def measured(*command):
        fresh()
        return shell([*command, "-batch", folder / "routes"])

    seconds = in_turn(runs, {"netherd ip -batch": lambda: measured(NETHERD, "ip"),
                             "netherd ip -force -batch": lambda: measured(NETHERD, "ip", "-force"),
                             "ip -batch": lambda: measured("ip")})
    subprocess.run(["ip", "link", "del", "v0"], check=True)
    report(f"{ROUTES:,} routes", seconds, [("netherd ip -batch", "ip -batch", "bar: 1.5"),
                                           ("netherd ip -force -batch", "ip -batch", "no bar")])


def measure_show(runs, folder):
    (folder / "links").write_text("".join(f"link add a{i} type veth peer name b{i}\n" for i in range(INTERFACES // 2)))
    subprocess.run([NETHERD, "ip", "-force", "-batch", folder / "links"], check=True)
    for title, options in (("text", []), ("JSON", ["-json"])):
        seconds = in_turn(runs, {"netherd ip": lambda: shell([NETHERD, "ip", *options, "link", "show"]),
                                 "ip": lambda: shell(["ip", *options, "link", "show"])})
        report(f"`link show`, {INTERFACES:,} interfaces, {title}", seconds, [("netherd ip", "ip", "bar: 1")])


def measure_start(runs, _):
    seconds = in_turn(runs, {"netherd ip": lambda: shell([NETHERD, "ip", "link", "show", "lo"], STARTS),
                             "ip": lambda: shell(["ip", "link", "show", "lo"], STARTS)})
    report("Start-up: `link show lo`", seconds, [("ip", "netherd ip", "bar: at most 1.5")])


SECTIONS = {"start": measure_start, "routes": measure_routes, "ring": measure_ring, "show": measure_show}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default=",".join(SECTIONS))
    options = parser.parse_args()
    if not isolation.is_inside():
        isolation.check_possible()
        return isolation.run_inside(["/usr/bin/python3", *sys.argv])
    print(f"load: {os.getloadavg()[0]:.1f}, processors: {os.cpu_count()}")
    for name in options.only.split(","):
        folder = isolation.SCRATCH / name
        folder.mkdir()
        SECTIONS[name](options.runs, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
