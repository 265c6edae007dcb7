"""notes/*/first_session.md is what comes out: the session is really done, on the real stage 03, in a copy of the repository.

    python3 tools/tests/test_first_session.py --write [ko] [en]     does it and writes the pages' blocks anew

A block below `<!-- session -->` is a command behind `$` and what it prints; `<!-- session 3+5 -->`: only the first three lines and
the last five. `<!-- save wrong -->` and `<!-- save right -->` stand where the student saves. What differs from run to run (times,
where the folder is) is written as one and the same."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from course.model import Repo  # noqa: E402

FILE = "03_recv_reassembly/src/net/ring_buffer.h"
RIGHT = "    if (free_size() == 0) return 0;\n    const std::uint32_t rear = Wrap(front_ + size_);\n"
WRONG = "    const std::uint32_t rear = Wrap(front_ + size_);\n    if (rear == front_) return 0;\n"
LANGUAGES = ("en", "ko")
_STEP = re.compile(r"<!-- (?:save (?P<save>wrong|right)|session(?: (?P<head>\d+)\+(?P<tail>\d+))?) -->\n(?:\n?```console\n\$ (?P<command>.*)\n(?P<shown>(?s:.*?))```\n)?")


def page(lang):
    return ROOT / "notes" / lang / "first_session.md"


def normal(text, root):
    """The output as the page shows it."""
    lines = [line for line in text.replace(str(root), "/home/me/course").splitlines()
             if not re.match(r"  .*: (\d+m)?\d+s( |$)|\d\d\.\d: (reads the build files|builds|runs|빌드|\S+ 실행 중)|stage 03: ", line)]
    text = "".join(line.rstrip() + "\n" for line in lines)
    text = re.sub(r"\((\d+m)?\d+(\.\d+)?( ?m?s|초)\)( \d+ s of processor time)?", "(...)", text)
    return re.sub(r'("execution_time": )\d+', r"\1...", text)


def cut(text, head, tail):
    lines = text.splitlines(keepends=True)
    if head is None or len(lines) <= int(head) + int(tail):
        return text
    return "".join(lines[:int(head)] + ["...\n"] + lines[len(lines) - int(tail):])


class Session:
    """One walk through a page in the copy."""

    def __init__(self, root, lang):
        self.root, self.lang = root, lang
        for folder in ("work", "build/watch"):
            shutil.rmtree(root / folder, ignore_errors=True)

    def step(self, match):
        if match["save"]:
            text = (self.root / FILE).read_text(encoding="utf-8")
            assert RIGHT in text, f"{FILE} is another one: what the session gets wrong there has to be written anew"
            wrong = text.replace(RIGHT, WRONG)
            (self.root / "work" / FILE).write_text(wrong if match["save"] == "wrong" else text, encoding="utf-8")
            return match[0]
        environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "COURSE_SEED")}
        out = subprocess.run(match["command"], shell=True, cwd=self.root, env={**environment, "COURSE_LANG": self.lang},
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.errors = out.stderr.decode("utf-8", "replace")
        shown = cut(normal(out.stdout.decode("utf-8"), self.root), match["head"], match["tail"])
        return match[0][:match.start("shown") - match.start()] + shown + "```\n"


def copy(folder):
    """What a clone of this state would have."""
    root = pathlib.Path(folder).resolve() / "course"
    for path in Repo(ROOT).files():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, root / path)
    return root


@unittest.skipIf(os.name == "nt" or not all(map(shutil.which, ("cmake", "ninja", "g++"))), "needs Linux, cmake, ninja and g++")
class FirstSessionTest(unittest.TestCase):
    maxDiff = None

    def test_the_pages_show_what_comes_out(self):
        with tempfile.TemporaryDirectory(prefix="course-session-") as folder:
            root = copy(folder)
            for lang in LANGUAGES:  # the second one builds hardly anything anew
                text, session = page(lang).read_text(encoding="utf-8"), Session(root, lang)
                self.assertIn(WRONG.splitlines()[1].strip(), text, "the page shows what is saved first")
                for match in _STEP.finditer(text):
                    with self.subTest(lang=lang, command=match["command"]):
                        self.assertEqual(match[0], session.step(match), getattr(session, "errors", ""))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        with tempfile.TemporaryDirectory(prefix="course-session-") as scratch:
            whole = copy(scratch)
            for language in sys.argv[2:] or LANGUAGES:
                written = _STEP.sub(Session(whole, language).step, page(language).read_text(encoding="utf-8"))
                page(language).write_text(written, encoding="utf-8")
        sys.exit()
    unittest.main()
