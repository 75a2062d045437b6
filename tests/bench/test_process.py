"""What the harness measures of one process."""
import pytest

from harness.process import Failed, run


def test_peak_memory_is_that_of_the_process_and_not_of_the_harness(tmp_path):
    ballast = bytearray(300 << 20)
    ballast[::4096] = b"x" * len(ballast[::4096])
    assert 0 < run(["sleep", "0.2"], tmp_path).peak_mib < 100


def test_peak_memory_is_seen_after_it_was_given_back(tmp_path):
    program = "import time; used = bytearray(100 << 20); del used; time.sleep(0.2)"
    assert run(["/usr/bin/python3", "-c", program], tmp_path).peak_mib > 100


def test_the_last_words_of_a_process_that_fails_are_the_reason(tmp_path):
    with pytest.raises(Failed, match="exit status 3: what was wrong"):
        run(["sh", "-c", "echo something >&2; echo what was wrong >&2; exit 3"], tmp_path)
