import json

import pytest

from harness import options


@pytest.mark.parametrize("arguments, reason", [
    (["--peers", "ansible"], "no such peer: ansible"),
    (["--kinds", "torus,moebius"], "no such kind"),
    (["--nodes", "ten"], "numbers, with commas between them"),
    (["--nodes", "2"], "3 to 100,000 nodes"),
    (["--nodes", "1000000000"], "3 to 100,000 nodes"),
    (["--runs", "0"], "from 1 to 1000"),
    (["--runs", "-1"], "from 1 to 1000"),
    (["--quick", "--full"], "not allowed with"),
    (["--compare", "/does/not/exist.json"], "No such file"),
    (["--only", "weather"], "no such section"),
    (["--nonsense"], "unrecognized arguments"),
])
def test_bad_usage_is_status_2_with_the_reason(arguments, reason, capsys):
    with pytest.raises(SystemExit) as left:
        options.parse(arguments)
    assert left.value.code == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"machine": {}}', '{"machine": {}, "runs": 1}'])
def test_a_file_that_is_no_report_is_refused(text, tmp_path, capsys):
    file = tmp_path / "base.json"
    file.write_text(text)
    with pytest.raises(SystemExit) as left:
        options.parse(["--compare", str(file)])
    assert left.value.code == 2
    assert "not the raw JSON of a report" in capsys.readouterr().err


def test_a_report_can_be_compared_with(tmp_path):
    file = tmp_path / "base.json"
    file.write_text(json.dumps({"machine": {}, "runs": []}))
    assert options.parse(["--compare", str(file)]).compare["runs"] == []


def test_quick_is_the_default_and_full_is_larger():
    assert options.parse([]).size == options.QUICK
    assert options.parse(["--full"]).size == options.FULL
    assert options.QUICK.budget_seconds < 5 * 60 and options.FULL.budget_seconds < 60 * 60


def test_sizes_and_runs_can_be_chosen():
    chosen = options.parse(["--nodes", "50,200", "--runs", "11", "--peers", "none"])
    assert chosen.size.nodes == (50, 200)
    assert chosen.peers == ()
    assert [options.runs_for(chosen.size, nodes) for nodes in chosen.size.nodes] == [11, 11]


def test_larger_labs_get_fewer_runs():
    assert [options.runs_for(options.FULL, nodes) for nodes in (10, 500, 1000, 3000, 10000)] == [7, 7, 7, 3, 2]
