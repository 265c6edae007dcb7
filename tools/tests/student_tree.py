"""A made-up course with tasks, pages and an exhibit, for the tests of the student's commands."""

import os
import pathlib
from unittest import mock

from tree import CourseTree

from course import taskpage

ADD = """\
#pragma once
inline int Add(int a, int b) {
  // <student 01.1>
  return a + b;
  // </student>
}
inline int Twice(int a) {
  int twice = 0;
  // <student 01.2>
  twice = 2 * a;
  // </student>
  return twice;
}
"""
LIMIT = """\
inline bool Fits(int size, int limit) {
  // <student 01.3>
  if (size < 0) return false;
  return size <= limit;
  // </student>
}
"""
EXHIBIT = """\
The length is believed.
--- a/limit.h
+++ b/limit.h
@@ -1,6 +1,5 @@
 inline bool Fits(int size, int limit) {
   // <student 01.3>
-  if (size < 0) return false;
   return size <= limit;
   // </student>
 }
"""
SUB = """\
inline int Sub(int a, int b) {
  // <student 02.1>
  return a - b;
  // </student>
}
"""
TASK = """\
[[stage.{stage}.task]]
id = "{id}"
title = "{title}"
title_ko = "{ko}"
points = {points}
file = "{file}"
tests = {tests}
{more}
"""
# id, title, Korean title, points, file, more
TASKS = {
    "01": [("01.1", "Adding", "더하기", 40, "add.h", ""), ("01.2", "Doubling", "두 배", 20, "add.h", ""),
           ("01.3", "The limit", "한계", 40, "limit.h", 'kind = "bug"\nexhibit = "believed"')],
    "02": [("02.1", "Subtracting", "빼기", 100, "sub.h", "")],
}


def page(task_id, title, lang):
    """A page that says its sections' keys."""
    text = f"# {task_id} {title}\n"
    for key, heading in taskpage.SECTIONS.items():
        body = f"[chapter](../01.md#x) of {task_id}" if key == "note" else f"{key} of {task_id} in {lang}"
        text += f"\n## {heading[lang]}\n\n{body}\n"
    return text


class StudentTree(CourseTree):
    stages = ("01", "02")
    prefix = "내 강의 (1) "

    def setUp(self):
        super().setUp()
        for name in ("COURSE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
            patch = mock.patch.dict(os.environ)
            patch.start()
            self.addCleanup(patch.stop)
            os.environ.pop(name, None)
        self.write_all("add.h", ADD)
        self.write_all("limit.h", LIMIT)
        self.write("02", "sub.h", SUB)
        self.write_all("README.md", "[notes](../notes/en/01.md)\n")
        self.write("01", "tests/tests.cmake", "stage_unit_test(add tests/unit_add.cc)\n")
        self.write("02", "tests/tests.cmake", "stage_unit_test(add tests/unit_add.cc)\nstage_unit_test(sub tests/unit_sub.cc)\n")
        self.text("tools/museum/01/believed.patch", EXHIBIT)
        for lang in ("en", "ko"):
            self.text(f"notes/{lang}/01.md", "## x\n")
        self.tasks(TASKS)

    def text(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def tasks(self, tasks, pages=True):
        """course.toml with these tasks, and their pages."""
        text = ""
        for stage, entries in tasks.items():
            for task_id, title, ko, points, file, more in entries:
                tests = '["unit.sub"]' if file == "sub.h" else '["unit.add"]'
                text += TASK.format(stage=stage, id=task_id, title=title, ko=ko, points=points, file=file, tests=tests, more=more)
                for lang, name in (("en", title), ("ko", ko)) if pages else ():
                    self.text(f"notes/{lang}/tasks/{task_id}.md", page(task_id, name, lang))
        self.toml("")
        file = self.root / "course.toml"
        file.write_text(file.read_text(encoding="utf-8").replace('_one"\n', '_one"\npoints = 100\n').replace('_two"\n', '_two"\npoints = 100\n') + text,
                        encoding="utf-8")

    # -- the commands ----------------------------------------------------------------------------

    def do(self, *argv, code=0):
        got, out = self.course(*argv)
        self.assertEqual(code, got, out)
        return out

    def one_line(self, *argv, code=2):
        """What the command says when it cannot: one line."""
        out = self.do(*argv, code=code)
        self.assertEqual(1, out.count("\n"), out)
        self.assertTrue(out.startswith("course: "), out)
        return out

    def mine(self, stage, name=""):
        folder = {"01": "01_one", "02": "02_two"}[stage]
        return self.root / "work" / folder / name

    def read_mine(self, stage, name):
        return self.mine(stage, name).read_text(encoding="utf-8")

    def edit(self, stage, name, old, new):
        text = self.read_mine(stage, name)
        self.assertIn(old, text)
        self.mine(stage, name).write_text(text.replace(old, new), encoding="utf-8")

    def everything(self):
        """{path: bytes} below work/: to see that nothing is lost."""
        return {p.relative_to(self.root).as_posix(): p.read_bytes() for p in sorted((self.root / "work").rglob("*")) if p.is_file()}


REPO = pathlib.Path(__file__).resolve().parents[2]
