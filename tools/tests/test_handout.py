"""handout: what is in it, and that no answer is."""

import json
import pathlib
import subprocess
import textwrap
import zipfile

from tree import CourseTree, FOLDERS

from course import handout, handout_pages, model

QUEUE = """\
#pragma once

inline int Push(int value, int* slots, int count) {
  // <student 02.1>
  const int free_slot = FindFreeSlot(slots, count, kNobody);
  if (free_slot == kNowhere || value == kNobody) return Refuse(value);
  slots[free_slot] = value + Bias(free_slot, count);
  // </student>
  return 0;
}

inline int Pop(int* slots, int count) {
  // <student 02.2>
  const int last = count - 1;
  const int value = slots[last] - Bias(last, count);
  return value;
  // </student>
}
"""
PATCH = """\
A mistake.
--- a/net/queue.h
+++ b/net/queue.h
@@ -12,5 +12,5 @@
   // <student 02.2>
   const int last = count - 1;
-  const int value = slots[last] - Bias(last, count);
+  const int value = slots[last];
   return value;
   // </student>
"""
PAGE = """\
# {id} {title}

## {purpose}
It is a queue.

## {hint}
Which slot is free?

## {why}
Because FindFreeSlot looks from the front.
"""
TOML = """\
# [course]
#   title
[course]
title = "Course"

# --- 01
[stage.01]
folder = "01_one"
title = "One"
title_ko = "하나"

[[stage.01.task]]
id = "01.1"
title = "old"
points = 100
file = "net/old.h"
tests = ["unit.old"]

[stage.02]
folder = "02_two"
title = "Two"
title_ko = "둘"
points = 100
[stage.02.new]
"net/queue.h" = "the queue"
[[stage.02.task]]
id = "02.1"
title = "push"
title_ko = "넣기"
points = 60
file = "net/queue.h"
tests = ["unit.queue"]
[[stage.02.task]]
id = "02.2"
title = "pop"
points = 40
file = "net/queue.h"
tests = ["unit.queue"]
kind = "bug"
exhibit = "no-bias"
[[stage.02.exhibit]]
name = "no-bias"
title = "It never pops the first one"
title_ko = "처음 것을 꺼내지 않는다"
tests = ["unit.queue"]

# --- 03: what comes later
[stage.03]
folder = "03_three"
title = "Later"
[stage.03.demo]
about = [
  "[stage.02]",
]
"""
LATER = """\
void Later() {
  // <student 03.1>
  ReleaseEverything(first_of_all, second_of_all, third_of_all);
  // </student>
}
"""


class HandoutTest(CourseTree):
    stages = ("01", "02", "03")

    def setUp(self):
        super().setUp()
        self.write_all("net/old.h", "#pragma once\n// <student 01.1>\nint Old(int a, int b, int c);\n// </student>\n")
        self.write_all("net/queue.h", QUEUE, ("02", "03"))
        self.write("03", "net/later.cc", LATER)
        self.file("tools/museum/02/no-bias.patch", PATCH)
        self.file("tools/museum/01/old.patch", "--- a/x\n")
        for name in ("tools/course/x.py", "tools/tests/test_x.py", "CMakeLists.txt", "CONTRIBUTING.md", ".ci/run", ".github/workflows/ci.yml",
                     "notes/en/03_later.md", "notes/en/01_first.md", "notes/en/museum/01-old.md", "notes/en/museum/02-no-bias.md",
                     "notes/en/tasks/03.1.md"):
            self.file(name, f"{name}\n")
        self.file(".gitignore", "/build/\n/work/\n")
        self.file("notes/README.md", "| [One](../01_one) |\n| [Later](../03_three) |\n| [Later too](en/03_later.md) |\n")
        for task in ("01.1", "02.1", "02.2"):
            self.file(f"notes/en/tasks/{task}.md", PAGE.format(id=task, title="t", purpose="What it is for", hint="Hint 1", why="Why it is so"))
            self.file(f"notes/ko/tasks/{task}.md", PAGE.format(id=task, title="t", purpose="무엇을 위한 것인가", hint="힌트 1", why="왜 그런가"))
        self.file("course.toml", TOML)
        self.commit("the course's own history")
        self.target = self.root.parent / (self.root.name + "-out")
        self.addCleanup(lambda: subprocess.run(["rm", "-rf", str(self.target)], check=True))

    def file(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def hand_out(self, *more, code=0, number="02"):
        got, out = self.course("handout", number, "--to", str(self.target), "--yes", *more)
        self.assertEqual(code, got, out)
        return out

    def text(self, name):
        return (self.target / name).read_text(encoding="utf-8")

    def names(self):
        return {p.relative_to(self.target).as_posix() for p in self.target.rglob("*") if p.is_file() and ".git/" not in p.as_posix()}

    def test_what_is_in_it(self):
        out = self.hand_out()
        self.assertIn("2 tasks, 100 points", out)
        self.assertIn("no line of an answer shows", out)
        names = self.names()
        self.assertLessEqual({"README.md", "README.ko.md", "course.toml", "CMakeLists.txt", "01_one/net/old.h", "02_two/net/queue.h",
                              "02_two/course_todo.h", "tools/course/x.py", "notes/en/01_first.md", "notes/en/tasks/02.1.md",
                              "tools/museum/01/old.patch", "notes/en/museum/01-old.md"}, names)
        for gone in ("03_three/net/later.cc", "notes/en/03_later.md", "notes/en/tasks/03.1.md", "tools/museum/02/no-bias.patch",
                     "notes/en/museum/02-no-bias.md", "tools/tests/test_x.py", "CONTRIBUTING.md", ".ci/run", ".github/workflows/ci.yml"):
            self.assertNotIn(gone, names)
        self.assertNotIn("It never pops the first one", self.text("course.toml"))
        self.assertIn("int Old(int a, int b, int c);", self.text("01_one/net/old.h"))
        self.assertNotIn("Later", self.text("notes/README.md"))
        self.assertIn("One", self.text("notes/README.md"))

    def test_regions_are_empty_or_faulty(self):
        self.hand_out()
        text = self.text("02_two/net/queue.h")
        self.assertIn('  // <student 02.1>\n  COURSE_TODO("02.1");\n  // </student>', text)
        self.assertIn("const int value = slots[last];", text)
        self.assertNotIn("Bias", text)

    def test_the_data_is_cut(self):
        self.hand_out()
        data = model.tomllib.loads(self.text("course.toml"))
        self.assertEqual(["01", "02"], sorted(data["stage"]))
        self.assertEqual("02", data["course"]["handout"])
        self.assertEqual(["02.1", "02.2"], [t["id"] for t in data["stage"]["02"]["task"]])
        self.assertNotIn("what comes later", self.text("course.toml"))

    def test_why_it_is_so_stays_with_the_teacher(self):
        self.hand_out()
        for language in ("en", "ko"):
            for task in ("01.1", "02.1"):
                page = self.text(f"notes/{language}/tasks/{task}.md")
                self.assertNotIn("from the front", page)
                self.assertIn("Which slot is free?", page)
                self.assertIn("## 왜 그런가" if language == "ko" else "## Why it is so", page)

    def test_with_the_earlier_texts(self):
        self.hand_out("--solutions")
        self.assertIn("from the front", self.text("notes/en/tasks/01.1.md"))
        self.assertNotIn("from the front", self.text("notes/en/tasks/02.1.md"))

    def test_one_commit_and_the_readme(self):
        self.hand_out()
        log = subprocess.run(["git", "log", "--format=%s|%an"], cwd=self.target, stdout=subprocess.PIPE, check=True).stdout.decode()
        self.assertEqual("Stage 02: Two|course\n", log)
        self.assertEqual(b"", subprocess.run(["git", "status", "--short"], cwd=self.target, stdout=subprocess.PIPE, check=True).stdout)
        self.assertIn("| 02.1 | 넣기 | 60 |", self.text("README.ko.md"))
        self.assertIn("./course start 02", self.text("README.md"))

    def test_an_answer_is_found_wherever_it_shows(self):
        self.hand_out()
        leak = "const int free_slot = FindFreeSlot( slots, count,\n kNobody );"
        for name in ("notes/en/01_first.md", "tools/course/x.py", "course.toml"):
            before = self.text(name)
            (self.target / name).write_text(before + f"\n# {leak}\n".replace("\n kNo", " kNo"), encoding="utf-8")
            out = self.hand_out("--check", code=1)
            self.assertIn(f"{name} has an answer of 02.1: const int free_slot", out)
            (self.target / name).write_text(before, encoding="utf-8")
        self.hand_out("--check")

    def test_a_later_answer_and_a_piece_in_code_are_found(self):
        self.hand_out()
        file = self.target / "01_one" / "net" / "old.h"
        file.write_text(file.read_text(encoding="utf-8") + "\n".join(QUEUE.splitlines()[4:7]), encoding="utf-8")
        (self.target / "LICENSE").write_text("# ReleaseEverything(first_of_all, second_of_all, third_of_all);\n", encoding="utf-8")
        out = self.hand_out("--check", code=1)
        self.assertIn("01_one/net/old.h has an answer of 02.1", out)

    def test_history_is_looked_at(self):
        self.hand_out()
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=b@c", "commit", "-q", "--allow-empty", "-m", "more"], cwd=self.target, check=True)
        self.assertIn("more than one commit", self.hand_out("--check", code=1))

    def test_a_folder_that_is_not_empty_is_left_alone(self):
        self.target.mkdir()
        (self.target / "mine").write_text("mine", encoding="utf-8")
        self.assertIn("not empty; nothing was changed", self.hand_out(code=1))
        self.assertEqual({"mine"}, self.names())

    def test_a_hand_out_does_not_grade_and_makes_no_other(self):
        self.file("course.toml", TOML.replace("\n[course]\n", '\n[course]\nhandout = "02"\n'))
        code, out = self.course("grade", "02")
        self.assertEqual(2, code)
        self.assertIn("this is a hand-out", out)
        self.assertIn("this is a hand-out itself", self.hand_out(code=1))

    def test_a_bug_without_its_patch_is_not_handed_out(self):
        (self.root / "tools" / "museum" / "02" / "no-bias.patch").unlink()
        self.assertIn("tools/museum/02/no-bias.patch is missing", self.hand_out(code=1))
        self.assertFalse(self.target.exists())

    def test_only_a_part(self):
        self.file("course.toml", TOML.replace('"02.1"', '"02a.1"').replace('"02.2"', '"02b.1"'))
        self.write("02", "net/queue.h", QUEUE.replace("02.1>", "02a.1>").replace("02.2>", "02b.1>"))
        self.file("tools/museum/02/no-bias.patch", PATCH.replace("02.2>", "02b.1>"))
        self.hand_out("--parts", "a")
        self.assertIn('COURSE_TODO("02a.1");', self.text("02_two/net/queue.h"))
        self.assertIn("slots[last] - Bias(last, count)", self.text("02_two/net/queue.h"))
        self.assertEqual(["02a.1"], [t["id"] for t in model.tomllib.loads(self.text("course.toml"))["stage"]["02"]["task"]])
        self.assertIn("no part 02c", self.course("handout", "02", "--to", str(self.target) + "x", "--parts", "c")[1])

    def test_gradescope_and_classroom(self):
        self.hand_out("--gradescope", "--github-classroom")
        file = self.target.with_name(self.target.name + "-gradescope.zip")
        self.addCleanup(file.unlink)
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            self.assertLessEqual({"setup.sh", "run_autograder", "course/course.toml", "course/02_two/net/queue.h", "course/tools/course/x.py"}, names)
            self.assertFalse(any("03_three" in n or "01_one" in n for n in names))
            self.assertTrue(archive.getinfo("run_autograder").external_attr >> 16 & 0o100)
            self.assertIn("FindFreeSlot", archive.read("course/02_two/net/queue.h").decode())
            run = archive.read("run_autograder").decode()
        self.assertIn("grade 02 --yes --from /autograder/submission --format gradescope --out /autograder/results/results.json", run)
        self.assertIn("./course watch 02 --once --yes", self.text(".github/workflows/tasks.yml"))
        self.assertEqual("/build/\n", self.text(".gitignore"))
        self.assertNotIn("gradescope", json.dumps(sorted(self.names())))


class TomlTest(CourseTree):
    def test_blocks_keep_comments_and_arrays_together(self):
        text = textwrap.dedent("""\
            # top
            [a]
            x = [
              "[b]",
            ]
            [
            """).rsplit("[\n", 1)[0] + "# of c\n[[c.d]]\ny = 1\n"
        found = handout.blocks(text)
        self.assertEqual(["", "a", "c.d"], [n for n, _ in found])
        self.assertEqual(text, "".join(b for _, b in found))
        self.assertTrue(found[2][1].startswith("# of c\n"))

    def test_the_course_s_own_data_can_be_cut_everywhere(self):
        repo = model.Repo(pathlib.Path(__file__).resolve().parents[2])
        for stage in repo.present():
            cut = model.tomllib.loads(handout.course_toml(handout.Handout(repo, stage)))
            self.assertEqual([s.number for s in repo.stages.values() if s.number <= stage.number], sorted(cut["stage"]))
            for number, data in cut["stage"].items():
                whole = repo.data["stage"][number]
                new = dict(data.get("new", {}))
                if number == stage.number:
                    new.pop("course_todo.h", None)
                shown = {**whole, "new": {}}
                if number == stage.number:
                    shown.pop("exhibit", None)  # what is in its museum is said when it is handed out whole; so are the names
                    shown["task"] = [{k: v for k, v in task.items() if k != "exhibit"} for task in shown["task"]]
                self.assertEqual(shown, {**data, "new": {}})
                self.assertEqual(whole.get("new", {}), new)

    def test_why(self):
        text = "# t\n\n## Hint 3\nc\n\n## Why it is so\nsecret\nmore\n"
        self.assertEqual("# t\n\n## Hint 3\nc\n\n## Why it is so\n\nYour teacher has this text.\n", handout_pages.without_why(text, "en"))


if __name__ == "__main__":
    import unittest
    unittest.main()
