"""check tasks --emptied: a test that does not notice an empty region is found."""

import shutil
import textwrap
import unittest

from tree import CourseTree

from course import emptied

HEADER = """\
#pragma once
inline int Add(int a, int b) {
  // <student 01.1>
  return a + b;
  // </student>
}
inline int Name(int kind) {
  switch (kind) {
    // <student 01.2>
    case 1:
      return 'a';
    // </student>
  }
  return 0;
}
"""
CMAKE = """\
cmake_minimum_required(VERSION 3.22)
project(one LANGUAGES CXX)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
add_executable(stage01_unit_add unit_add.cc)
set_target_properties(stage01_unit_add PROPERTIES OUTPUT_NAME unit_add)
"""
TASKS = """
    [stage.01]
    folder = "01_one"
    points = 2
    [[stage.01.task]]
    id = "01.1"
    title = "add"
    points = 1
    file = "add.h"
    tests = ["unit.add"]
    [[stage.01.task]]
    id = "01.2"
    title = "name"
    points = 1
    file = "add.h"
    tests = ["unit.add"]
"""


class EmptiedTextTest(unittest.TestCase):
    def test_a_region_becomes_a_to_do(self):
        text = emptied.emptied(HEADER, {"01.1"})
        self.assertIn('#pragma once\n#include "course_todo.h"\n', text)
        self.assertIn('  // <student 01.1>\n  COURSE_TODO("01.1");\n  // </student>\n', text)
        self.assertNotIn("a + b", text)
        self.assertIn("case 1:", text)

    def test_a_region_of_cases_becomes_a_default(self):
        self.assertIn('    default: COURSE_TODO("01.2");\n', emptied.emptied(HEADER, {"01.2"}))

    def test_switches_keep_the_solution(self):
        text = emptied.switched(HEADER, {"01.1", "01.2"})
        self.assertIn('  COURSE_TODO_IF_ASKED("01.1");\n  return a + b;\n', text)
        self.assertIn('    case 1:\n    COURSE_TODO_IF_ASKED("01.2");\n', text)


@unittest.skipUnless(shutil.which("cmake") and shutil.which("ninja"), "needs cmake and ninja")
class EmptiedTest(CourseTree):
    stages = ("01",)

    def setUp(self):
        super().setUp()
        self.write("01", "CMakeLists.txt", CMAKE)
        self.write("01", "add.h", HEADER)
        (self.root / "course.toml").write_text("[course]\n" + textwrap.dedent(TASKS), encoding="utf-8")

    def run_with(self, main):
        self.write("01", "unit_add.cc", f'#include "add.h"\nint main() {{ return {main}; }}\n')
        return self.course("check", "tasks", "--emptied", "--yes")

    def test_every_region_is_missed(self):
        code, out = self.run_with("Add(1, 2) == 3 && Name(1) == 'a' ? 0 : 1")
        self.assertEqual(0, code, out)
        self.assertIn("2 declared tests seen to fail", out)

    def test_a_test_that_does_not_notice_is_named(self):
        code, out = self.run_with("Add(1, 2) == 3 ? 0 : 1")
        self.assertEqual(1, code, out)
        self.assertIn("task 01.2: unit.add passes although the region is empty", out)

    def test_a_test_that_fails_anyway_is_named(self):
        code, out = self.run_with("Add(1, 2) == 4 && Name(1) == 'a' ? 0 : 1")
        self.assertEqual(1, code, out)
        self.assertIn("unit.add does not pass with the solution", out)


if __name__ == "__main__":
    unittest.main()
