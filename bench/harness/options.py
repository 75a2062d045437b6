"""The command line of `tools/bench`."""
import argparse
import dataclasses
import json
import os
import pathlib

from .contestants import PEER_NAMES
from .workload import KINDS, REAL

BENCH = pathlib.Path(__file__).resolve().parent.parent
SECTIONS = ("labs", "peers", "bars", "concurrency", "programs", "profile")

DESCRIPTION = """\
Measures netherd against the floor (what the kernel itself costs) and against what people use today, and writes a
report: raw JSON, Markdown, HTML, plots. Everything happens in namespaces of its own; nothing of the machine is touched.
"""
EPILOG = """\
Exit status: 0 done, and nothing has become slower; 1 the measurement failed; 2 wrong usage; 3 with --compare: something
has become significantly slower.
"""


@dataclasses.dataclass
class Size:
    """How much is measured."""
    name: str
    budget_seconds: float   # profile and report come on top
    nodes: tuple            # of labs
    runs_of: dict           # runs by number of nodes, the least number that is not below
    peer_nodes: tuple
    peer_runs: int
    program_runs: int
    program_min_seconds: float
    bar_ring: tuple         # small, large
    quick: bool


QUICK = Size("quick", 235, (100, 1000), {100: 3, 1000: 3}, (100,), 3, 1, 0.02, (200, 1000), True)
FULL = Size("full", 55 * 60, (10, 100, 1000, 3000, 10000), {10: 7, 100: 7, 1000: 7, 3000: 3, 10000: 2},
            (10, 100, 500, 1000, 3000), 5, 5, 0.2, (1000, 10000), False)


def runs_for(size, nodes):
    """Runs of a lab of so many nodes: fewer, the larger it is."""
    for most, runs in sorted(size.runs_of.items()):
        if nodes <= most:
            return runs
    return 1


def _list_of(known, what):
    def parse(text):
        if text == "all":
            return tuple(known)
        names = tuple(name for name in text.split(",") if name and name != "none")
        unknown = [name for name in names if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"no such {what}: {', '.join(unknown)} (there are: {', '.join(known)})")
        return names
    return parse


def _nodes(text):
    try:
        numbers = tuple(int(word) for word in text.split(",") if word)
    except ValueError:
        raise argparse.ArgumentTypeError(f"numbers, with commas between them, not {text}") from None
    if not numbers or min(numbers) < 3 or max(numbers) > 100_000:
        raise argparse.ArgumentTypeError("labs have 3 to 100,000 nodes here")
    return numbers


def _count(text):
    if not text.isdigit() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"a number from 1 to 1000, not {text}")
    return int(text)


def _report_file(text):
    """Raw JSON of an earlier report."""
    try:
        document = json.loads(pathlib.Path(text).read_text())
        document["machine"], document["runs"][:0]
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise argparse.ArgumentTypeError(f"{text}: not the raw JSON of a report") from None
    return document


def parser():
    result = argparse.ArgumentParser(prog="tools/bench", description=DESCRIPTION, epilog=EPILOG, allow_abbrev=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    size = result.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="within 5 minutes (the default)")
    size.add_argument("--full", action="store_true", help="within an hour; what docs/benchmarks.md shows")
    kinds = (*KINDS, REAL)
    result.add_argument("--peers", type=_list_of(PEER_NAMES, "peer"), default=PEER_NAMES, metavar="LIST",
                        help=f"all, none, or of these: {','.join(PEER_NAMES)}")
    result.add_argument("--kinds", type=_list_of(kinds, "kind"), default=kinds, metavar="LIST",
                        help=f"topologies: all, or of these: {','.join(kinds)}")
    result.add_argument("--nodes", type=_nodes, metavar="LIST", help="sizes of labs: 100,1000")
    result.add_argument("--only", type=_list_of(SECTIONS, "section"), default=SECTIONS, metavar="LIST",
                        help=f"sections: {','.join(SECTIONS)}")
    result.add_argument("--runs", type=_count, metavar="N", help="runs of everything, instead of what the size says")
    result.add_argument("--output", type=pathlib.Path, default=pathlib.Path("report"), metavar="DIR",
                        help="where the report goes; default: report")
    result.add_argument("--compare", type=_report_file, metavar="BASE.json", help="raw JSON of an earlier report")
    result.add_argument("--from", dest="source", type=_report_file, metavar="RAW.json",
                        help="measure nothing: make the report of these raw figures again")
    result.add_argument("--topology", type=pathlib.Path, metavar="FILE",
                        default=BENCH.parent / "docs/examples/geant.clab.yml", help="the real topology; default: GEANT")
    result.add_argument("--topologies", type=pathlib.Path, metavar="DIR",
                        default=os.environ.get("NETHERD_TOPOLOGIES") or None,
                        help="holds zoo/Kdl.graphml, for a lab with over a million routes; also $NETHERD_TOPOLOGIES")
    result.add_argument("--build", type=pathlib.Path, default=BENCH.parent / "build/release", metavar="DIR",
                        help="where the release was built; default: build/release")
    result.add_argument("--commit", default="", help=argparse.SUPPRESS)
    result.add_argument("--say-peers", action="store_true", help=argparse.SUPPRESS)
    return result


def parse(arguments):
    options = parser().parse_args(arguments)
    options.size = FULL if options.full else QUICK
    if options.nodes:
        options.size = dataclasses.replace(options.size, nodes=options.nodes, peer_nodes=options.nodes)
    if options.runs:
        everywhere = {max(options.size.nodes): options.runs}
        options.size = dataclasses.replace(options.size, runs_of=everywhere, peer_runs=options.runs,
                                           program_runs=options.runs)
    return options
