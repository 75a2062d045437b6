"""Against values that scipy.stats.mannwhitneyu gives, and tables of U."""
import pytest

from harness.mann_whitney import holm, least_p, p_value, ranks


def test_ranks_share_what_equal_values_would_get():
    assert ranks([10, 20, 20, 30]) == ([1, 2.5, 2.5, 4], [1, 2, 1])


@pytest.mark.parametrize("first, second, p", [
    ([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], 2 / 252),          # U = 25: the two extreme orders of C(10, 5)
    ([1, 2, 3], [4, 5, 6], 0.1),
    ([1, 3, 5, 7], [2, 4, 6, 8], 0.6857142857142857),       # U = 10
    ([19, 22, 16, 29, 24], [20, 11, 17, 12], 0.1111111111111111),
    ([5], [5], 1.0),
    ([], [1, 2], 1.0),
])
def test_p_value_of_small_samples_is_exact(first, second, p):
    assert p_value(first, second) == pytest.approx(p)
    assert p_value(second, first) == pytest.approx(p)


def test_p_value_with_ties_is_that_of_the_normal_approximation():
    # By hand: U = 23, mean 12.5, ties 2 and 2 of 10, with correction for continuity.
    assert p_value([1, 2, 2, 3, 4], [4, 5, 6, 7, 8]) == pytest.approx(0.0158, abs=0.001)


def test_p_value_is_one_when_all_values_are_equal():
    assert p_value([3] * 20, [3] * 20) == 1.0


def test_least_p_is_reached_by_samples_that_do_not_overlap():
    for m, n in ((3, 3), (5, 5), (7, 4)):
        assert p_value(list(range(m)), list(range(100, 100 + n))) == pytest.approx(least_p(m, n))


def test_holm_rejects_step_by_step():
    assert holm([0.01, 0.04, 0.03, 0.005], 0.05) == [True, False, False, True]
    assert holm([], 0.05) == []
    assert holm([0.06], 0.05) == [False]
