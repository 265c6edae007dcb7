"""carry: every case of a file's life, on made-up stage trees."""

import unittest

from tree import CourseTree

BASE = "".join(f"line {n}\n" for n in range(1, 21))


def changed(text, number, new):
    lines = text.splitlines(keepends=True)
    lines[number - 1] = new + "\n"
    return "".join(lines)


class CarryTest(CourseTree):

    def setUp(self):
        super().setUp()
        self.write_all("net/a.cc", BASE)
        self.commit()

    def carry(self, *args, code=0):
        got, out = self.course("carry", *args)
        self.assertEqual(code, got, out)
        return out

    def test_identical_files_are_copied(self):
        edited = changed(BASE, 3, "edited")
        self.write("02", "net/a.cc", edited)
        self.carry("02")
        self.assertEqual(BASE, self.read("01", "net/a.cc"))
        self.assertEqual(edited, self.read("03", "net/a.cc"))
        self.assertEqual(edited, self.read("04", "net/a.cc"))

    def test_own_version_of_a_later_stage_is_merged_and_feeds_the_next(self):
        self.write("03", "net/a.cc", changed(BASE, 15, "of stage 3"))
        self.write("04", "net/a.cc", changed(changed(BASE, 15, "of stage 3"), 19, "of stage 4"))
        self.commit()
        self.write("02", "net/a.cc", changed(BASE, 3, "edited"))
        self.carry("02")
        self.assertEqual(changed(changed(BASE, 3, "edited"), 15, "of stage 3"), self.read("03", "net/a.cc"))
        self.assertEqual(changed(changed(changed(BASE, 3, "edited"), 15, "of stage 3"), 19, "of stage 4"),
                         self.read("04", "net/a.cc"))

    def test_committed_edit(self):
        self.write("01", "net/a.cc", changed(BASE, 1, "edited"))
        self.commit()
        self.assertIn("--from", self.carry("01"))
        self.assertEqual(BASE, self.read("02", "net/a.cc"))
        self.carry("01", "--from", "HEAD~1")
        for stage in ("02", "03", "04"):
            self.assertEqual(changed(BASE, 1, "edited"), self.read(stage, "net/a.cc"))

    def test_carrying_twice_changes_nothing_more(self):
        self.write("03", "net/a.cc", changed(BASE, 15, "of stage 3"))
        self.commit()
        self.write("02", "net/a.cc", changed(BASE, 3, "edited"))
        self.carry("02")
        before = self.read("03", "net/a.cc")
        self.assertIn("already there", self.carry("02"))
        self.assertEqual(before, self.read("03", "net/a.cc"))

    def test_partly_carried_by_hand(self):
        edited = changed(BASE, 3, "edited")
        self.write("02", "net/a.cc", edited)
        self.write("03", "net/a.cc", edited)
        self.carry("02")
        self.assertEqual(edited, self.read("04", "net/a.cc"))

    def test_conflict_stops_that_file_and_continue_goes_on(self):
        self.write("03", "net/a.cc", changed(BASE, 3, "of stage 3"))
        self.write("04", "net/a.cc", changed(BASE, 3, "of stage 3"))
        self.write_all("net/b.cc", "one\n")
        self.commit()
        self.write("02", "net/a.cc", changed(BASE, 3, "edited"))
        self.write("02", "net/b.cc", "two\n")
        out = self.carry("02", code=1)
        self.assertIn("03_three/net/a.cc", out)
        self.assertIn("<<<<<<< 03_three", self.read("03", "net/a.cc"))
        self.assertNotIn("<<<<<<<", self.read("04", "net/a.cc"))
        self.assertEqual("two\n", self.read("04", "net/b.cc"))  # other files are not held up
        self.assertIn("markers are still in", self.carry("--continue", code=1))
        self.assertIn("under way", self.carry("02", code=1))
        self.write("03", "net/a.cc", changed(BASE, 3, "both"))
        self.carry("--continue")
        self.assertEqual(changed(BASE, 3, "both"), self.read("04", "net/a.cc"))
        self.assertIn("no carry is under way", self.carry("--continue", code=1))

    def test_second_conflict_after_continue(self):
        self.write("03", "net/a.cc", changed(BASE, 3, "of stage 3"))
        self.write("04", "net/a.cc", changed(BASE, 3, "of stage 4"))
        self.commit()
        self.write("02", "net/a.cc", changed(BASE, 3, "edited"))
        self.carry("02", code=1)
        self.write("03", "net/a.cc", changed(BASE, 3, "both"))
        self.assertIn("04_four/net/a.cc", self.carry("--continue", code=1))
        self.write("04", "net/a.cc", changed(BASE, 3, "all"))
        self.carry("--continue")
        self.assertEqual(changed(BASE, 3, "all"), self.read("04", "net/a.cc"))

    def test_abort_restores_every_file(self):
        self.write("04", "net/a.cc", changed(BASE, 3, "of stage 4"))
        self.commit()
        self.write("02", "net/a.cc", changed(BASE, 3, "edited"))
        self.write("02", "net/new.cc", "new\n")
        self.carry("02", code=1)
        self.assertTrue(self.exists("03", "net/new.cc"))
        self.carry("--abort")
        self.assertEqual(BASE, self.read("03", "net/a.cc"))
        self.assertEqual(changed(BASE, 3, "of stage 4"), self.read("04", "net/a.cc"))
        self.assertFalse(self.exists("03", "net/new.cc"))
        self.assertEqual(changed(BASE, 3, "edited"), self.read("02", "net/a.cc"))
        self.assertIn("no carry is under way", self.carry("--abort", code=1))

    def test_new_file_goes_to_all_later_stages(self):
        self.write("02", "net/deep/new.cc", "new\n")
        self.carry("02")
        self.assertFalse(self.exists("01", "net/deep/new.cc"))
        self.assertEqual("new\n", self.read("03", "net/deep/new.cc"))
        self.assertEqual("new\n", self.read("04", "net/deep/new.cc"))

    def test_new_file_where_a_later_stage_has_another(self):
        self.write("04", "net/new.cc", "other\n")
        self.commit()
        self.write("02", "net/new.cc", "new\n")
        self.carry("02", code=1)
        self.assertEqual("new\n", self.read("03", "net/new.cc"))
        self.assertIn("<<<<<<<", self.read("04", "net/new.cc"))

    def test_removed_file_goes_away_later_too(self):
        self.remove("02", "net/a.cc")
        self.carry("02")
        self.assertFalse(self.exists("03", "net/a.cc"))
        self.assertFalse(self.exists("04", "net/a.cc"))
        self.assertTrue(self.exists("01", "net/a.cc"))

    def test_removed_before_changed_here_is_a_decision(self):
        self.write("03", "net/a.cc", changed(BASE, 3, "of stage 3"))
        self.commit()
        self.remove("02", "net/a.cc")
        self.assertIn("03_three/net/a.cc", self.carry("02", code=1))
        self.assertTrue(self.exists("03", "net/a.cc"))
        self.remove("03", "net/a.cc")
        self.carry("--continue", code=1)  # stage 04 still has the old one, which is not 03's version
        self.remove("04", "net/a.cc")
        self.carry("--continue")

    def test_removed_before_kept_here(self):
        self.write("03", "net/a.cc", changed(BASE, 3, "of stage 3"))
        self.commit()
        self.remove("02", "net/a.cc")
        self.carry("02", code=1)
        self.assertIn("kept by decision", self.carry("--continue"))
        self.assertEqual(BASE, self.read("04", "net/a.cc"))

    def test_stage_that_removed_the_file_stops_it(self):
        self.remove("03", "net/a.cc")
        self.remove("04", "net/a.cc")
        self.toml('[stage.03.removed]\n"net/a.cc" = "replaced"\n')
        self.commit()
        self.write("02", "net/a.cc", changed(BASE, 3, "edited"))
        self.assertIn("this stage removed it", self.carry("02"))
        self.assertFalse(self.exists("03", "net/a.cc"))
        self.assertFalse(self.exists("04", "net/a.cc"))

    def test_missing_but_not_declared_is_said(self):
        self.remove("03", "net/a.cc")
        self.commit()
        self.write("02", "net/a.cc", changed(BASE, 3, "edited"))
        self.assertIn("does not say that it removed it", self.carry("02"))
        self.assertFalse(self.exists("03", "net/a.cc"))

    def test_rename_moves_and_merges(self):
        self.write("03", "net/a.cc", changed(BASE, 15, "of stage 3"))
        self.write("04", "net/a.cc", changed(BASE, 15, "of stage 3"))
        self.commit()
        self.remove("02", "net/a.cc")
        self.write("02", "net/b.cc", changed(BASE, 3, "edited"))
        self.assertIn("renamed from net/a.cc", self.carry("02"))
        for stage in ("03", "04"):
            self.assertFalse(self.exists(stage, "net/a.cc"))
            self.assertEqual(changed(changed(BASE, 3, "edited"), 15, "of stage 3"), self.read(stage, "net/b.cc"))

    def test_rename_declared_by_a_later_stage_is_followed(self):
        for stage in ("03", "04"):
            self.remove(stage, "net/a.cc")
            self.write(stage, "net/z.cc", changed(BASE, 15, "of stage 3"))
        self.toml('[stage.03.renamed]\n"net/z.cc" = { from = "net/a.cc", why = "its job grew" }\n')
        self.commit()
        self.write("02", "net/a.cc", changed(BASE, 3, "edited"))
        self.carry("02")
        for stage in ("03", "04"):
            self.assertFalse(self.exists(stage, "net/a.cc"))
            self.assertEqual(changed(changed(BASE, 3, "edited"), 15, "of stage 3"), self.read(stage, "net/z.cc"))

    def test_executable_bit(self):
        self.write_all("run.sh", "#!/bin/sh\n")
        self.write("04", "run.sh", "#!/bin/sh\necho four\n")
        self.commit()
        self.path("02", "run.sh").chmod(0o755)
        self.carry("02")
        self.assertTrue(self.executable("03", "run.sh"))
        self.assertTrue(self.executable("04", "run.sh"))
        self.assertEqual("#!/bin/sh\necho four\n", self.read("04", "run.sh"))

    def test_crlf_file_of_a_later_stage_keeps_its_line_ends(self):
        self.write("03", "net/a.cc", BASE.replace("\n", "\r\n"))
        self.write("04", "net/a.cc", changed(BASE, 15, "of stage 4").replace("\n", "\r\n"))
        self.commit()
        self.write("02", "net/a.cc", changed(BASE, 3, "edited"))
        self.carry("02")
        self.assertEqual(changed(BASE, 3, "edited").replace("\n", "\r\n"), self.read("03", "net/a.cc"))
        self.assertEqual(changed(changed(BASE, 3, "edited"), 15, "of stage 4").replace("\n", "\r\n"),
                         self.read("04", "net/a.cc"))

    def test_changing_only_the_line_ends_is_carried(self):
        self.write("04", "net/a.cc", changed(BASE, 15, "of stage 4"))
        self.commit()
        self.write("02", "net/a.cc", BASE.replace("\n", "\r\n"))
        self.carry("02")
        self.assertEqual(BASE.replace("\n", "\r\n"), self.read("03", "net/a.cc"))
        self.assertEqual(changed(BASE, 15, "of stage 4").replace("\n", "\r\n"), self.read("04", "net/a.cc"))

    def test_binary_conflict(self):
        self.write_all("data.bin", b"\0one")
        self.write("03", "data.bin", b"\0three")
        self.commit()
        self.write("02", "data.bin", b"\0two")
        self.assertIn("not text", self.carry("02", code=1))
        self.assertEqual("\0three", self.read("03", "data.bin"))

    def test_lesson_cards_stay(self):
        self.write_all("README.md", "card\n")
        self.commit()
        self.write("02", "README.md", "card of two\n")
        self.assertIn("nothing changed", self.carry("02"))
        self.assertEqual("card\n", self.read("03", "README.md"))

    def test_files_with_the_stage_number_merge(self):
        self.write("02", "CMakeLists.txt", "project(02_two)\nset(STAGE stage02)\ninclude(net.cmake)\n\n\n# tail\n")
        for stage in ("03", "04"):
            self.write(stage, "CMakeLists.txt", self.read(stage, "CMakeLists.txt") + "\n\n# tail\n")
        self.write("01", "CMakeLists.txt", self.read("01", "CMakeLists.txt") + "\n\n# tail\n")
        self.commit()
        self.write("01", "CMakeLists.txt", self.read("01", "CMakeLists.txt").replace("# tail", "# the end"))
        self.carry("01")
        self.assertEqual("project(02_two)\nset(STAGE stage02)\ninclude(net.cmake)\n\n\n# the end\n",
                         self.read("02", "CMakeLists.txt"))
        self.assertEqual("project(04_four)\nset(STAGE stage04)\n\n\n# the end\n", self.read("04", "CMakeLists.txt"))

    def test_only_some_paths(self):
        self.write("02", "net/a.cc", changed(BASE, 3, "edited"))
        self.write("02", "apps/b.cc", "new\n")
        self.carry("02", "net/")
        self.assertEqual(changed(BASE, 3, "edited"), self.read("03", "net/a.cc"))
        self.assertFalse(self.exists("03", "apps/b.cc"))
        self.carry("02", "02_two/apps/b.cc")
        self.assertTrue(self.exists("04", "apps/b.cc"))

    def test_dry_run_changes_nothing(self):
        self.write("02", "net/a.cc", changed(BASE, 3, "edited"))
        self.assertIn("copied", self.carry("02", "-n"))
        self.assertEqual(BASE, self.read("03", "net/a.cc"))

    def test_last_stage_and_wrong_use(self):
        self.assertIn("no later stage", self.carry("04"))
        self.carry(code=2)
        self.carry("02", "--abort", code=2)
        self.assertIn("did you mean 03_three", self.carry("03_thre", code=2))


class CarryGapTest(CourseTree):
    stages = ("01", "02", "04")

    def test_a_gap_ends_the_carry(self):
        self.write_all("a.cc", "one\n")
        self.commit()
        self.write("01", "a.cc", "two\n")
        code, _ = self.course("carry", "01")
        self.assertEqual(0, code)
        self.assertEqual("two\n", self.read("02", "a.cc"))
        self.assertEqual("one\n", self.read("04", "a.cc"))  # stage 03 is missing in between


if __name__ == "__main__":
    unittest.main()
