"""Who builds and removes a lab: netherd, the floor, and the peers.

Each has up(workload) and down(workload), which give a Measured, and path_of(node), where the node's namespace is then
found. `seconds` is the figure to compare: of netherd and the floor the whole process, from spawn to exit; of a peer its
own time for the work, without starting an interpreter and reading its input.
"""
import subprocess
import time

from .process import Failed, Measured, parse_document, words
from .workload import LAB


def named_namespace(node):
    return f"/run/netns/{node}"


class Contestant:
    """What most have in common."""
    name = ""
    title = ""
    most_nodes = 1_000_000
    most_seconds = 600

    def __init__(self, tools):
        self.tools = tools

    def why_not(self):
        """Why it cannot take part on this machine; empty if it can."""
        return ""

    def path_of(self, node):
        return named_namespace(node)

    def clean(self, workload):
        """After a failure: removes what may be left."""
        try:
            self.down(workload)
        except Failed:
            pass


def own_seconds(measured):
    measured.json["seconds_of_work"] = measured.json.pop("seconds")
    return measured


class Netherd(Contestant):
    name, title = "netherd", "netherd"

    def __init__(self, tools, *options, name="netherd"):
        super().__init__(tools)
        self.options, self.name, self.title = options, name, name

    def up(self, workload, lab=LAB):
        return self.tools.run(self.tools.netherd, "up", workload.topology, "--name", lab, "--json", "--quiet",
                              *workload.options, *self.options)

    def down(self, workload, *options, lab=LAB):
        return self.tools.run(self.tools.netherd, "down", lab, "--json", *options)


class Floor(Contestant):
    name, title = "floor", "floor"

    def up(self, workload):
        return self.tools.run(self.tools.floor, workload.plan, "--name", LAB, "--json")

    def down(self, workload, *options):
        return self.tools.run(self.tools.floor, "down", LAB, "--json", *options)

    def path_of(self, node):
        return f"/run/netns/{LAB}-{node}"


class Peer(Contestant):
    """A program that takes FILES and an action, and prints its seconds."""
    command = ()

    def up(self, workload):
        return own_seconds(self.tools.run(*self.command, workload.files, *self.mode, "up",
                                          environment=self.environment))

    def down(self, workload):
        return own_seconds(self.tools.run(*self.command, workload.files, *self.mode, "down",
                                          environment=self.environment))

    mode = ()
    environment = None


class IpLoop(Peer):
    name, title, most_nodes = "ip-loop", "shell loop of `ip`", 500

    def __init__(self, tools):
        super().__init__(tools)
        self.command = (tools.peers / "ip-loop",)


class IpBatch(Peer):
    most_nodes = 1000

    def __init__(self, tools, mode):
        super().__init__(tools)
        self.command, self.mode = (tools.peers / "ip-batch",), (mode,)
        self.name, self.title = f"ip-batch-{mode}", f"`ip -batch`, {mode}"


class NetherdIp(IpBatch):
    def __init__(self, tools, mode):
        super().__init__(tools, mode)
        self.name, self.title = f"netherd-ip-{mode}", f"`netherd ip -batch`, {mode}"
        self.environment = {"IP": f"{tools.netherd} ip"}

    def why_not(self):
        done = subprocess.run(words([self.tools.netherd, "ip", "link", "show", "lo"]), capture_output=True, check=False)
        return "" if done.returncode == 0 else "this netherd has no `netherd ip`"


class Pyroute2(Peer):
    name, title, most_nodes = "pyroute2", "pyroute2", 1000

    def __init__(self, tools):
        super().__init__(tools)
        self.command = (tools.peers / "pyroute2-lab",)

    def why_not(self):
        return python_cannot_import("pyroute2", "python3-pyroute2")


class Program(Peer):
    most_nodes = 3000

    def __init__(self, tools, name, title, path, packages):
        super().__init__(tools)
        self.name, self.title, self.command, self.packages = name, title, (path,), packages

    def why_not(self):
        if self.command[0].exists():
            return ""
        return f"{self.command[0].name} was not built: {self.packages} were not there when the build was configured"


class MininetLab(Contestant):
    """Its network lives in its own process, which is told when to take it down."""
    name, title, most_nodes = "mininet", "Mininet", 500

    def __init__(self, tools):
        super().__init__(tools)
        self.process, self.processes = None, {}

    def why_not(self):
        return python_cannot_import("mininet.net", "mininet")

    def path_of(self, node):
        return f"/proc/{self.processes[node]}/ns/net"

    def _answer(self, start):
        line = self.process.stdout.readline()
        measured = Measured(time.perf_counter() - start, _Unknown, 0, parse_document(line))
        if "seconds" not in measured.json:
            self.process.kill()
            raise Failed(f"`mininet-lab`: {self.process.stderr.read().strip().splitlines()[-1:] or ['nothing said']}")
        return own_seconds(measured)

    def up(self, workload):
        start = time.perf_counter()
        self.process = subprocess.Popen(words([self.tools.peers / "mininet-lab", workload.files, "up"]), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        measured = self._answer(start)
        self.processes = measured.json.pop("processes")
        return measured

    def down(self, workload):
        start = time.perf_counter()
        if self.process is None:
            raise Failed("`mininet-lab` does not run")
        try:
            self.process.stdin.write("down\n")
            self.process.stdin.flush()
            return self._answer(start)
        except BrokenPipeError:
            raise Failed("`mininet-lab` has ended") from None
        finally:
            self.process.stdin.close()
            self.process.wait()
            self.process = None


class _Unknown:
    """A process whose resources cannot be told: it has not ended, and its shells do the work."""
    ru_utime = ru_stime = ru_maxrss = 0


def python_cannot_import(module, package):
    done = subprocess.run(["/usr/bin/python3", "-c", f"import {module}"], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"package {package} is not installed"


PEER_NAMES = ("ip-loop", "ip-batch", "netherd-ip", "pyroute2", "go", "libnl", "mininet")


def make_peers(tools, names):
    """The peers of these names that can take part, and {title: reason} for those that cannot."""
    makers = {
        "ip-loop": lambda: [IpLoop(tools)],
        "ip-batch": lambda: [IpBatch(tools, "sequential"), IpBatch(tools, "parallel")],
        "netherd-ip": lambda: [NetherdIp(tools, "sequential"), NetherdIp(tools, "parallel")],
        "pyroute2": lambda: [Pyroute2(tools)],
        "go": lambda: [Program(tools, "go", "Go, vishvananda/netlink", tools.go_peer,
                               "golang-go and golang-github-vishvananda-netlink-dev")],
        "libnl": lambda: [Program(tools, "libnl", "C, libnl-route", tools.libnl_peer, "libnl-route-3-dev")],
        "mininet": lambda: [MininetLab(tools)],
    }
    able, left_out = [], {}
    for name in names:
        for peer in makers[name]():
            reason = peer.why_not()
            if reason:
                left_out[peer.title] = reason
            else:
                able.append(peer)
    return able, left_out


def seconds_of(measured):
    """The figure to compare, from a Measured as JSON."""
    return measured.get("seconds_of_work", measured["wall"])
