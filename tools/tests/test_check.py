"""check: every rule fails on a tree that breaks it and passes on one that does not."""

import os
import unittest
from unittest import mock

from student_tree import page
from tree import CourseTree

class CheckTest(CourseTree):
    stages = ("01", "02")

    def check(self, *names, code=1):
        got, out = self.course("check", *names)
        self.assertEqual(code, got, out)
        return out

    # -- stages ----------------------------------------------------------------------------------

    def test_undeclared_difference(self):
        self.write_all("net/a.cc", "one\n")
        self.check("stages", code=0)
        self.write("02", "net/a.cc", "two\n")
        self.assertIn("02_two/net/a.cc: changed since 01, not declared", self.check("stages"))
        self.toml('[stage.02.changed]\n"net/a.cc" = "the lesson"\n')
        self.check("stages", code=0)

    def test_file_added_later(self):
        self.write("02", "net/new.cc", "new\n")
        self.assertIn("02_two/net/new.cc: new since 01, not declared", self.check("stages"))
        self.toml('[stage.02.new]\n"net/" = "the framework"\n')
        self.check("stages", code=0)

    def test_file_removed(self):
        self.write("01", "apps/demo.cc", "demo\n")
        self.assertIn("02_two/apps/demo.cc: removed since 01, not declared", self.check("stages"))
        self.toml('[stage.02.removed]\n"apps/*.cc" = "replaced by the server"\n')
        self.check("stages", code=0)

    def test_rename(self):
        self.write("01", "net/old.cc", "one\ntwo\n")
        self.write("02", "net/new.cc", "one\ntwo\n")
        out = self.check("stages")
        self.assertIn("net/new.cc: new", out)
        self.assertIn("net/old.cc: removed", out)
        self.toml('[stage.02.renamed]\n"net/new.cc" = { from = "net/old.cc", why = "its job changed" }\n')
        self.check("stages", code=0)
        self.write("02", "net/old.cc", "still here\n")
        self.assertIn("no such rename", self.check("stages"))

    def test_executable_bit(self):
        self.write_all("run.sh", "#!/bin/sh\n", executable=True)
        self.check("stages", code=0)
        os.chmod(self.path("02", "run.sh"), 0o644)
        self.assertIn("02_two/run.sh: changed", self.check("stages"))

    def test_crlf_is_a_difference(self):
        self.write_all("a.cc", "one\n")
        self.write("02", "a.cc", "one\r\n")
        self.assertIn("02_two/a.cc: changed", self.check("stages"))
        self.assertIn("02_two/a.cc: CRLF", self.check("files"))

    def test_declared_but_not_real(self):
        self.toml('[stage.02.new]\n"net/gone.cc" = "was planned"\n[stage.02.changed]\n"a.cc" = " "\n')
        out = self.check("stages")
        self.assertIn('"net/gone.cc" matches no new file', out)
        self.assertIn('"a.cc" has no reason', out)

    def test_the_stage_number_needs_no_declaration(self):
        self.check("stages", code=0)  # CMakeLists.txt differs in the stage's name

    def test_lesson_cards_are_not_compared(self):
        self.write("02", "README.md", "card\n")
        self.check("stages", code=0)

    def test_a_missing_stage_is_not_a_neighbour(self):
        self.write("04", "CMakeLists.txt", "project(04_four)\n")
        self.write("04", "only/here.cc", "x\n")
        self.check("stages", code=0)

    def test_a_stage_stands_alone(self):
        self.write_all("net/net.cmake", "include(../01_one/x.cmake)\n")
        self.assertIn("02_two/net/net.cmake names 01_one", self.check("stages"))

    def test_ignored_files_do_not_count(self):
        (self.root / ".gitignore").write_text("/*/build/\n")
        self.write("02", "build/out.o", "x\n")
        self.check("stages", code=0)

    # -- budget ----------------------------------------------------------------------------------

    def test_budget(self):
        self.write("01", "a.cc", "".join(f"line {n}\n" for n in range(30)))
        self.write("02", "a.cc", "".join(f"other {n}\n" for n in range(30)))
        self.write("02", "new.cc", "new\n" * 1000)  # new files do not count
        self.check("budget", code=0)
        self.toml(head="[course]\nbudget = 31\n")
        self.assertIn("01 -> 02: 32 changed lines of 31 (most in a.cc: 30, CMakeLists.txt: 2)", self.check("budget"))
        self.toml('[stage.02]\n', head="")  # a table twice is an error of the file
        self.assertIn("course.toml", self.check("budget"))

    def test_a_bigger_budget_needs_a_reason(self):
        text = (self.root / "course.toml").read_text().replace('folder = "02_two"\n', 'folder = "02_two"\nbudget = 900\n')
        (self.root / "course.toml").write_text(text)
        self.assertIn("no budget_reason", self.check("budget"))

    # -- tests -----------------------------------------------------------------------------------

    def test_a_test_that_goes_away(self):
        self.write("01", "tests/tests.cmake", "stage_unit_test(ring tests/unit_ring.cc)\n")
        self.write("01", "tests/unit_ring.cc", "TEST(Ring, Wraps) {}\nTEST(Ring, Fills) {}\n")
        out = self.check("tests")
        self.assertIn("unit.ring of stage 01 is gone", out)
        self.assertNotIn("Ring.Wraps", out)  # the whole file went: that is declared under `removed`
        self.toml('[stage.02.retired]\n"unit.ring" = "replaced"\n')
        self.check("tests", code=0)

    def test_a_case_that_goes_away(self):
        self.write_all("tests/tests.cmake", "stage_unit_test(ring tests/unit_ring.cc)\n")
        self.write("01", "tests/unit_ring.cc", "TEST(Ring, Wraps) {}\nTEST_F(Ring, Fills) {}\n")
        self.write("02", "tests/unit_ring.cc", "TEST(Ring, Wraps) {}\n")
        self.assertIn("Ring.Fills of stage 01 is gone", self.check("tests"))

    def test_a_scenario_that_goes_away(self):
        self.write_all("tests/tests.cmake", "foreach(name echo tour)\n  stage_scenario_test(${name} x.cc)\nendforeach()\n")
        self.write("01", "tests/scenario_echo.cc", 'SCENARIO("A client leaves") {}\nSCENARIO("Two clients") {}\n')
        self.write("02", "tests/scenario_echo.cc", 'SCENARIO("Two clients") {}\n')
        self.assertIn("A client leaves of stage 01 is gone", self.check("tests"))
        self.write("02", "tests/tests.cmake", "stage_scenario_test(echo x.cc)\n")
        self.assertIn("scenario.tour of stage 01 is gone", self.check("tests"))

    def test_retired_but_still_there(self):
        self.write_all("tests/tests.cmake", "stage_unit_test(ring tests/unit_ring.cc)\n")
        self.toml('[stage.02.retired]\n"unit.ring" = "replaced"\n')
        self.assertIn("no such test went away", self.check("tests"))

    # -- tasks -----------------------------------------------------------------------------------

    TASK = ('[[stage.02.task]]\nid = "02.1"\ntitle = "t"\ntitle_ko = "가"\npoints = 5\nfile = "net/a.cc"\ntests = ["unit.a:A.*"]\n')

    def task_tree(self, text="// <student 02.1>\nint a;\n// </student>\n"):
        self.write("02", "net/a.cc", text)
        self.write("02", "tests/tests.cmake", "stage_unit_test(a tests/unit_a.cc)\n")
        self.toml(self.TASK)
        toml = (self.root / "course.toml").read_text().replace('folder = "02_two"\n', 'folder = "02_two"\npoints = 5\n')
        (self.root / "course.toml").write_text(toml)
        for lang, title in (("en", "t"), ("ko", "가")):
            self.page(f"notes/{lang}/tasks/02.1.md", page("02.1", title, lang))

    def test_tasks_match(self):
        self.task_tree()
        self.check("tasks", code=0)

    def test_region_missing(self):
        self.task_tree("int a;\n")
        self.assertIn("has no region <student 02.1>", self.check("tasks"))

    def test_region_without_task(self):
        self.task_tree("// <student 02.1>\n// </student>\n// <student 02.2>\n// </student>\n")
        self.assertIn("<student 02.2> in net/a.cc belongs to no task", self.check("tasks"))

    def test_regions_not_balanced(self):
        for text, expected in (("// <student 02.1>\nint a;\n", "is not closed"),
                               ("// </student>\n// <student 02.1>\n// </student>\n", "without a start"),
                               ("// <student 02.1>\n// <student 02.1>\n// </student>\n", "inside"),
                               ("// <student 2>\n// <student 02.1>\n// </student>\n", "cannot be read")):
            self.task_tree(text)
            self.assertIn(expected, self.check("tasks"))

    def test_points_must_add_up(self):
        self.task_tree()
        text = (self.root / "course.toml").read_text().replace("points = 5\ntitle =", "points = 6\ntitle =", 1)
        (self.root / "course.toml").write_text(text)
        self.assertIn("points = 6, its tasks add up to 5", self.check("tasks"))

    def test_task_with_an_unknown_test(self):
        self.task_tree()
        self.write("02", "tests/tests.cmake", "stage_unit_test(b tests/unit_b.cc)\n")
        self.assertIn("no test unit.a", self.check("tasks"))

    # -- pages -----------------------------------------------------------------------------------

    def page(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def test_region_references(self):
        self.write("01", "apps/echo.cc", "// [post-recv]\nint a;\n// [/post-recv]\n")
        self.page("notes/en/01.md", "[apps/echo.cc: post-recv](../../01_one/apps/echo.cc#region=post-recv)\n")
        self.check("regions", "links", code=0)
        self.page("notes/en/01.md", "[x](../../01_one/apps/echo.cc#region=post-send)\n[y](../../01_one/no.cc#region=a)\n")
        out = self.check("regions")
        self.assertIn("notes/en/01.md:1: 01_one/apps/echo.cc has no region [post-send]", out)
        self.assertIn("notes/en/01.md:2: 01_one/no.cc does not exist", out)

    def test_open_region(self):
        self.write("01", "apps/echo.cc", "// [post-recv]\nint a;\n")
        self.assertIn("[post-recv] is not closed", self.check("regions"))

    def test_links(self):
        self.page("notes/en/01.md", "[a](02.md) [b](https://example.org/x) [c](#here-it-is) `[d](none.md)`\n"
                                    "```\n[e](none.md)\n```\n![f](pic.png)\n\n## Here it is\n\n[g](#nowhere) [h](03.md#two-1) [i](03.md#two-2)\n")
        self.page("notes/en/03.md", "# Two\n\n## Two\n")
        out = self.check("links")
        self.assertIn("notes/en/01.md:1: 02.md", out)
        self.assertIn("notes/en/01.md:5: pic.png", out)
        self.assertIn("notes/en/01.md:9: notes/en/01.md has no heading #nowhere", out)
        self.assertIn("notes/en/01.md:9: notes/en/03.md has no heading #two-2", out)
        self.assertNotIn("here-it-is", out)
        self.assertNotIn("two-1", out)
        self.assertNotIn("none.md", out)

    def test_translations(self):
        self.page("notes/ko/01.md", "x\n")
        self.assertIn("notes/ko/01.md has no notes/en/01.md", self.check("translations"))
        self.page("notes/en/01.md", "x\n")
        self.commit()
        self.check("translations", code=0)
        self.page("notes/en/01.md", "y\n")
        self.assertIn("notes/ko/01.md is older than notes/en/01.md", self.check("translations", code=0))
        with mock.patch.dict(os.environ, GIT_COMMITTER_DATE="2099-01-01T00:00:00"):  # two commits of one second are of one age
            self.commit()
        self.assertIn("notes/ko/01.md is older than notes/en/01.md", self.check("translations", code=0))
        with mock.patch.dict(os.environ, GIT_COMMITTER_DATE="2099-01-01T01:00:00"):
            self.commit("Words\n\nTranslation-checked: notes/ko/01.md\n")
        self.assertNotIn("older", self.check("translations", code=0))

    def test_stage_table(self):
        for page in ("README.md", "README.ko.md"):
            self.page(page, "# x\n<!-- stages -->\n<!-- /stages -->\nend\n")
        self.assertIn("README.md: the table of stages is stale", self.check("readme"))
        self.check("readme", "--fix", code=0)
        text = (self.root / "README.md").read_text(encoding="utf-8")
        self.assertIn("| [02_two](02_two) | Title 02 |", text)
        self.assertIn("| 03_three | Title 03 |", text)
        self.assertTrue(text.endswith("end\n"))
        self.assertIn("KO 02", (self.root / "README.ko.md").read_text(encoding="utf-8"))
        self.write("03", "CMakeLists.txt", "project(03_three)\n")
        self.assertIn("stale", self.check("readme"))
        self.page("README.md", "# no table\n")
        self.assertIn("README.md has no <!-- stages", self.check("readme"))

    # -- files -----------------------------------------------------------------------------------

    def test_leftovers(self):
        self.write("01", "a.cc", "int a;  // " + "TO" + "DO: more\n")
        self.write("01", "b.cc", "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n")
        self.write("01", "c.cc", 'COURSE_TODO("01.1");\n')
        out = self.check("leftovers")
        self.assertIn("01_one/a.cc:1:", out)
        self.assertIn("01_one/b.cc: conflict markers", out)
        self.assertNotIn("c.cc", out)

    def test_waits(self):
        self.write("01", "a.cc", "#include <array>\n#include <latch>\n")
        self.write("01", "net/linux/b.cc", "#include <barrier>\n")
        out = self.check("waits")
        self.assertIn("01_one/a.cc:2: <latch> loses wake-ups", out)
        self.assertNotIn("b.cc", out)

    def test_files(self):
        self.write("01", "a.sh", "#!/bin/sh\n")
        self.write("01", "b.cc", "int b;\n", executable=True)
        self.write("01", "c.cc", "int c;")
        self.write("01", "d.cc", "int d; \n")
        out = self.check("files")
        for expected in ("a.sh: not executable", "b.cc: executable, but no script", "c.cc: no newline", "d.cc: blanks"):
            self.assertIn(expected, out)

    # -- the command -----------------------------------------------------------------------------

    def test_unknown_check(self):
        self.assertIn("no check named 'stage'", self.check("stage", code=2))


if __name__ == "__main__":
    unittest.main()
