import random

from harness import compare


def runs(factor, seed, count=9, kinds=("ring", "star", "tree"), noise=0.06):
    """Labs of netherd and the floor, with the noise of a machine that others use."""
    generator = random.Random(seed)
    for kind in kinds:
        for run in range(count):
            load = generator.lognormvariate(0, 0.3)  # hits both neighbours
            for who, wall in (("netherd", 1.1 * factor), ("floor", 1.0)):
                wall *= load * generator.lognormvariate(0, noise)
                part = "build" if who == "netherd" else "kernel"
                yield {"section": "labs", "kind": kind, "size": 1000, "nodes": 1000, "who": who, "run": run,
                       "up": {"wall": wall, "user": wall / 10, "system": wall / 2, "seconds": {part: wall * 0.9}},
                       "down": {"returned": 0.02 * load, "gone": 0.9 * load}}


def significant(base, new):
    changes, _ = compare.compare(list(base), list(new))
    assert changes
    return [change for change in changes if change.significant]


def test_noise_alone_changes_nothing():
    for seed in range(50):
        assert significant(runs(1, seed), runs(1, 1000 + seed)) == []


def test_a_slower_build_is_found_whatever_the_load():
    for seed in range(20):
        found = significant(runs(1, seed), runs(1.3, 1000 + seed))
        assert {change.verdict for change in found} == {"slower"}
        assert {"up, ring of 1,000, ratio to the floor", "up, star of 1,000, ratio to the floor"} <= {c.name for c in found}


def test_a_faster_build_is_found_too():
    assert {change.verdict for change in significant(runs(1.3, 1), runs(1, 2))} == {"faster"}


def test_too_few_runs_are_said_and_not_judged():
    changes, too_few = compare.compare(list(runs(1, 1, count=3)), list(runs(2, 2, count=3)))
    assert changes == []
    assert "up, ring of 1,000, ratio to the floor" in too_few


def test_figures_that_only_one_report_has_are_left_out():
    changes, too_few = compare.compare(list(runs(1, 1, kinds=("ring",))), list(runs(1, 2, kinds=("star",))))
    assert (changes, too_few) == ([], [])


def program(seconds, section="engine"):
    return [{"section": section, "who": "netherd", "run": run, "benchmark": "encode", "per_second": 1 / seconds,
             "seconds_per_iteration": seconds * (1 + run / 1000)} for run in range(9)]


def test_bare_times_have_to_move_further_than_ratios():
    assert significant(program(1.0), program(1.15)) == []
    assert [change.verdict for change in significant(program(1.0), program(1.4))] == ["slower"]
