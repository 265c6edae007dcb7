"""check tasks: keys, points, pages and exhibits of the tasks."""

import unittest

from student_tree import EXHIBIT, LIMIT, StudentTree, TASKS, page

from course import taskpage


class CheckTasksTest(StudentTree):
    def check(self, code=1):
        return self.do("check", "tasks", code=code)

    def one(self, expected):
        """Nothing else is wrong."""
        self.assertEqual(f"tasks: 1 problems\n  {expected}\n", self.check().split("\nfailed")[0])

    def change(self, name, old, new):
        file = self.root / name
        text = file.read_text(encoding="utf-8")
        self.assertIn(old, text)
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def test_all_is_well(self):
        self.check(code=0)

    def test_titles_and_keys(self):
        self.change("course.toml", 'title_ko = "더하기"\n', "")
        out = self.check()
        self.assertIn("course.toml: task 01.1 has no 'title_ko'", out)
        self.change("course.toml", 'points = 40\nfile = "add.h"', 'title_ko = "더하기"\npoints = 40\nhints = ["a"]\nnote = "b"\nfiel = "c"\nfile = "add.h"')
        out = self.check()
        self.assertIn("task 01.1: unknown key 'hints' (it stands on the task's page now)", out)
        self.assertIn("unknown key 'note' (it stands", out)
        self.assertIn("unknown key 'fiel'\n", out)

    def test_points(self):
        self.change("course.toml", "points = 20", "points = 21")
        self.one("course.toml [stage.01]: points = 100, its tasks add up to 101")

    def test_points_of_parts(self):
        self.write("02", "sub.h", "".join(f"// <student {i}>\nint a{n};\n// </student>\n" for n, i in enumerate(("02a.1", "02a.2", "02b.1"))))
        parts = [("02a.1", "A", "가", 60, "sub.h", ""), ("02a.2", "B", "나", 40, "sub.h", ""), ("02b.1", "C", "다", 100, "sub.h", "")]
        self.tasks({"01": TASKS["01"], "02": parts})
        self.check(code=0)
        self.tasks({"01": TASKS["01"], "02": [(*parts[0][:3], 50, *parts[0][4:]), *parts[1:]]})
        self.one("course.toml [stage.02]: points = 100, the tasks of 02a add up to 90")
        self.write("02", "sub.h", self.read("02", "sub.h").replace("02b.1", "02.1"))
        self.tasks({"01": TASKS["01"], "02": [*parts[:2], ("02.1", "C", "다", 100, "sub.h", "")]})
        self.one("course.toml: task 02.1 belongs to no part of stage 02, as the others do (02a.1)")

    def test_pages(self):
        (self.root / "notes/ko/tasks/01.2.md").unlink()
        self.one("notes/ko/tasks/01.2.md is missing: the page of task 01.2")

    def test_sections(self):
        name = "notes/ko/tasks/01.2.md"
        for old, new, expected in (("## 예\n", "## 보기\n", ["unknown section '## 보기'", "section '## 예' is missing"]),
                                   ("invariant of 01.2 in ko\n", "", ["section '## 불변식' is empty"]),
                                   ("## 힌트 3\n", "## 힌트 2\n", ["section '## 힌트 2' is there twice", "section '## 힌트 3' is missing"]),
                                   ("# 01.2 두 배", "# 01.2 세 배", ["the page begins with '# 01.2 세 배', not with '# 01.2 두 배'"])):
            self.text(name, page("01.2", "두 배", "ko"))
            self.change(name, old, new)
            out = self.check()
            for line in expected:
                self.assertIn(f"{name}: {line}", out)
        text = page("01.2", "두 배", "ko")
        first, second = text.index("## 힌트 1"), text.index("## 힌트 2")
        self.text(name, text[:first] + text[second:text.index("## 힌트 3")] + text[first:second] + text[text.index("## 힌트 3"):])
        self.assertIn("have to stand in this order", self.check())
        self.text(name, text.replace("example of 01.2 in ko", "```\n## no heading\n```"))
        self.check(code=0)

    def test_exhibits(self):
        patch = "tools/museum/01/believed.patch"
        for text, expected in ((EXHIBIT.replace("size < 0", "size < 1"), "limit.h: the hunk of line 1 does not apply"),
                               (EXHIBIT.replace(" inline bool Fits(int size, int limit) {", "-inline bool Fits(int size, int limit) {\n+bool Fits(int size, int limit) {"),
                                "changes lines outside of <student 01.3>"),
                               (EXHIBIT + "--- a/add.h\n+++ b/add.h\n@@ -1 +1 @@\n-#pragma once\n+#pragma twice\n", "changes add.h, which is not the task's file (limit.h)"),
                               ("nothing\n", "no unified diff")):
            self.text(patch, text)
            self.assertIn(expected, self.check())
        (self.root / patch).unlink()
        self.one(f"task 01.3: {patch} is missing")
        self.text(patch, EXHIBIT)
        self.change("course.toml", 'exhibit = "believed"\n', "")
        self.one("course.toml: task 01.3 has no 'exhibit': the name of a patch in tools/museum/01")
        self.change("course.toml", 'kind = "bug"', 'kind = "bag"')
        self.one("course.toml: task 01.3: kind is 'bag'; it may be bug, or left out")
        self.change("course.toml", 'kind = "bag"', 'exhibit = "believed"')
        self.one("course.toml: task 01.3: 'exhibit' goes with kind = \"bug\"")

    def test_a_region_in_another_file(self):
        self.write("01", "limit.h", LIMIT + "// <student 01.1>\n// </student>\n")
        self.one("course.toml: task 01.1: 01_one/limit.h has a region of it, which is not its file (add.h)")

    def test_a_task_without_tests(self):
        self.change("course.toml", 'tests = ["unit.add"]', "tests = []")
        self.one("course.toml: task 01.1: 'tests' is empty: name what proves it")

    def test_a_page_is_read_whole(self):
        repo = self.repo()
        told = taskpage.read(repo, repo.stages["01"].tasks[0], "ko")
        self.assertEqual(["hint1 of 01.1 in ko", "hint2 of 01.1 in ko", "hint3 of 01.1 in ko"], told.hints())
        self.assertEqual([], told.problems)


if __name__ == "__main__":
    unittest.main()
