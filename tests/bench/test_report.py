"""The report of a small, made-up run has every part; that of an empty one is still a report."""
from harness import document, report, verdicts


def lab(section, who, run, kind="ring", size=1000, wall=1.0, **up):
    return {"section": section, "kind": kind, "size": size, "nodes": size, "links": size, "requests": 6 * size,
            "who": who, "run": run, "down": {"returned": 0.02, "gone": 0.9},
            "up": {"wall": wall, "user": 0.01, "system": 0.5, "peak_mib": 20, "requests": 6000, "longest_stall_ms": 3.0,
                   "latency_us": {"p50": 90.0, "p90": 200.0, "p99": 400.0, "max": 1000.0}, "descriptors": 2013,
                   "seconds": {"read": 0.01, "plan": 0.01, "build": wall * 0.9, "kernel": wall * 0.9}, **up}}


def raw(records):
    return {"machine": {"kernel": "6.18", "kernel configuration": {"CONFIG_HZ": "250"}}, "notes": ["quick"],
            "left_out": {"Mininet": "package mininet is not installed"}, "titles": {"go": "Go"}, "profiles": [],
            "runs": records}


def markdown(records, comparison=None):
    return document.to_markdown(report.blocks(raw(records), [], comparison))


def test_everything_that_was_measured_is_shown():
    records = [lab("labs", "netherd", 0, wall=1.2), lab("labs", "floor", 0),
               lab("peers", "netherd", 0, size=500), lab("peers", "go", 0, size=500, wall=3, seconds_of_work=2.0),
               lab("concurrency", "netherd", 0),
               {"section": "pairs", "kind": "ring", "size": 10, "nodes": 10, "who": "at once", "run": 0, "seconds": 0.5},
               {"section": "engine", "who": "netherd", "run": 0, "benchmark": "encode", "per_second": 2e6,
                "seconds_per_iteration": 5e-7, "allocations_per_request": 0.0}]
    text = markdown(records)
    for part in ("## Bars", "## Labs", "## Peers", "## Concurrency", "## Programs", "HZ=250",
                 "Mininet: package mininet is not installed", "| Go | 1 | 4000 |", "| 90, 200, 400, 1000 | 20 | 2,013 |"):
        assert part in text


def test_primitives_stand_beside_their_floor():
    records = [{"section": "kernel", "who": "netherd", "run": run, "benchmark": name, "per_second": rate,
                "seconds_per_iteration": 1.0, **more}
               for run in (0, 1) for name, rate, more in (
                   ("veth/engine", 2000.0, {}), ("veth/floor", 2500.0, {}), ("dump/engine/routes:10", 1e6, {}),
                   ("latency/veth/engine", 1.0, {"p50_us": 400, "p90_us": 500, "p99_us": 600, "max_us": 700}))]
    text = markdown(records)
    assert "| veth | 2 | 500.0 (500.0–500.0) | 400.0 (400.0–400.0) | 1.25 (1.25–1.25) | 400, 500, 600, 700 |  |" in text
    assert "| dump routes:10 | 2 | 1.0 (1.0–1.0) |" in text


def test_an_empty_run_is_still_a_report():
    text = markdown([])
    assert text.startswith("# netherd: benchmark report")
    assert "## Bars" not in text


def test_a_wrong_result_is_listed_and_is_no_figure():
    failed = {key: value for key, value in lab("labs", "netherd", 0).items() if key not in ("up", "down")}
    text = markdown([{**failed, "error": "wrong result: n1: eth1 is down"}])
    assert "labs ring 1000, netherd: wrong result: n1: eth1 is down" in text
    assert "## Labs" not in text


def rows(records):
    return {what: (measured, met) for what, measured, _, met in verdicts.all_rows(records)}


def test_bars_are_judged():
    found = rows([lab("labs", "netherd", 0, wall=1.2), lab("labs", "floor", 0)])
    assert found["`up` against the floor, ring of 1,000, whole process"] == ("1.20", "**no**")
    assert found["user processor time per request, ring of 1,000, µs"] == ("1.7", "yes")


def test_peers_are_judged_at_500_nodes():
    found = rows([lab("peers", "netherd", 0, size=500), lab("peers", "libnl", 0, size=500, wall=1.5),
                  lab("peers", "go", 0, size=500, wall=1.3), lab("peers", "go", 0, size=10, wall=90)])
    assert found["`up` of 500 nodes, faster than: best program on a netlink library"] == ("1.3 ×", "**no**")


def test_growth_is_measured_against_the_floors_own():
    records = [lab("labs", who, 0, size=size, wall=wall) for who, size, wall in
               (("netherd", 1000, 1.0), ("netherd", 10000, 13.0), ("floor", 1000, 1.0), ("floor", 10000, 14.0))]
    assert rows(records)["µs per node at 10,000 against 1,000, ring"] == ("1.30 (floor 1.40)", "yes")


def test_growth_to_nearly_ten_thousand_counts_and_to_less_does_not():
    records = [lab("labs", "netherd", 0, size=size, wall=wall) for size, wall in ((1000, 1.0), (9968, 9.968 * 1.1))]
    assert rows(records)["µs per node at 9,968 against 1,000, ring"] == ("1.10 (floor not measured)", "yes")
    assert not [what for what in rows([lab("labs", "netherd", 0, size=3000)]) if "against 1,000" in what]
