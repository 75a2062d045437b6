"""Compares a report with an earlier one, figure by figure: what changed, beyond what noise does?

A figure has changed if the Mann-Whitney test says so (with Holm's correction, since many figures are tested), and its
median has moved by more than two sessions on the same machine differ anyway.
"""
import dataclasses
import statistics

from . import figures
from .mann_whitney import holm, least_p, p_value

ALPHA = 0.05


@dataclasses.dataclass
class Change:
    name: str
    before: float
    after: float
    p: float
    significant: bool

    @property
    def factor(self):
        return self.after / self.before

    @property
    def verdict(self):
        if not self.significant:
            return ""
        return "slower" if self.factor > 1 else "faster"


def compare(base_records, new_records):
    """(changes, names of figures that have too few runs to be compared)"""
    base, new = figures.comparable(base_records), figures.comparable(new_records)
    common = [name for name in base if name in new]
    # What cannot reach significance only takes it away from the others.
    able = [name for name in common if least_p(len(base[name].samples), len(new[name].samples)) <= ALPHA]
    p_values = [p_value(base[name].samples, new[name].samples) for name in able]
    changes = []
    for name, p, rejected in zip(able, p_values, holm(p_values, ALPHA)):
        before, after = statistics.median(base[name].samples), statistics.median(new[name].samples)
        moved = max(after / before, before / after) - 1 >= new[name].least_change
        changes.append(Change(name, before, after, p, rejected and moved))
    return changes, [name for name in common if name not in able]
