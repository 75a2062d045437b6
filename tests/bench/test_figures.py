import pytest

from harness import figures


def record(who, run, wall, **more):
    return {"section": "labs", "kind": "ring", "size": 10, "nodes": 10, "who": who, "run": run,
            "up": {"wall": wall, "user": 0.1, "system": 0.2, "seconds": {"build": wall / 2}},
            "down": {"returned": 0.01, "gone": 0.02}, **more}


def test_pairs_are_of_the_same_run():
    records = [record("netherd", 0, 1.0), record("netherd", 1, 3.0), record("floor", 1, 2.0)]
    ours, theirs = figures.paired(records, "netherd", "floor", "up")
    assert (ours, theirs) == ([pytest.approx(3e5)], [pytest.approx(2e5)])


def test_a_peer_is_measured_by_its_own_clock():
    peer = record("go", 0, 1.0)
    peer["up"]["seconds_of_work"] = 0.5
    assert figures.up_us(peer) == pytest.approx(5e4)


def test_spread_shows_median_and_extremes():
    assert figures.spread([3, 1, 2]) == "2 (1–3)"
    assert figures.spread([4]) == "4"
    assert figures.spread([]) == ""


def test_errors_count_once_and_are_no_figures():
    failed = {"section": "labs", "kind": "ring", "size": 10, "who": "netherd", "run": 0, "error": "wrong result"}
    assert figures.errors([failed, {**failed, "run": 1}]) == [("labs ring 10", "netherd", "wrong result")]
    assert figures.good([failed], "labs") == []


def test_comparable_figures_are_ratios_to_the_floor():
    records = [record("netherd", 0, 3.0), record("floor", 0, 2.0)]
    records[1]["up"]["seconds"] = {"kernel": 1.0}
    found = figures.comparable(records)
    assert found["up, ring of 10, ratio to the floor"].samples == [pytest.approx(1.5)]
    assert found["up, engine, ring of 10, ratio to the floor"].samples == [pytest.approx(1.5)]
