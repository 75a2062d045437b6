from harness.schedule import Case, run_all


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def make_case(name, runs, seconds, clock, log):
    def measure(number):
        clock.now += seconds
        log.append((name, number))
    return Case(name, runs, measure)


def silent(_):
    pass


def test_rounds_take_turns():
    clock, log = Clock(), []
    cases = [make_case("a", 3, 1, clock, log), make_case("b", 2, 1, clock, log)]
    assert run_all(cases, 100, silent, clock) == []
    assert log == [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2)]


def test_what_no_longer_fits_is_left_and_the_rest_goes_on():
    clock, log = Clock(), []
    slow, quick = make_case("slow", 5, 40, clock, log), make_case("quick", 5, 1, clock, log)
    shortened = run_all([slow, quick], 90, silent, clock)
    assert shortened == [slow]
    assert slow.done == 2 and quick.done == 5
    assert clock.now <= 90


def test_nothing_is_begun_when_the_time_is_over():
    clock, log = Clock(), []
    case = make_case("a", 1, 1, clock, log)
    assert run_all([case], -1, silent, clock) == [case]
    assert log == []
