"""start, task, hint, solution, submit, status, reset, next: on made-up stages."""

import errno
import hashlib
import json
import os
import string
import unittest
import zipfile
from unittest import mock

from student_tree import ADD, EXHIBIT, LIMIT, TASKS, StudentTree

from course import __main__ as main
from course import diff_mine, exhibits, hint_command, language, next_command, regions, reset_command, safe, solution_command, start_command
from course import starter, state, status_command, submit_command, task_command, watch_command, watch_view, work


class TextsTest(unittest.TestCase):
    def test_both_languages_say_the_same_things(self):
        for module in (diff_mine, hint_command, next_command, reset_command, solution_command, start_command, state, status_command,
                       submit_command, task_command, watch_command, watch_view, work):
            en, ko = module.T.tables["en"], module.T.tables["ko"]
            self.assertEqual(list(en), list(ko), module.__name__)
            for key in en:
                fields = [sorted({f for _, f, _, _ in string.Formatter().parse(t[key]) if f}) for t in (en, ko)]
                self.assertEqual(fields[0], fields[1], f"{module.__name__} {key}")

    def test_every_command_explains_itself_in_both(self):
        for name, module in main.COMMANDS.items():
            if hasattr(__import__(module, fromlist=["T"]), "T") and name not in ("run", "test"):
                told = __import__(module, fromlist=["T"])
                for text in (told.EXAMPLES, told.EXAMPLES_KO):
                    self.assertIn(f"./course {name}", text)
                self.assertNotEqual(told.HELP, told.HELP_KO)


class StartTest(StudentTree):
    def test_regions_are_empty_and_the_bug_is_in(self):
        out = self.do("start", "01")
        self.assertIn("work/01_one is made: 3 tasks, 100 points", out)
        text = self.read_mine("01", "add.h")
        self.assertIn('  // <student 01.1>\n  COURSE_TODO("01.1");\n  // </student>\n', text)
        self.assertIn('  COURSE_TODO("01.2");\n', text)
        self.assertNotIn("return a + b", text)
        self.assertNotIn("size < 0", self.read_mine("01", "limit.h"))
        self.assertIn("return size <= limit;", self.read_mine("01", "limit.h"))
        self.assertTrue(self.mine("01", "course_todo.h").is_file())
        self.assertIn("(../../notes/en/01.md)", self.read_mine("01", "README.md"))

    def test_earlier_tasks_are_solved(self):
        self.do("start", "02")
        self.assertEqual(ADD, self.read_mine("02", "add.h"))
        self.assertEqual(LIMIT, self.read_mine("02", "limit.h"))
        self.assertIn('COURSE_TODO("02.1");', self.read_mine("02", "sub.h"))

    def test_nothing_is_overwritten(self):
        self.do("start", "01")
        self.edit("01", "add.h", 'COURSE_TODO("01.1");', "return b + a;")
        before = self.everything()
        self.assertIn("is there already; nothing was changed", self.one_line("start", "01"))
        self.assertEqual(before, self.everything())

    def test_force_keeps_a_backup_and_the_record(self):
        self.do("start", "01")
        self.edit("01", "add.h", 'COURSE_TODO("01.1");', "return b + a;")
        self.text("work/01_one/notes.txt", "mine\n")
        self.do("hint", "01.1")
        self.do("solution", "01.2", "--give-up")
        for count in (1, 2):
            self.assertIn("the folder as it was: work/01_one/.course/backup/", self.do("start", "01", "--force"))
            backups = sorted((self.mine("01") / ".course" / "backup").iterdir())
            self.assertEqual(count, len(backups))
            self.assertIn("return b + a;", (backups[0] / "add.h").read_text())
            self.assertEqual("mine\n", (backups[0] / "notes.txt").read_text())
        self.assertIn('COURSE_TODO("01.1");', self.read_mine("01", "add.h"))
        self.assertIn("2 of 3 left", self.do("task", "01.1"))
        self.assertIn("given up", self.do("status"))
        self.assertEqual(["01_one"], os.listdir(self.root / "work"))

    def test_a_stage_that_is_not_there(self):
        self.assertIn("planned but not here yet", self.one_line("start", "03"))
        self.assertIn("did you mean 01_one?", self.one_line("start", "01_on"))
        self.tasks({"01": TASKS["01"]})
        self.assertIn("stage 02 has no tasks", self.one_line("start", "02"))

    def test_a_full_disk_leaves_nothing_half_done(self):
        def full(descriptor):
            raise OSError(errno.ENOSPC, "No space left on device")
        with mock.patch.object(os, "fsync", full):
            self.assertIn("the disk is full", self.one_line("start", "01", code=1))
        self.assertEqual([], os.listdir(self.root / "work"))
        self.do("start", "01")
        self.edit("01", "add.h", 'COURSE_TODO("01.1");', "return b + a;")
        before = self.everything()
        with mock.patch.object(os, "fsync", full):
            for argv in (("start", "01", "--force"), ("hint", "01.1"), ("submit", "01"), ("solution", "01.1", "--give-up")):
                self.assertIn("the disk is full", self.do(*argv, code=1))
                self.assertEqual(before, self.everything(), argv)
            self.do("reset", "01.1", code=1)
        after = {k: v for k, v in self.everything().items() if "backup" not in k}
        self.assertEqual(before, after)

    def test_a_read_only_checkout(self):
        def refuse(*_, **__):
            raise OSError(errno.EROFS, "Read-only file system", str(self.root / "work"))
        with mock.patch("pathlib.Path.mkdir", refuse):
            self.assertEqual(f"course: Read-only file system: {self.root / 'work'}\n", self.one_line("start", "01", code=1))

    def test_broken_course_toml(self):
        for text, expected in (("[stage.01\n", "course.toml: "), ("[stage]\n01 = 5\n", "stage 01 must be a table"),
                               ('[[stage.01.task]]\nid = "01.1"\n', "a task of stage 01 (01.1) has no 'title'"),
                               ('[[stage.01.task]]\nid = "01.1"\ntitle = "t"\npoints = "5"\nfile = "a"\ntests = []\n', "'points' must be a number")):
            self.text("course.toml", text)
            self.assertIn(expected, self.one_line("start", "01", code=1))
        for data, expected in (("[course]\ntitle = \"강의\"\n".encode("cp949"), "line 2 is not UTF-8"), (b"stage = 3\n", "'stage' must be a table"),
                               (b"course = 3\n", "'course' must be a table"), (b"[stage.01]\ntask = [3]\n", "stage 01 must be a table")):
            (self.root / "course.toml").write_bytes(data)
            self.assertIn(expected, self.one_line("start", "01", code=1))

    def test_a_missing_exhibit_means_that_the_mistake_is_in(self):
        (self.root / "tools/museum/01/believed.patch").unlink()
        self.write("01", "limit.h", LIMIT.replace("  if (size < 0) return false;\n", ""))
        self.do("start", "01")
        self.assertEqual(self.read("01", "limit.h"), self.read_mine("01", "limit.h"))
        self.assertIn("not in this copy of the course", self.one_line("solution", "01.3", "--give-up", code=1))

    def test_a_hand_out_whose_regions_are_empty_already(self):
        self.do("start", "01")
        given = self.read_mine("01", "add.h")
        self.write("01", "add.h", given)
        self.do("start", "01", "--force")
        self.assertEqual(given, self.read_mine("01", "add.h"))
        self.assertIn("not in this copy of the course", self.one_line("solution", "01.1", "--give-up", code=1))


class TaskTest(StudentTree):
    def test_the_page_before_the_start(self):
        out = self.do("task", "01.1")
        for expected in ("01.1 Adding\n", "40 points, not written yet", "What it is for\npurpose of 01.1 in en\n", "chapter (notes/en/01.md#x) of 01.1",
                         "Proved by: unit.add", "No work folder yet: ./course start 01"):
            self.assertIn(expected, out)
        for hidden in ("hint1", "why of"):
            self.assertNotIn(hidden, out)

    def test_the_next_open_one(self):
        self.assertIn("there is no work folder yet; it is made by: ./course start 01", self.one_line("task"))
        self.do("start", "01")
        out = self.do("task")
        self.assertIn("01.1 Adding", out)
        self.assertIn("Open work/01_one/add.h:5\n", out)
        self.do("solution", "01.1", "--give-up")
        self.assertIn("01.2 Doubling", self.do("task"))
        self.assertIn("01.2 Doubling", self.do("next"))
        self.assertIn("why of 01.1", self.do("task", "01.1"))
        for task in ("01.2", "01.3"):
            self.do("solution", task, "--give-up")
        self.assertIn("next: ./course start 02 --on-mine", self.do("task"))
        self.assertIn("./course start 02 --on-mine", self.do("next"))

    def test_in_korean(self):
        for given in ({"COURSE_LANG": "ko"}, {"LANG": "ko_KR.UTF-8"}):
            with mock.patch.dict(os.environ, given):
                out = self.do("task", "1.1")
                for expected in ("01.1 더하기", "40점, 아직 쓰지 않음", "무엇을 위한 것인가\npurpose of 01.1 in ko", "작업 폴더가 아직 없습니다"):
                    self.assertIn(expected, out)
                self.assertIn("혹시 01.1입니까?", self.do("task", "01.11", code=2))
        self.assertIn("work/01_one 폴더를 만들었습니다", self.do("start", "01", "--lang", "ko"))

    def test_a_bug_says_so(self):
        self.assertIn("Find the bug", self.do("task", "01.3"))

    def test_an_unknown_task(self):
        self.assertIn("there is no task '01.4'; did you mean 01.", self.one_line("task", "01.4"))
        self.assertIn("there is no task '09.9'", self.one_line("hint", "09.9"))
        self.assertIn("did you mean 02.1?", self.one_line("task", "Substracting"))

    def test_a_page_that_is_not_there_or_not_whole(self):
        file = self.root / "notes/en/tasks/01.1.md"
        file.write_text(file.read_text().replace("## Hint 2", "## Hint two"), encoding="utf-8")
        self.assertIn("notes/en/tasks/01.1.md: unknown section '## Hint two'", self.one_line("task", "01.1", code=1))
        file.unlink()
        self.do("start", "01")
        self.assertEqual("course: notes/en/tasks/01.1.md is missing: the page of task 01.1\n", self.one_line("hint", "01.1", code=1))
        self.assertIn("0 of 100 points", self.do("status"))

    def test_a_part_of_a_long_stage(self):
        self.write_all("part.h", "// <student 02a.1>\nint a;\n// </student>\n", ("02",))
        self.tasks({"02": [("02a.1", "A", "가", 100, "part.h", "")]})
        self.do("start", "02")
        self.assertIn('COURSE_TODO("02a.1");', self.read_mine("02", "part.h"))
        self.assertIn("02a.1 A", self.do("task", "2a.1"))


class HintTest(StudentTree):
    def test_one_more_at_each_call(self):
        self.assertEqual("course: stage 01 has no work folder yet; it is made by: ./course start 01\n", self.one_line("hint", "01.1"))
        self.do("start", "01")
        for number, left in ((1, "(2 left; recorded)"), (2, "(1 left; recorded)"), (3, "(none left)")):
            out = self.do("hint", "01.1")
            self.assertIn(f"hint{number} of 01.1", out)
            self.assertIn(left, out)
            self.assertEqual(1, out.count("of 01.1"))
        out = self.do("hint", "01.1")
        for expected in ("hint1 of", "hint2 of", "hint3 of", "--give-up"):
            self.assertIn(expected, out)
        record = json.loads(self.read_mine("01", ".course/state.json"))
        self.assertEqual(3, len(record["tasks"]["01.1"]["hints"]))
        self.assertIn("3 hints", self.do("status"))

    def test_again_asks_for_none(self):
        self.do("start", "01")
        self.assertIn("no hint of 01.1", self.do("hint", "01.1", "--again"))
        self.do("hint", "01.1")
        self.assertIn("hint1 of 01.1", self.do("hint", "01.1", "--again"))
        self.assertIn("hint2 of 01.1", self.do("hint", "01.1"))

    def test_asked_for_in_two_terminals(self):
        self.do("start", "01")
        repo = self.repo()
        watching = work.Work(repo, repo.stages["01"])
        self.assertEqual(0, watching.state.hints("01.1"))
        self.do("hint", "01.1")
        self.assertEqual(1, watching.state.hints("01.1"))
        self.do("hint", "01.2")
        watching.state.note_hint("01.1")
        self.assertIn("1 of 3 left", self.do("task", "01.1"))
        self.assertIn("2 of 3 left", self.do("task", "01.2"))

    def test_a_broken_record_is_kept(self):
        self.do("start", "01")
        self.text("work/01_one/.course/state.json", '{"tasks": [')
        self.assertIn("cannot be read", self.do("hint", "01.1"))
        kept = [p for p in (self.mine("01") / ".course").iterdir() if "broken" in p.name]
        self.assertEqual(['{"tasks": ['], [p.read_text() for p in kept])
        self.text("work/01_one/.course/state.json", '{"tasks": {"01.1": {"hints": 3}}}')
        self.assertIn("cannot be read", self.do("status"))


class SolutionTest(StudentTree):
    def test_only_after_a_pass(self):
        self.do("start", "01")
        self.assertIn("01.1 has not passed yet", self.one_line("solution", "01.1"))
        repo = self.repo()
        state.State(self.mine("01") / ".course").note_passed("01.1", "x")
        out = self.do("solution", "01.1")
        self.assertEqual("01_one/add.h, lines 4 to 4\n  return a + b;\n\nWhy it is so\nwhy of 01.1 in en\n", out)
        self.assertFalse(work.Work(repo, repo.stages["01"]).state.given_up("01.1"))

    def test_give_up_is_recorded(self):
        self.do("start", "01")
        self.assertIn("given up: recorded", self.do("solution", "01.3", "--give-up"))
        self.assertIn("if (size < 0) return false;", self.do("solution", "01.3"))
        self.assertIn("given_up", json.loads(self.read_mine("01", ".course/state.json"))["tasks"]["01.3"])


class ResetTest(StudentTree):
    def setUp(self):
        super().setUp()
        self.do("start", "01")
        self.edit("01", "add.h", 'COURSE_TODO("01.1");', "return b + a;")
        self.edit("01", "add.h", 'COURSE_TODO("01.2");', "twice = a + a;")

    def test_only_its_own_region(self):
        out = self.do("reset", "01.1")
        text = self.read_mine("01", "add.h")
        self.assertIn('COURSE_TODO("01.1");', text)
        self.assertIn("twice = a + a;", text)
        kept = self.root / out.split("what was there: ")[1].strip()
        self.assertIn("return b + a;", kept.read_text())
        self.assertIn("as it was at the start: nothing to do", self.do("reset", "01.1"))

    def test_a_bug_comes_back(self):
        self.edit("01", "limit.h", "return size <= limit;", "return size >= 0 && size <= limit;")
        self.do("reset", "01.3")
        self.assertIn("  return size <= limit;\n", self.read_mine("01", "limit.h"))

    def test_broken_marks(self):
        whole = self.read_mine("01", "add.h")
        for old, new in (("  // <student 01.1>\n", ""), ("// </student>", "// end"), ("<student 01.1>", "<student 1.1>"), ("<student 01.1>", "<student 01.2>")):
            self.mine("01", "add.h").write_text(whole.replace(old, new, 1))
            out = self.one_line("reset", "01.1", code=1)
            self.assertIn("the marks of 01.1 are gone or edited", out)
            self.assertIn("./course reset 01.1 --file", out)
            self.assertIn("marks broken", self.do("status"))
            self.assertIn("twice = a + a;", self.read_mine("01", "add.h"))
        out = self.do("reset", "01.1", "--file")
        self.assertIn('COURSE_TODO("01.2");', self.read_mine("01", "add.h"))
        self.assertIn("twice = a + a;", (self.root / out.split("what was there: ")[1].strip()).read_text())

    def test_a_file_that_was_deleted(self):
        self.mine("01", "add.h").unlink()
        self.assertIn("work/01_one/add.h is missing; ./course reset 01.1 --file", self.one_line("reset", "01.1", code=1))
        self.assertIn("is there again", self.do("reset", "01.1", "--file"))
        self.assertIn('COURSE_TODO("01.1");', self.read_mine("01", "add.h"))


class SubmitTest(StudentTree):
    def test_only_the_task_files_and_the_manifest(self):
        self.do("start", "01")
        self.edit("01", "add.h", 'COURSE_TODO("01.1");', "return b + a;")
        self.text("work/01_one/notes.txt", "mine\n")
        self.do("hint", "01.1")
        out = self.do("submit", "01")
        self.assertIn("work/submit_01.zip: 2 files, 0 of 3 tasks passed here (0 points)", out)
        self.assertIn("not written: 01.2, 01.3", out)
        with zipfile.ZipFile(self.root / "work/submit_01.zip") as archive:
            self.assertEqual({"add.h", "limit.h", "manifest.json"}, set(archive.namelist()))
            manifest = json.loads(archive.read("manifest.json"))
            self.assertEqual(self.mine("01", "add.h").read_bytes(), archive.read("add.h"))
        entry = manifest["tasks"]["01.1"]
        self.assertEqual(hashlib.sha256(b"  return b + a;\n").hexdigest(), entry["region"])
        self.assertEqual((1, None, None), (entry["hints"], entry["passed"], entry["given_up"]))
        self.assertEqual("01", manifest["stage"])
        self.assertTrue(manifest["starter"] and manifest["started"] and manifest["submitted"])

    def test_under_another_name(self):
        self.do("start", "01")
        target = self.root / "내 제출 (1).zip"
        self.do("submit", "--to", str(target))
        self.assertTrue(zipfile.is_zipfile(target))

    def test_broken_marks_are_said_and_the_rest_goes_in(self):
        self.do("start", "01")
        self.edit("01", "add.h", "  // <student 01.1>\n", "")
        self.assertIn("warning: work/01_one/add.h: the marks of 01.1", self.do("submit", "01"))
        with zipfile.ZipFile(self.root / "work/submit_01.zip") as archive:
            self.assertIsNone(json.loads(archive.read("manifest.json"))["tasks"]["01.1"]["region"])


class StatusTest(StudentTree):
    def test_marks(self):
        self.assertIn("no stage was started yet; the first: ./course start 01", self.do("status"))
        self.do("start", "01")
        self.edit("01", "add.h", 'COURSE_TODO("01.2");', "twice = a + a;")
        repo = self.repo()
        mine = work.Work(repo, repo.stages["01"])
        first = repo.stages["01"].tasks[0]
        mine.state.note_passed("01.1", mine.digest(first))
        out = self.do("status")
        for expected in ("01 Title 01: 40 of 100 points", "Adding     passed", "Doubling   written, not passed yet", "The limit  not written yet",
                         "not started: 02", "next: ./course task 01.2"):
            self.assertIn(expected, out)
        self.edit("01", "add.h", 'COURSE_TODO("01.1");', "return 0;")
        self.assertIn("passed, changed since", self.do("status", "01"))

    def test_where_one_is_counts(self):
        self.do("start", "01")
        self.do("start", "02")
        with mock.patch("pathlib.Path.cwd", lambda: self.mine("01", "tests")):
            self.assertIn("01.1 Adding", self.do("next"))
        with mock.patch("pathlib.Path.cwd", lambda: self.mine("02")):
            self.assertIn("02.1 Subtracting", self.do("next"))


class MineTest(StudentTree):
    def test_the_changes_since_the_start(self):
        self.do("start", "01")
        self.assertEqual("work/01_one is as it was at the start\n", self.do("diff", "--mine", "01"))
        self.edit("01", "add.h", 'COURSE_TODO("01.1");', "return b + a;")
        self.text("work/01_one/new.h", "int x;\n")
        self.mine("01", "limit.h").unlink()
        out = self.do("diff", "--mine")
        for expected in ('-  COURSE_TODO("01.1");', "+  return b + a;", "new: new.h", "removed: limit.h"):
            self.assertIn(expected, out)
        self.assertIn("which stages?", self.one_line("diff"))

    def test_no_folder_yet(self):
        for argv in (("test", "--mine", "01"), ("build", "--mine", "01"), ("run", "--mine", "01"), ("read", "--mine", "01"), ("watch", "01"), ("submit", "01"), ("reset", "01.1")):
            self.assertEqual("course: stage 01 has no work folder yet; it is made by: ./course start 01\n", self.one_line(*argv))
        self.assertIn("--mine goes with neither", self.one_line("test", "--mine", "01", "--all"))


class ExhibitTest(unittest.TestCase):
    def test_it_is_found_where_it_has_moved(self):
        hunks = exhibits.parse(EXHIBIT)["limit.h"]
        text = "int before;\nint more;\n" + LIMIT
        self.assertEqual(text.replace("  if (size < 0) return false;\n", ""), exhibits.apply(hunks, text))
        with self.assertRaisesRegex(ValueError, "the hunk of line 1 does not apply"):
            exhibits.apply(hunks, LIMIT.replace("size < 0", "size < 1"))

    def test_several_hunks(self):
        text = "".join(f"{n}\n" for n in range(30))
        patch = "--- a/x\n+++ b/x\n@@ -3,1 +3,3 @@\n-2\n+a\n+b\n+c\n@@ -21,2 +23,1 @@\n 20\n-21\n"
        expected = text.replace("\n2\n", "\na\nb\nc\n").replace("\n21\n", "\n")
        self.assertEqual(expected, exhibits.apply(exhibits.parse(patch)["x"], text))

    def test_what_is_no_patch(self):
        for text in ("hello\n", "@@ -1 +1 @@\n-a\n+b\n"):
            with self.assertRaises(ValueError):
                exhibits.parse(text)


class PiecesTest(unittest.TestCase):
    def test_what_is_filled(self):
        text = ADD
        self.assertEqual(text, regions.filled(text, lambda task, which, inside: inside))
        self.assertEqual(["  return a + b;\n"], regions.contents(text, "01.1"))
        self.assertNotIn("a + b", starter.without(text))
        self.assertIn("a + b", starter.without(text, "01.2"))
        self.assertTrue(starter.is_empty('  COURSE_TODO("01.1");\n'))
        self.assertFalse(starter.is_empty("  return a;\n"))

    def test_a_write_that_fails_leaves_the_old(self):
        import pathlib
        import tempfile
        with tempfile.TemporaryDirectory(prefix="내 폴더 ") as folder:
            file = pathlib.Path(folder) / "상태 (1).json"
            safe.write(file, b"old")
            with mock.patch.object(os, "replace", side_effect=OSError(errno.ENOSPC, "full")):
                self.assertRaises(OSError, safe.write, file, b"new")
            self.assertEqual(b"old", file.read_bytes())
            self.assertEqual([file.name], os.listdir(folder))

    def test_a_locale_decides_before_the_arguments_are_read(self):
        with mock.patch.dict(os.environ, {"COURSE_LANG": "ko"}):
            language.prepare(["start", "--help"])
            self.assertIn("단계 시작", language.of(start_command, "HELP"))
            language.prepare(["start", "--lang", "en"])
            self.assertIn("begin a stage", language.of(start_command, "HELP"))


if __name__ == "__main__":
    unittest.main()
