"""Made-up answers of the load generator and results of bench, for its tests."""

import math
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # where the tests that use this find the command


def answer(rate=1000.0, p99=4000, lost=0, **more):
    """What the load generator says of a run."""
    return {"work": "chat", "said": 1000, "seconds": 1.0, "deliveries": 1000, "deliveries_per_s": rate, "missing": lost, "twice": 0, "out_of_order": 0,
            "disconnected": 0, "latency_us": {"p50": 1000, "p90": 2000, "p99": p99, "p999": 9000, "max": 9999, "samples": 10},
            "limited_by_generator": False, "error": None, "server": {}, **more}


class Model:
    """A made-up server that holds `most` deliveries/s, and a generator that can say `sayable`."""

    def __init__(self, most, sayable=math.inf):
        self.most, self.sayable, self.asked = most, sayable, []

    def __call__(self, rate):
        self.asked.append(rate)
        late = rate > self.sayable
        if rate > min(self.most, self.sayable):
            return answer(min(self.most, self.sayable), p99=400_000, limited_by_generator=late)
        return answer(rate, limited_by_generator=late)


def run(measure, case, subject, number, figures, clients=400, **more):
    return {"measure": measure, "case": case, "subject": subject, "round": number, "clients": clients, "rooms": 1, "figures": figures, **more}


def result(runs, **more):
    machine = {"cpu": "a processor", "cores": 2, "kernel": "Linux 6", "compiler": "g++ 12", "commit": "abc", "date": "today", "load": 0.1, "steal": 0.0}
    return {"format": 1, "mode": "quick", "rounds": 3, "seed": 7, "threads": 1, "took": 60.0, "machine": {**machine, **more.pop("machine", {})},
            "runs": runs, "left_out": [], **more}
