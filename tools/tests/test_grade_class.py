"""grade --all: a class, continued where it was stopped; hidden tests; the report on standard output."""

import csv
import json
import os
import signal
import unittest
from unittest import mock

from grade_stage import CMAKE, Course, READY, RIGHT

from course import grade_command, grade_tree, grading, packages, submission

HIDDEN = """\
#include "sum.h"

#include <gtest/gtest.h>

TEST(More, Negative) { EXPECT_EQ(Add(-1, -2), -3); }
"""


@unittest.skipUnless(READY, "needs cmake, ninja, g++ and GoogleTest")
class ClassTest(Course):
    def grades(self):
        with open(self.root / "out" / "grades.csv", encoding="utf-8") as f:
            return {row[0]: row[1:] for row in csv.reader(f)}

    def test_a_class(self):
        self.hand_in("kim")
        self.hand_in("김 철수", {"01.1": ['COURSE_TODO("01.1");'], "01.2": ["return a + ;"]})
        self.hand_in("only small", {"01.1": ["return a < 0 ? 0 : a + b;"], "01.3": ["std::exit(0);", RIGHT["01.3"][1]]})
        (self.root / "in" / "torn.zip").write_bytes(b"PK torn")
        hidden = self.root / "hidden"
        hidden.mkdir()
        (hidden / "01.1_more.cc").write_text(HIDDEN, encoding="utf-8")
        command = ["grade", "01", "--all", str(self.root / "in"), "--out", str(self.root / "out"), "--hidden", str(hidden), "--yes"]
        code, out = self.course(*command, "--jobs", "2")
        self.assertEqual(0, code, out)
        self.assertEqual({"submission": ["points", "of", "01.1", "01.2", "01.3", "remarks"],
                          "kim": ["100", "100", "50", "30", "20", ""],
                          "김 철수": ["20", "100", "0", "0", "20", "01.2 no build"],
                          "only small": ["30", "100", "0", "30", "0", "01.3 refused"],
                          "torn": ["0", "100", "0", "0", "0", self.grades()["torn"][-1]]}, self.grades())
        self.assertIn("not a zip file", self.grades()["torn"][-1])
        report = (self.root / "out" / "only small.txt").read_text(encoding="utf-8")
        self.assertIn("unit.hidden_01_1_more_cc: 1 of 1 cases failed: More.Negative", report)
        self.assertIn("'exit'", report)

        # Once more: only what has changed is graded.
        self.hand_in("only small")
        code, out = self.course(*command, "--jobs", "1")
        self.assertEqual(0, code, out)
        self.assertIn("3 of 4 have been graded before", out)
        self.assertEqual("100", self.grades()["only small"][0])

        # One alone, for Gradescope: nothing but the report is on standard output, so it is asked for in a file here.
        file = self.root / "results.json"
        code, out = self.course("grade", "01", "--from", str(self.root / "in" / "kim"), "--hidden", str(hidden), "--seed", "5",
                                "--format", "gradescope", "--out", str(file), "--yes")
        self.assertEqual(0, code, out)
        self.assertEqual(100, json.loads(file.read_text(encoding="utf-8"))["score"])

    def test_a_test_that_the_reference_does_not_pass_grades_nobody(self):
        self.hand_in("kim")
        text = self.read("01", "tests/unit_sum.cc").replace("EXPECT_EQ(Twice(2), 4)", "EXPECT_EQ(Twice(2), 5)")
        self.write("01", "tests/unit_sum.cc", text)
        code, out = self.course("grade", "01", "--from", str(self.root / "in" / "kim"), "--yes")
        self.assertEqual(1, code, out)
        self.assertIn("unit.sum:Twice.* does not pass with the course's own code here", out)
        self.assertIn("1 of 1 cases failed: Twice.Two", out)


class StoppedTest(Course):
    """Ctrl-C in the middle of a class. Nothing is built: what a submission gets is made up."""

    def test_stopped_and_started_again(self):
        names, graded = ("kim", "lee", "park"), []
        for name in names:
            self.hand_in(name)

        def prepare(slot, _):
            slot.fingerprint = "the same"

        def grade(slot, handed_in, _=None):
            graded.append(handed_in.name)
            if graded == ["kim", "lee"]:  # the second one: now the teacher stops it
                os.kill(os.getpid(), signal.SIGINT)
                slot.stop.wait(60)
                raise grade_tree.Stopped()
            tasks = [grading.Task(t.id, t.title, t.points, t.points, "passed", "", "") for t in slot.tasks]
            return grading.Graded(handed_in.name, tasks, [], 0.0, 0.0)

        handlers = [(s, signal.getsignal(s)) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
        self.addCleanup(lambda: [signal.signal(*h) for h in handlers])
        command = ["grade", "01", "--all", str(self.root / "in"), "--out", str(self.root / "out"), "--jobs", "1", "--yes"]
        with mock.patch.object(grade_tree.Slot, "prepare", prepare), mock.patch.object(grade_tree.Slot, "learn", lambda _: None), \
                mock.patch.object(grading, "grade", grade), mock.patch.object(packages, "ensure", lambda *_: None):
            code, out = self.course(*command)
            self.assertEqual(130, code, out)
            self.assertEqual(["1 of 3 are graded and kept; the same command goes on with the others", "course: stopped"], out.splitlines()[-2:])
            self.assertNotIn("Traceback", out)
            with open(self.root / "out" / "grades.csv", encoding="utf-8") as f:
                self.assertEqual(["submission", "kim"], [row[0] for row in csv.reader(f)])
            code, out = self.course(*command)
        self.assertEqual(0, code, out)
        self.assertIn("1 of 3 have been graded before", out)
        self.assertEqual(["kim", "lee", "lee", "park"], graded)
        with open(self.root / "out" / "grades.csv", encoding="utf-8") as f:
            self.assertEqual(["100"] * 3, [row[1] for row in list(csv.reader(f))[1:]])
        self.assertEqual({f"{n}.txt" for n in names}, {p.name for p in (self.root / "out").glob("*.txt")})


CATCH = """\
#pragma once
#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_test_macros.hpp>
#else
#include <catch2/catch.hpp>
#endif
"""
SCENARIO = """\
#include "sum.h"
#include "tests/support/catch.h"

SCENARIO("Sums, small and large") {
  GIVEN("two numbers") {
    INFO("seed 7");
    REQUIRE(Add(1, 2) == 3);
  }
}
"""
SCENARIO_CMAKE = """\
find_package(Catch2 REQUIRED)
if(TARGET Catch2::Catch2WithMain)
  add_library(course_catch2_main INTERFACE)
  target_link_libraries(course_catch2_main INTERFACE Catch2::Catch2WithMain)
else()
  file(WRITE ${CMAKE_BINARY_DIR}/main.cc "#define CATCH_CONFIG_MAIN\\n#include <catch2/catch.hpp>\\n")
  add_library(course_catch2_main STATIC ${CMAKE_BINARY_DIR}/main.cc)
endif()
add_executable(stage01_scenario_sums tests/scenario_sums.cc)
set_target_properties(stage01_scenario_sums PROPERTIES OUTPUT_NAME scenario_sums)
target_link_libraries(stage01_scenario_sums stage01_sum course_catch2_main)
"""


@unittest.skipUnless(READY and os.path.isdir("/usr/include/catch2"), "needs cmake, ninja, g++, GoogleTest and Catch2")
class ScenarioTest(Course):
    def test_catch2(self):
        self.write("01", "CMakeLists.txt", CMAKE + SCENARIO_CMAKE)
        self.write("01", "tests/support/catch.h", CATCH)
        self.write("01", "tests/scenario_sums.cc", SCENARIO)
        text = (self.root / "course.toml").read_text(encoding="utf-8").replace('"unit.sum:Add.*"', '"scenario.sums"').replace(
            '"unit.sum:Twice.*"', '"scenario.sums:*small and large"')
        (self.root / "course.toml").write_text(text, encoding="utf-8")
        stage, tasks = grade_command.chosen(self.repo(), "01")
        slot = grade_tree.Slot(self.repo(), stage, tasks)
        slot.prepare("copy")
        slot.learn()
        self.assertEqual({"Scenario: Sums, small and large": "passed"}, slot.expected["scenario.sums"].cases)
        graded = grading.grade(slot, submission.read(self.hand_in("kim"), stage, tasks))
        self.assertEqual([50, 30, 20], [t.points for t in graded.tasks], graded)
        graded = grading.grade(slot, submission.read(self.hand_in("kim", {"01.1": ["return a * b;"]}), stage, tasks))
        # The test of the second task is one of the first's function: with the course's text of that it passes.
        self.assertEqual(["failed", "passed", "passed"], [t.state for t in graded.tasks], graded)
        self.assertIn("1 of 1 cases failed: Scenario: Sums, small and large", graded.tasks[0].reason)
        for part in ("seed 7", "Add(1, 2) == 3", "2 == 3"):
            self.assertIn(part, graded.tasks[0].details)
        self.assertNotIn("Canary", graded.tasks[0].details)


if __name__ == "__main__":
    unittest.main()
