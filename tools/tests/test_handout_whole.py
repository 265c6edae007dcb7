"""The course's own hand-outs: in each, the quick checks find nothing."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from course import check, handout  # noqa: E402
from course.model import Repo  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]


class WholeTest(unittest.TestCase):
    def holds(self, number, parts=()):
        repo = Repo(ROOT)
        with tempfile.TemporaryDirectory(prefix="course-handout-") as folder:
            given, target = handout.Handout(repo, repo.stages[number], parts), pathlib.Path(folder) / "out"
            given.make(target)
            made = Repo(target)
            found = [f"{name}: {problem}" for name, entry in check.CHECKS.items() if not entry[1] and name != "format"
                     for problem in entry[0](made)[0]]
            self.assertEqual([], found)
            self.formatted(given, target)
            self.bugs_have_no_name(given, target)

    def formatted(self, given, target):
        """What a student starts with: all other files are the course's, which has this check itself."""
        tool = shutil.which("clang-format")
        files = sorted({f"{given.stage.folder}/{t.file}" for t in given.stage.tasks if t.file.endswith((".h", ".cc"))})
        if tool:
            out = subprocess.run([tool, "--dry-run", "-Werror", *files], cwd=target, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            self.assertEqual(b"", out.stdout)

    def bugs_have_no_name(self, given, target):
        """An exhibit's name says what the mistake is; a link to its page would, too."""
        names = [t.exhibit for t in given.stage.tasks if t.is_bug]
        for file in (p for p in target.rglob("*") if p.is_file() and p.suffix in (".md", ".toml")):
            text = file.read_text(encoding="utf-8")
            for name in names:
                self.assertNotIn(f"{given.stage.number}-{name}", text, file)
                self.assertNotIn(f'"{name}"', text, file)
                self.assertNotIn(f"[{name}]", text, file)


def _add(label, number, parts=()):
    setattr(WholeTest, f"test_{label}", lambda self: self.holds(number, parts))


for _stage in Repo(ROOT).present():
    _add(_stage.number, _stage.number)
for _parts in (["07b", "07c"],):  # with parts before and behind them that are whole
    _add("_".join(_parts), "07", _parts)


if __name__ == "__main__":
    unittest.main()
