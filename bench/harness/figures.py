"""From raw runs to figures: named series of samples, each comparable with others of its name."""
import collections
import dataclasses
import statistics

from .contestants import seconds_of


def good(records, section):
    return [record for record in records if record["section"] == section and "error" not in record]


def errors(records):
    """(what, who, reason), each once."""
    seen = {}
    for record in records:
        if "error" in record:
            what = record.get("benchmark") or " ".join(
                str(record[key]) for key in ("section", "kind", "size") if key in record)
            seen[what, record["who"], record["error"]] = None
    return list(seen)


def group(records, *keys):
    """{(values of the keys): records}, in the order of their first appearance."""
    groups = collections.defaultdict(list)
    for record in records:
        groups[tuple(record[key] for key in keys)].append(record)
    return dict(groups)


def per_node(record, seconds):
    return seconds / record["nodes"] * 1e6


def up_us(record):
    return per_node(record, seconds_of(record["up"]))


def down_us(record, until):
    return per_node(record, record["down"][until])


def processor_us(record):
    return per_node(record, record["up"]["user"] + record["up"]["system"])


def engine_seconds(record):
    """Without process start and reading: netherd's build, the floor's kernel phase."""
    seconds = record["up"].get("seconds", {})
    return seconds.get("build", seconds.get("kernel"))


METRICS = {
    "up": up_us,
    "up, engine": lambda record: per_node(record, engine_seconds(record)),
    "up, processor time": processor_us,
    "down until return": lambda record: down_us(record, "returned"),
    "down until gone": lambda record: down_us(record, "gone"),
}


def paired(records, who, other, metric):
    """The metric of two contestants by pairs of neighbours in time: runs of the same number."""
    measure = METRICS[metric]
    by_run = [{record["run"]: measure(record) for record in records if record["who"] == name}
              for name in (who, other)]
    runs = sorted(by_run[0].keys() & by_run[1].keys())
    return [by_run[0][run] for run in runs], [by_run[1][run] for run in runs]


def ratios(ours, theirs):
    return [a / b for a, b in zip(ours, theirs)]


def spread(values, form="{:.0f}"):
    """Median (least–greatest)"""
    values = list(values)
    if not values:
        return ""
    middle = form.format(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({form.format(min(values))}–{form.format(max(values))})"


def median(values):
    values = list(values)
    return statistics.median(values) if values else None


@dataclasses.dataclass
class Primitive:
    """A kind of request to the kernel, many times over; and one at a time, where that was measured."""
    name: str
    engine: dict  # µs each, by run
    floor: dict
    latencies: dict  # {"engine": runs, "floor": runs}

    @property
    def ratios(self):
        return [self.engine[run] / self.floor[run] for run in sorted(self.engine.keys() & self.floor.keys())]


def primitives(records):
    """From benchmarks called PRIMITIVE/WAY[/SIZE] and latency/PRIMITIVE/WAY."""
    by_name = {name: runs for (name,), runs in group(good(records, "kernel"), "benchmark").items()}
    each = {name: {r["run"]: 1e6 / r["per_second"] for r in runs if r.get("per_second")}
            for name, runs in by_name.items()}
    keys = dict.fromkeys((what, *size) for what, _, *size in (name.split("/") for name in by_name) if what != "latency")
    for what, *size in keys:
        by_way = [each.get("/".join((what, way, *size)), {}) for way in ("engine", "floor")]
        latencies = {way: by_name.get(f"latency/{what}/{way}", []) for way in ("engine", "floor")}
        yield Primitive(" ".join((what, *size)), *by_way, latencies)


@dataclasses.dataclass
class Figure:
    name: str
    samples: list  # more is worse
    least_change: float  # below it a change is not worth a word


# Ratios to the floor, which was measured in turn, are hardly moved by the machine's mood; bare times are.
LEAST_CHANGE_OF_RATIO = 0.10
LEAST_CHANGE_OF_TIME = 0.25


def comparable(records):
    """{name: Figure} of what a later report can be compared with: netherd's labs as ratios to the floor, and the
    programs' results."""
    found = {}
    for (kind, size), runs in group(good(records, "labs"), "kind", "size").items():
        for metric in METRICS:
            samples = ratios(*paired(runs, "netherd", "floor", metric))
            if samples:
                name = f"{metric}, {kind} of {size:,}, ratio to the floor"
                found[name] = Figure(name, samples, LEAST_CHANGE_OF_RATIO)
    for (name,), runs in group(good(records, "engine"), "benchmark").items():
        found[f"engine: {name}"] = Figure(f"engine: {name}", [r["seconds_per_iteration"] for r in runs],
                                          LEAST_CHANGE_OF_TIME)
    for primitive in primitives(records):
        if primitive.ratios:
            name = f"kernel: {primitive.name}, ratio to the floor"
            found[name] = Figure(name, primitive.ratios, LEAST_CHANGE_OF_RATIO)
    return found
