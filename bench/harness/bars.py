"""The bars: what netherd promises, measured where the other sections do not."""

from .contestants import Floor, Netherd
from .labs import LabCase
from .process import Failed
from .workload import LAB, Workload


class NetherdOfFewDescriptors(Netherd):
    def up(self, workload, lab=LAB):
        return self.tools.run("prlimit", "--nofile=256:256", self.tools.netherd, "up", workload.topology, "--name", lab,
                              "--json", "--quiet")


class Waiting:
    """`down --wait`: returns when the kernel has finished."""

    def down(self, workload):
        return super().down(workload, "--wait")


class WaitingNetherd(Waiting, Netherd):
    pass


class WaitingFloor(Waiting, Floor):
    pass


class RouteCase:
    """The largest file of the Topology Zoo, with a route from everywhere to everywhere. Too many for checking each; that
    there are as many as planned is."""
    SUBMISSIONS = (("netherd", ()), ("netherd in-loop", ("--submission", "in-loop")),
                   ("netherd worker", ("--submission", "worker")))

    def __init__(self, bench, path):
        self.bench, self.name = bench, "Kdl, shortest-path"
        self.workload = Workload("Kdl", 754, path, ("--routing", "shortest-path"))
        self.workload.prepare(bench.tools, bench.tools.scratch)

    def measure(self, number):
        contestants = [Netherd(self.bench.tools, *options, name=name) for name, options in self.SUBMISSIONS]
        for contestant in (*contestants, Floor(self.bench.tools)):
            record = {"section": "routes", "kind": "Kdl", "size": 754, "who": contestant.name, "run": number}
            try:
                up = contestant.up(self.workload)
                record.update(nodes=up.json["nodes"], up=up.to_json())
            except Failed as failure:
                record["error"] = str(failure)
            self.bench.clean(contestant, self.workload)
            self.bench.keep(record)


def cases(bench, options):
    """[(case, runs)]"""
    size = options.size
    small, large = size.bar_ring
    tools = bench.tools
    runs = options.runs or (3 if size.quick else 7)
    few = min(runs, 2)
    result = [
        (LabCase(bench, "down --wait", bench.workload("ring", small),
                 [WaitingNetherd(tools), WaitingFloor(tools)]), runs),
        (LabCase(bench, "stall", bench.workload("ring", small), [Netherd(tools, "--submission", "worker")]), runs),
        (LabCase(bench, "memory", bench.workload("torus", large), [Netherd(tools)]), 1),
    ]
    result += [(LabCase(bench, "256 descriptors", bench.workload(kind, large // 2), [NetherdOfFewDescriptors(tools)]), 1)
               for kind in ("ring", "scale-free")]
    if not size.quick:
        result.append((LabCase(bench, "large star", bench.workload("star", 5000), [Netherd(tools), Floor(tools)]), few))
        result.append((LabCase(bench, "large star", bench.workload("ring", 5000), [Netherd(tools), Floor(tools)]), few))
    if options.topologies and not size.quick:
        result.append((RouteCase(bench, options.topologies / "zoo/Kdl.graphml"), few))
    return result
