"""What runs at the same time: factory threads, who submits, two labs at once, building while another lab goes."""
import subprocess
import time

from .contestants import Netherd
from .labs import LabCase
from .process import Failed, words

VARIANTS = (("1 factory thread", ("--factory-threads", 1)), ("2 factory threads", ("--factory-threads", 2)),
            ("4 factory threads", ("--factory-threads", 4)), ("submission in-loop", ("--submission", "in-loop")),
            ("submission worker", ("--submission", "worker")))


def variants_case(bench, workload):
    contestants = [Netherd(bench.tools)]
    contestants += [Netherd(bench.tools, *options, name=name) for name, options in VARIANTS]
    return LabCase(bench, "concurrency", workload, contestants)


class PairCase:
    """Two labs at once, and one after the other, for comparison."""

    def __init__(self, bench, workload):
        self.bench, self.workload, self.netherd = bench, workload, Netherd(bench.tools)

    @property
    def name(self):
        return f"two labs, {self.workload}"

    def measure(self, number):
        for who, action in (("one after the other", self._in_turn), ("at once", self._at_once),
                            ("one while the other goes", self._while_down)):
            record = {"section": "pairs", "kind": self.workload.kind, "size": self.workload.size,
                      "nodes": self.workload.nodes, "who": who, "run": number}
            try:
                record["seconds"] = action()
            except Failed as failure:
                record["error"] = str(failure)
            self.bench.clean(self.netherd, self.workload)
            self.bench.keep(record)

    def _start(self, *arguments):
        return subprocess.Popen(words([self.bench.tools.netherd, *arguments]), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _start_up(self, lab):
        return self._start("up", self.workload.topology, "--name", lab, "--quiet")

    @staticmethod
    def _end(process, what):
        if process.wait() != 0:
            raise Failed(f"{what}: exit status {process.returncode}")

    def _in_turn(self):
        start = time.perf_counter()
        for lab in ("one", "two"):
            self._end(self._start_up(lab), f"up of {lab}")
        return time.perf_counter() - start

    def _at_once(self):
        start = time.perf_counter()
        labs = [(lab, self._start_up(lab)) for lab in ("one", "two")]
        for lab, process in labs:
            self._end(process, f"up of {lab}")
        return time.perf_counter() - start

    def _while_down(self):
        """Only the building is timed: what the kernel still does for the other lab slows it down."""
        self._end(self._start_up("one"), "up of one")
        time.sleep(self.bench.settle_seconds)
        self._end(self._start("down", "one"), "down of one")
        start = time.perf_counter()
        self._end(self._start_up("two"), "up of two")
        return time.perf_counter() - start
