"""A graded submission as text, Gradescope's results.json, JUnit XML, Markdown or CSV."""

import csv
import io
import json
import re
import xml.etree.ElementTree as xml

from . import console, grading

FORMATS = ("text", "gradescope", "junit", "markdown", "csv")
_MARKS = {"passed": "ok"}
_MOST_IGNORED = 12


def render(form, stage, graded):
    return {"text": text, "gradescope": gradescope, "junit": junit, "markdown": markdown, "csv": table}[form](stage, graded)


def headline(stage, graded):
    return f"stage {stage.name}, {graded.name}: {grading.score(graded)} of {grading.possible(graded)} points"


def _ignored(graded):
    shown = list(graded.ignored[:_MOST_IGNORED])
    if len(graded.ignored) > _MOST_IGNORED:
        shown.append(f"and {len(graded.ignored) - _MOST_IGNORED} more")
    return shown


def text(stage, graded):
    lines = [headline(stage, graded)]
    if graded.problem:
        return "\n".join(lines + [f"  {graded.problem}"]) + "\n"
    rows = [(t.id, f"{t.points}/{t.possible}", _MARKS.get(t.state, t.state), t.title) for t in graded.tasks]
    lines.append(console.table(rows))
    for task in graded.tasks:
        if task.reason:
            lines += ["", f"{task.id} {task.title}: {task.state}", f"  {task.reason}"]
        lines += ["  | " + l for l in task.details.splitlines()]
    if graded.ignored:
        lines += ["", "not looked at (the course's own is graded):", *("  " + i for i in _ignored(graded))]
    return "\n".join(lines) + "\n"


def markdown(stage, graded):
    lines = [f"# {_escape(headline(stage, graded))}", ""]
    if graded.problem:
        return "\n".join(lines + [_escape(graded.problem)]) + "\n"
    lines += ["| task | | points | |", "|---|---|---|---|"]
    lines += [f"| {t.id} | {_escape(t.title)} | {t.points}/{t.possible} | {t.state} |" for t in graded.tasks]
    for task in graded.tasks:
        if task.reason:
            lines += ["", f"## {task.id} {_escape(task.title)}: {task.state}", "", _escape(task.reason)]
        if task.details:
            fence = "`" * max(3, 1 + max((len(m) for m in re.findall("`+", task.details)), default=0))
            lines += ["", fence, task.details, fence]
    if graded.ignored:
        lines += ["", "Not looked at (the course's own is graded):", ""] + [f"- {_escape(i)}" for i in _ignored(graded)]
    return "\n".join(lines) + "\n"


def _escape(words):
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", words)


def gradescope(stage, graded):
    """The documented fields of https://gradescope-autograders.readthedocs.io/en/latest/specs/"""
    told = headline(stage, graded)
    if graded.problem:
        told += f"\n{graded.problem}"
    if graded.ignored:
        told += "\nnot looked at (the course's own is graded):\n" + "\n".join(_ignored(graded))
    tests = [{"score": t.points, "max_score": t.possible, "status": "passed" if t.state == "passed" else "failed",
              "name": f"{t.id} {t.title}", "number": t.id, "output": _plain("\n".join(filter(None, (t.reason, t.details)))),
              "output_format": "text", "tags": [t.state], "visibility": "visible"} for t in graded.tasks]
    result = {"score": grading.score(graded), "execution_time": round(graded.seconds), "output": _plain(told), "output_format": "text",
              "visibility": "visible", "stdout_visibility": "hidden", "tests": tests}
    return json.dumps(result, indent=2, ensure_ascii=False) + "\n"


def junit(stage, graded):
    suite = xml.Element("testsuite", name=f"stage{stage.number}", tests=str(len(graded.tasks)), errors="0", skipped="0",
                        failures=str(sum(t.state != "passed" for t in graded.tasks)), time=f"{graded.seconds:.1f}")
    for task in graded.tasks:
        case = xml.SubElement(suite, "testcase", classname=f"stage{stage.number}", name=f"{task.id} {_xml(task.title)}", time="0")
        if task.state != "passed":
            failure = xml.SubElement(case, "failure", message=_xml(task.reason), type=task.state)
            failure.text = _xml(task.details)
    out = xml.SubElement(suite, "system-out")
    out.text = _xml(headline(stage, graded) + (f"\n{graded.problem}" if graded.problem else ""))
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(suite, encoding="unicode") + "\n"


def _plain(words):
    """Without what is no character: a program under test prints what it likes."""
    return words.encode("utf-8", "replace").decode("utf-8")


def _xml(words):
    return re.sub("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", _plain(words))


def columns(stage_tasks):
    return ["submission", "points", "of", *(t.id for t in stage_tasks), "remarks"]


def row(graded):
    """Points of the tasks; the remarks say of each task that did not pass how it ended."""
    remarks = [f"{t.id} {t.state}" for t in graded.tasks if t.state not in ("passed", "failed", "not written")]
    return [_cell(graded.name), grading.score(graded), grading.possible(graded), *(t.points for t in graded.tasks),
            _cell(graded.problem or "; ".join(remarks))]


def _cell(words):
    """A spreadsheet may not take a name for a formula."""
    words = _plain(words)
    return "'" + words if words[:1] in ("=", "+", "-", "@", "\t", "\r") else words


def csv_text(rows):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def table(stage, graded):
    del stage
    return csv_text([columns(graded.tasks), row(graded)])
