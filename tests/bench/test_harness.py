"""The whole harness, with the smallest labs, on the programs that were built."""
import json
import os
import pathlib
import subprocess
import sys

import privileges
import pytest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
BUILD = pathlib.Path(os.environ.get("NETHERD_BENCH_BUILD", BENCH.parent / "build/release"))
pytestmark = [privileges.needs_namespaces,
              pytest.mark.skipif(not (BUILD / "bench/floor/netherd-floor").exists(), reason="the floor was not built")]


def harness(*arguments, build=BUILD):
    return subprocess.run([sys.executable, "-m", "harness", "--build", build, *map(str, arguments)], text=True,
                          capture_output=True, check=False, timeout=200, env={**os.environ, "PYTHONPATH": str(BENCH)})


def test_labs_and_peers_are_built_checked_and_reported(tmp_path):
    done = harness("--only", "labs,peers", "--kinds", "ring,tree", "--peers", "ip-batch,ip-loop", "--nodes", 5,
                   "--runs", 1, "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    raw = json.loads((tmp_path / "raw.json").read_text())
    assert [run.get("error") for run in raw["runs"]] == [None] * len(raw["runs"])
    who = {(run["section"], run["kind"], run["who"]) for run in raw["runs"]}
    assert {("labs", "ring", "netherd"), ("labs", "tree", "floor"), ("peers", "ring", "ip-loop"),
            ("peers", "ring", "ip-batch-parallel")} <= who
    assert "ring of 5" in (tmp_path / "report.md").read_text()
    assert (tmp_path / "index.html").read_text().startswith("<!doctype html>")


def test_a_report_is_compared_with_itself(tmp_path):
    records = [{"section": "engine", "who": "netherd", "run": run, "benchmark": "encode", "per_second": 1e6,
                "seconds_per_iteration": 1 + run / 100} for run in range(9)]
    raw = {"format": 1, "machine": {}, "notes": [], "left_out": {}, "runs": records, "profiles": []}
    base, slower = tmp_path / "base.json", tmp_path / "slower.json"
    base.write_text(json.dumps(raw))
    for record in records:
        record["seconds_per_iteration"] *= 2
    slower.write_text(json.dumps(raw))
    same = harness("--from", base, "--compare", base, "--output", tmp_path / "same")
    assert same.returncode == 0 and "no significant change" in same.stdout
    worse = harness("--from", slower, "--compare", base, "--output", tmp_path / "worse")
    assert worse.returncode == 3 and "slower: engine: encode" in worse.stdout
    better = harness("--from", base, "--compare", slower, "--output", tmp_path / "better")
    assert better.returncode == 0 and "faster: engine: encode" in better.stdout


def test_a_wrong_result_is_no_result(tmp_path):
    """A netherd that leaves an address out is found out."""
    build = tmp_path / "build"
    (build / "tools/netherd").mkdir(parents=True)
    (build / "bench").symlink_to(BUILD / "bench")
    (build / "tools/netherd/netherd").write_text(
        f'#!/bin/sh\n{BUILD}/tools/netherd/netherd "$@" || exit\n'
        '[ "$1" != up ] || ip -n bench-n1 address flush dev eth1 scope global\n')
    (build / "tools/netherd/netherd").chmod(0o755)
    done = harness("--only", "labs", "--kinds", "ring", "--nodes", 5, "--runs", 1, "--output", tmp_path / "report",
                   build=build)
    assert done.returncode == 0, done.stderr
    assert "wrong result: bench-n1: address ('eth1', '10.0.0.1/30') is missing" in done.stderr


def test_a_folder_with_something_else_in_it_is_not_written_to(tmp_path):
    (tmp_path / "precious").write_text("x")
    done = harness("--nodes", 5, "--output", tmp_path)
    assert done.returncode == 1 and "holds no report" in done.stderr


def test_a_build_that_is_not_there_is_said(tmp_path):
    done = harness("--output", tmp_path / "report", build=tmp_path / "nothing")
    assert done.returncode == 1 and "build the release first" in done.stderr


def test_without_root_there_is_a_reason(tmp_path):
    done = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", sys.executable, "-m", "harness"], text=True,
                          capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(BENCH)}, cwd="/")
    assert done.returncode == 1 and "needs root" in done.stderr
