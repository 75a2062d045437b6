"""The report as blocks, from raw runs."""
import statistics

from . import figures, verdicts
from .document import Heading, Image, Items, Table, Text
from .figures import good, group, median, paired, ratios, spread


def value(values, form="{:.0f}"):
    return spread([v for v in values if v is not None], form)


def machine_items(machine):
    for key, entry in machine.items():
        if isinstance(entry, dict):
            entry = ", ".join(f"{name.removeprefix('CONFIG_')}={setting}" for name, setting in entry.items())
        yield f"{key}: {entry}"


def labs_table(records):
    header = ["lab", "nodes, links", "runs", "netherd `up`", "floor", "ratio, whole process", "ratio, engine",
              "`down` returns", "ratio", "kernel has finished", "ratio"]
    rows = []
    for (kind, size), runs in group(good(records, "labs"), "kind", "size").items():
        first = runs[0]
        ours = [r for r in runs if r["who"] == "netherd"]
        floor = [r for r in runs if r["who"] == "floor"]
        rows.append([
            f"{kind} of {size:,}", f"{first['nodes']:,}, {first['links']:,}", len(ours),
            value(map(figures.up_us, ours)), value(map(figures.up_us, floor)),
            value(ratios(*paired(runs, "netherd", "floor", "up")), "{:.2f}"),
            value(ratios(*paired(runs, "netherd", "floor", "up, engine")), "{:.2f}"),
            value((figures.down_us(r, "returned") for r in ours), "{:.1f}"),
            value(ratios(*paired(runs, "netherd", "floor", "down until return")), "{:.2f}"),
            value(figures.down_us(r, "gone") for r in ours),
            value(ratios(*paired(runs, "netherd", "floor", "down until gone")), "{:.2f}")])
    return Table(header, rows)


def resources_table(records):
    header = ["lab", "requests per second", "user, system µs per node", "floor's", "user µs per request",
              "longest stall, ms", "request: p50, p90, p99, max µs", "peak memory, MiB", "descriptors"]
    rows = []
    for (kind, size), runs in group(good(records, "labs"), "kind", "size").items():
        ours = [r for r in runs if r["who"] == "netherd"]
        floor = [r for r in runs if r["who"] == "floor"]
        if not ours:
            continue
        processor = [", ".join(value(figures.per_node(r, r["up"][part]) for r in whose) for part in ("user", "system"))
                     for whose in (ours, floor)]
        rows.append([f"{kind} of {size:,}", value(r["up"]["requests"] / r["up"]["wall"] for r in ours), *processor,
                     value((r["up"]["user"] / r["up"]["requests"] * 1e6 for r in ours), "{:.1f}"),
                     value((r["up"]["longest_stall_ms"] for r in ours), "{:.1f}"),
                     percentiles([r["up"]["latency_us"] for r in ours], ("p50", "p90", "p99", "max")),
                     value((r["up"]["peak_mib"] for r in ours), "{:.0f}"),
                     f"{max(r['up']['descriptors'] for r in ours):,}"])
    return Table(header, rows)


def peers_tables(records, titles):
    for (kind, size), runs in group(good(records, "peers"), "kind", "size").items():
        ours = median(figures.up_us(r) for r in runs if r["who"] == "netherd")
        rows = []
        for (who,), whose in group(runs, "who").items():
            up = [figures.up_us(r) for r in whose]
            rows.append((statistics.median(up), [
                titles.get(who, who), len(whose), value(up), f"{statistics.median(up) / ours:.2f} ×" if ours else "",
                value((figures.down_us(r, "returned") for r in whose), "{:.1f}"),
                value(figures.down_us(r, "gone") for r in whose)]))
        yield Heading(3, f"{kind} of {size:,}")
        yield Table(["who", "runs", "`up`, µs per node", "against netherd", "`down` returns", "kernel has finished"],
                    [line for _, line in sorted(rows, key=lambda entry: entry[0])])


def concurrency_table(records):
    rows = []
    for (kind, size, who), runs in group(good(records, "concurrency"), "kind", "size", "who").items():
        rows.append([f"{kind} of {size:,}", who, len(runs), value(map(figures.up_us, runs)),
                     value(map(figures.processor_us, runs)),
                     value((r["up"]["longest_stall_ms"] for r in runs), "{:.1f}")])
    return Table(["lab", "netherd", "runs", "`up`, µs per node", "processor time, µs per node", "longest stall, ms"], rows)


def pairs_table(records):
    rows = [[f"{kind} of {size:,}", who, len(runs), value((r["seconds"] * 1e3 for r in runs))]
            for (kind, size, who), runs in group(good(records, "pairs"), "kind", "size", "who").items()]
    return Table(["lab", "how", "runs", "ms"], rows)


PERCENTILES = ("p50_us", "p90_us", "p99_us", "max_us")


def engine_table(records):
    rows = []
    for (name,), runs in group(good(records, "engine"), "benchmark").items():
        rates = [r["per_second"] for r in runs if r.get("per_second")]
        allocations = [r["allocations_per_request"] for r in runs if "allocations_per_request" in r]
        rows.append([f"`{name}`", len(runs), value(rates, "{:,.0f}"), value((1e6 / r for r in rates), "{:.2f}"),
                     value(allocations, "{:.3g}")])
    return Table(["benchmark", "runs", "requests per second", "µs each", "allocations per request"], rows)


def percentiles(runs, keys=PERCENTILES):
    return ", ".join(f"{median(r[key] for r in runs):.0f}" for key in keys) if runs else ""


def kernel_table(records):
    """Each primitive in one row: through the engine, through the floor, and latencies of single requests."""
    rows = [[p.name, max(len(p.engine), len(p.floor)), value(p.engine.values(), "{:.1f}"),
             value(p.floor.values(), "{:.1f}"), value(p.ratios, "{:.2f}"),
             *(percentiles(p.latencies[way]) for way in ("engine", "floor"))] for p in figures.primitives(records)]
    return Table(["primitive", "runs", "engine, µs each", "floor, µs each", "ratio",
                  "one at a time, engine: p50, p90, p99, max µs", "floor"], rows)


def programs_tables(records):
    if good(records, "engine"):
        yield Heading(3, "The engine alone")
        yield engine_table(records)
    if good(records, "kernel"):
        yield Heading(3, "Primitives of the kernel")
        yield kernel_table(records)


def profile_tables(profiles):
    for profile in profiles:
        yield Heading(3, profile["title"])
        if "error" in profile:
            yield Text(profile["error"])
            continue
        yield Text(f"{profile['samples']:,} samples; shares of the processor time of the program and of the kernel's own threads.")
        yield Table(["where", "share"], [[name, f"{share:.1%}"] for name, share in profile["groups"]])
        yield Table(["function", "share by itself"], [[f"`{name}`", f"{share:.1%}"] for name, share in
                                                      profile["functions"]])


def comparison_blocks(comparison):
    changes, too_few = comparison
    yield Heading(2, "Compared with the base")
    moved = [change for change in changes if change.significant]
    yield Text(f"{len(changes)} figures compared, {len(moved)} changed significantly; {len(too_few)} have too few runs.")
    rows = [[c.name, f"{c.before:.4g}", f"{c.after:.4g}", f"{c.factor:.2f} ×", f"{c.p:.2g}", c.verdict]
            for c in sorted(changes, key=lambda c: (not c.significant, -abs(c.factor - 1)))]
    yield Table(["figure", "base", "now", "factor", "p", ""], rows)


def blocks(raw, images, comparison=None):
    """Everything. `images` are (file, caption)."""
    records, titles = raw["runs"], raw.get("titles", {})
    yield Heading(1, "netherd: benchmark report")
    yield Items(list(machine_items(raw["machine"])))
    if raw["notes"]:
        yield Items(raw["notes"])
    yield Text("Figures are medians, with least and greatest in brackets; times are µs per node unless said. Ratios are "
               "those of neighbouring runs. How to read it all: docs/benchmarks.md.")
    if comparison:
        yield from comparison_blocks(comparison)
    rows = verdicts.all_rows(records)
    if rows:
        yield Heading(2, "Bars")
        yield Table(["what", "measured", "bar", "met"], rows)
    yield from section("Labs", good(records, "labs"), lambda: [labs_table(records), resources_table(records)])
    yield from section("Peers", good(records, "peers"), lambda: peers_tables(records, titles))
    yield from section("Plots", images, lambda: [Image(*image) for image in images])
    yield from section("Concurrency", good(records, "concurrency") + good(records, "pairs"),
                       lambda: [concurrency_table(records), pairs_table(records)])
    yield from section("Programs", good(records, "engine") + good(records, "kernel"), lambda: programs_tables(records))
    yield from section("Where the time goes", raw["profiles"], lambda: profile_tables(raw["profiles"]))
    failures = figures.errors(records)
    yield from section("Left out and failed", failures or raw["left_out"], lambda: [Items(
        [f"{name}: {reason}" for name, reason in raw["left_out"].items()] +
        [f"{what}, {who}: {reason}" for what, who, reason in failures])])


def section(title, content, make):
    if content:
        yield Heading(2, title)
        yield from make()
