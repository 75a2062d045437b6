"""What is measured: the cases of each section."""
import resource

from . import bars, concurrency
from .contestants import Floor, Netherd
from .labs import LabCase
from .options import runs_for
from .process import Failed
from .programs import ProgramCase, families, filter_of
from .schedule import Case
from .workload import REAL


def most_nodes_of_floor():
    """It keeps two descriptors per node, and some more."""
    return (resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 64) // 2


def memory_allows(nodes):
    """A node with a link takes the kernel a quarter of a MiB."""
    with open("/proc/meminfo", encoding="ascii") as lines:
        available = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    return nodes * 400 < available


def workload_for_floor(bench, kind, nodes):
    """A lab of so many nodes; of a few less where only those are within the floor's descriptors."""
    most = most_nodes_of_floor()
    requests = (nodes, *(size for size in (most, int(most * 0.95)) if nodes * 0.9 <= size < nodes))
    largest = None
    for size in requests:
        workload = bench.workload(kind, size)
        if workload.nodes <= most:
            return workload
        largest = largest or workload
    return largest


def lab_case(bench, kind, nodes):
    workload = workload_for_floor(bench, kind, nodes)
    if workload.work is None:
        raise Failed(f"{workload.topology}: {workload.why_not_for_peers}")
    contestants = [Netherd(bench.tools)]
    if workload.nodes <= most_nodes_of_floor():
        contestants.append(Floor(bench.tools))
    else:
        bench.raw["left_out"][f"floor, {kind} of {nodes:,}"] = "the hard limit of descriptors (two per node) is too low"
    return LabCase(bench, "labs", workload, contestants)


def labs(bench, options):
    for nodes in options.size.nodes:
        for kind in options.kinds:
            if kind == REAL and nodes != options.size.nodes[0]:
                continue
            if not memory_allows(nodes):
                bench.raw["left_out"][f"{kind} of {nodes:,}"] = "not enough memory"
                continue
            yield lab_case(bench, kind, nodes), runs_for(options.size, nodes)


def peers(bench, options):
    for nodes in options.size.peer_nodes:
        able = [peer for peer in bench.peers if nodes <= peer.most_nodes]
        if able:
            contestants = [Netherd(bench.tools), *able]
            case = LabCase(bench, "peers", bench.workload("ring", nodes), contestants, warm_up=True)
            yield case, options.size.peer_runs


def concurrent(bench, options):
    nodes = min(300 if options.size.quick else 1000, max(options.size.nodes))
    runs = options.runs or (2 if options.size.quick else 7)
    yield concurrency.variants_case(bench, bench.workload("ring", nodes)), runs
    yield concurrency.PairCase(bench, bench.workload("ring", nodes)), runs


def programs(bench, options):
    size = options.size
    filters = ["--benchmark_filter=-.*100000"] if size.quick else []
    for section, program in (("engine", bench.tools.engine_benchmark), ("kernel", bench.tools.kernel_benchmark)):
        # Part by part where there are many, so that there are some when the time is over.
        parts = families(bench.tools.benchmarks_of(program)) if section == "kernel" and not size.quick else []
        for part in parts or [""]:
            chosen = [filter_of(part)] if part else filters
            yield ProgramCase(bench, section, program, size.program_min_seconds, chosen, part), size.program_runs


MAKERS = {"labs": labs, "peers": peers, "concurrency": concurrent, "programs": programs, "bars": bars.cases}


def cases(bench, options):
    found = []
    for section in options.only:
        if section not in MAKERS:
            continue
        try:
            found += [Case(case.name, runs, case.measure) for case, runs in MAKERS[section](bench, options)]
        except Failed as failure:
            bench.raw["left_out"][section] = str(failure)
    return found
