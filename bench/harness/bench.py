"""One benchmark run: what is under way, what was measured, and what is cleaned up."""
import functools
import json
import pathlib
import subprocess
import sys

from . import labs
from .contestants import Floor, Netherd, make_peers
from .process import Failed
from .workload import REAL, generate, real


class Bench:
    def __init__(self, options, tools, raw):
        self.options, self.tools, self.raw = options, tools, raw
        self.settle_seconds = labs.SETTLE_SECONDS_QUICK if options.size.quick else labs.SETTLE_SECONDS
        self.peers, left_out = make_peers(tools, options.peers if "peers" in options.only else ())
        raw["left_out"].update(left_out)
        raw["titles"] = {who.name: who.title for who in (Netherd(tools), Floor(tools), *self.peers)}

    def keep(self, record):
        self.raw["runs"].append(record)
        if "error" in record:
            self.say(f"{record['section']}, {record['who']}: {record['error']}\n")

    @functools.lru_cache(maxsize=None)
    def workload(self, kind, nodes):
        if kind == REAL:
            return real(self.tools, self.tools.scratch, self.options.topology)
        return generate(self.tools, self.tools.scratch, kind, nodes)

    def clean(self, contestant, workload):
        """Nothing of what failed may stand in the way of what comes next."""
        contestant.clean(workload)
        for command in ([self.tools.netherd, "down", "--all", "--wait"], [self.tools.floor, "down", "bench", "--wait"]):
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        for name in pathlib.Path("/run/netns").iterdir():
            subprocess.run(["ip", "netns", "delete", name.name], stderr=subprocess.DEVNULL, check=False)
        self.quiesce()

    def quiesce(self):
        try:
            self.tools.quiesce()
        except Failed as failure:
            self.say(f"{failure}\n")

    def say(self, text):
        """Progress: one line that is written over, on a terminal; lines elsewhere."""
        terminal = sys.stderr.isatty()
        print(f"\r\033[K{text}" if terminal else f"bench: {text.rstrip()}", end="" if terminal else "\n",
              file=sys.stderr, flush=True)

    def save(self, folder):
        """The raw figures; a report that is interrupted leaves none, or a whole one."""
        partial = pathlib.Path(folder) / "raw.json.partial"
        partial.write_text(json.dumps(self.raw, indent=1))
        partial.rename(pathlib.Path(folder) / "raw.json")
