"""The measuring itself: one item after the other, each answer written down, within the budget of time."""

import statistics
import time

from . import bench_plan, bench_run, bench_search, bench_subjects, console

_PRECISION = {"quick": 1.2, "full": 1.1}
GIVE_UP_S = 20  # what has failed and took so long is not tried in the next rounds
_NEARBY = 1.3   # a later round looks this near around what the earlier ones found


class Session:
    """`asker(subject, spec)` makes one single run (bench_run.Runner.run); `clock` is a test's own when it wants one."""

    def __init__(self, items, mode, book, asker, say=console.say, clock=time.monotonic, budget=None, find=bench_subjects.find):
        self.items, self.mode, self.book, self.asker = items, mode, book, asker
        self.say, self._clock, self._find = say, clock, find
        self.budget = budget if budget is not None else bench_plan.BUDGET_S[mode]
        self.runs = []          # of the result
        self.left_out = []      # keys of items for which there was no time
        self._hopeless = {}     # (case, subject) -> why
        self._rates = {}        # (case, subject) -> rates that were held
        self._done = 0.0        # estimates of the items that are over

    def run(self, status=None):
        """Measures all items; what was found so far is in `runs`, also when this ends by an exception."""
        total = bench_plan.estimate(self.items)
        for number, item in enumerate(self.items, 1):
            if self.book.took >= self.budget and not self._known(item):
                self.left_out.append(item.key)
                continue
            if status:
                status.update(f"{number}/{len(self.items)} {item.case.id}, {item.subject}, round {item.round}; {self._left(total)} left")
            self.runs.append(self._measure(item))
            self._done += item.estimate()

    def _known(self, item):
        return (item.key, 1) in self.book.known

    def _left(self, total):
        """By what has taken how long so far; never more than the budget leaves."""
        pace = self.book.took / self._done if self._done and self.book.took else 1.0
        return console.elapsed(max(0.0, min((total - self._done) * pace, self.budget - self.book.took)))

    def _ask(self, item, step, rate):
        known = self.book.get(item.key, step, rate)
        if known is not None:
            return known
        spec = item.case.spec(self.mode)
        spec.rate = rate
        began = self._clock()
        answer = self.asker(self._find(item.subject), spec)
        self.book.add(item.key, step, rate, answer, self._clock() - began)
        return answer

    def _measure(self, item):
        spec, case = item.case.spec(self.mode), item.case
        run = {"measure": case.measure.name, "case": case.name, "subject": item.subject, "round": item.round, "clients": spec.clients,
               "rooms": spec.rooms, "figures": {}}
        who = (case.id, item.subject)
        if who in self._hopeless:
            run["error"] = self._hopeless[who]
        elif case.measure.kind == "search":
            self._search(item, spec, run)
        else:
            answer = self._ask(item, 1, spec.rate)
            _fill(run, answer, spec)
        if run.get("error") and who not in self._hopeless and self.book.known[item.key, 1]["took"] > GIVE_UP_S:
            self._hopeless[who] = run["error"]
        return run

    def _search(self, item, spec, run):
        steps = []

        def ask(rate):
            steps.append(rate)
            return self._ask(item, len(steps), rate)

        earlier = self._rates.get((item.case.id, item.subject), [])
        begin = float(bench_plan.FIRST_RATE.get(item.subject, spec.rate) if spec.work == "chat" else spec.rate)
        first, factor = (statistics.median(earlier), _NEARBY) if earlier else (begin, 2.0)
        lowest = float(max(spec.members, 1000))
        found = bench_search.search(ask, max(round(first), lowest), factor, _PRECISION[self.mode], lowest)
        if found.answer is None:
            _fill(run, self._ask(item, len(steps), steps[-1]), spec)
            run["figures"] = {}
            run["error"] = run.get("error") or f"not even {steps[-1]:,.0f} deliveries/s were held"
            return
        self._rates.setdefault((item.case.id, item.subject), []).append(found.rate)
        _fill(run, found.answer, spec)
        run["at_least"] = found.at_least


def _fill(run, answer, spec):
    run["figures"] = bench_run.figures(answer, spec)
    if answer.get("error"):
        run["error"] = answer["error"]
    elif spec.work in ("chat", "echo") and not bench_search.held(answer):
        lost = sum(answer.get(k) or 0 for k in ("missing", "twice", "out_of_order"))
        run["note"] = f"lost {lost}" if lost else "not held"
    if answer.get("limited_by_generator"):
        run["late"] = True
