"""watch: what it tries, what it shows, at any size, with keys, in a pipe, on a Windows console."""

import os
import pathlib
import sys
import tempfile
import time
import types
import unittest
from unittest import mock

from student_tree import StudentTree

from course import console, keys, trial, watch_command, watch_files, watch_run, watch_view, work


def outcome(text, cases=None, ended="exit code 1"):
    return trial.Outcome(False, cases, text, 0.1, ended)


class FilesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="내 강의 ")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "net").mkdir()
        (self.root / "build").mkdir()
        (self.root / "net" / "a.h").write_text("1")
        self.watcher = watch_files.Watcher(self.root)

    def settled(self):
        """The first look sees the change, the second that nothing more comes."""
        self.assertEqual(set(), self.watcher.changed())
        return self.watcher.changed()

    def test_nothing(self):
        self.assertEqual(set(), self.settled())

    def test_a_save_in_place_and_by_rename(self):
        (self.root / "net" / "a.h").write_text("22")
        self.assertEqual({"net/a.h"}, self.settled())
        self.assertEqual(set(), self.settled())
        (self.root / "net" / ".a.h.swp").write_text("x")
        (self.root / "net" / "a.h.new").write_text("33")
        os.replace(self.root / "net" / "a.h.new", self.root / "net" / "a.h")
        self.assertEqual({"net/a.h"}, self.settled())

    def test_it_waits_while_something_comes(self):
        for size in range(3):
            (self.root / "net" / "b.h").write_text("x" * (size + 1))
            self.assertEqual(set(), self.watcher.changed())
        (self.root / "net" / "a.h").unlink()
        self.assertEqual({"net/a.h", "net/b.h"}, self.settled())

    def test_what_does_not_count(self):
        for name in ("build/x.o", "net/4913", "net/a.h~", "net/#a.h#", ".course"):
            (self.root / name).write_text("x")
        self.assertEqual(set(), self.settled())


class FailureTest(unittest.TestCase):
    def test_the_first_case_that_failed(self):
        text = "[ RUN      ] A.One\n[       OK ] A.One\n[ RUN      ] A.Two\nx.cc:3: Failure\n  want 1\n[  FAILED  ] A.Two (0 ms)\n[ RUN      ] A.Three\n[  FAILED  ] A.Three\n"
        self.assertEqual("[ RUN      ] A.Two\nx.cc:3: Failure\n  want 1\n[  FAILED  ] A.Two (0 ms)", watch_run.first_failure(outcome(text, {"A.Two": "failed"})))

    def test_a_crash_within_a_case(self):
        text = "[ RUN      ] A.One\n[       OK ] A.One\n[ RUN      ] A.Two\nboom\n"
        self.assertEqual("[ RUN      ] A.Two\nboom\nsignal SIGSEGV", watch_run.first_failure(outcome(text, ended="signal SIGSEGV")))

    def test_a_scenario(self):
        text = "Scenario: one\n  x.cc:1: REQUIRE( a )\n\nScenario: two\n  y\n"
        self.assertEqual("Scenario: one\n  x.cc:1: REQUIRE( a )", watch_run.first_failure(outcome(text, {"one": "failed"})))

    def test_silence(self):
        self.assertEqual("no end within 60 s", watch_run.first_failure(outcome("\n", ended="no end within 60 s")))
        self.assertEqual("exit code 3", watch_run.first_failure(outcome("\n", ended="exit code 3")))


class BoardTree(StudentTree):
    def setUp(self):
        super().setUp()
        self.do("start", "01")
        repo = self.repo()
        self.work = work.Work(repo, repo.stages["01"])
        self.tasks_ = self.work.stage.tasks

    def board(self, lang="en", unicode=True):
        board = watch_view.Board(self.work, lang, unicode)
        board.current = self.tasks_[0]
        board.refresh()
        return board


class BoardTest(BoardTree):
    def test_one_screen(self):
        board = self.board()
        board.marks["01.2"] = "passed"
        board.show(["[ RUN      ] A.One", "  expected 5, got 6"])
        lines, last = board.lines(80, 24)
        self.assertEqual(["work/01_one  20 of 100 points", "> · 01.1  40  Adding", "  ✓ 01.2  20  Doubling", "  · 01.3  40  The limit",
                          "waits: save a file of work/01_one", "[ RUN      ] A.One", "  expected 5, got 6"], lines)
        self.assertEqual(" h hint  n next  r rerun  a all  q quit", last)

    def test_no_line_is_too_wide_and_none_too_many(self):
        for lang in ("en", "ko"):
            board = self.board(lang)
            board.phase = "01.1: " + "실패 " * 40
            board.show(["x" * 333, "가" * 200, "", "\tend"])
            for wide in (20, 40, 60, 80, 200):
                for rows in (4, 10, 24, 60):
                    lines, last = board.lines(wide, rows)
                    self.assertLessEqual(len(lines), rows - 1)
                    self.assertLessEqual(max(map(console.width, [*lines, last])), wide - 1, (wide, rows))

    def test_sixty_columns_hold_the_keys(self):
        for lang, wanted in (("en", "q quit"), ("ko", "q 끝")):
            self.assertIn(wanted, self.board_of(lang).lines(60, 24)[1])

    def board_of(self, lang):
        from course import language
        language.choose(types.SimpleNamespace(lang=lang))
        self.addCleanup(language.choose, types.SimpleNamespace(lang="en"))
        return self.board(lang)

    def test_the_failure_in_full_by_scrolling(self):
        board = self.board()
        board.show([f"line {n}" for n in range(100)])
        seen = []
        for _ in range(20):
            lines, last = board.lines(80, 24)
            seen += [l for l in lines if l.startswith("line ")]
            board.page(24, 80, 1)
        self.assertEqual([f"line {n}" for n in range(100)], list(dict.fromkeys(seen)))
        self.assertIn("lines 83-100 of 100", last)
        board.lines(80, 24)
        board.page(24, 80, -1)
        self.assertEqual(82 - 17, board.top)

    def test_a_low_terminal_keeps_the_failure(self):
        board = self.board()
        board.show([f"line {n}" for n in range(9)])
        lines, _ = board.lines(60, 10)
        self.assertEqual(">·01.1   ·01.2   ·01.3", lines[1])
        self.assertIn("line 5", lines)

    def test_a_terminal_without_these_letters(self):
        self.assertIn("> . 01.1", "\n".join(self.board(unicode=False).lines(80, 24)[0]))


class FakeTree:
    """In place of CMake and the tests."""

    configured = True

    def __init__(self, built=True, outcomes=None):
        self.built, self.outcomes, self.ran = built, outcomes or {}, []

    def build(self, specs, status=None):
        if status:
            status.update("[3/7] Building x")
        return trial.BuildResult(self.built, "" if self.built else "add.h:3: error: no", "log", [])

    def learn(self, specs):
        pass

    def run(self, spec, limits):
        self.ran.append(spec)
        return self.outcomes.get(spec, trial.Outcome(True, {}, "", 0.5, "exit code 0"))


class SessionTest(BoardTree):
    def session(self, tree=None):
        return watch_command.Session(self.work, watch_run.Runner(self.work, tree or FakeTree()), "en", self.tasks_[0])

    def finish(self, session):
        while session.runner.busy:
            time.sleep(0.005)
        return [e for e in session.events()]

    def test_a_pass_is_noted_and_opens_the_solution(self):
        self.edit("01", "add.h", 'COURSE_TODO("01.1");', "return b + a;")
        session = self.session()
        session.try_([self.tasks_[0]])
        events = self.finish(session)
        self.assertEqual([("phase", self.tasks_[0], "build", ""), ("phase", self.tasks_[0], "build", "3/7"), ("phase", self.tasks_[0], "run", "unit.add")],
                         events[:3])
        self.assertEqual("passed", session.board.marks["01.1"])
        self.assertEqual(40, session.board.points())
        self.assertIn("return a + b;", self.do("solution", "01.1"))
        self.assertIn("why of 01.1", self.do("task", "01.1"))
        self.assertEqual(self.tasks_[1], session.next_open())

    def test_what_was_changed_meanwhile_has_not_passed(self):
        self.edit("01", "add.h", 'COURSE_TODO("01.1");', "return b + a;")
        session = self.session()
        session.try_([self.tasks_[0]])
        while session.runner.busy:
            time.sleep(0.005)
        self.edit("01", "add.h", "return b + a;", "return 7;")
        list(session.events())
        self.assertEqual("written", session.board.marks["01.1"])

    def test_a_file_that_does_not_compile(self):
        self.edit("01", "add.h", 'COURSE_TODO("01.1");', "retrun;")
        tree = FakeTree(built=False)
        session = self.session(tree)
        session.try_([self.tasks_[0]])
        for event in self.finish(session):
            watch_command._show(session, event)
        self.assertEqual("01.1: does not compile", session.board.phase)
        self.assertEqual(["add.h:3: error: no"], session.board.body)
        self.assertEqual("failed", session.board.marks["01.1"])
        self.assertEqual([], tree.ran)

    def test_another_task_that_is_needed_first(self):
        for needed, phase in (("01.2", "01.1: good so far; a test of it also needs 01.2, which is not written yet"), ("01.1", "01.1: unit.add failed (0.1 s)")):
            session = self.session(FakeTree(outcomes={"unit.add": outcome(f"[ RUN      ] X\ntask {needed} is not written yet (add.h:3)\n")}))
            session.try_([self.tasks_[0]])
            for event in self.finish(session):
                watch_command._show(session, event)
            self.assertEqual(phase, session.board.phase)

    def test_who_waited_is_tried_when_the_other_has_passed(self):
        self.edit("01", "add.h", 'COURSE_TODO("01.1");', "return b + a;")
        tree = FakeTree(outcomes={"unit.add": outcome("[ RUN      ] X\ntask 01.2 is not written yet (add.h:3)\n")})
        session = self.session(tree)
        session.try_([self.tasks_[0]])
        self.finish(session)
        self.assertEqual({"01.1": "01.2"}, session.waiting)
        self.assertEqual("written", session.board.marks["01.1"])
        self.edit("01", "add.h", 'COURSE_TODO("01.2");', "twice = a + a;")
        tree.outcomes.clear()
        session.try_([self.tasks_[1]])
        self.finish(session)
        self.finish(session)
        self.assertEqual(["passed", "passed"], [session.board.marks[t] for t in ("01.1", "01.2")])
        self.assertEqual({}, session.waiting)

    def test_the_first_failure_of_all_stays(self):
        tree = FakeTree(outcomes={"unit.add": outcome("[ RUN      ] X\nfirst\n[  FAILED  ] X\n", {"X": "failed"})})
        session = self.session(tree)
        session.try_(self.tasks_)
        for event in self.finish(session):
            watch_command._show(session, event)
        self.assertEqual("first", session.board.body[1])
        self.assertEqual("01.1: unit.add failed (0.1 s)", session.board.phase)
        self.assertEqual(self.tasks_[0], session.board.current)

    def test_a_save_tries_the_task_that_changed(self):
        session = self.session()
        for old, new, wanted in (('COURSE_TODO("01.2");', "twice = a + a;", "01.2"), ("#pragma once", "#pragma once // x", "01.2")):
            self.edit("01", "add.h", old, new)
            self.assertFalse(session.saved())
            self.assertTrue(session.saved())
            self.finish(session)
            self.assertEqual(wanted, session.board.current.id)
        self.edit("01", "limit.h", "return size <= limit;", "return size >= 0 && size <= limit;")
        session.saved()
        session.saved()
        self.assertEqual("01.3", session.board.current.id)

    def test_broken_marks_are_said(self):
        self.edit("01", "add.h", "  // <student 01.1>\n", "")
        session = self.session()
        session.try_([self.tasks_[0]])
        for event in self.finish(session):
            watch_command._show(session, event)
        self.assertEqual("01.1: cannot be tried", session.board.phase)
        self.assertIn("the marks of 01.1", session.board.body[0])
        self.assertEqual("broken", session.board.marks["01.1"])

    def test_keys(self):
        session = self.session()
        watch_command._press(session, "hint", os.terminal_size((80, 24)))
        self.assertEqual("hint1 of 01.1 in en", session.board.body[1])
        self.assertEqual(1, self.work.state.hints("01.1"))
        watch_command._press(session, "next open", os.terminal_size((80, 24)))
        self.finish(session)
        self.assertEqual("01.2", session.board.current.id)
        self.assertIn("open work/01_one/add.h:", session.board.body[1])
        for key in ("rerun", "all", "next", "back", None):
            watch_command._press(session, key, os.terminal_size((80, 24)))
        self.finish(session)

    def test_tests_that_are_gone_come_back_and_edited_ones_are_named(self):
        given = self.read_mine("01", "tests/tests.cmake")
        self.mine("01", "tests/tests.cmake").unlink()
        session = self.session()
        session.try_([self.tasks_[0]])
        result = next(e[1] for e in self.finish(session) if e[0] == "result")
        self.assertEqual("work/01_one/tests/tests.cmake was missing: it is back as it was at the start", result.text)
        self.assertEqual(given, self.read_mine("01", "tests/tests.cmake"))
        self.edit("01", "tests/tests.cmake", "add", "nothing")
        tree = FakeTree(built=False)
        session = self.session(tree)
        session.try_([self.tasks_[0]])
        result = next(e[1] for e in self.finish(session) if e[0] == "result")
        self.assertEqual("work/01_one/tests/tests.cmake was edited: grading takes the course's own\nadd.h:3: error: no", result.text)
        self.assertIn("nothing", self.read_mine("01", "tests/tests.cmake"))  # what the student did is never undone

    def test_a_long_build_says_in_a_pipe_how_far_it_is(self):
        lines = []
        task = self.tasks_[0]
        session = self.session()
        session.said = time.monotonic()
        with mock.patch.object(watch_command.console, "say", lines.append), mock.patch.object(watch_command, "_QUIET", 60.0):
            session.runner.events.append(("phase", task, "build", "3/7"))
            watch_command._say(session)
            self.assertEqual([], lines)
            session.said -= 60.0
            watch_command._say(session)
            watch_command._say(session)  # not again at once
            self.assertEqual(["01.1: builds 3/7"], lines)
            session.runner.events.append(("idle",))
            session.said -= 60.0
            watch_command._say(session)
            self.assertEqual(["01.1: builds 3/7"], lines)

    def test_a_save_ends_what_runs(self):
        child = {}

        class Slow(FakeTree):
            def run(self, spec, limits):
                from course import process
                child["process"] = process.popen([sys.executable, "-c", "import time; time.sleep(60)"])
                child["process"].wait()
                return trial.Outcome(True, {}, "", 60, "exit code 0")

        session = self.session(Slow())
        session.try_([self.tasks_[0]])
        deadline = time.monotonic() + 10
        while not child and time.monotonic() < deadline:
            time.sleep(0.01)
        session.runner.stop()
        self.assertIsNotNone(child["process"].poll())
        self.assertEqual([], [e for e in session.events() if e[0] == "result"])


class KeysTest(unittest.TestCase):
    def windows(self, *pressed):
        """A Screen that reads these keys from a Windows console."""
        waiting = list(pressed)
        console_ = types.SimpleNamespace(kbhit=lambda: bool(waiting), getwch=lambda: waiting.pop(0))
        with mock.patch.object(keys, "termios", None), mock.patch.object(keys, "msvcrt", console_, create=True):
            screen = keys.Screen(watch_command.KEYS)
            return [screen.poll(0.05) for _ in range(len(pressed) + 1)]

    def test_windows(self):
        self.assertEqual(["hint", "next open", "rerun", "all", "quit", None], self.windows("h", "n", "r", "a", "q"))
        self.assertEqual("next", self.windows("\xe0", "P")[0])
        self.assertEqual("back", self.windows("\x00", "H")[0])
        self.assertEqual("quit", self.windows("\x1b")[0])
        self.assertEqual(["next", "back", None], self.windows(" ", "b"))
        self.assertIsNone(self.windows("z")[0])

    def test_a_windows_console_is_asked_to_understand_escapes(self):
        asked = []

        class Kernel:
            def GetStdHandle(self, which):
                return which

            def GetConsoleMode(self, handle, mode):
                mode._obj.value = 3
                return 1

            def SetConsoleMode(self, handle, mode):
                asked.append((handle, mode))

        import ctypes
        with mock.patch.object(ctypes, "windll", types.SimpleNamespace(kernel32=Kernel()), create=True):
            keys._understand_escapes()
        self.assertEqual([(-11, 7)], asked)

    def test_the_tree_on_windows(self):
        with mock.patch.object(watch_run.trial.Tree, "__init__", lambda *_, **__: None):
            tree = watch_run.Tree.__new__(watch_run.Tree)
        tree.tree = pathlib.Path("/t")
        with mock.patch.object(os, "name", "nt"), mock.patch.object(sys.modules[pathlib.Path.__module__], "WindowsPath", pathlib.PosixPath):
            self.assertEqual("/t/bin/unit_add.exe", str(tree.program("unit.add")))
            self.assertEqual("", tree._launcher())


if __name__ == "__main__":
    unittest.main()
