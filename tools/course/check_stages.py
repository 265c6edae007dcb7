"""Checks that compare neighbouring stages with what course.toml declares."""

import difflib
import os
import re

from . import globs, lesson
from .carry_plan import is_binary

_TEST_LINE = re.compile(r"^\s*stage_(unit|scenario)_test\(\s*(\w+)", re.M)
_GTEST_CASE = re.compile(r"^\s*(?:TEST|TEST_F|TEST_P|TYPED_TEST)\(\s*(\w+)\s*,\s*(\w+)\s*\)", re.M)
_CATCH_CASE = re.compile(r'^\s*(?:SCENARIO|TEST_CASE)\(\s*"((?:[^"\\]|\\.)+)"', re.M)
_FOREACH = re.compile(r"foreach\(\s*(\w+)\s+((?!IN\b)[^()]*)\)(.*?)endforeach\([^)]*\)", re.S)
_CODE = (".h", ".hpp", ".cc", ".cpp", ".c", ".cmake", ".txt", ".py", ".proto", ".j2", ".toml", ".sql", ".js", ".html",
         ".css", ".sh")


def _read(stage, path):
    return (stage.path / path).read_bytes()


def _mode(stage, path):
    return os.access(stage.path / path, os.X_OK)


class Comparison:
    """The real difference between a stage and the one before it."""

    def __init__(self, repo, before, stage):
        self.before, self.stage = before, stage
        old, new = set(before.lesson_files()), set(stage.lesson_files())
        self.renamed = {n: e.get("from", "") for n, e in stage.renamed.items()
                        if n in new and e.get("from", "") in old and e.get("from", "") not in new}
        sources = set(self.renamed.values())
        self.new = sorted(new - old - set(self.renamed))
        self.removed = sorted(old - new - sources)
        self.changed = sorted(p for p in old & new
                              if _read(before, p) != _read(stage, p) or _mode(before, p) != _mode(stage, p))
        self.numbered = [p for p in self.changed if p in repo.numbered_files]

    def pairs(self):
        """(old path, new path) of every file that both have and that differs."""
        return ([(p, p) for p in self.changed]
                + [(o, n) for n, o in sorted(self.renamed.items()) if _read(self.before, o) != _read(self.stage, n)])


def differences(repo):
    problems, notes = [], []
    for stage in repo.stages.values():
        if not stage.present and stage.folder and (repo.root / stage.folder).is_dir():
            notes.append(f"{stage.folder} has no CMakeLists.txt yet: counts as not there")
    stage_folders = {s.folder for s in repo.stages.values()}
    for folder in sorted(p.name for p in repo.root.glob("0[0-9]_*") if p.is_dir()):
        if folder not in stage_folders:
            problems.append(f"course.toml declares no stage {folder}")
    for before, stage in repo.neighbours():
        problems += _undeclared(Comparison(repo, before, stage))
    for stage in repo.present():
        problems += _foreign_folders(repo, stage)
    return problems, notes


def _foreign_folders(repo, stage):
    """A stage is complete in itself: its code does not name another stage's folder."""
    others = [s.folder for s in repo.stages.values() if s is not stage and s.folder]
    problems = []
    for path in stage.lesson_files():
        if not path.endswith(_CODE):
            continue
        text = (stage.path / path).read_text(encoding="utf-8", errors="replace")
        problems += [f"{stage.folder}/{path} names {o}: a stage stands alone" for o in others if o in text]
    return problems


def _grouped(paths, most=6):
    """The paths; many of one folder become one line."""
    by_folder = {}
    for path in paths:
        by_folder.setdefault(os.path.dirname(path), []).append(path)
    lines = []
    for folder, inside in by_folder.items():
        lines += inside if len(inside) <= most else [f"{folder}/ ({len(inside)} files, {os.path.basename(inside[0])} ...)"]
    return lines


def _undeclared(real):
    stage, problems = real.stage, []
    in_steps = set(lesson.of(stage).files())  # declared, with a reason, where the lesson reads them
    where = f"[stage.{stage.number}."
    for kind, paths, declared in (("new", real.new, stage.new), ("changed", real.changed, stage.changed),
                                  ("removed", real.removed, stage.removed)):
        undeclared = [p for p in paths if not (kind == "changed" and p in real.numbered)
                      and p not in in_steps and not globs.first_match(declared, p)]
        problems += [f"{stage.folder}/{what}: {kind} since {real.before.number}, not declared in {where}{kind}]"
                     for what in _grouped(undeclared)]
        candidates = paths + (real.numbered if kind == "changed" else [])
        for pattern, reason in declared.items():
            if not str(reason).strip():
                problems.append(f"course.toml {where}{kind}] \"{pattern}\" has no reason")
            if not any(globs.matches(pattern, p) for p in candidates):
                problems.append(f"course.toml {where}{kind}] \"{pattern}\" matches no {kind} file")
    for new, entry in stage.renamed.items():
        if new not in real.renamed:
            problems.append(f"course.toml {where}renamed] \"{new}\": no such rename from {entry.get('from')}")
        if not entry.get("why"):
            problems.append(f"course.toml {where}renamed] \"{new}\" has no 'why'")
    return problems


def changed_lines(old, new):
    """Lines a reader of the difference has to look at: a replaced line counts once."""
    a, b = old.splitlines(), new.splitlines()
    count = 0
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag != "equal":
            count += max(i2 - i1, j2 - j1)
    return count


def lesson_size(repo, before, stage):
    """{path: changed lines} of the hand-written files that both stages have."""
    sizes = {}
    for old_path, path in Comparison(repo, before, stage).pairs():
        old, new = _read(before, old_path), _read(stage, path)
        if not path.endswith(_CODE) or is_binary(old) or is_binary(new):
            continue
        count = changed_lines(old.decode("utf-8", "replace"), new.decode("utf-8", "replace"))
        if count:
            sizes[path] = count
    return sizes


def budgets(repo):
    problems, notes = [], []
    for before, stage in repo.neighbours():
        sizes = lesson_size(repo, before, stage)
        total = sum(sizes.values())
        if stage.budget > repo.default_budget and not stage.budget_reason:
            problems.append(f"course.toml [stage.{stage.number}] has a budget of {stage.budget} and no budget_reason")
        text = f"{before.number} -> {stage.number}: {total} changed lines of {stage.budget}"
        if total > stage.budget:
            top = sorted(sizes.items(), key=lambda s: -s[1])[:5]
            problems.append(text + " (most in " + ", ".join(f"{p}: {n}" for p, n in top) + ")")
        else:
            notes.append(text)
    return problems, notes


def _unrolled(text):
    """CMake text with its foreach loops over plain words written out."""
    def write_out(match):
        variable, words, body = match.groups()
        return "".join(body.replace(f"${{{variable}}}", word) for word in words.split())
    return _FOREACH.sub(write_out, text)


def registered_tests(stage):
    """{"unit.NAME", "scenario.NAME"} that the stage's CMake files register."""
    found = set()
    for path in stage.files():
        if path.endswith(".cmake") or path.endswith("CMakeLists.txt"):
            if path.startswith("support/cmake/"):
                continue
            text = (stage.path / path).read_text(encoding="utf-8", errors="replace")
            found |= {f"{kind}.{name}" for kind, name in _TEST_LINE.findall(_unrolled(text))}
    return found


def cases(stage, path):
    text = (stage.path / path).read_text(encoding="utf-8", errors="replace")
    return {f"{suite}.{case}" for suite, case in _GTEST_CASE.findall(text)} | set(_CATCH_CASE.findall(text))


def carried_tests(repo):
    problems = []
    for before, stage in repo.neighbours():
        gone = registered_tests(before) - registered_tests(stage)
        # A file that goes away as a whole is declared under `removed`; here: cases lost from files that stay.
        sources = {s: [p for p in s.files() if p.startswith("tests/") and p.endswith(".cc")] for s in (before, stage)}
        cases_now = set().union(*(cases(stage, p) for p in sources[stage]))
        cases_before = set().union(*(cases(before, p) for p in sources[before] if p in sources[stage]))
        lost_cases = cases_before - cases_now
        for name in sorted(gone | lost_cases):
            if not globs.first_match(stage.retired, name):
                problems.append(f"{stage.folder}: {name} of stage {before.number} is gone; carry it or declare it in "
                                f"[stage.{stage.number}.retired]")
        for name, reason in stage.retired.items():
            if not str(reason).strip():
                problems.append(f"course.toml [stage.{stage.number}.retired] \"{name}\" has no reason")
            if not any(globs.matches(name, t) for t in gone | lost_cases):
                problems.append(f"course.toml [stage.{stage.number}.retired] \"{name}\": no such test went away")
    return problems, []
