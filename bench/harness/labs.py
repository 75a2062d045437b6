"""Builds and removes labs: who is compared takes turns, and every result is checked."""
import time

from . import check, schedule
from .contestants import Floor
from .process import Failed

# The kernel brings up carriers and checks addresses after `up`; teardown is measured from rest.
SETTLE_SECONDS = 1.0
SETTLE_SECONDS_QUICK = 0.3


class LabCase:
    """One workload, built by several contestants in turn.

    With `warm_up` the floor builds and removes the lab before each of them. Memory that was idle for some seconds is the
    kernel's no more, or the host's of a virtual machine: who comes after one that takes long would pay for that.
    """

    def __init__(self, bench, section, workload, contestants, warm_up=False):
        self.bench, self.section, self.workload, self.contestants = bench, section, workload, contestants
        self.warm_up = warm_up
        self.failed = set()

    @property
    def name(self):
        return f"{self.section}, {self.workload}"

    def measure(self, number):
        for contestant in schedule.turns(self.contestants, number):
            if contestant.name in self.failed:
                continue
            record = {"section": self.section, "kind": self.workload.kind, "size": self.workload.size,
                      "nodes": self.workload.nodes, "links": len(self.workload.work.links),
                      "requests": self.workload.work.requests, "who": contestant.name, "run": number}
            try:
                record.update(self._cycle(contestant, number))
            except Failed as failure:
                # It will fail again: the time is better spent on others.
                self.failed.add(contestant.name)
                record["error"] = str(failure)
                self.bench.clean(contestant, self.workload)
            self.bench.keep(record)

    def _warm_up(self):
        floor = Floor(self.bench.tools)
        try:
            floor.up(self.workload)
            floor.down(self.workload, "--wait")
        except Failed:
            self.bench.clean(floor, self.workload)  # too many nodes for its descriptors: it is not the one that is measured

    def _cycle(self, contestant, number):
        if self.warm_up:
            self._warm_up()
        up = contestant.up(self.workload)
        thorough = number == 0 and self.workload.nodes <= 1000 and not self.bench.options.size.quick
        checked = self.workload.nodes if thorough else check.SAMPLE
        check.Checker(self.workload.work, contestant.path_of).check(checked)
        time.sleep(self.bench.settle_seconds)
        start = time.perf_counter()
        down = contestant.down(self.workload)
        said = down.to_json()
        returned = said.get("seconds_of_work", down.wall)
        # By the program's own clock, for those whose start is not counted either.
        own = said.get("seconds", {}).get("return", returned)
        self.bench.tools.quiesce()
        gone = time.perf_counter() - start
        return {"up": up.to_json(), "down": {"returned": returned, "own": own, "gone": gone}}
