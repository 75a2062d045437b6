"""Runs one process and measures it."""
import json
import os
import pathlib
import shlex
import signal
import subprocess
import threading
import time


class Failed(Exception):
    """A command that did not do what was asked; the text is the reason that the report shows."""


class Measured:
    """What a process took: wall seconds from spawn to exit, processor seconds, peak memory; and its JSON document."""

    def __init__(self, wall, usage, peak_mib, document):
        self.wall = wall
        self.user = usage.ru_utime
        self.system = usage.ru_stime
        self.peak_mib = peak_mib
        self.json = document

    def to_json(self):
        return {"wall": self.wall, "user": self.user, "system": self.system, "peak_mib": self.peak_mib, **self.json}


def words(command):
    return [str(word) for word in command]


def shorten(command):
    return shlex.join(words(command)[:4]) + (" …" if len(command) > 4 else "")


def reason_of(command, code, errors, output):
    """The last words of a process that failed."""
    said = errors.strip().splitlines() or output.strip().splitlines() or ["nothing said"]
    ended = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
    return f"`{shorten(command)}`: {ended}: {said[-1]}"


def parse_document(text):
    """The JSON document that a program prints; {} if it prints something else."""
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


class PeakMemory:
    """Follows the peak of a process by reading it now and then. What wait4() tells begins with the peak of the process that
    started it, which is the harness."""
    SECONDS = 0.02

    def __init__(self, pid):
        self.kib = 0
        self.status = f"/proc/{pid}/status"
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()

    def follow(self):
        while True:
            self.sample()
            if self.ended.wait(self.SECONDS):
                return

    def sample(self):
        try:
            with open(self.status, encoding="ascii", errors="replace") as lines:
                peaks = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
        except (OSError, ValueError, IndexError):
            return  # it has ended
        self.kib = max([self.kib, *peaks])

    def end(self):
        """In MiB."""
        self.ended.set()
        self.thread.join()
        return self.kib / 1024


def run(command, scratch, environment=None, timeout=600):
    """Runs a command to its end. Output goes to files, so that no pipe can hold it up while it is measured."""
    output, errors = pathlib.Path(scratch) / "stdout", pathlib.Path(scratch) / "stderr"
    with output.open("w") as out, errors.open("w") as err:
        start = time.perf_counter()
        process = subprocess.Popen(words(command), stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                   env={**os.environ, **(environment or {})})
        memory = PeakMemory(process.pid)
        signal.signal(signal.SIGALRM, lambda *_: process.kill())
        signal.alarm(timeout)
        try:
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - start
        finally:
            signal.alarm(0)
            peak_mib = memory.end()
    process.returncode = os.waitstatus_to_exitcode(status)
    text = output.read_text(errors="replace")
    if process.returncode != 0:
        raise Failed(reason_of(command, process.returncode, errors.read_text(errors="replace"), text))
    return Measured(wall, usage, peak_mib, parse_document(text))


def first_line(command):
    """The first line that a command prints; "unknown" if there is none."""
    try:
        done = subprocess.run(words(command), capture_output=True, text=True, check=True, timeout=20)
        return done.stdout.splitlines()[0]
    except (OSError, subprocess.SubprocessError, IndexError):
        return "unknown"
