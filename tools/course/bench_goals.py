"""The goals (tools/bench/goals.toml) and the verdict on each: met, not met, or not decidable at this noise."""

from . import bench_plan, bench_stats, bench_subjects, bench_table
from .errors import CourseError
from .model import tomllib

MET, NOT_MET, OPEN, MISSING = "met", "not met", "not decidable", "not measured"
LEAST_ROUNDS = 3
_KEYS = {"id": str, "en": str, "ko": str, "kind": str, "measure": str, "figure": str, "subject": str, "op": str, "limit": float}
_OPTIONS = {"cases": list, "against": str, "against_case": str, "least_rounds": int, "needs_cores": int, "overload": bool}


class Goal:
    def __init__(self, data, case):
        self.kind, self.measure, self.figure, self.subject = data["kind"], data["measure"], data["figure"], data["subject"]
        self.case, self.op, self.limit = case, data["op"], data["limit"]
        self.id = f"{data['id']} {case}".strip()
        self.text = {lang: data[lang] for lang in ("en", "ko")}
        self.against, self.against_case = data.get("against"), data.get("against_case", case)
        self.least_rounds = data.get("least_rounds", LEAST_ROUNDS)
        self.needs_cores = data.get("needs_cores", 0)
        self.overload = data.get("overload", False)


class Verdict:
    """`value` with its interval (None: there is none), and why it is not decided."""

    def __init__(self, goal, word, value=None, low=None, high=None, why=""):
        self.goal, self.word, self.value, self.low, self.high, self.why = goal, word, value, low, high, why


def load(file):
    """[Goal] of the file; the error says where it is wrong."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CourseError(f"{file} is missing") from None
    except tomllib.TOMLDecodeError as e:
        raise CourseError(f"{file}: {e}") from None
    found = []
    for entry in data.get("goal", []):
        _check(file, entry)
        found += [Goal(entry, case) for case in entry.get("cases", [""])]
    return found


def _check(file, entry):
    where = f"{file}: goal {entry.get('id', 'without id')}"
    for key, kind in {**_KEYS, **_OPTIONS}.items():
        if key in entry and not isinstance(entry[key], kind) or key in _KEYS and key not in entry:
            raise CourseError(f"{where}: '{key}' must be there and be of type {kind.__name__}")
    unknown = [k for k in entry if k not in {**_KEYS, **_OPTIONS}]
    if unknown:
        raise CourseError(f"{where}: unknown key '{unknown[0]}'")
    measure = bench_plan.MEASURES.get(entry["measure"])
    if not measure or entry["figure"] not in measure.figures:
        raise CourseError(f"{where}: no measure {entry['measure']} with a figure {entry['figure']}")
    cases = {c.name: c for c in measure.cases["full"]}
    for name in [*entry.get("cases", []), *([entry["against_case"]] if "against_case" in entry else [])]:
        if name not in cases:
            raise CourseError(f"{where}: the measure {measure.name} has no case '{name}'")
    if entry["kind"] not in ("ratio", "value", "growth") or (entry["kind"] == "ratio") != ("against" in entry) \
            or (entry["kind"] == "growth") == ("cases" in entry) or entry["op"] not in _HOLDS:
        raise CourseError(f"{where}: kind, against, cases or op do not fit together")
    for name in (entry["subject"], entry.get("against", entry["subject"])):
        if name not in bench_subjects.SUBJECTS:
            raise CourseError(f"{where}: no subject '{name}'")


_HOLDS = {">=": lambda v, limit: v >= limit, "<=": lambda v, limit: v <= limit, ">": lambda v, limit: v > limit, "<": lambda v, limit: v < limit}


def decide(op, limit, low, high, more=False, less=False):
    """The word for an interval. `more`: the true value may be any larger one (the generator limited it); `less`: any smaller one."""
    low = -float("inf") if less else low
    high = float("inf") if more else high
    held = [_HOLDS[op](end, limit) for end in (low, high)]
    return MET if all(held) else OPEN if any(held) else NOT_MET


def verdict(goal, table, seed, cores):
    """`table`: bench_table.Table of the run."""
    mine = table.cell(goal.measure, goal.case, goal.subject) if goal.kind != "growth" else None
    if goal.kind == "growth":
        return _growth(goal, table)
    values = mine.values(goal.figure) if mine else []
    if not values:
        return _without(goal, mine)
    if goal.needs_cores > cores:
        return Verdict(goal, OPEN, why=f"cores:{goal.needs_cores}")
    other, latency = None, goal.figure in bench_table.LATENCIES
    if goal.kind == "value":
        low, high = bench_stats.median_interval(values, seed)
        value, rounds = bench_stats.spread(values)[0], len(values)
        more, less = mine.at_least, latency and mine.late
    else:
        other = table.cell(goal.measure, goal.against_case, goal.against)
        under = other.values(goal.figure) if other else []
        if not under:
            return _without(goal, other)
        found = bench_stats.ratio_interval(values, under, seed)
        if found is None:
            return Verdict(goal, OPEN, why="zero")
        (value, low, high), rounds = found, min(len(values), len(under))
        more, less = mine.at_least or latency and other.late, other.at_least or latency and mine.late
    if rounds < goal.least_rounds:
        return Verdict(goal, OPEN, value, low, high, f"rounds:{rounds}")
    if goal.figure in bench_table.COSTS and not goal.overload and (mine.strained or other is not None and other.strained):
        return Verdict(goal, OPEN, value, low, high, "strained")
    word = decide(goal.op, goal.limit, low, high, more, less)
    return Verdict(goal, word, value, low, high, "generator" if word == OPEN and (more or less) else "")


def _without(goal, cell):
    error = cell.error if cell else None
    return Verdict(goal, OPEN if error else MISSING, why=error or "")


def _growth(goal, table):
    points = table.points(goal.measure, goal.subject, goal.figure)
    fit = bench_stats.growth([n for n, _ in points], [v for _, v in points]) if points else None
    if fit is None:
        errors = [c.error for c in table.cells if c.measure == goal.measure and c.subject == goal.subject and c.error]
        return Verdict(goal, OPEN if errors else MISSING, why=errors[0] if errors else "")
    exponent, error = fit
    low, high = exponent - 2 * error, exponent + 2 * error
    word = decide(goal.op, goal.limit, low, high)
    # Who failed at some size has not shown that it does not grow there.
    failed = [c.error for c in table.cells if c.measure == goal.measure and c.subject == goal.subject and c.error]
    if failed and word == MET:
        return Verdict(goal, OPEN, exponent, low, high, failed[0])
    return Verdict(goal, word, exponent, low, high)
