"""Figures of several rounds: median and spread, ratios with a confidence interval, growth."""

import math
import random
import statistics

RESAMPLES = 2000
CONFIDENCE = 0.95
DRAWS = 20_000  # beyond this the exact answer would differ in the third digit; a bound for who asks for more


def spread(values):
    """(median, lowest, highest)."""
    return statistics.median(values), min(values), max(values)


def percentile(ordered, share):
    """Of sorted values, between two neighbours in proportion."""
    at = share * (len(ordered) - 1)
    below = math.floor(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)


def _interval(draw, resamples):
    found = sorted(draw() for _ in range(min(resamples, DRAWS)))
    rest = (1 - CONFIDENCE) / 2
    return percentile(found, rest), percentile(found, 1 - rest)


def _median_of_resample(chance, values):
    return statistics.median(chance.choices(values, k=len(values)))


def median_interval(values, seed, resamples=RESAMPLES):
    """The bootstrap confidence interval of the median."""
    chance = random.Random(seed)
    return _interval(lambda: _median_of_resample(chance, values), resamples)


def ratio_interval(over, under, seed, resamples=RESAMPLES):
    """(ratio of the medians, low, high): the bootstrap confidence interval of the ratio of the medians.

    None when what is below is 0 in some draw: a ratio says nothing there."""
    if min(under) <= 0:
        return None
    chance = random.Random(seed)
    low, high = _interval(lambda: _median_of_resample(chance, over) / _median_of_resample(chance, under), resamples)
    return statistics.median(over) / statistics.median(under), low, high


def growth(sizes, costs):
    """(exponent, its standard error) of cost = a * size ^ exponent, fitted to the logarithms by least squares.

    None with fewer than two sizes, or where a cost is not above 0. With two points there is no error to speak of: it is infinite."""
    if len(set(sizes)) < 2 or min(costs) <= 0 or min(sizes) <= 0:
        return None
    x, y = [math.log(s) for s in sizes], [math.log(c) for c in costs]
    middle_x, middle_y = statistics.fmean(x), statistics.fmean(y)
    width = sum((a - middle_x) ** 2 for a in x)
    slope = sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y)) / width
    if len(x) < 3:
        return slope, math.inf
    rest = sum((b - middle_y - slope * (a - middle_x)) ** 2 for a, b in zip(x, y))
    return slope, math.sqrt(rest / (len(x) - 2) / width)
