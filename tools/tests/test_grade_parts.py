"""grade without building anything: what is refused, what is read, what is reported, what is alike."""

import csv
import io
import json
import os
import pathlib
import unittest
import xml.etree.ElementTree as xml
import zipfile

from grade_stage import Course, NAME, RIGHT, SUM

from course import alike, grade_class, grade_command, grade_report, grade_tree, grading, model, regions, report_file, student_code, submission, trial
from course.errors import CourseError, UsageError

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


class RefusalTest(unittest.TestCase):
    def refused(self, text, about, line=1):
        found = student_code.refusal(text.split("\n"))
        self.assertIsNotNone(found, text)
        self.assertIn(about, found[1])
        self.assertEqual(line, found[0])

    def test_what_could_leave_the_region(self):
        self.refused("int a;\n}\nstruct X {} x; void f() {", "'}' closes nothing", 2)
        self.refused("f(a;", "'(' is not closed")
        self.refused("x = [1};", "'}' closes nothing")
        self.refused("#include <a>", "preprocessor")
        self.refused("%:include <a>", "preprocessor")
        self.refused("ex\\\nit(0);", "backslash")
        self.refused("\\u0065xit(0);", "backslash")
        self.refused("a <% %>", "digraph")
        self.refused("ok();\n/* the rest", "comment that is not closed", 2)
        self.refused('f("open);', "not closed")

    def test_words(self):
        for text in ("std::exit(0);", "auto f = &::_exit; f(0);", "asm(\"\");", "extern int x;", "getenv(\"A\");", "std::ofstream f;",
                     "std::filesystem::remove(p);", "syscall(60);", "__asm__(\"\");", "int f() __attribute__((constructor));",
                     "[[gnu::constructor]] int f();", "testing::UnitTest::GetInstance();", "Catch::getResultCapture();",
                     "GTEST_SKIP();", "EXPECT_EQ(1, 1);", "bool exit = true; ::exit(0);", "_Pragma(\"once\")", "fork();"):
            self.refused(text, "no task needs it" if "_Pragma" not in text else "order to the compiler")

    def test_what_an_honest_solution_may_say(self):
        for text in ('// exit(0) is not a way out', 'Log("exit, fopen and #include");', "file.open(name);", "bool open = true;\nif (open) {\n}",
                     "std::vector<::net::Session> a;", "x = R\"(exit(0); })\";", "c = '\"'; n = 1'000'000;", "/* { */ f();",
                     "std::printf(\"%d\", n);", "static_assert(sizeof(n) == 4);", "auto f = [](int a) { return a ? 1 : 2; };",
                     "const bool exit = IsOver(c);\nreturn exit ? a : b;"):
            self.assertIsNone(student_code.refusal(text.split("\n")), text)

    def test_the_course_s_own_regions_are_not_refused(self):
        repo, count = model.Repo(REPOSITORY), 0
        for stage in repo.present():
            for task in stage.tasks:
                text = (stage.path / task.file).read_text(encoding="utf-8")
                for own, first, last in regions.student(text)[0]:
                    if own == task.id:
                        count += 1
                        lines = text.splitlines()[first - 1:last]
                        self.assertIsNone(student_code.refusal(lines), f"{task.file}:{first}")
                        self.assertTrue(student_code.is_written(lines))
        self.assertGreater(count, 20)

    def test_not_written(self):
        self.assertFalse(student_code.is_written(['  COURSE_TODO("01.1");']))
        self.assertFalse(student_code.is_written(["  // later", ""]))
        self.assertTrue(student_code.is_written(["return 1;"]))


class SubmissionTest(Course):
    def read(self, path):
        return submission.read(path, *self.chosen())

    def chosen(self, name="01"):
        return grade_command.chosen(self.repo(), name)

    def zipped(self, members):
        path = self.root / "kim.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in members.items():
                archive.writestr(name, text)
        return path

    def test_a_folder_a_zip_and_files_alone_are_the_same(self):
        folder = self.hand_in("kim")
        texts = {f: (folder / "01_one" / f).read_text(encoding="utf-8") for f in ("sum.cc", "name.cc")}
        wanted = self.read(folder).regions
        self.assertEqual(["return b + a;"], wanted["01.1"][0])
        self.assertEqual(2, len(wanted["01.3"]))
        for prefix in ("", "01_one/", "kim/work/01_one/"):
            self.assertEqual(wanted, self.read(self.zipped({prefix + f: t for f, t in texts.items()})).regions, prefix)

    def test_crlf_and_a_todo_header_are_no_difference(self):
        folder = self.hand_in("kim")
        file = folder / "01_one" / "sum.cc"
        file.write_bytes(('#include "course_todo.h"\n' + file.read_text(encoding="utf-8")).replace("\n", "\r\n").encode())
        found = self.read(folder)
        self.assertEqual([], found.ignored)
        self.assertEqual(["return b + a;"], found.regions["01.1"][0])

    def test_what_is_missing_or_was_cut(self):
        found = self.read(self.zipped({"sum.cc": SUM.replace("  // <student 01.2>\n", "")}))
        self.assertIn("name.cc is not in the submission", found.problems["01.3"])
        self.assertIn("its marks were changed", found.problems["01.2"])
        self.assertIn("01.1", found.regions)

    def test_links_that_lead_out_and_large_files_do_not_count(self):
        folder = self.hand_in("kim")
        (folder / "01_one" / "sum.cc").unlink()
        (folder / "01_one" / "sum.cc").symlink_to(self.path("01", "sum.cc"))
        (folder / "01_one" / "name.cc").write_text(NAME + "/" * (1 << 20), encoding="utf-8")
        found = self.read(folder)
        self.assertIn("leads out", found.problems["01.1"])
        self.assertIn("larger than 1 MiB", found.problems["01.3"])
        self.assertEqual({}, found.regions)

    def test_what_is_no_zip(self):
        path = self.root / "kim.zip"
        path.write_bytes(b"PK nothing")
        with self.assertRaisesRegex(CourseError, "not a zip file"):
            self.read(path)

    def test_names_that_climb_out_of_a_zip(self):
        found = self.read(self.zipped({"../../sum.cc": SUM, "sum.cc": SUM, "name.cc": NAME}))
        self.assertEqual(["  return a + b;"], found.regions["01.1"][0])

    def test_wrong_use_is_one_line(self):
        for argv, about in ((["01", "--jobs", "2"], "--jobs and --again go with --all"), (["01b"], "no part 01b"), (["09"], "no stage"),
                            (["01", "--hidden", "nowhere"], "no folder of hidden tests")):
            code, out = self.course("grade", *argv)
            self.assertNotEqual(0, code)
            self.assertIn(about, out)
        code, out = self.course("grade", "01", "--yes")
        self.assertEqual(1, code, out)
        self.assertIn("./course start 01 makes it", out)

    def test_hidden_tests_name_their_task(self):
        folder = self.root / "hidden"
        folder.mkdir()
        (folder / "helper.h").write_text("", encoding="utf-8")
        (folder / "02.1_more.cc").write_text("", encoding="utf-8")
        with self.assertRaisesRegex(CourseError, "their names are like 01.1_more.cc"):
            grade_tree.hidden_tests(folder, self.chosen()[1])
        (folder / "01.1_more.cc").write_text("", encoding="utf-8")
        found = grade_tree.hidden_tests(folder, self.chosen()[1])
        self.assertEqual({"helper.h": None, "01.1_more.cc": "01.1"}, {n: t for n, (_, t) in found.items()})

    def test_parts_of_a_stage(self):
        text = (self.root / "course.toml").read_text(encoding="utf-8").replace('"01.1"', '"01a.1"').replace('"01.2"', '"01b.1"')
        (self.root / "course.toml").write_text(text, encoding="utf-8")
        self.assertEqual(["01b.1"], [t.id for t in self.chosen("01b")[1]])
        self.assertEqual([("01b.1", 2, 2)], regions.student("// <student 01b.1>\nf();\n// </student>\n")[0])

    def test_names_of_a_class(self):
        for name in ("kim", "김 철수"):
            self.hand_in(name)
        self.zipped({"sum.cc": SUM})
        (self.root / "kim.zip").rename(self.root / "in" / "kim.zip")
        (self.root / "in" / "notes.txt").write_text("", encoding="utf-8")
        self.assertEqual(["kim", "kim.zip", "김 철수"], [n for n, _ in grade_class.entries(self.root / "in")])

    def test_the_digest_of_a_submission_sees_every_change(self):
        folder = self.hand_in("kim")
        before = grade_class.content_digest(folder)
        self.assertEqual(before, grade_class.content_digest(folder))
        self.hand_in("kim", {"01.1": ["return a;"]})
        self.assertNotEqual(before, grade_class.content_digest(folder))


class VerdictTest(unittest.TestCase):
    """Nothing is believed from an exit code alone."""

    expected = grade_tree.Expected({"Add.A": "passed", "Add.B": "passed", "Add.Skipped": "skipped"}, "exit code 1", 0.1)

    def verdict(self, cases, ended="exit code 1"):
        outcome = trial.Outcome(False, cases, "", 0.1, ended)
        return grade_tree.verdict("unit.add", "Canary1", outcome, self.expected)

    def test_verdicts(self):
        good = {"Add.A": "passed", "Add.B": "passed", "Add.Skipped": "skipped", "Canary1.HasToFail": "failed"}
        self.assertIsNone(self.verdict(good))
        self.assertIn("without its report", self.verdict(None))
        self.assertIn("1 of 3 cases failed: Add.B", self.verdict({**good, "Add.B": "failed"}))
        self.assertIn("1 of 3 cases did not run: Add.B", self.verdict({**good, "Add.B": "skipped"}))
        self.assertIn("did not run: Add.A", self.verdict({"Canary1.HasToFail": "failed", "Add.B": "passed", "Add.Skipped": "skipped"}))
        self.assertIn("not believed", self.verdict({**good, "Canary1.HasToFail": "passed"}))
        self.assertIn("not believed", self.verdict({n: s for n, s in good.items() if "Canary" not in n}))
        self.assertIn("then it ended with exit code 0", self.verdict(good, "exit code 0"))
        self.assertIn("signal SIGSEGV", self.verdict(good, "signal SIGSEGV"))


class ReportFileTest(Course):
    def read(self, kind, text):
        path = self.root / "report.xml"
        path.write_text(text, encoding="utf-8")
        return report_file.read(kind, path)

    def test_catch(self):
        cases, text = self.read("scenario", """<Catch><Group><TestCase name="good"><OverallResult success="true"/></TestCase>
            <TestCase name="bad"><Section name="When"><Info>seed 7</Info><Expression success="false" type="REQUIRE" filename="a.cc" line="3">
            <Original>a == b</Original><Expanded>1 == 2</Expanded></Expression></Section><OverallResult success="false"/></TestCase>
            </Group></Catch>""")
        self.assertEqual({"good": "passed", "bad": "failed"}, cases)
        for part in ("seed 7", "a.cc:3: REQUIRE( a == b )", "1 == 2", "When"):
            self.assertIn(part, text)

    def test_a_case_named_twice_has_failed(self):
        cases, _ = self.read("unit", """<testsuites><testsuite name="A"><testcase name="B" status="run" result="completed"/>
            <testcase name="B" status="run" result="completed"/></testsuite></testsuites>""")
        self.assertEqual({"A.B": "failed"}, cases)

    def test_what_is_no_report(self):
        for text in ("", "<testsuites><testsuite>", '<!DOCTYPE a [<!ENTITY b "c">]><testsuites/>'):
            self.assertEqual((None, ""), self.read("unit", text))
        (self.root / "pipe").unlink(missing_ok=True)
        os.mkfifo(self.root / "pipe")
        self.assertEqual((None, ""), report_file.read("unit", self.root / "pipe"))
        (self.root / "link").symlink_to("/etc/passwd")
        self.assertEqual((None, ""), report_file.read("unit", self.root / "link"))


class ReportTest(Course):
    def setUp(self):
        super().setUp()
        self.stage = self.repo().find("01")
        tasks = [grading.Task("01.1", "add", 50, 50, "passed", "", ""),
                 grading.Task("01.2", "twice", 0, 30, "failed", "unit.sum: 1 of 2", "a ``` b\x01\udc80 <x>")]
        self.graded = grading.Graded("=김,kim", tasks, ["CMakeLists.txt: differs from the course's"], 12.4, 3.0)

    def render(self, form):
        return grade_report.render(form, self.stage, self.graded)

    def test_gradescope(self):
        told = json.loads(self.render("gradescope"))
        self.assertEqual(50, told["score"])
        self.assertEqual(12, told["execution_time"])
        self.assertLessEqual(set(told), {"score", "execution_time", "output", "output_format", "visibility", "stdout_visibility",
                                         "extra_data", "tests", "leaderboard", "test_output_format", "test_name_format"})
        for test in told["tests"]:
            self.assertLessEqual(set(test), {"score", "max_score", "status", "name", "name_format", "number", "output",
                                             "output_format", "tags", "visibility", "extra_data"})
        self.assertEqual([("passed", 50, 50), ("failed", 0, 30)], [(t["status"], t["score"], t["max_score"]) for t in told["tests"]])
        self.assertIn("CMakeLists.txt", told["output"])

    def test_junit(self):
        suite = xml.fromstring(self.render("junit"))
        self.assertEqual(("2", "1"), (suite.get("tests"), suite.get("failures")))
        self.assertIn("1 of 2", suite.find("testcase/failure").get("message"))

    def test_markdown_and_text(self):
        told = self.render("markdown")
        self.assertIn("| 01.2 | twice | 0/30 | failed |", told)
        self.assertIn("````\na ``` b", told)
        told = self.render("text")
        self.assertIn("50 of 80 points", told)
        self.assertIn("CMakeLists.txt: differs", told)

    def test_csv(self):
        rows = list(csv.reader(io.StringIO(self.render("csv"))))
        self.assertEqual([["submission", "points", "of", "01.1", "01.2", "remarks"], ["'=김,kim", "50", "80", "50", "0", ""]], rows)


LOOP = """\
std::size_t at = begin;
while (at < end && buffer[at] != 0) {
  if (buffer[at] == '\\n') ++lines;
  total += Weight(buffer[at], table);
  ++at;
}
if (lines > limit) return Refuse(kTooMany);
last = at;
Publish(total, lines);
return Accept(total);
"""


class AlikeTest(unittest.TestCase):
    def prints(self, text):
        return alike.fingerprints(text.splitlines())

    def test_renamed_is_alike_and_another_way_is_not(self):
        renamed = LOOP.replace("at", "position").replace("lines", "rows").replace("total", "sum") + "// mine\n"
        other = "for (const auto b : Span(buffer, begin, end)) {\n  switch (b) {\n    case 0:\n      return Done();\n    case '\\n':\n" \
                "      count.Add(1);\n      break;\n    default:\n      count.Weigh(b, *table);\n  }\n}\nreturn count.Over(limit) ? " \
                "Refuse(kTooMany) : Accept(count);\n" * 2
        found = alike.pairs({"a": self.prints(LOOP), "b": self.prints(renamed), "c": self.prints(other)})
        self.assertEqual([("a", "b")], [(a, b) for _, a, b in found])
        self.assertEqual(1.0, found[0][0])

    def test_what_the_course_itself_has_is_no_sign(self):
        self.assertEqual([], alike.pairs({"a": self.prints(LOOP), "b": self.prints(LOOP)}, self.prints(LOOP)))

    def test_small_regions_say_nothing(self):
        self.assertEqual([], alike.pairs({"a": self.prints(RIGHT["01.1"][0]), "b": self.prints(RIGHT["01.1"][0])}))


if __name__ == "__main__":
    unittest.main()
