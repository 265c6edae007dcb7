"""check tidy: files of a folder are looked at together, and what is found is told of the right file."""

import shutil
import unittest

from tree import CourseTree

CONFIG = "Checks: '-*,modernize-use-nullptr'\nWarningsAsErrors: '*'\n"


@unittest.skipUnless(shutil.which("clang-tidy"), "needs clang-tidy")
class TidyTest(CourseTree):
    stages = ("01", "02")

    def setUp(self):
        super().setUp()
        (self.root / ".clang-tidy").write_text(CONFIG, encoding="utf-8")
        self.write_all("net/a.cc", "namespace { int Help() { return 1; } }\nint A() { return Help(); }\n")
        self.write_all("net/b.cc", "namespace { int Help() { return 2; } }\nint B() { return Help(); }\n")
        self.write_all("net/c.cc", "int C() { return 3; }\nint main() { return C(); }\n")
        self.write_all("net/d.cc", "int D() { return 4; }\nint main() { return D(); }\n")

    def tidy(self, code):
        from course import check_code
        problems, notes = check_code.tidy(self.repo())
        self.assertEqual(code, 1 if problems else 0, problems)
        return problems, notes

    def test_clean_files_each_once(self):
        _, notes = self.tidy(0)
        self.assertEqual(["4 files looked at, 0 known from before"], notes)
        self.assertEqual(([], []), self.tidy(0))

    def test_a_finding_names_its_file_and_the_others_pass(self):
        self.write_all("net/d.cc", "int* D() { return 0; }\n")
        problems, notes = self.tidy(1)
        self.assertEqual(1, len(problems), problems)
        self.assertIn("02_two/net/d.cc:1:", problems[0])
        self.assertEqual(["3 files looked at, 0 known from before"], notes)
        problems, notes = self.tidy(1)
        self.assertIn("02_two/net/d.cc:1:", problems[0])
        self.assertEqual(["0 files looked at, 3 known from before"], notes)

    def test_a_finding_in_a_header(self):
        self.write_all("net/e.h", "#pragma once\ninline int* E() { return 0; }\n")
        self.write_all("net/c.cc", '#include "net/e.h"\n')
        problems, _ = self.tidy(1)
        self.assertIn("02_two/net/e.h:2:", problems[0])

    def test_code_that_does_not_compile(self):
        self.write_all("net/b.cc", "int B() { return nowhere; }\n")
        problems, _ = self.tidy(1)
        self.assertIn("02_two/net/b.cc:1:", problems[0])

    def test_stages_that_differ_are_both_looked_at(self):
        self.write("01", "net/d.cc", "int* D() { return 0; }\n")
        problems, notes = self.tidy(1)
        self.assertIn("01_one/net/d.cc:1:", problems[0])
        self.assertEqual(["4 files looked at, 0 known from before"], notes)


if __name__ == "__main__":
    unittest.main()
