"""Common parts of the Python peers: reads FILES/work, prints wall seconds as JSON."""
import json
import sys
import time


class Work:
    def __init__(self, files):
        self.nodes, self.links, self.addresses, self.routes = [], [], {}, {}
        with open(f"{files}/work", encoding="ascii") as lines:
            for line in lines:
                kind, *words = line.split()
                if kind == "node":
                    self.nodes.append(words[0])
                elif kind == "link":
                    self.links.append(words)
                elif kind == "address":
                    self.addresses.setdefault(words[0], []).append(words[1:])
                elif kind == "route":
                    self.routes.setdefault(words[0], []).append(words[1:])


class Clock:
    """Prints {"seconds": ...} of the work inside the `with` statement."""

    def __init__(self, **more):
        self.more = more

    def __enter__(self):
        self.start = time.perf_counter()
        return self

    def __exit__(self, failed, *_):
        if failed is None:
            print(json.dumps({"seconds": time.perf_counter() - self.start, **self.more}), flush=True)


def read_arguments():
    """(work, "up" or "down")"""
    if len(sys.argv) != 3 or sys.argv[2] not in ("up", "down"):
        sys.exit(f"usage: {sys.argv[0]} FILES up|down")
    return Work(sys.argv[1]), sys.argv[2]
