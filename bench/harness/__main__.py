"""python3 -m harness: see options.py."""
import json
import os
import sys
import time

from . import compare, document, isolation, machine, options as command_line, plots, profile, report, sections
from .bench import Bench
from .process import Failed
from .schedule import run_all
from .tools import BENCH, Tools


def fail(text, status=1):
    print(f"bench: {text}", file=sys.stderr)
    return status


def new_raw(options):
    return {"format": 1, "size": options.size.name,
            "machine": machine.describe(options.build, options.commit or machine.commit_of(BENCH)),
            "notes": [], "left_out": {}, "titles": {}, "runs": [], "profiles": []}


def note_run(raw, started, load, shortened):
    load = [load[0], *os.getloadavg()[:1]]
    raw["notes"].append(f"{raw['size']}, {(time.monotonic() - started) / 60:.1f} minutes; load average "
                        f"{min(load):.1f}–{max(load):.1f} (the measurement itself makes about 1.5)")
    for case in shortened:
        raw["notes"].append(f"{case.name}: {case.done} of {case.runs} runs: the time was over")


def measure(options):
    """Inside the namespaces. Gives the raw figures."""
    tools = Tools(options.build, isolation.SCRATCH)
    raw = new_raw(options)
    started, load = time.monotonic(), os.getloadavg()
    bench = Bench(options, tools, raw)
    bench.quiesce()
    cases = sections.cases(bench, options)
    spent = time.monotonic() - started
    shortened = run_all(cases, options.size.budget_seconds - spent, bench.say)
    if "profile" in options.only:
        raw["profiles"] = profile.take(bench, options)
    note_run(raw, started, load, shortened)
    bench.say("done\n")
    bench.save(options.output)
    return raw


def write_report(raw, folder, comparison):
    images, why_not = plots.draw_all(raw, folder)
    if why_not:
        raw["left_out"]["plots"] = why_not
    blocks = list(report.blocks(raw, images, comparison))
    (folder / "report.md").write_text(document.to_markdown(blocks))
    (folder / "index.html").write_text(document.to_html("netherd: benchmark report", blocks))


def say_comparison(comparison):
    changes, too_few = comparison
    for change in changes:
        if change.significant:
            print(f"{change.verdict}: {change.name}: {change.before:.4g} -> {change.after:.4g} "
                  f"({change.factor:.2f} x, p = {change.p:.2g})")
    slower = any(change.significant and change.factor > 1 for change in changes)
    if not any(change.significant for change in changes):
        print(f"no significant change in {len(changes)} figures ({len(too_few)} more have too few runs)")
    return 3 if slower else 0


def check_build(options):
    missing = Tools(options.build, isolation.SCRATCH).missing()
    if missing:
        raise isolation.NotPossible(f"{missing[0]} is not there: build the release first, or say --build DIR")


def prepare_output(folder):
    """The folder is made by us, or holds a report of ours: nothing else is written over."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()) and not (folder / "raw.json").exists():
        raise isolation.NotPossible(f"{folder} is not empty, and holds no report")


def outside(options, arguments):
    """Measures inside, where everything that is made disappears; the report is made out here."""
    isolation.check_possible()
    check_build(options)
    prepare_output(options.output)
    started = time.time_ns()
    status = isolation.run_inside([sys.executable, "-m", "harness", *arguments])
    if status != 0:
        return status, None
    raw_file = options.output / "raw.json"
    if raw_file.stat().st_mtime_ns < started:
        return fail("nothing was measured"), None
    return 0, json.loads(raw_file.read_text())


def finish(raw, options):
    comparison = compare.compare(options.compare["runs"], raw["runs"]) if options.compare else None
    write_report(raw, options.output, comparison)
    print(f"report: {options.output}/index.html, report.md, raw.json")
    return say_comparison(comparison) if comparison else 0


def main(arguments):
    options = command_line.parse(arguments)
    if options.say_peers:
        print("\n".join(options.peers if "peers" in options.only else ()))
        return 0
    if isolation.is_inside():
        measure(options)
        return 0
    raw = options.source
    if raw is None:
        status, raw = outside(options, arguments)
        if raw is None:
            return status
    else:
        prepare_output(options.output)
        (options.output / "raw.json").write_text(json.dumps(raw, indent=1))
    return finish(raw, options)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (isolation.NotPossible, Failed, OSError) as error:
        sys.exit(fail(error))
    except KeyboardInterrupt:
        sys.exit(fail("interrupted", 130))
