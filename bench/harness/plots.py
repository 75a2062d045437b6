"""The plots, by matplotlib. Each function draws one file, or says that it has nothing to draw."""
import pathlib
import statistics

from . import figures
from .figures import good, group

PERCENTILES = ("p50_us", "p90_us", "p99_us", "max_us")


def _pyplot():
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    return pyplot


def _save(figure, folder, name):
    figure.tight_layout()
    figure.savefig(pathlib.Path(folder) / name, dpi=110)
    _pyplot().close(figure)


def _medians(runs, measure):
    """[(nodes, median, least, greatest)]"""
    return sorted((nodes, statistics.median(values), min(values), max(values))
                  for nodes, values in ((nodes, [measure(r) for r in whose])
                                        for (nodes,), whose in group(runs, "nodes").items()))


def _curve(axes, runs, label, measure=figures.up_us):
    points = _medians(runs, measure)
    nodes, middle, least, greatest = zip(*points)
    # Beside the ten colours that everyone else gets in turn.
    color = "black" if label == "floor" else None
    line, = axes.plot(nodes, middle, marker="o", label=label, color=color)
    axes.fill_between(nodes, least, greatest, alpha=0.15, color=line.get_color())


def _log_axes(axes, title, what="µs per node"):
    axes.set(xscale="log", yscale="log", xlabel="nodes", ylabel=what, title=title)
    axes.grid(which="both", alpha=0.25)
    axes.legend(fontsize="small")


def peers(records, titles, folder):
    """µs per node against nodes, everyone."""
    runs = [r for r in good(records, "peers") + good(records, "labs") if r["kind"] == "ring"]
    if not good(records, "peers"):
        return None
    figure, axes = _pyplot().subplots(figsize=(10, 6))
    for (who,), whose in group(runs, "who").items():
        _curve(axes, whose, titles.get(who, who).replace("`", ""))
    _log_axes(axes, "up, ring")
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    _save(figure, folder, "peers.png")
    return "peers.png", "`up` of a ring: µs per node against number of nodes, for everyone; bands from least to greatest"


def kinds(records, folder):
    """µs per node against nodes, by kind of topology."""
    by_kind = group(good(records, "labs"), "kind")
    if not by_kind:
        return None
    columns = 3
    rows = -(-len(by_kind) // columns)
    figure, grid = _pyplot().subplots(rows, columns, figsize=(4.2 * columns, 3.4 * rows), squeeze=False, sharey=True)
    for axes, ((kind,), runs) in zip(grid.flat, by_kind.items()):
        for (who,), whose in group(runs, "who").items():
            _curve(axes, whose, who)
        _log_axes(axes, kind)
    for axes in list(grid.flat)[len(by_kind):]:
        axes.set_visible(False)
    _save(figure, folder, "kinds.png")
    return "kinds.png", "`up` of each kind of topology, netherd and floor"


def _phases_of(record):
    seconds, wall = record["up"]["seconds"], record["up"]["wall"]
    named = {"read": seconds["read"], "plan": seconds["plan"], "build": seconds["build"]}
    return {**named, "rest": max(0.0, wall - sum(named.values()))}


def phases(records, folder):
    """Stacked phases of `up`, at the size that most kinds have."""
    runs = [r for r in good(records, "labs") if r["who"] == "netherd"]
    sizes = [r["size"] for r in runs]
    if not sizes:
        return None
    size = statistics.mode(sizes) if 1000 not in sizes else 1000
    chosen = group([r for r in runs if r["size"] == size or r["kind"] == "real"], "kind", "size")
    figure, axes = _pyplot().subplots(figsize=(8, 4.5))
    labels, bottom = [f"{kind} {number}" for kind, number in chosen], [0.0] * len(chosen)
    for phase in ("read", "plan", "build", "rest"):
        heights = [statistics.median(figures.per_node(r, _phases_of(r)[phase]) for r in whose)
                   for whose in chosen.values()]
        axes.bar(labels, heights, bottom=bottom, label=phase)
        bottom = [a + b for a, b in zip(bottom, heights)]
    axes.set(ylabel="µs per node", title="phases of netherd up")
    axes.legend()
    axes.tick_params(axis="x", rotation=20)
    _save(figure, folder, "phases.png")
    return "phases.png", "phases of `netherd up`, whole process"


def latency(records, folder):
    """Latency of single requests: percentiles, through the engine and through the floor, a panel per primitive."""
    found = [p for p in figures.primitives(records) if all(p.latencies.values())]
    if not found:
        return None
    columns = 4
    rows = -(-len(found) // columns)
    figure, grid = _pyplot().subplots(rows, columns, figsize=(3.2 * columns, 2.6 * rows), squeeze=False, sharey=True)
    for axes, primitive in zip(grid.flat, found):
        for way, runs in primitive.latencies.items():
            values = [statistics.median(r[key] for r in runs) for key in PERCENTILES]
            axes.plot([key.removesuffix("_us") for key in PERCENTILES], values, marker="o", label=way)
        axes.set(yscale="log", title=primitive.name)
        axes.grid(which="both", alpha=0.25)
    for axes in list(grid.flat)[len(found):]:
        axes.set_visible(False)
    grid[0][0].set_ylabel("µs")
    grid[0][0].legend()
    _save(figure, folder, "latency.png")
    return "latency.png", "latency of single requests to the kernel, one at a time"


def teardown(records, titles, folder):
    """Until `down` returns, and until the kernel has finished."""
    runs = [r for r in good(records, "peers") if r["kind"] == "ring"] or [
        r for r in good(records, "labs") if r["kind"] == "ring"]
    sizes = {r["size"] for r in runs}
    if not runs:
        return None
    size = 500 if 500 in sizes else max(sizes)
    by_who = group([r for r in runs if r["size"] == size], "who")
    labels = [titles.get(who, who).replace("`", "") for (who,) in by_who]
    figure, axes = _pyplot().subplots(figsize=(8, 0.5 * len(labels) + 1.5))
    for offset, (until, label) in ((-0.2, ("returned", "returned")), (0.2, ("gone", "the kernel has finished"))):
        axes.barh([number + offset for number in range(len(labels))],
                  [statistics.median(figures.down_us(r, until) for r in whose) for whose in by_who.values()],
                  height=0.4, label=label)
    axes.set(yticks=range(len(labels)), yticklabels=labels, xscale="log", xlabel="µs per node",
             title=f"down, ring of {size:,}")
    axes.legend()
    _save(figure, folder, "teardown.png")
    return "teardown.png", "teardown: until it returns, and until the kernel has finished"


def draw_all(raw, folder):
    """[(file, caption)], and why there are none, if so."""
    try:
        _pyplot()
    except ImportError:
        return [], "no plots: package python3-matplotlib is not installed"
    records, titles = raw["runs"], raw.get("titles", {})
    drawn = (peers(records, titles, folder), kinds(records, folder), phases(records, folder), latency(records, folder),
             teardown(records, titles, folder))
    return [image for image in drawn if image], ""
