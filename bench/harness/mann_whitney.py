"""The Mann-Whitney U test, two-sided: do two samples come from the same distribution?

scipy has it, but Debian 12's scipy depends on Boost 1.74's headers, which exclude the 1.81 that netherd is built with. The
exact distribution is used for small samples without ties, the normal approximation with corrections for ties and
continuity otherwise, as scipy.stats.mannwhitneyu(method="auto") does.
"""
import functools
import math

EXACT_SAMPLES = 16


def ranks(values):
    """Ranks from 1, equal values sharing the mean of theirs; and the sizes of groups of equal values."""
    order = sorted(range(len(values)), key=values.__getitem__)
    result, groups, start = [0.0] * len(values), [], 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for position in order[start:end]:
            result[position] = (start + end + 1) / 2
        groups.append(end - start)
        start = end
    return result, groups


@functools.lru_cache(maxsize=None)
def count_of(u, m, n):
    """In how many of the orders of m and n values U is u."""
    if u < 0:
        return 0
    if m == 0 or n == 0:
        return int(u == 0)
    return count_of(u - n, m - 1, n) + count_of(u, m, n - 1)


def exact_p(u, m, n):
    """u is the greater of both U."""
    tail = sum(count_of(value, m, n) for value in range(math.ceil(u), m * n + 1))
    return min(1.0, 2 * tail / math.comb(m + n, m))


def approximate_p(u, m, n, groups):
    total = m + n
    ties = sum(size ** 3 - size for size in groups) / (total * (total - 1))
    deviation = math.sqrt(m * n / 12 * (total + 1 - ties))
    if deviation == 0:
        return 1.0
    z = (u - m * n / 2 - 0.5) / deviation
    return min(1.0, math.erfc(z / math.sqrt(2)))


def p_value(first, second):
    """The probability that samples this far apart come from one distribution."""
    m, n = len(first), len(second)
    if m == 0 or n == 0:
        return 1.0
    placed, groups = ranks([*first, *second])
    u = sum(placed[:m]) - m * (m + 1) / 2
    u = max(u, m * n - u)
    if max(groups) == 1 and max(m, n) <= EXACT_SAMPLES:
        return exact_p(u, m, n)
    return approximate_p(u, m, n, groups)


def least_p(m, n):
    """The least p value that samples of these sizes can have: with too few runs nothing is significant."""
    return min(1.0, 2 / math.comb(m + n, m)) if m and n else 1.0


def holm(p_values, alpha):
    """Which of several hypotheses are rejected so that the chance of a single wrong rejection is alpha."""
    rejected = [False] * len(p_values)
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    for position, which in enumerate(order):
        if p_values[which] > alpha / (len(p_values) - position):
            break
        rejected[which] = True
    return rejected
