"""A made-up stage with three tasks in two files, as small as a grader can be tried on; and submissions for it."""

import pathlib
import shutil
import sys
import textwrap
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from tree import CourseTree  # noqa: E402

from course import grade_command, grade_tree, grading, submission  # noqa: E402

READY = all(shutil.which(tool) for tool in ("cmake", "ninja", "g++")) and pathlib.Path("/usr/include/gtest/gtest.h").exists()
SUM = """\
#include "sum.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <signal.h>
#include <unistd.h>

int Add(int a, int b) {
  // <student 01.1>
  return a + b;
  // </student>
}

int Twice(int a) {
  // <student 01.2>
  return Add(a, a);
  // </student>
}
"""
NAME = """\
#include "sum.h"

const char* Name(int kind) {
  // <student 01.3>
  if (kind == 1) return "one";
  // </student>
  return "other";
}

int Length(const char* text) {
  // <student 01.3>
  int n = 0;
  while (text[n] != 0) ++n;
  return n;
  // </student>
}
"""
HEADER = "#pragma once\nint Add(int a, int b);\nint Twice(int a);\nconst char* Name(int kind);\nint Length(const char* text);\n"
UNIT = """\
#include "sum.h"

#include <gtest/gtest.h>
#include <cstdlib>
#include <cstring>

TEST(Add, Small) { EXPECT_EQ(Add(1, 2), 3); }
TEST(Add, Large) { EXPECT_EQ(Add(1000, 2000), 3000); }
TEST(Twice, Two) { EXPECT_EQ(Twice(2), 4); }
TEST(Name, One) { EXPECT_STREQ(Name(1), "one"); }
TEST(Name, Length) { EXPECT_EQ(Length("four"), 4); }
TEST(Seed, Shown) { EXPECT_STRNE(std::getenv("COURSE_SEED") ? std::getenv("COURSE_SEED") : "", "13"); }
"""
CMAKE = """\
cmake_minimum_required(VERSION 3.22)
project(one LANGUAGES CXX)
set(STAGE stage01)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_CXX_FLAGS_RELEASE -O0)
find_package(Threads REQUIRED)
find_package(GTest REQUIRED)
add_library(course_gtest_main INTERFACE)
target_link_libraries(course_gtest_main INTERFACE GTest::gtest_main GTest::gtest)
add_library(stage01_sum STATIC sum.cc name.cc)
target_include_directories(stage01_sum PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
add_executable(stage01_unit_sum tests/unit_sum.cc)
set_target_properties(stage01_unit_sum PROPERTIES OUTPUT_NAME unit_sum)
target_link_libraries(stage01_unit_sum stage01_sum course_gtest_main)
"""
TASKS = """
    [stage.01]
    folder = "01_one"
    points = 100
    [[stage.01.task]]
    id = "01.1"
    title = "add"
    points = 50
    file = "sum.cc"
    tests = ["unit.sum:Add.*"]
    [[stage.01.task]]
    id = "01.2"
    title = "twice"
    points = 30
    file = "sum.cc"
    tests = ["unit.sum:Twice.*"]
    [[stage.01.task]]
    id = "01.3"
    title = "name"
    points = 20
    file = "name.cc"
    tests = ["unit.sum:Name.*"]
"""
RIGHT = {"01.1": ["return b + a;"], "01.2": ["return 2 * a;"],
         "01.3": ['return kind == 1 ? "one" : "other";', "int n = 0;\nfor (; text[n] != 0; ++n) {\n}\nreturn n;"]}


class Course(CourseTree):
    stages = ("01",)

    def setUp(self):
        super().setUp()
        self.write("01", "CMakeLists.txt", CMAKE)
        for name, text in {"sum.cc": SUM, "name.cc": NAME, "sum.h": HEADER, "tests/unit_sum.cc": UNIT}.items():
            self.write("01", name, text)
        (self.root / "course.toml").write_text("[course]\n" + textwrap.dedent(TASKS), encoding="utf-8")

    def hand_in(self, name, own=None):
        """A submission folder: the task files with these regions, {task: [text of each region]}."""
        folder = self.root / "in" / name
        taken = {task: [text.splitlines() for text in texts] for task, texts in {**RIGHT, **(own or {})}.items()}
        for file, text in {"sum.cc": SUM, "name.cc": NAME}.items():
            path = folder / "01_one" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(grade_tree.with_regions(text, taken), encoding="utf-8")
        return folder


@unittest.skipUnless(READY, "needs cmake, ninja, g++ and GoogleTest")
class GradeTest(unittest.TestCase):
    """One stage, built once, in which every test grades a submission of its own."""

    @classmethod
    def setUpClass(cls):
        cls.course = Course("setUp")
        cls.course.setUp()
        repo = cls.course.repo()
        cls.stage, cls.tasks = grade_command.chosen(repo, "01")
        cls.slot = grade_tree.Slot(repo, cls.stage, cls.tasks)
        cls.slot.prepare("copy")
        cls.slot.learn()

    @classmethod
    def tearDownClass(cls):
        cls.course.doCleanups()

    def grade(self, own=None, name="kim", change=lambda folder: None):
        folder = self.course.hand_in(name, own)
        change(folder / "01_one")
        try:
            return grading.grade(self.slot, submission.read(folder, self.stage, self.tasks))
        finally:
            self.slot.place({})
            shutil.rmtree(folder)

    def points(self, graded):
        return [t.points for t in graded.tasks]

    def states(self, graded):
        return [t.state for t in graded.tasks]
