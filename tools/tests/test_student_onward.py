"""start --on-mine: what a student wrote goes on into the next stage, and nothing is lost."""

import unittest

from student_tree import ADD, LIMIT, StudentTree, TASKS


class OnwardTest(StudentTree):
    def setUp(self):
        super().setUp()
        self.do("start", "01")

    def onward(self, code=0):
        return self.do("start", "02", "--on-mine", code=code)

    def test_what_was_written_takes_the_place_of_the_reference(self):
        self.edit("01", "add.h", 'COURSE_TODO("01.1");', "return b + a;  // mine")
        self.edit("01", "limit.h", "  return size <= limit;\n", "  return size >= 0 && size <= limit;\n")
        out = self.onward()
        self.assertIn("  yours      01.1, 01.3\n", out)
        self.assertIn("  reference  01.2 (not written there", out)
        self.assertEqual(ADD.replace("return a + b;", "return b + a;  // mine"), self.read_mine("02", "add.h"))
        self.assertIn("return size >= 0 && size <= limit;", self.read_mine("02", "limit.h"))
        self.assertIn('COURSE_TODO("02.1");', self.read_mine("02", "sub.h"))

    def test_nothing_written_is_the_reference(self):
        out = self.onward()
        self.assertEqual(ADD, self.read_mine("02", "add.h"))
        self.assertEqual(LIMIT, self.read_mine("02", "limit.h"))
        self.assertNotIn("yours ", out)

    def test_a_region_that_the_new_stage_has_changed_elsewhere(self):
        self.write("01", "add.h", ADD.replace("  return a + b;\n", "  // one\n  //\n  //\n  //\n  return a + b;\n"))
        self.write("02", "add.h", ADD.replace("  return a + b;\n", "  // two\n  //\n  //\n  //\n  return a + b;\n"))
        self.edit("01", "add.h", '  COURSE_TODO("01.1");\n', "  // one\n  //\n  //\n  //\n  return b + a;\n")
        self.onward()
        self.assertIn("  // two\n  //\n  //\n  //\n  return b + a;\n", self.read_mine("02", "add.h"))

    def test_a_region_that_both_have_changed(self):
        self.write("02", "add.h", ADD.replace("return a + b;", "return Sum(a, b);"))
        self.edit("01", "add.h", 'COURSE_TODO("01.1");', "return b + a;")
        out = self.onward()
        self.assertIn("CONFLICT   01.1: stage 02 has changed this region, and so have you: work/02_two/add.h:4;", out)
        self.assertIn("// <student 01.1>\n<<<<<<< stage 02\n  return Sum(a, b);\n=======\n  return b + a;\n>>>>>>> yours\n  // </student>", self.read_mine("02", "add.h"))

    def test_outside_of_the_regions(self):
        self.write("02", "add.h", "// stage 02\n" + ADD)
        self.edit("01", "add.h", "  return twice;\n}\n", "  return twice;\n}\ninline int Mine() { return 1; }\n")
        out = self.onward()
        self.assertIn("merged     add.h", out)
        text = self.read_mine("02", "add.h")
        self.assertTrue(text.startswith("// stage 02\n"))
        self.assertIn("inline int Mine()", text)
        self.assertIn("return a + b;", text)
        self.assertNotIn("COURSE_TODO", text)

    def test_the_same_lines_outside(self):
        self.write("02", "add.h", ADD.replace("inline int Twice(int a) {", "inline long Twice(int a) {"))
        self.edit("01", "add.h", "inline int Twice(int a) {", "inline short Twice(int a) {")
        self.edit("01", "add.h", 'COURSE_TODO("01.2");', "twice = a + a;")
        out = self.onward()
        self.assertIn("ASIDE      add.h: outside of the tasks you and stage 02 have changed the same lines", out)
        text = self.read_mine("02", "add.h")
        self.assertIn("inline long Twice", text)
        self.assertIn("twice = a + a;", text)
        self.assertIn("inline short Twice", self.read_mine("02", ".course/from_01/add.h"))

    def test_files_of_ones_own(self):
        self.text("work/01_one/mine.h", "int mine;\n")
        self.text("work/01_one/sub.h", "int sub;\n")
        self.write("01", "old.h", "int old;\n")
        self.do("start", "01", "--force")
        self.text("work/01_one/mine.h", "int mine;\n")
        self.text("work/01_one/sub.h", "int sub;\n")
        self.text("work/01_one/old.h", "int changed;\n")
        self.mine("01", "README.md").unlink()
        out = self.onward()
        self.assertIn("added      mine.h", out)
        self.assertIn("ASIDE      sub.h: stage 02 has a file of this name, too", out)
        self.assertIn("ASIDE      old.h: stage 02 has no such file any more; yours lies in work/02_two/.course/from_01/old.h", out)
        self.assertEqual("int sub;\n", self.read_mine("02", ".course/from_01/sub.h"))
        self.assertEqual("int changed;\n", self.read_mine("02", ".course/from_01/old.h"))
        self.assertIn("COURSE_TODO", self.read_mine("02", "sub.h"))
        self.assertTrue(self.mine("02", "README.md").is_file())

    def test_broken_marks_go_aside(self):
        self.edit("01", "add.h", 'COURSE_TODO("01.1");', "return b + a;")
        self.edit("01", "add.h", "  // <student 01.1>\n", "")
        out = self.onward()
        self.assertIn("ASIDE      add.h: the marks of the regions are not whole", out)
        self.assertEqual(ADD, self.read_mine("02", "add.h"))
        self.assertIn("return b + a;", self.read_mine("02", ".course/from_01/add.h"))

    def test_a_region_that_is_gone(self):
        self.edit("01", "add.h", 'COURSE_TODO("01.2");', "twice = a + a;")
        self.write("02", "add.h", ADD.replace("  // <student 01.2>\n  twice = 2 * a;\n  // </student>\n", "  twice = 2 * a;\n"))
        out = self.onward()
        self.assertIn("gone       01.2: stage 02 has no place for it (add.h); yours stays in work/01_one", out)

    def test_a_renamed_file(self):
        self.edit("01", "add.h", 'COURSE_TODO("01.1");', "return b + a;")
        self.remove("02", "add.h")
        self.write("02", "plus.h", ADD)
        file = self.root / "course.toml"
        file.write_text(file.read_text(encoding="utf-8") + '[stage.02.renamed]\n"plus.h" = { from = "add.h", why = "shorter" }\n', encoding="utf-8")
        self.onward()
        self.assertIn("return b + a;", self.read_mine("02", "plus.h"))

    def test_windows_line_ends_are_no_change(self):
        for name in ("add.h", "limit.h", "README.md"):
            file = self.mine("01", name)
            file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
        self.edit_crlf()
        out = self.onward()
        self.assertIn("yours      01.1\n", out)
        self.assertNotIn("ASIDE", out)
        self.assertNotIn("merged", out)

    def edit_crlf(self):
        file = self.mine("01", "add.h")
        file.write_bytes(file.read_bytes().replace(b'COURSE_TODO("01.1");', b"return b + a;"))

    def test_the_folder_before_stays_as_it_is(self):
        self.edit("01", "add.h", 'COURSE_TODO("01.1");', "return b + a;")
        before = self.everything()
        self.onward()
        self.assertEqual(before, {k: v for k, v in self.everything().items() if not k.startswith("work/02_two")})

    def test_without_a_folder_before(self):
        import shutil
        shutil.rmtree(self.root / "work")
        self.assertEqual("course: stage 01 has no work folder yet; it is made by: ./course start 01\n", self.one_line("start", "02", "--on-mine"))
        self.assertIn("stage 01 is the first", self.one_line("start", "01", "--on-mine"))


class LongerWayTest(StudentTree):
    """What was written in 01 arrives in 03, by way of 02."""

    stages = ("01", "02", "03")

    def setUp(self):
        super().setUp()
        self.write_all("sub.h", self.read("02", "sub.h"), ("03",))
        self.write("03", "tests/tests.cmake", "stage_unit_test(add tests/unit_add.cc)\n")
        self.write("03", "mul.h", "inline int Mul(int a, int b) {\n  // <student 03.1>\n  return a * b;\n  // </student>\n}\n")
        self.tasks({**TASKS, "03": [("03.1", "Times", "곱하기", 100, "mul.h", "")]})

    def test_on_and_on(self):
        self.do("start", "01")
        self.edit("01", "add.h", 'COURSE_TODO("01.1");', "return b + a;")
        self.do("start", "02", "--on-mine")
        self.edit("02", "sub.h", 'COURSE_TODO("02.1");', "return -(b - a);")
        out = self.do("start", "03", "--on-mine")
        self.assertIn("yours      01.1, 02.1\n", out)
        self.assertIn("return b + a;", self.read_mine_of("03_three/add.h"))
        self.assertIn("return -(b - a);", self.read_mine_of("03_three/sub.h"))

    def read_mine_of(self, name):
        return (self.root / "work" / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    unittest.main()
