"""The highest rate that a server holds: doubling until one is not held, then bisection.

The server is asked by `ask(rate)`, which answers with the generator's JSON object. So the search itself is a plain function of the
answers: a stopped run replays it from what is written down."""

import math

from .errors import CourseError

P99_MOST_US = 100_000
STEPS_MOST = 18


def held(answer):
    """Everything that was said arrived once and in order, nobody was cut off, and 99 of 100 came within 100 ms."""
    return (not answer.get("error") and answer.get("deliveries", 0) > 0
            and not any(answer.get(key) for key in ("missing", "twice", "out_of_order", "disconnected"))
            and answer["latency_us"]["p99"] < P99_MOST_US)


class Found:
    """`answer`: of the highest rate that was held (None: not even the lowest). `at_least`: the generator was the limit."""

    def __init__(self):
        self.answer = None
        self.rate = 0.0
        self.not_held = math.inf
        self.at_least = False
        self.steps = 0


def search(ask, first, factor=2.0, precision=1.1, lowest=100.0, highest=1e9):
    """Found. `first`: where it begins; `precision`: held and not held are this near to each other at the end."""
    if not (factor > 1 and precision > 1 and 0 < lowest <= first <= highest):
        raise CourseError(f"no search from {first:g} in steps of {factor:g} to {precision:g}")
    found = Found()
    rate = first
    while found.steps < STEPS_MOST:
        answer = ask(rate)
        found.steps += 1
        if held(answer):
            if rate > found.rate:
                found.answer, found.rate = answer, rate
            if answer.get("limited_by_generator"):
                found.at_least = True  # more cannot be asked for
                break
        else:
            # A generator that is late loses the rate by itself; then the server was never asked for it.
            found.at_least = bool(answer.get("limited_by_generator"))
            found.not_held = min(found.not_held, rate)
        rate = _next(found, factor, precision, lowest, highest)
        if rate is None:
            break
    return found


def _next(found, factor, precision, lowest, highest):
    """The next rate to try; None: the answer is near enough."""
    if math.isinf(found.not_held):
        return None if found.rate >= highest else min(found.rate * factor, highest)
    if not found.rate:
        return None if found.not_held <= lowest else max(found.not_held / factor, lowest)
    if found.not_held / found.rate <= precision:
        return None
    return math.sqrt(found.rate * found.not_held)
