"""grade: whose fault it is when something does not compile, and what of a submission counts."""

import unittest

from grade_stage import GradeTest, RIGHT

from course import grade_tree

EMPTY = 'COURSE' + '_TODO("01.1");'


class CompileTest(GradeTest):
    def test_a_right_submission_has_all_points(self):
        graded = self.grade()
        self.assertEqual([50, 30, 20], self.points(graded), graded)
        self.assertEqual([], graded.ignored)

    def test_an_empty_region_costs_its_own_task(self):
        graded = self.grade({"01.1": [EMPTY]})
        self.assertEqual([0, 30, 20], self.points(graded), graded)
        self.assertEqual("not written", graded.tasks[0].state)

    def test_a_wrong_region_fails_its_own_tests(self):
        graded = self.grade({"01.3": ['return "two";', RIGHT["01.3"][1]]})
        self.assertEqual([50, 30, 0], self.points(graded), graded)
        self.assertIn("1 of 2 cases failed: Name.One", graded.tasks[2].reason)
        self.assertIn('"two"', graded.tasks[2].details)
        self.assertNotIn("Canary", graded.tasks[2].details)

    def test_a_region_that_does_not_compile_costs_its_own_task_even_beside_one_in_the_same_file(self):
        graded = self.grade({"01.1": ["return a +;"]})
        self.assertEqual(["no build", "passed", "passed"], self.states(graded), graded)
        self.assertIn("sum.cc", graded.tasks[0].details)

    def test_what_only_the_linker_sees_is_found_too(self):
        graded = self.grade({"01.2": ["int Nowhere(int);\nreturn Nowhere(a);"]})
        self.assertEqual(["passed", "no build", "passed"], self.states(graded), graded)
        self.assertIn("Nowhere", graded.tasks[1].details)

    def test_two_that_do_not_compile(self):
        graded = self.grade({"01.1": ["return c;"], "01.3": ["return kind;", "return n;"]})
        self.assertEqual(["no build", "passed", "no build"], self.states(graded), graded)

    def test_a_task_that_stands_on_a_wrong_one_is_tried_without_it(self):
        graded = self.grade({"01.1": ["return a - b;"], "01.2": ["return Add(a, a);"]})
        self.assertEqual([0, 30, 20], self.points(graded), graded)
        self.assertIn("in place of the tasks that failed", graded.tasks[1].reason)

    def test_no_object_of_another_student_stays(self):
        self.assertEqual([0, 30, 20], self.points(self.grade({"01.1": ["return 7;"]}, name="lee")))
        self.assertEqual([50, 30, 20], self.points(self.grade(name="park")))
        self.assertEqual([0, 30, 20], self.points(self.grade({"01.1": ["return 7;"]}, name="lee")))

    def test_a_stopped_command_finds_nothing(self):
        self.slot.stop.set()
        self.addCleanup(self.slot.stop.clear)
        with self.assertRaises(grade_tree.Stopped):
            self.grade()

    def test_the_rest_of_a_submission_is_not_looked_at(self):
        def change(folder):
            (folder / "tests").mkdir()
            (folder / "tests" / "unit_sum.cc").write_text("TEST(Add, Small) {}\n", encoding="utf-8")
            (folder / "CMakeLists.txt").write_text("message(FATAL_ERROR no)\n", encoding="utf-8")
            text = (folder / "sum.cc").read_text(encoding="utf-8").replace("int Twice", "// mine\nint Twice")
            (folder / "sum.cc").write_text(text, encoding="utf-8")
        graded = self.grade(change=change)
        self.assertEqual([50, 30, 20], self.points(graded), graded)
        self.assertEqual(["sum.cc: text outside of the regions", "CMakeLists.txt: differs from the course's",
                          "tests/unit_sum.cc: differs from the course's"], graded.ignored)


if __name__ == "__main__":
    unittest.main()
