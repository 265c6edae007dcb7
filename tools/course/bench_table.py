"""The runs of a result, put together: what each subject showed in each case, over the rounds."""

from . import bench_plan, bench_stats

# figure -> (unit, heading in English, in Korean)
FIGURES = {
    "deliveries_per_s": ("M", "per second (million)", "초당 (백만)"),
    "cpu_us": ("us", "CPU us per delivery", "전달당 CPU us"),
    "cores": ("", "cores busy", "쓴 코어"),
    "p50_ms": ("ms", "p50 ms", "p50 ms"),
    "p99_ms": ("ms", "p99 ms", "p99 ms"),
    "p999_ms": ("ms", "p99.9 ms", "p99.9 ms"),
    "switches": ("", "context switches per delivery", "전달당 문맥 전환"),
    "calls": ("", "system calls per delivery", "전달당 시스템 호출"),
    "allocations": ("", "allocations per message", "메시지당 힙 할당"),
    "session_bytes": ("B", "bytes per session", "세션당 바이트"),
    "net_bytes": ("B", "net/, bytes", "net/, 바이트"),
    "port_bytes": ("B", "port (both ends), bytes", "포트(양쪽), 바이트"),
    "tables_s": ("s", "seconds in all", "모두 초"),
    "login_s": ("s", "seconds in all", "모두 초"),
    "auth_s": ("s", "of them at the auth service", "그중 인증 서비스"),
    "logins_per_s": ("", "log-ins per second", "초당 로그인"),
    "login_cpu_us": ("us", "server CPU us per log-in, leaving included", "로그인당 서버 CPU us (퇴장 포함)"),
    "start_ms": ("ms", "start-up ms", "시작 ms"),
}


LATENCIES = ("p50_ms", "p99_ms", "p999_ms")
COSTS = ("cpu_us", "cores", "switches", "calls", "allocations")


def heading(figure, lang):
    return FIGURES[figure][1 if lang == "en" else 2]


def number(figure, value):
    """A value as the tables show it: three digits that mean something."""
    if FIGURES[figure][0] == "M":
        value /= 1e6
    return plain(value)


def plain(value):
    if value == 0:
        return "0"
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 0.1 else f"{value:.3g}"


class Cell:
    def __init__(self, measure, case, subject):
        self.measure, self.case, self.subject = measure, case, subject
        self.runs = []

    def values(self, figure):
        return [run["figures"][figure] for run in self.runs if figure in run["figures"]]

    @property
    def at_least(self):
        """The generator was the limit in some round: the figure may be larger."""
        return any(run.get("at_least") for run in self.runs)

    @property
    def error(self):
        """Of a round that has none of the figures; None when all have."""
        return next((run["error"] for run in self.runs if run.get("error")), None)

    @property
    def late(self):
        """The generator was late in some round: latencies may be smaller."""
        return any(run.get("late") for run in self.runs)

    @property
    def strained(self):
        """In some round the load was not carried as it came: what a delivery costs then says nothing of that load."""
        return any(run.get("note") for run in self.runs)

    @property
    def remark(self):
        """What is to be known of its runs, in a few words; "" when there is nothing."""
        said = dict.fromkeys(run.get("error") or run.get("note") or "" for run in self.runs)
        return "; ".join(text for text in said if text)

    def text(self, figure):
        """Median and spread, or a dash. A star: the generator was late itself, and latencies have that in them."""
        values = self.values(figure)
        if not values:
            return "-"
        middle, low, high = bench_stats.spread(values)
        mark = ">= " if self.at_least and figure == "deliveries_per_s" else ""
        rounds = f" ({number(figure, low)}..{number(figure, high)})" if len(values) > 1 else ""
        late = "*" if figure in LATENCIES and self.late else ""
        return f"{mark}{number(figure, middle)}{late}{rounds}"


class Table:
    """`data`: the JSON object of a result, see bench_book.py."""

    def __init__(self, data):
        self.data = data
        found = {}
        for run in data["runs"]:
            key = (run["measure"], run["case"], run["subject"])
            found.setdefault(key, Cell(*key)).runs.append(run)
        self._cells = found
        self.cells = list(found.values())

    def cell(self, measure, case, subject):
        return self._cells.get((measure, case, subject))

    def measures(self):
        """The measures that have been tried, in the plan's order."""
        there = {c.measure for c in self.cells}
        return [m for m in bench_plan.MEASURES.values() if m.name in there]

    def cases(self, measure):
        return list(dict.fromkeys(c.case for c in self.cells if c.measure == measure.name))

    def subjects(self, measure, case):
        """In the order of the plan's table (a round begins with somebody else each time)."""
        there = [c.subject for c in self.cells if c.measure == measure.name and c.case == case]
        order = list(dict.fromkeys(name for c in measure.cases["full"] + measure.cases["quick"] for name in c.subjects))
        return sorted(there, key=lambda n: (order.index(n.partition("@")[0]) if n.partition("@")[0] in order else len(order), n))

    def points(self, measure, subject, figure):
        """[(clients, value)] of all rounds of all cases."""
        return [(run["clients"], value) for c in self.cells if c.measure == measure and c.subject == subject
                for run in c.runs for value in [run["figures"].get(figure)] if value is not None]

    def ratio(self, measure, case, subject, figure, reference=None):
        """(ratio, low, high) to the measure's reference; None without it."""
        other = self.cell(measure.name, case, reference or measure.reference)
        mine = self.cell(measure.name, case, subject)
        if other is None or other is mine or not other.values(figure) or not mine.values(figure):
            return None
        return bench_stats.ratio_interval(mine.values(figure), other.values(figure), self.data["seed"])

    def rows(self, measure):
        """[[case, subject, figures.., ratio, remark]] as texts."""
        out = []
        for case in self.cases(measure):
            for subject in self.subjects(measure, case):
                cell, ratio = self.cell(measure.name, case, subject), self.ratio(measure, case, subject, measure.figures[0])
                out.append([case, subject, *(cell.text(f) for f in measure.figures), interval(ratio), cell.remark])
        return out


def interval(found):
    return "" if found is None else f"{found[0]:.2f} ({found[1]:.2f}..{found[2]:.2f})"
