"""Topologies to build: written by `netherd generate`, or a file."""
import pathlib

from . import plan_text
from .process import Failed, run, words

LAB = "bench"
KINDS = ("ring", "star", "tree", "fat-tree", "grid", "scale-free")
REAL = "real"


class Workload:
    """One topology, with what everyone builds it from."""

    def __init__(self, kind, nodes, topology, options=()):
        self.kind, self.size = kind, nodes
        self.topology = pathlib.Path(topology)
        self.options = tuple(options)
        self.plan = self.work = self.files = None
        self.why_not_for_peers = ""

    @property
    def nodes(self):
        return len(self.work.nodes)

    def __str__(self):
        return f"{self.kind} of {self.size:,}"

    def prepare(self, tools, scratch):
        """Writes the plan, and the files that peers read."""
        self.files = pathlib.Path(scratch) / f"{self.kind}-{self.size}"
        (self.files / "nodes").mkdir(parents=True)
        self.plan = self.files / "plan"
        with self.plan.open("w") as out:
            tools.netherd_to(out, "plan", self.topology, "--name", LAB, "--quiet", *self.options)
        text = self.plan.read_text()
        try:
            self.work = plan_text.parse(text)
        except plan_text.UnknownCommand as unknown:
            self.why_not_for_peers = f"peers do not know `{unknown}`"
            return
        self._write_peers_files(text)

    def _write_peers_files(self, text):
        create, inside = plan_text.split_for_batches(text)
        (self.files / "work").write_text(plan_text.write_work(self.work))
        (self.files / "commands").write_text(text)
        (self.files / "create").write_text("".join(f"{line}\n" for line in create))
        (self.files / "remove").write_text("".join(f"netns del {name}\n" for name in self.work.nodes))
        for name, lines in inside.items():
            (self.files / "nodes" / name).write_text("".join(f"{line}\n" for line in lines))


def generate(tools, scratch, kind, nodes):
    """A topology of a well-known shape. It may come out larger: some shapes have sizes of their own."""
    path = pathlib.Path(scratch) / f"{kind}-{nodes}.clab.yml"
    run(words([tools.netherd, "generate", kind, "--nodes", nodes, "--quiet", "-o", path]), scratch)
    workload = Workload(kind, nodes, path)
    workload.prepare(tools, scratch)
    return workload


def real(tools, scratch, path):
    """A topology of the world, from a file; addresses and default routes come from netherd."""
    if not pathlib.Path(path).exists():
        raise Failed(f"skipped: {path} is not there")
    workload = Workload(REAL, 0, path, ("--routing", "default", "--ipv4-pool", "10.0.0.0/8"))
    workload.prepare(tools, scratch)
    if workload.work:
        workload.size = workload.nodes
    return workload
