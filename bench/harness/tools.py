"""The programs that are measured, and where they are."""
import pathlib
import subprocess

from .process import run, words

HERE = pathlib.Path(__file__).resolve().parent
BENCH = HERE.parent


class Tools:
    def __init__(self, build, scratch):
        build = pathlib.Path(build).resolve()
        self.build, self.scratch = build, pathlib.Path(scratch)
        self.netherd = build / "tools/netherd/netherd"
        self.floor = build / "bench/floor/netherd-floor"
        self.engine_benchmark = build / "bench/engine/engine_benchmark"
        self.kernel_benchmark = build / "bench/kernel/kernel_benchmark"
        self.go_peer = build / "bench/peers/go-lab"
        self.libnl_peer = build / "bench/peers/libnl-lab"
        self.peers = BENCH / "peers"

    def missing(self):
        """What has to be built first."""
        return [path for path in (self.netherd, self.floor) if not path.exists()]

    @staticmethod
    def benchmarks_of(program):
        """The names that a Google Benchmark program lists; none if it was not built."""
        if not program.exists():
            return []
        done = subprocess.run(words([program, "--benchmark_list_tests"]), capture_output=True, text=True, check=True)
        return done.stdout.split()

    def run(self, *command, **options):
        return run(command, self.scratch, **options)

    def netherd_to(self, file, *arguments):
        subprocess.run(words([self.netherd, *arguments]), stdout=file, check=True, stdin=subprocess.DEVNULL)

    def quiesce(self):
        """Returns when all that was dropped before is gone: a lab that is dropped now goes after it."""
        self.run(self.floor, "--ring", 3, "--name", "quiesce")
        self.run(self.floor, "down", "quiesce", "--wait")
