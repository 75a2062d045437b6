"""Mininet lives in a process that waits for words: a stand-in that answers as `mininet-lab` does."""
import pathlib
import types

import pytest

from harness.contestants import MininetLab
from harness.process import Failed

ANSWERS = """#!/bin/sh
echo '{"seconds": 0.5, "processes": {"n1": 41}}'
read word
[ "$word" = down ] && echo '{"seconds": 0.25}'
"""


def lab_of(folder, script):
    program = pathlib.Path(folder) / "mininet-lab"
    program.write_text(script)
    program.chmod(0o755)
    return MininetLab(types.SimpleNamespace(peers=pathlib.Path(folder)))


def test_mininet_is_told_when_to_go(tmp_path):
    lab = lab_of(tmp_path, ANSWERS)
    workload = types.SimpleNamespace(files="files")
    up = lab.up(workload)
    assert up.to_json()["seconds_of_work"] == 0.5
    assert lab.path_of("n1") == "/proc/41/ns/net"
    assert lab.down(workload).to_json()["seconds_of_work"] == 0.25


def test_mininet_that_ends_early_has_failed(tmp_path):
    lab = lab_of(tmp_path, "#!/bin/sh\necho 'no ovs' >&2\n")
    with pytest.raises(Failed, match="no ovs"):
        lab.up(types.SimpleNamespace(files="files"))
