"""What came out of the mutants: tables by operator and by file, survivors with their change. As text, JSON or Markdown."""

import collections
import json

from . import console, mutate_points

FORMATS = ("text", "json", "markdown")
_COLUMNS = ("", "mutants", "killed", "survived", "killed %")
_BESIDE = {"equivalent": "change nothing (their reasons: tools/mutants/{number}.toml)", "broken": "do not compile",
           "order": "weaken a memory order (only --with tsan tries them)", "open": "not tried"}


class Report:
    def __init__(self, stage, mutants, book, cpu=0.0, unfit=None):
        self.stage, self.mutants, self.book, self.cpu, self.unfit = stage, mutants, book, cpu, unfit or {}
        self.states = collections.Counter(book.state(m) for m in mutants)
        self.survivors = [m for m in mutants if book.state(m) == "survived"]

    def percent(self):
        """Of those that count; None when none does."""
        return _percent(self.states)

    def headline(self):
        counted = self.states["killed"] + self.states["survived"]
        if not counted:
            return f"stage {self.stage.number}: no mutant was tried"
        return f"stage {self.stage.number}: {self.states['killed']} of {counted} mutants killed, {self.percent():.1f} %"

    def beside(self):
        """What does not count."""
        return [f"{self.states[state]} {text.format(number=self.stage.number)}" for state, text in _BESIDE.items() if self.states[state]]

    def tables(self):
        """[(title, [row])]."""
        found = []
        for title, of, order in (("operator", lambda m: m.operator, list(mutate_points.OPERATORS)),
                                 ("file", lambda m: m.file, list(dict.fromkeys(m.file for m in self.mutants)))):
            counts = collections.defaultdict(collections.Counter)
            for mutant in self.mutants:
                counts[of(mutant)][self.book.state(mutant)] += 1
            rows = [_row(name, counts[name]) for name in order if counts[name]["killed"] + counts[name]["survived"]]
            if rows:
                found.append((title, rows + [_row("all", self.states)]))
        return found


def _percent(states):
    counted = states["killed"] + states["survived"]
    return 100.0 * states["killed"] / counted if counted else None


def _row(name, states):
    return (name, str(states["killed"] + states["survived"]), str(states["killed"]), str(states["survived"]), f"{_percent(states):.0f}")


def render(form, report):
    return {"text": _text, "json": _json, "markdown": _markdown}[form](report)


def _text(report):
    lines = []
    for mutant in report.survivors:
        how = report.book.get(mutant).get("how", "")
        lines += [f"survived: {mutant.id}" + (f" ({how})" if how else ""), _indented(mutant.diff()), ""]
    for title, rows in report.tables():
        lines += [console.table(rows, (title, *_COLUMNS[1:])), ""]
    lines += [f"not counted: {text}" for text in report.beside()]
    lines += [f"left out: {spec}: {why}" for spec, why in report.unfit.items()]
    tail = f" ({report.cpu:.0f} s of processor time)" if report.cpu else ""
    return "\n".join([*lines, report.headline() + tail]) + "\n"


def _indented(diff):
    return "\n".join("  " + line for line in diff.splitlines()[2:])  # the name of the file is in the line above


def _json(report):
    entries = []
    for mutant in report.mutants:
        result = report.book.get(mutant)
        entries.append({"id": mutant.id, "file": mutant.file, "line": mutant.line, "operator": mutant.operator, "from": mutant.old,
                        "to": mutant.new, "state": report.book.state(mutant), "by": result.get("by", ""), "how": result.get("how", ""),
                        "with": result.get("config", ""), "why": mutant.why})
    percent = report.percent()
    return json.dumps({"stage": report.stage.number, "killed": report.states["killed"], "survived": report.states["survived"],
                       "percent": None if percent is None else round(percent, 1),
                       "not counted": {state: report.states[state] for state in _BESIDE if report.states[state]},
                       "mutants": entries}, indent=1, ensure_ascii=False) + "\n"


def _markdown(report):
    lines = [f"# {report.headline()}", ""]
    for title, rows in report.tables():
        header = (title, *_COLUMNS[1:])
        lines += ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
        lines += ["| " + " | ".join(row) + " |" for row in rows] + [""]
    lines += [f"- not counted: {text}" for text in report.beside()]
    if report.survivors:
        lines += ["", "## Survivors", ""]
    for mutant in report.survivors:
        how = report.book.get(mutant).get("how", "")
        lines += [f"`{mutant.id}`" + (f" ({how})" if how else ""), "", "```diff", *mutant.diff().splitlines()[2:], "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def listing(form, mutants):
    """--list: the mutants themselves."""
    if form == "json":
        return json.dumps([{"id": m.id, "from": m.old, "to": m.new, "why": m.why} for m in mutants], indent=1, ensure_ascii=False) + "\n"
    if form == "markdown":
        return "\n".join(["| id | from | to |", "|---|---|---|"] + [f"| {m.id} | `{_cell(m.old)}` | `{_cell(m.new)}` |" for m in mutants]) + "\n"
    lines = [f"{m.id}\n    - {m.old}\n    + {m.new}" + (f"\n    changes nothing: {m.why}" if m.why else "") for m in mutants]
    counts = collections.Counter(m.operator for m in mutants)
    return "\n".join([*lines, f"{len(mutants)} mutants: " + ", ".join(f"{counts[o]} {o}" for o in mutate_points.OPERATORS if counts[o])]) + "\n"


def _cell(text):
    return text.replace("|", "\\|")
