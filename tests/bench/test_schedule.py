import types

from harness import sections
from harness.schedule import Case, run_all, turns


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def make_case(name, runs, seconds, clock, log):
    def measure(number):
        clock.now += seconds
        log.append((name, number))
    return Case(name, runs, measure)


def silent(_):
    pass


def test_rounds_take_turns():
    clock, log = Clock(), []
    cases = [make_case("a", 3, 1, clock, log), make_case("b", 2, 1, clock, log)]
    assert run_all(cases, 100, silent, clock) == []
    assert log == [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2)]


def test_what_no_longer_fits_is_left_and_the_rest_goes_on():
    clock, log = Clock(), []
    slow, quick = make_case("slow", 5, 40, clock, log), make_case("quick", 5, 1, clock, log)
    shortened = run_all([slow, quick], 90, silent, clock)
    assert shortened == [slow]
    assert slow.done == 2 and quick.done == 5
    assert clock.now <= 90


def test_nothing_is_begun_when_the_time_is_over():
    clock, log = Clock(), []
    case = make_case("a", 1, 1, clock, log)
    assert run_all([case], -1, silent, clock) == [case]
    assert log == []


def test_who_begins_changes_from_run_to_run():
    assert ["".join(turns(["a", "b", "c"], number)) for number in range(4)] == ["abc", "bca", "cab", "abc"]


class Sizes:
    """Labs whose number of nodes is the next multiple of 300."""

    def __init__(self):
        self.asked = []

    def workload(self, kind, nodes):
        self.asked.append(nodes)
        return types.SimpleNamespace(nodes=-(-nodes // 300) * 300)


def test_a_lab_that_is_just_too_large_for_the_floor_is_made_smaller(monkeypatch):
    monkeypatch.setattr(sections, "most_nodes_of_floor", lambda: 9968)
    assert sections.workload_for_floor(Sizes(), "grid", 1000).nodes == 1200
    bench = Sizes()
    assert sections.workload_for_floor(bench, "grid", 10000).nodes == 9600
    assert bench.asked == [10000, 9968, 9469]
    monkeypatch.setattr(sections, "most_nodes_of_floor", lambda: 500)
    bench = Sizes()
    assert sections.workload_for_floor(bench, "grid", 10000).nodes == 10200, "it has no floor then"
    assert bench.asked == [10000]
