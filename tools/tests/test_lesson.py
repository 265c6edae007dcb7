"""The lesson as data: every mistake in steps, groups and parts is one clear line; the real stages have none."""

import pathlib
import re
import unittest

from lesson_tree import GROUPS, LessonTree, STEP, WORKER, WORKER_STEP, step

from course import card, check_lesson, lesson
from course.model import Repo

REPO = pathlib.Path(__file__).resolve().parents[2]


class StepsTest(LessonTree):
    def test_a_good_lesson(self):
        out = self.check("steps", "groups", "parts", "stages", "tasks", code=0)
        self.assertIn("02: 9 lines of 900 in 2 steps: queue 4, worker 5", out)  # marks do not count
        self.assertIn("02: steps 2, programs 1, labs 1, support 2, library 1, tests 2 files", out)

    def test_the_build_knows_what_the_steps_read(self):
        """What a student changes is compiled on its own: lesson.cmake, made from the steps, not edited."""
        self.write("02", "support/cmake/stage.cmake", "include(lesson.cmake)\n")
        file = self.root / "02_two" / "support" / "cmake" / "lesson.cmake"
        self.assertIn("02_two/support/cmake/lesson.cmake is not what the steps of course.toml say", self.check("steps"))
        self.assertEqual(0, self.course("check", "steps", "--fix")[0])
        self.assertIn("set(stage_lesson\n  net/worker.cc)\n", file.read_text(encoding="utf-8"))
        file.write_text(file.read_text(encoding="utf-8").replace("worker", "other"), encoding="utf-8")
        self.assertIn("./course check steps --fix", self.check("steps"))
        self.assertFalse((file.parents[3] / "01_one" / "support" / "cmake" / "lesson.cmake").exists(), "that stage has no build")

    def problem(self, expected, *steps, **options):
        self.lesson(*steps, **options)
        out = self.check("steps")
        self.assertIn(expected, out)
        return out

    def test_cases_by_pattern(self):
        self.lesson(dict(STEP, tests='["unit.queue:Q.*", "unit.queue:*/Param", "unit.queue:Q.Push"]'), WORKER_STEP)
        self.check("steps", code=0)

    def test_a_stage_without_steps_is_named(self):
        self.lesson(first=None)
        self.assertIn("course.toml: stage 01 has no steps ([[stage.01.step]])", self.check("steps"))

    def test_keys(self):
        where = "course.toml [[stage.02.step]] queue: "
        self.problem(where + "unknown key 'titel' (allowed: id, title,", dict(STEP, titel='"x"'), WORKER_STEP)
        self.problem(where + "'text_ko' is missing (needed: id,", dict(STEP, text_ko=None), WORKER_STEP)
        self.problem(where + "'title' must be a text that is not empty", dict(STEP, title='" "'), WORKER_STEP)
        self.problem(where + "'tests' must be a list of names, as [\"unit.send_queue\"]", dict(STEP, tests='"unit.queue"'), WORKER_STEP)
        self.problem(where + "'tasks' must be a list of names", dict(STEP, tasks="[2]"), WORKER_STEP)
        self.problem(where + "'note' must be a page notes/en/NAME.md", dict(STEP, note='"02.md"'), WORKER_STEP)
        self.problem("[[stage.02.step]] Queue: 'id' must be small letters", dict(STEP, id='"Queue"'), WORKER_STEP)
        self.problem("[[stage.02.step]] 1: 'id' is missing", dict(STEP, id=None), WORKER_STEP)
        self.problem("[[stage.02.step]]: id 'queue' is there twice", STEP, dict(WORKER_STEP, id='"queue"'))

    def test_read(self):
        where = "course.toml [[stage.02.step]] queue: 'read'"
        for read, expected in (
                ('[{ file = "net/queue.h", why = "a" }]', " net/queue.h: 'why_ko' is missing"),
                ('[{ file = "net/queue.h", why = "a", why_ko = "b", kind = 1 }]', " net/queue.h: unknown key 'kind' (allowed: file, why, why_ko)"),
                ('[{ file = "net/*.h", why = "a", why_ko = "b" }]', " net/*.h: must be one file of the stage, or file:region"),
                ('[{ file = "../x.h", why = "a", why_ko = "b" }]', " ../x.h: must be one file of the stage"),
                ('["net/queue.h"]', ": must be a list of tables"), ("[]", " is empty: name at least one file")):
            with self.subTest(read):
                self.problem(where + expected, dict(STEP, read=read), WORKER_STEP)

    def test_what_a_step_names_must_be_there(self):
        def read(file):
            return f'[{{ file = "{file}", why = "a", why_ko = "b" }}]'
        where = "course.toml [[stage.02.step]] queue: "
        self.problem(where + "02_two/net/gone.h does not exist", dict(STEP, read=read("net/gone.h")), WORKER_STEP)
        self.problem(where + "02_two/net/node.h has no region [x] (there are: none)", dict(STEP, read=read("net/node.h:x")), WORKER_STEP)
        self.problem(where + "no test unit.none in 02_two", dict(STEP, tests='["unit.none:A.*"]'), WORKER_STEP)
        self.problem(where + "no case of 02_two is called Q.Pop* (unit.queue:Q.Pop*)", dict(STEP, tests='["unit.queue:Q.Pop*"]'), WORKER_STEP)
        self.problem(where + "'tests' is empty", dict(STEP, tests="[]"), WORKER_STEP)
        self.problem(where + "no task 02.9 in stage 02 (there are: 02.1)", dict(STEP, tasks='["02.9"]'), WORKER_STEP)
        self.problem(where + "notes/en/none.md does not exist", dict(STEP, note='"notes/en/none.md"'), WORKER_STEP)
        self.problem(where + "'section' is no heading of notes/en/02.md: no heading", dict(STEP, section='"no heading"'), WORKER_STEP)
        self.problem(where + "'section_ko' is no heading of notes/ko/02.md: x (there are: 노트, 드디어 큐: 둘)", dict(STEP, section_ko='"x"'), WORKER_STEP)

    def test_each_task_is_in_the_step_that_reads_its_region(self):
        self.problem("task 02.1 belongs to exactly one step of stage 02, here: no step", STEP, dict(WORKER_STEP, tasks=None))
        self.problem("task 02.1 belongs to exactly one step of stage 02, here: queue and worker", dict(STEP, tasks='["02.1"]'), WORKER_STEP)
        self.problem("queue: task 02.1 is in net/worker.cc, which the step does not read", dict(STEP, tasks='["02.1"]'), dict(WORKER_STEP, tasks=None))
        self.write("02", "net/worker.cc", WORKER.replace("// [loop]\n", "").replace("void After", "// [loop]\nvoid After").replace("// [/loop]\n", "") + "// [/loop]\n")
        self.problem("worker: task 02.1: its region in net/worker.cc is not in what the step reads")

    def test_no_line_is_read_twice(self):
        whole = WORKER_STEP["read"].replace(":loop", "")
        self.problem("worker: net/worker.cc [loop] is read in step queue, too", dict(STEP, read=whole), WORKER_STEP)

    def test_budget_and_number_of_steps(self):
        self.problem("the steps of 02 have 9 lines of 8: queue 4, worker 5", head="[course]\nsteps = [1, 6]\nlesson = 8\n")
        self.problem("course.toml: 02 has 2 steps; 3 to 6 are allowed", head="[course]\n")

    def test_no_reason_for_a_whole_folder_of_lesson_code(self):
        for pattern in ("net/", "net/*", "net/**"):
            self.lesson()
            file = self.root / "course.toml"
            file.write_text(file.read_text().replace('"net/node.h" = "a node"', f'"{pattern}" = "the framework"'))
            self.assertIn(f'[stage.02.new] "{pattern}" stands for lesson files (net/queue.h ...)', self.check("steps"))

    def test_the_reason_of_a_step_declares_its_file(self):
        self.check("stages", code=0)
        self.lesson(STEP)
        self.assertIn("net/worker.cc: changed since 01, not declared", self.check("stages"))

    def test_a_broken_lesson_is_one_line_for_its_reader(self):
        self.lesson(dict(STEP, titel='"x"'), WORKER_STEP)
        for argv in (("read", "02"), ("diff", "01", "02")):
            code, out = self.course(*argv)
            self.assertEqual((1, 1), (code, out.count("\n")), out)
            self.assertTrue(out.startswith("course: course.toml [[stage.02.step]] queue: unknown key 'titel'"), out)


class GroupsTest(LessonTree):
    def test_a_file_in_no_group(self):
        self.write("02", "odd/x.cc", "x\n")
        self.assertIn("02_two/odd/x.cc is in no step and no group ([stage.02.group] or [course.group])", self.check("groups"))

    def test_a_file_in_two_groups(self):
        self.lesson(groups=GROUPS.replace('["bench/"]', '["bench/", "apps/s*"]').replace('["iocp/"]', '["iocp/", "apps/s*"]'))
        self.assertIn("02_two/apps/server.cc is in labs and in library", self.check("groups"))

    def test_the_longer_beginning_decides_and_the_stage_comes_first(self):
        self.write_all("apps/series.cc", "int i;\n")
        groups = GROUPS.replace('["bench/"]', '["bench/", "apps/seri*"]')
        self.lesson(groups=groups)
        self.check("groups", code=0)
        self.assertEqual(("labs",), lesson.of(self.repo().stages["02"]).groups_of("apps/series.cc"))
        self.lesson(groups=groups, extra='[stage.02.group]\nsupport = ["apps/"]\n')
        self.assertEqual(("support",), lesson.of(self.repo().stages["02"]).groups_of("apps/series.cc"))
        self.assertEqual(("labs",), lesson.of(self.repo().stages["01"]).groups_of("apps/series.cc"))

    def test_mistakes_in_the_tables(self):
        self.lesson(groups=GROUPS.replace("labs =", "lab ="))
        self.assertIn("course.toml [course.group]: unknown group 'lab' (allowed: programs, labs, support, library, tests)", self.check("steps"))
        self.lesson(extra='[stage.02.group]\ntests = "tests/"\n')
        self.assertIn("course.toml [stage.02.group]: 'tests' must be a list of paths", self.check("steps"))
        self.lesson(extra='[stage.02.group]\ntests = ["none/"]\n')
        self.assertIn('course.toml [stage.02.group] tests: "none/" decides about no file', self.check("groups"))
        self.lesson(groups=GROUPS.replace('["iocp/"]', '["iocp/", "none/"]'))
        self.assertIn('course.toml [course.group] library: "none/" decides about no file of any stage', self.check("groups"))


class PartsTest(LessonTree):
    def parts(self, *parts):
        """[(id, [step])]"""
        text = ""
        for name, steps in parts:
            text += f'[[stage.02.part]]\nid = "{name}"\ntitle = "t"\ntitle_ko = "제"\ntext = "x"\ntext_ko = "글"\n'
            text += "".join(step(s, "stage.02.part.step") for s in steps)
        self.lesson(text)

    def test_the_order_of_parts(self):
        self.parts(("02a", [STEP]), ("02b", [WORKER_STEP]))
        self.assertIn("02: 02a 02b, 2 files", self.check("steps", "parts", code=0))
        self.parts(("02a", [WORKER_STEP]), ("02b", [STEP]))
        self.assertIn("02_two/net/worker.cc:1 is read in 02a and includes net/queue.h, which is read in 02b only", self.check("parts"))

    def test_a_header_belongs_to_the_part_of_its_source(self):
        self.write("02", "net/node.cc", "int n;\n")
        node = dict(STEP, id='"node"', read='[{ file = "net/node.cc", why = "a", why_ko = "b" }]')
        self.parts(("02a", [STEP, WORKER_STEP]), ("02b", [node]))
        self.assertIn("net/queue.h:2 is read in 02a and includes net/node.h, which is read in 02b only", self.check("parts"))

    def test_budgets_are_of_a_part(self):
        self.parts(("02a", [STEP]), ("02b", [WORKER_STEP]))
        out = self.check("steps", code=0)
        self.assertIn("02a: 4 lines of 900", out)
        self.assertIn("02b: 5 lines of 900", out)

    def test_mistakes(self):
        self.parts(("2a", [STEP]))
        self.assertIn("course.toml [[stage.02.part]] 2a: 'id' must be the stage and a letter, as 02a", self.check("steps"))
        self.parts(("02a", [STEP]), ("02a", [WORKER_STEP]))
        self.assertIn("course.toml [[stage.02.part]]: id '02a' is there twice", self.check("steps"))
        self.parts(("02a", [STEP]))
        file = self.root / "course.toml"
        file.write_text(file.read_text() + step(WORKER_STEP))
        self.assertIn("a stage has either steps or parts", self.check("steps"))


class CardsTest(LessonTree):
    def test_the_steps_in_the_cards(self):
        picture = "<!-- picture -->\n<!-- /picture -->\n"
        for card_name in ("README.md", "README.ko.md"):
            self.write("01", card_name, "<!-- steps -->\n<!-- /steps -->\n" + picture)
        self.write("02", "README.md", "# two\n<!-- steps -->\nold\n<!-- /steps -->\n" + picture + "end\n")
        self.write("02", "README.ko.md", "# 둘\n<!-- steps -->\n<!-- /steps -->\n" + picture)
        self.assertIn("02_two/README.md: steps or picture are stale; ./course check cards --fix", self.check("cards"))
        self.check("cards", "--fix", code=0)
        text = self.read("02", "README.md")
        for expected in ("1. **The queue.** Anybody may push. ([note](../notes/en/02.md#the-queue-at-last); proved by `unit.queue`)",
                         "   - [`net/queue.h`](net/queue.h): the queue itself", "task 02.1",
                         "   - [`net/worker.cc`](net/worker.cc) `loop`: the loop", "- labs (what measures and compares): `bench/`",
                         "- support (what only helps): `CMakeLists.txt`, the rest of `net/`"):
            self.assertIn(expected, text)
        self.assertTrue(text.startswith("# two\n") and text.endswith("end\n") and "old" not in text)
        self.assertIn("[노트](../notes/ko/02.md#드디어-큐-둘)", self.read("02", "README.ko.md"))
        self.check("links", "cards", code=0)
        self.lesson(dict(STEP, title='"Another"'), WORKER_STEP)
        self.assertIn("stale", self.check("cards"))

    def test_a_card_without_a_place(self):
        self.write("02", "README.md", "# two\n")
        out = self.check("cards")
        self.assertIn("02_two/README.md has no <!-- steps --> ... <!-- /steps -->", out)
        self.assertIn("02_two/README.ko.md is missing", out)

    def test_addresses_of_headings(self):
        for heading, address in (("The `send` queue: A, B", "the-send-queue-a-b"), ("로그인: 상태는 CAS 하나로", "로그인-상태는-cas-하나로"),
                                 ("[a](b.md) c_d", "a-c_d"), ("\"나중에\"가 바꾸는 것", "나중에가-바꾸는-것")):
            self.assertEqual(address, check_lesson.anchor(heading))


class RealStagesTest(unittest.TestCase):
    """What the checks say of the course itself, and what its readers were promised."""

    @classmethod
    def setUpClass(cls):
        cls.repo = Repo(REPO)

    def test_all_checks_of_the_lesson_pass(self):
        for check in (check_lesson.steps, check_lesson.groups, check_lesson.parts, card.cards):
            self.assertEqual([], check(self.repo)[0])

    def test_every_lesson_is_of_a_size_that_can_be_read(self):
        for stage in self.repo.present():
            told = lesson.of(stage)
            self.assertEqual(5 if stage.number == "07" else 1, len(told.parts))
            for part in told.parts:
                self.assertTrue(3 <= len(part.steps) <= 6, part.id)
                self.assertLessEqual(told.part_lines(part), 900, stage.number + part.id)

    def test_every_text_is_there_in_both_languages(self):
        hangul = re.compile("[가-힣]")
        for stage in self.repo.present():
            for step in lesson.of(stage).steps:
                for text in (step.title, step.text, step.attempt, *(e.why for e in step.excerpts)):
                    self.assertTrue(hangul.search(text["ko"]), f"{stage.number} {step.id}: {text['ko']}")
                    self.assertFalse(hangul.search(text["en"]), f"{stage.number} {step.id}: {text['en']}")


if __name__ == "__main__":
    unittest.main()
