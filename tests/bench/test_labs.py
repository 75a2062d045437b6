"""What comes before and after a lab that is measured."""
import types

import pytest

from harness import labs
from harness.process import Failed


class Log(list):
    """What was run, as words without paths and options."""

    def contestant(self, name):
        def ran(step):
            return lambda *_: self.append(f"{name} {step}") or types.SimpleNamespace(wall=1.0, to_json=dict)

        return types.SimpleNamespace(name=name, path_of=str, up=ran("up"), down=ran("down"))


class Floor:
    """Stands in for the contestant of that name."""
    fails = False

    def __init__(self, tools):
        self.log = tools.log

    def up(self, _):
        self.log.append("floor up")
        if self.fails:
            raise Failed("too many open files")

    def down(self, *_):
        self.log.append("floor down")

    def clean(self, _):
        self.log.append("floor clean")


@pytest.fixture
def bench(monkeypatch):
    log = Log()
    monkeypatch.setattr(labs, "Floor", Floor)
    monkeypatch.setattr(labs.check, "Checker", lambda *_: types.SimpleNamespace(check=lambda _: log.append("check")))
    tools = types.SimpleNamespace(log=log, quiesce=lambda: log.append("quiesce"))
    size = types.SimpleNamespace(quick=True)
    records = []
    return types.SimpleNamespace(tools=tools, log=log, settle_seconds=0, records=records, keep=records.append,
                                 clean=lambda contestant, of: contestant.clean(of),
                                 options=types.SimpleNamespace(size=size))


def workload():
    return types.SimpleNamespace(kind="ring", size=3, nodes=3, work=types.SimpleNamespace(links=[], requests=0))


def measure(bench, **options):
    contestants = [bench.log.contestant("netherd"), bench.log.contestant("ip")]
    labs.LabCase(bench, "peers", workload(), contestants, **options).measure(0)
    assert not [record for record in bench.records if "error" in record]
    return list(bench.log)


def test_each_is_checked_before_it_goes(bench):
    assert measure(bench) == ["netherd up", "check", "netherd down", "quiesce", "ip up", "check", "ip down", "quiesce"]


def test_everyone_finds_memory_at_hand(bench):
    assert measure(bench, warm_up=True) == [
        "floor up", "floor down", "netherd up", "check", "netherd down", "quiesce",
        "floor up", "floor down", "ip up", "check", "ip down", "quiesce"]


def test_a_floor_that_fails_spoils_nobodys_figures(bench, monkeypatch):
    monkeypatch.setattr(Floor, "fails", True)
    assert measure(bench, warm_up=True)[:4] == ["floor up", "floor clean", "netherd up", "check"]


def test_down_is_told_by_the_programs_own_clock_as_well(bench):
    contestant = bench.log.contestant("netherd")
    contestant.down = lambda *_: types.SimpleNamespace(wall=0.013, to_json=lambda: {"seconds": {"return": 0.006}})
    labs.LabCase(bench, "labs", workload(), [contestant]).measure(0)
    down = bench.records[0]["down"]
    assert (down["returned"], down["own"]) == (0.013, 0.006)
