"""What a run of tests did not test: nothing is left out in silence.

A GoogleTest case that is skipped says why (and so does Python's unittest), a scenario prints a line "skipped: REASON"; CMake says while it configures
which optional part a stage does without. All of it is named at the end, with the package that brings what is missing."""

import re
import xml.etree.ElementTree as xml

from . import build, console, packages

_CASE = re.compile(r"^[^\n]*: Skipped\n(?P<why>.*?)\n+\[  SKIPPED \] (?P<case>\S+)", re.M | re.S)
_UNITTEST = re.compile(r"\.\.\. skipped (['\"])(?P<why>.*)\1$", re.M)
_SCENARIO = re.compile(r"^\s*skipped: (?P<why>.+)$", re.M)
_ABSENT = re.compile(r"^-- (?P<stage>stage\d\d): (?P<what>.*\(Debian: [\w +.-]+\).*)$", re.M)
# Depends on the rights of who runs the tests, not on what is installed.
_RIGHTS = "not permitted here"


class Skip:
    """One reason, and the tests that it kept from running."""

    def __init__(self, why):
        self.why = why
        self.tests = {}  # name -> number of cases

    @property
    def package(self):
        return " ".join(packages.bringing(self.why))

    @property
    def excused(self):
        # The Windows build does without some libraries by design; nothing that could be installed changes that.
        without = self.why.startswith("this build has no ") and all(name.startswith("windows.") for name in self.tests)
        return _RIGHTS in self.why or without


def collect(repo, junit, configs):
    """Everything that was left out, by reason."""
    found = {}

    def note(why, test):
        why = " ".join(why.split())
        skip = found.setdefault(why, Skip(why))
        skip.tests[test] = skip.tests.get(test, 0) + 1

    try:
        cases = list(xml.parse(junit).getroot().iter("testcase"))
    except (OSError, xml.ParseError):
        cases = []
    for case in cases:
        out = case.find("system-out")
        text = (out.text or "" if out is not None else "").replace("\r\n", "\n")
        for pattern in (_CASE, _SCENARIO, _UNITTEST):
            for match in pattern.finditer(text):
                note(match.group("why"), case.get("name"))
        if case.get("status") == "notrun":
            note("CTest did not run it", case.get("name"))
    for config in configs:
        log = build.log_file(repo, f"{config}-configure")
        text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
        for match in _ABSENT.finditer(text):
            note(match.group("what"), f"{config}.{match.group('stage')}")
    return list(found.values())


def report(skips, strict):
    """Names them. Returns False when a run that has to be complete was not."""
    if not skips:
        return True
    console.say()
    console.say("not tested here:")
    for skip in skips:
        number = sum(skip.tests.values())
        where = sorted(skip.tests)
        console.say(f"  {skip.why}" + (f"; apt-get install {skip.package}" if skip.package and skip.package not in skip.why else ""))
        console.say(f"    {number} time{'s' * (number > 1)}: {' '.join(where[:3])}{' ...' * (len(where) > 3)}")
    missing = [s for s in skips if not s.excused]
    if strict and missing:
        console.error("this run has to be complete: the tests above were skipped")
        return False
    return True
