"""check museum, check --museum: exhibits that are not whole, and exhibits that no test notices."""

import pathlib
import unittest
from unittest import mock

from grade_stage import READY, Course
from student_tree import StudentTree

from course import check_museum, museum, trial

PATCH = """\
--- a/sum.cc
+++ b/sum.cc
@@ -11,3 +11,3 @@
   // <student 01.1>
-  return a + b;
+  {mistake}
   // </student>
"""
PAGES = {"en": "Believed", "ko": "믿었다"}
REPO = pathlib.Path(__file__).resolve().parents[2]


def table(name="believed", **more):
    lines = {"name": f'"{name}"', "title": f'"{PAGES["en"]}"', "title_ko": f'"{PAGES["ko"]}"', "tests": '["unit.add"]', **more}
    return "[[stage.01.exhibit]]\n" + "".join(f"{k} = {v}\n" for k, v in lines.items() if v is not None)


def page(title, language):
    return f"# {title}\n\nabout\n" + "".join(f"\n## {heading}\nwords\n" for heading in check_museum.SECTIONS[language])


class QuickCheckTest(StudentTree):
    def setUp(self):
        super().setUp()
        self.without = (self.root / "course.toml").read_text(encoding="utf-8")
        for language, title in PAGES.items():
            self.text(f"notes/{language}/museum/01-believed.md", page(title, language))
            self.text(f"notes/{language}/museum/README.md", "# index\n\n<!-- exhibits -->\n<!-- /exhibits -->\n")
        self.exhibits(table())
        self.do("check", "museum", "--fix")

    def exhibits(self, *tables):
        self.text("course.toml", self.without + "\n" + "\n".join(tables))

    def wrong(self, line):
        self.assertIn(line + "\n", self.do("check", "museum", code=1))

    def test_a_whole_museum(self):
        self.assertIn("note: 1 exhibits", self.do("check", "museum"))
        index = (self.root / "notes/ko/museum/README.md").read_text(encoding="utf-8")
        self.assertIn("1개 단계에 전시물 1점.", index)
        self.assertIn("| [believed](01-believed.md) | 믿었다 | `unit.add` |", index)

    def test_the_index_says_what_is_there(self):
        self.text("notes/en/museum/README.md", "# index\n\n<!-- exhibits -->\n40 exhibits\n<!-- /exhibits -->\n")
        self.wrong("  notes/en/museum/README.md: the list of exhibits is stale; ./course check museum --fix")
        self.do("check", "museum", "--fix")
        self.text("notes/en/museum/README.md", "# index\n")
        self.wrong("  notes/en/museum/README.md has no <!-- exhibits --> ... <!-- /exhibits -->")
        (self.root / "notes/en/museum/README.md").unlink()
        self.wrong("  notes/en/museum/README.md is missing")

    def test_pages(self):
        name = "notes/ko/museum/01-believed.md"
        self.text(name, page("다른 제목", "ko"))
        self.wrong(f"  {name}: the page begins with '# 다른 제목', not with '# 믿었다' as course.toml has it")
        self.text(name, page("믿었다", "ko").replace("## 원인\nwords\n", ""))
        self.wrong(f"  {name}: its sections have to be, in this order: 증상, 찾는 법, 원인, 고치는 법")
        self.text(name, page("믿었다", "ko").replace("## 원인\nwords\n", "## 원인\n"))
        self.wrong(f"  {name}: section '## 원인' is empty")
        (self.root / name).unlink()
        self.wrong(f"  {name} is missing")

    def test_what_belongs_to_nothing(self):
        self.text("notes/en/museum/01-gone.md", "# gone\n")
        self.text("tools/museum/01/gone.patch", "gone\n")
        self.wrong("  notes/en/museum/01-gone.md is the page of no exhibit of course.toml")
        self.wrong("  tools/museum/01/gone.patch is the patch of no exhibit of course.toml")
        self.exhibits()
        self.wrong("  course.toml: task 01.3: exhibit 'believed' is no [[stage.01.exhibit]]")

    def test_patches(self):
        name = "tools/museum/01/believed.patch"
        text = (self.root / name).read_text(encoding="utf-8")
        self.text(name, text.replace("limit.h", "no.h"))
        self.wrong(f"  {name}: 01_one/no.h is missing")
        self.text(name, text.replace("size < 0", "size < 1"))
        self.wrong(f"  {name}: limit.h: the hunk of line 1 does not apply")
        self.text(name, text.replace("-  if (size < 0) return false;", "   if (size < 0) return false;"))
        self.wrong(f"  {name} changes nothing in limit.h")
        (self.root / name).unlink()
        self.wrong(f"  {name} is missing")

    def test_course_toml(self):
        where = "  course.toml: exhibit believed of stage 01"
        self.exhibits(table(config='"msan"', tests='["unit.nothing:X.*"]', hall="1"))
        self.wrong(f"{where}: config is 'msan'; it may be release, asan, tsan")
        self.wrong(f"{where}: no test unit.nothing in 01_one")
        self.wrong(f"{where}: unknown key 'hall'")
        self.exhibits(table(tests="[]"))
        self.wrong(f"{where}: 'tests' is empty: name what finds it")
        self.exhibits(table(), table())
        self.wrong("  course.toml: exhibit believed of stage 01 is there twice")
        self.exhibits(table("Be_lieved"))
        self.wrong("  course.toml: exhibit Be_lieved of stage 01: a name has small letters, digits and single dashes")
        for wrong, line in ((table(title=None), "has no 'title'"), (table(tests='"unit.add"'), "'tests' must be a list of texts"),
                            (table(env="{ COURSE_SEED = 7 }"), "'env' must be a table of texts")):
            self.exhibits(wrong)
            self.assertIn(f"an exhibit of stage 01 (believed){'' if 'has' in line else ':'} {line}", self.do("check", "museum", code=1))

    def test_names_of_the_long_run(self):
        self.one_line("check", "--museum", "09")
        self.assertIn("stage 01 has no exhibit 'nobody' (there are: believed)", self.one_line("check", "--museum", "01", "nobody"))


class OptionsTest(unittest.TestCase):
    def test_a_sanitizer_is_that_of_the_presets(self):
        class Here:
            root = REPO
        self.assertIn("-DCMAKE_CXX_COMPILER=clang++", museum.options(Here, "tsan"))
        self.assertTrue(any("-fsanitize=thread" in option for option in museum.options(Here, "tsan")))


@unittest.skipUnless(READY, "needs cmake, ninja, g++ and GoogleTest")
class LongRunTest(Course):
    def setUp(self):
        super().setUp()
        self.toml_text = (self.root / "course.toml").read_text(encoding="utf-8")

    def museum(self, *exhibits, code):
        """The run with these exhibits, (name, mistake, {more of its table})."""
        text = self.toml_text
        for name, mistake, more in exhibits:
            path = self.root / "tools" / "museum" / "01" / f"{name}.patch"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(PATCH.format(mistake=mistake), encoding="utf-8")
            text += "\n" + table(name, **{"tests": '["unit.sum:Add.*"]', **more})
        (self.root / "course.toml").write_text(text, encoding="utf-8")
        got, out = self.course("check", "--museum", "01", "--yes")
        self.assertEqual(code, got, out)
        return out

    def test_seen_to_fail(self):
        out = self.museum(("minus", "return a - b;", {"shows": '"-1"'}), ("crash", "return *static_cast<volatile int*>(nullptr);", {}), code=0)
        self.assertIn("2 of 2 exhibits seen to fail, 5 runs of 5", out)
        self.assertIn("5 of 5", out)
        self.assertIn("2 of 2 cases failed: Add.Small", out)
        self.assertIn("signal SIG", out)

    def test_a_failure_that_is_said_counts_though_the_program_hangs(self):
        unit = self.read("01", "tests/unit_sum.cc")
        self.write("01", "tests/unit_sum.cc", unit + "TEST(Last, Waits) { EXPECT_EQ(Add(1, 2), 3); while (Add(1, 2) != 3) usleep(1000); }\n"
                   "TEST(Last, WaitsInSilence) { while (Add(1, 2) != 3) usleep(1000); }\n".replace("usleep", "::usleep"))
        self.write("01", "sum.h", self.read("01", "sum.h") + "#include <unistd.h>\n")
        for where, name, value in ((trial, "_GRACE", 0.2), (museum, "LIMITS", trial.Limits(wall=3.0))):
            change = mock.patch.object(where, name, value)
            change.start()
            self.addCleanup(change.stop)
        self.assertIn("a failure, and no end within 5 s of it", self.museum(("stuck", "return a - b;", {"tests": '["unit.sum:Last.Waits"]'}), code=0))
        self.assertIn("silent.patch: unit.sum:Last.WaitsInSilence: no end within 3 s; it has to fail by itself",
                      self.museum(("silent", "return a - b;", {"tests": '["unit.sum:Last.WaitsInSilence"]'}), code=1))

    def test_what_does_not_count(self):
        out = self.museum(
            ("survives", "return b + a;", {}),
            ("half", "return a == 1 ? 0 : a + b;", {"tests": '["unit.sum:Add.Small", "unit.sum:Add.Large"]'}),
            ("broken", "return a +;", {}),
            ("other", "return a - b;", {"shows": '"data race"'}),
            ("anyway", "return a - b;", {"tests": '["unit.sum:Seed.*"]', "env": '{ COURSE_SEED = "13" }'}),
            ("nothing", "return a - b;", {"tests": '["unit.sum:Nobody.*"]'}), code=1)
        for line in ("survives.patch: unit.sum:Add.* passes although the mistake is in",
                     "half.patch: unit.sum:Add.Large passes although the mistake is in",
                     "broken.patch: does not compile: ",
                     "other.patch: unit.sum:Add.* fails, but does not say 'data race'",
                     "anyway.patch: unit.sum:Seed.* does not pass on the reference: 1 of 1 cases failed: Seed.Shown",
                     "nothing.patch: unit.sum:Nobody.* runs no case",
                     "0 of 6 exhibits seen to fail, 5 runs of 5"):
            self.assertIn(line, out)


if __name__ == "__main__":
    unittest.main()
