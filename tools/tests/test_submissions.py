"""What is handed in may be torn, hostile, or named like another: one clear line, and the others go on. Nothing is built here."""

import pathlib
import tempfile
import types
import unittest
import zipfile

from tree import CourseTree

from course import grade_class, grading, submission
from course.errors import CourseError, UsageError

SUM = "int Add(int a, int b) {\n  // <student 01.1>\n  return a + b;\n  // </student>\n}\n"
TASK = types.SimpleNamespace(id="01.1", title="sum", file="sum.h", points=100)


class ReadTest(CourseTree):
    stages = ("01",)

    def setUp(self):
        super().setUp()
        self.write("01", "sum.h", SUM)
        self.stage = self.repo().stages["01"]
        self.zip = self.root / "kim.zip"

    def read_zip(self):
        return submission.read(self.zip, self.stage, [TASK])

    def pack(self, **files):
        with zipfile.ZipFile(self.zip, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files.items():
                archive.writestr(name.replace("__", "/"), text)

    def test_a_good_one(self):
        self.pack(**{"sum.h": SUM})
        self.assertEqual([["  return a + b;"]], self.read_zip().regions["01.1"])

    def test_torn_anywhere(self):
        """Each byte of the packed text wrong once: the text, or a reason; never an exception of the unpacker's."""
        self.pack(**{"sum.h": SUM})
        whole, reasons = self.zip.read_bytes(), set()
        for at in range(len(whole)):
            self.zip.write_bytes(whole[:at] + bytes([whole[at] ^ 0xff]) + whole[at + 1:])
            try:
                found = self.read_zip()
            except CourseError as e:
                self.assertIn("not a zip file that can be read", str(e))
                continue
            reasons |= set(found.problems.values())
            self.assertTrue(found.problems or found.regions["01.1"] == [["  return a + b;"]], at)
        self.assertTrue(any("cannot be unpacked" in r for r in reasons), reasons)
        for length in range(0, len(whole), 7):
            self.zip.write_bytes(whole[:length])
            self.assertRaisesRegex(CourseError, "not a zip file", self.read_zip)

    def test_names_that_lead_out_do_not_count(self):
        for name in ("../sum.h", "/sum.h", "a/../../sum.h", "..\\sum.h"):
            self.pack(**{name: SUM})
            self.assertEqual({"01.1": "sum.h is not in the submission"}, self.read_zip().problems, name)

    def test_a_link_in_a_zip_is_its_text(self):
        with zipfile.ZipFile(self.zip, "w") as archive:
            info = zipfile.ZipInfo("sum.h")
            info.external_attr = 0o120777 << 16
            archive.writestr(info, "/etc/passwd")
        self.assertIn("has 0 regions", self.read_zip().problems["01.1"])

    def test_links_of_a_folder(self):
        folder = self.root / "lee"
        folder.mkdir()
        for target in (str(self.path("01", "sum.h")), "sum.h"):  # out of it; to itself
            (folder / "sum.h").symlink_to(target)
            problems = submission.read(folder, self.stage, [TASK]).problems
            self.assertIn("is no file of the submission", problems["01.1"], target)
            (folder / "sum.h").unlink()


class ClassTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="course-test-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def test_each_has_a_name_of_its_own(self):
        for name in ("kim.zip", "kim.ZIP", "kim.zip.zip", "lee.zip", "박 (1).zip"):
            (self.root / name).write_bytes(b"")
        for name in ("kim", "lee", "grades"):
            (self.root / name).mkdir()
        (self.root / "notes.txt").write_bytes(b"")
        names = [n for n, _ in grade_class.entries(self.root)]
        self.assertEqual(8, len(set(names)), names)
        self.assertLessEqual({"kim", "kim.zip", "kim.ZIP", "lee", "lee.zip", "박 (1)", "grades"}, set(names))

    def test_hundreds_of_one_name(self):
        for number in range(300):
            (self.root / f"kim ({number}).zip").write_bytes(b"")
        self.assertEqual(300, len({n for n, _ in grade_class.entries(self.root)}))

    def test_nothing_to_grade(self):
        for folder, line in ((self.root, "no submission is in there"), (self.root / "none", "no folder of submissions")):
            self.assertRaisesRegex(UsageError, line, grade_class.entries, folder)

    def test_no_report_takes_the_place_of_the_table(self):
        (self.root / "in" / "grades").mkdir(parents=True)
        args = types.SimpleNamespace(format="csv", folder=self.root / "in")
        group = grade_class._Class(types.SimpleNamespace(number="01", name="01"), [TASK], args, self.root / "out")
        group.keep("grades", "key", grading.Graded("grades", [grading.Task("01.1", "sum", 100, 100, "passed", "", "")], [], 0.0, 0.0, ""))
        self.assertEqual({".state", "grades.csv", "grades.report.csv"}, {p.name for p in (self.root / "out").iterdir()})
        self.assertEqual(100, group.remembered("grades", "key").tasks[0].points)  # where an interrupted run goes on
        self.assertIsNone(group.remembered("grades", "another content"))

    def test_what_cannot_be_read_has_a_digest_too(self):
        (self.root / "in").mkdir()
        (self.root / "in" / "sum.h").symlink_to("sum.h")
        self.assertEqual(64, len(grade_class.content_digest(self.root / "in")))


if __name__ == "__main__":
    unittest.main()
