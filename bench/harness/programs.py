"""The Google Benchmark programs: the engine alone, and the kernel's primitives through the engine and the floor."""
import re

from .process import Failed

TIME_UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
# What every Google Benchmark result has; the rest are counters of ours.
KNOWN = {"name", "run_name", "run_type", "repetitions", "repetition_index", "threads", "iterations", "real_time",
         "cpu_time", "time_unit", "items_per_second", "family_index", "per_family_instance_index", "label",
         "error_occurred", "error_message", "aggregate_name", "aggregate_unit"}


def normalise(result):
    """One result: its name, seconds per iteration, requests per second, and our counters."""
    seconds = result["real_time"] * TIME_UNITS[result["time_unit"]]
    counters = {key: value for key, value in result.items() if key not in KNOWN and isinstance(value, (int, float))}
    name = re.sub(r"/(real_time|manual_time|iterations:\d+|repeats:\d+)", "", result.get("run_name", result["name"]))
    return {"benchmark": name, "seconds_per_iteration": seconds, "per_second": result.get("items_per_second"),
            "label": result.get("label", ""), **counters}


def records_of(section, document, number):
    for result in document.get("benchmarks", ()):
        if result.get("run_type", "iteration") != "iteration":
            continue
        record = {"section": section, "who": "netherd", "run": number}
        if result.get("error_occurred"):
            yield {**record, "benchmark": result["name"], "error": result.get("error_message", "failed")}
        else:
            yield {**record, **normalise(result)}


def families(names):
    """What benchmarks called FAMILY/... or latency/FAMILY/... are of, in their order."""
    return list(dict.fromkeys(name.removeprefix("latency/").split("/")[0] for name in names))


def filter_of(family):
    return f"--benchmark_filter=^(latency/)?{re.escape(family)}(/|$)"


class ProgramCase:
    def __init__(self, bench, section, program, min_seconds, options=(), part=""):
        self.bench, self.section, self.program = bench, section, program
        self.options = (f"--benchmark_min_time={min_seconds}", "--benchmark_format=json", *options)
        self.name = f"program {program.name}" + (f", {part}" if part else "")

    def measure(self, number):
        if not self.program.exists():
            self.bench.keep({"section": self.section, "who": "netherd", "run": number, "error":
                             f"skipped: {self.program.name} was not built"})
            return
        try:
            # By standard output: a program that mounts a /run of its own could not write to a file there.
            done = self.bench.tools.run(self.program, *self.options)
            for record in records_of(self.section, done.json, number):
                self.bench.keep(record)
        except Failed as failure:
            self.bench.keep({"section": self.section, "who": "netherd", "run": number, "error": str(failure)})
