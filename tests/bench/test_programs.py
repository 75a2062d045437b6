import re

from harness.programs import families, filter_of, records_of

DOCUMENT = {"benchmarks": [
    {"name": "veth/engine/manual_time", "run_name": "veth/engine/manual_time", "run_type": "iteration", "iterations": 3,
     "real_time": 2.5, "cpu_time": 1, "time_unit": "ms", "items_per_second": 400.0, "p50_us": 12.5},
    {"name": "veth/engine/manual_time_mean", "run_type": "aggregate", "real_time": 1, "time_unit": "ms"},
    {"name": "bad", "run_type": "iteration", "error_occurred": True, "error_message": "wrong result: no links"},
]}


def test_results_have_their_name_seconds_and_counters():
    first, second = records_of("kernel", DOCUMENT, 4)
    assert first == {"section": "kernel", "who": "netherd", "run": 4, "benchmark": "veth/engine",
                     "seconds_per_iteration": 0.0025, "per_second": 400.0, "label": "", "p50_us": 12.5}
    assert second["error"] == "wrong result: no links"


def test_a_program_that_printed_nothing_has_no_results():
    assert list(records_of("kernel", {}, 0)) == []


def test_a_primitive_and_its_latency_are_one_part():
    names = ["veth/engine/manual_time", "latency/veth/engine/manual_time", "veth_pair/floor/manual_time", "veth/floor"]
    assert families(names) == ["veth", "veth_pair"]
    wanted = re.compile(filter_of("veth").removeprefix("--benchmark_filter="))
    assert [bool(wanted.search(name)) for name in names] == [True, True, False, True]
