"""The bars as rows: what was asked for, what was measured, met or not. What was not measured has no row."""
import statistics

from . import figures
from .contestants import seconds_of
from .figures import good, group, median, paired, ratios, spread

PEER_BARS = (("best program on a netlink library", ("go", "libnl"), 1.4),
             ("best form of `ip -batch`", ("ip-batch-sequential", "ip-batch-parallel"), 3),
             ("pyroute2", ("pyroute2",), 10), ("Mininet", ("mininet",), 25), ("shell loop of `ip`", ("ip-loop",), 50))

UNTIL = {"own": "it returns, by each program's own clock", "gone": "the kernel has finished"}


def row(what, measured, bar, met):
    return [what, measured, bar, "yes" if met else "**no**"]


def against_floor(records):
    for (kind, size), runs in group(good(records, "labs"), "kind", "size").items():
        if size != 1000 and kind != "real":
            continue
        for metric, most in (("up, engine", 1.05), ("up", 1.10)):
            found = ratios(*paired(runs, "netherd", "floor", metric))
            if found:
                name = {"up": "whole process", "up, engine": "engine"}[metric]
                yield row(f"`up` against the floor, {kind} of {size:,}, {name}", spread(found, "{:.2f}"),
                          f"≤ {most:.2f}", statistics.median(found) <= most)


def growth(records):
    """From 1,000 nodes to 10,000, or nearly so many."""
    for (kind,), runs in group(good(records, "labs"), "kind").items():
        largest = max(r["size"] for r in runs)
        if kind in ("star", "real") or largest < 9000:
            continue
        grown = {}
        for who in ("netherd", "floor"):
            small, large = (median(figures.up_us(r) for r in runs if r["who"] == who and r["size"] == size)
                            for size in (1000, largest))
            grown[who] = large / small if small and large else None
        if grown["netherd"]:
            most = max(1.2, grown["floor"] or 0)
            yield row(f"µs per node at {largest:,} against 1,000, {kind}", f"{grown['netherd']:.2f} (floor "
                      f"{'not measured' if not grown['floor'] else format(grown['floor'], '.2f')})", f"≤ {most:.2f}",
                      grown["netherd"] <= most)


def large_star(records):
    runs = [record for record in good(records, "large star") if record["who"] == "netherd"]
    star, ring = ([figures.up_us(r) for r in runs if r["kind"] == kind] for kind in ("star", "ring"))
    if star and ring:
        ratio = statistics.median(star) / statistics.median(ring)
        yield row("star of 5,000 against the ring, µs per node", f"{ratio:.2f}", "≤ 1.30", ratio <= 1.3)


def peer_runs(records):
    """Those at 500 nodes; at the largest number where nobody asked for 500."""
    runs = [record for record in good(records, "peers") if record["kind"] == "ring"]
    sizes = {record["size"] for record in runs}
    size = 500 if 500 in sizes else max(sizes, default=0)
    return size, [record for record in runs if record["size"] == size]


def against_peers(records):
    size, runs = peer_runs(records)
    ours = median(seconds_of(r["up"]) for r in runs if r["who"] == "netherd")
    for name, whos, least in PEER_BARS if ours else ():
        theirs = [median(seconds_of(r["up"]) for r in runs if r["who"] == who) for who in whos]
        theirs = [value for value in theirs if value]
        if theirs:
            factor = min(theirs) / ours
            yield row(f"`up` of {size} nodes, faster than: {name}", f"{factor:.1f} ×", f"≥ {least} ×", factor >= least)


def down_against_peers(records):
    size, runs = peer_runs(records)
    for until, slack in (("own", 1.0), ("gone", 1.05)):
        by_who = {who: median(r["down"].get(until, r["down"]["returned"]) for r in whose)
                  for (who,), whose in group(runs, "who").items() if who != "floor"}
        ours = by_who.pop("netherd", None)
        if ours and by_who:
            best = min(by_who, key=by_who.get)
            yield row(f"`down` of {size} nodes until {UNTIL[until]}",
                      f"{ours * 1e3:.1f} ms; fastest peer ({best}) {by_who[best] * 1e3:.1f} ms",
                      "faster than every peer" if slack == 1 else "not slower (5 % is noise)",
                      ours <= by_who[best] * slack)


def processor_time(records):
    for (kind, size), runs in group(good(records, "labs"), "kind", "size").items():
        used = [r["up"]["user"] / r["up"]["requests"] * 1e6 for r in runs if r["who"] == "netherd"]
        if used and size >= 1000:
            yield row(f"user processor time per request, {kind} of {size:,}, µs", spread(used, "{:.1f}"), "≤ 3",
                      statistics.median(used) <= 3)


def down(records):
    runs = [r for r in good(records, "labs") if r["who"] == "netherd" and r["kind"] == "ring" and r["size"] == 1000]
    returned = [figures.down_us(r, "returned") for r in runs]
    if returned:
        yield row("`down` of a ring of 1,000 until it returns, µs per node", spread(returned, "{:.1f}"), "≤ 25",
                  statistics.median(returned) <= 25)
    waited = ratios(*paired(good(records, "down --wait"), "netherd", "floor", "down until return"))
    if waited:
        yield row("`down --wait` against the floor's", spread(waited, "{:.2f}"), "≤ 1.10",
                  statistics.median(waited) <= 1.1)


def routes(records):
    runs = good(records, "routes")
    floor = {r["run"]: r["up"]["routes"] / r["up"]["seconds"]["kernel"] for r in runs if r["who"] == "floor"}
    for (who,), whose in group(runs, "who").items():
        speeds = {r["run"]: r["up"]["routes"] / r["up"]["seconds"]["build"] for r in whose if who != "floor"}
        found = [speed / floor[run] for run, speed in speeds.items() if run in floor]
        if found:
            yield row(f"Kdl, {whose[0]['up']['routes']:,} routes, {who}: {spread([s / 1e3 for s in speeds.values()])} "
                      "thousand per second; of the floor's", spread(found, "{:.2f}"), "≥ 0.90",
                      statistics.median(found) >= 0.9)


def limits(records):
    for record in good(records, "memory"):
        peak = record["up"]["peak_mib"]
        yield row(f"peak memory, torus of {record['nodes']:,}, MiB", f"{peak:.0f}", "≤ 200", peak <= 200)
    for record in records:
        if record["section"] == "256 descriptors":
            yield row(f"`ulimit -n 256`, {record['kind']} of {record['size']:,}", record.get("error", "is up"), "works",
                      "error" not in record)
    stalls = [r["up"]["longest_stall_ms"] for r in good(records, "stall") + good(records, "routes")
              if r["section"] == "stall" or r["who"] == "netherd worker"]
    if stalls:
        yield row("longest stall of the event loop in worker mode, ms, each", spread(stalls, "{:.1f}"), "≤ 20",
                  max(stalls) <= 20)


def engine(records):
    results = [r for r in good(records, "engine") if r["benchmark"] == "encode_send_match/errno:0"]
    if results:
        speeds = [r["per_second"] / 1e6 for r in results]
        yield row("engine before a fake kernel, million requests per second", spread(speeds, "{:.1f}"), "≥ 1",
                  statistics.median(speeds) >= 1)
        most = max(r["allocations_per_request"] for r in results)
        yield row("engine, allocations per request", f"{most:g}", "0", most == 0)


def all_rows(records):
    parts = (against_floor, growth, large_star, against_peers, down_against_peers, down, processor_time, routes, limits,
             engine)
    return [line for part in parts for line in part(records)]
