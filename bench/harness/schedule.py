"""In which order what is measured: round by round, so that everything has been measured once before anything is again.

Load that comes and goes hits neighbours alike; and when the time is over, every figure is there with as many runs as
there was time for.
"""
import dataclasses
import time
import typing


@dataclasses.dataclass
class Case:
    """Something that is measured several times: measure(number of the run)."""
    name: str
    runs: int
    measure: typing.Callable[[int], None]
    cost: float = 0.0  # seconds of the last run
    done: int = 0


def run_all(cases, budget, progress, clock=time.monotonic):
    """Measures, and gives the cases that got less runs than planned. A case that no longer fits into the budget (in
    seconds) is left; each is measured once in any case as long as the budget is not used up."""
    end = clock() + budget
    for number in range(max((case.runs for case in cases), default=0)):
        for case in cases:
            if number >= case.runs or case.done < number or clock() + case.cost > end:
                continue
            progress(f"{case.name}: run {number + 1} of {case.runs}")
            start = clock()
            case.measure(number)
            case.cost = clock() - start
            case.done += 1
    return [case for case in cases if case.done < case.runs]


def turns(contestants, number):
    """Who begins changes with the run: the first one of a large lab pays for memory that the others find."""
    begins = number % len(contestants)
    return contestants[begins:] + contestants[:begins]
