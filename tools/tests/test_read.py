"""read and the difference as a lesson: order, options, widths, languages, keys; on made-up stages and on the real ones."""

import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import time
import unittest
from unittest import mock

from lesson_tree import LessonTree, STEP, WORKER_STEP, step

from course import console, diff_entries, language, lesson, read_command
from course.diff_entries import Entry, Row, counts, hunks, unified
from course.errors import UsageError
from course.model import Repo

REPO = pathlib.Path(__file__).resolve().parents[2]


class RowsTest(unittest.TestCase):
    def rows(self, old, new, marks=False):
        return Entry("changed", "a.cc", old.encode(), new.encode(), "").rows(marks)

    def test_marks_are_no_difference(self):
        self.assertEqual((0, 0), counts(self.rows("a\nb\n", "a\n// [x]\nb\n// [/x]\n")))
        self.assertEqual((2, 0), counts(self.rows("a\nb\n", "a\n// [x]\nb\n// [/x]\n", marks=True)))

    def test_numbers_of_both_sides(self):
        self.assertEqual([Row(" ", 1, 1, "a"), Row("-", 2, 2, "b"), Row("+", 3, 2, "c"), Row(" ", 3, 3, "d")], self.rows("a\nb\nd\n", "a\nc\nd\n"))
        self.assertEqual([Row("-", 1, 1, "a")], self.rows("a\n", ""))

    def test_the_unified_form_is_that_of_diff(self):
        old, new = [str(n) for n in range(40)], [str(n) for n in range(40)]
        new[5], new[30:32] = "five", []
        rows = self.rows("\n".join(old) + "\n", "\n".join(new) + "\n")
        import difflib
        self.assertEqual([l for l in difflib.unified_diff(old, new, lineterm="", n=3) if not l.startswith(("---", "+++"))], list(unified(rows)))
        self.assertEqual(2, len(hunks(rows)))

    def test_a_new_file(self):
        self.assertEqual(["@@ -0,0 +1,2 @@", "+a", "+b"], list(unified(Entry("new", "a", None, b"a\nb\n", "").rows())))


class DiffTest(LessonTree):
    def diff(self, *argv, code=0):
        got, out = self.course("diff", "01", "02", *argv)
        self.assertEqual(code, got, out)
        return out

    def order(self, out, *wanted):
        """All of this is in the text, each behind the one before."""
        at = 0
        for text in wanted:
            found = out.find(text, at)
            self.assertGreaterEqual(found, 0, f"{text!r} is not behind the one before in:\n{out}")
            at = found + len(text)

    def test_the_table_and_then_the_steps(self):
        out = self.diff()
        self.order(out, "1  The queue", "net/queue.h", "+4 -0", "2  The worker", "net/worker.cc [loop]", "+3 -1", "rest of the steps' files",
                   "labs", "support", "More:", "Step 1 of 2: The queue", "Anybody may push.", "new: net/queue.h   the queue itself",
                   "+int Push();", "Step 2 of 2: The worker", "changed: net/worker.cc [loop]   the loop", "-  Wait();", "+  Push();")
        for left_out in ("measure();", "old();", "[loop]\n+", "struct Node"):
            self.assertNotIn(left_out, out)

    def test_the_sums_of_the_table_are_those_of_the_files(self):
        repo = self.repo()
        old, new = repo.stages["01"], repo.stages["02"]
        found = diff_entries.entries(repo, old, new)
        view = diff_entries.View(repo, old, new, found)
        shown = [counts(r.rows) for r in view.readings] + [counts(rows) for group in view.rest.values() for _, rows in group]
        whole = [counts(e.rows(False)) for e in found]
        for side in (0, 1):
            self.assertEqual(sum(s[side] for s in whole), sum(s[side] for s in shown))

    def test_stat(self):
        out = self.diff("--stat")
        self.assertNotIn("+  Push();", out)
        self.assertNotIn("bench/measure.cc", out)
        self.assertIn("bench/measure.cc", self.diff("--stat", "--all"))

    def test_all_brings_the_rest_behind_the_steps(self):
        out = self.diff("--all")
        self.order(out, "+  Push();", "changed: net/worker.cc", "old();", "new: bench/measure.cc   measures", "+int main() { measure(); }",
                   "new: net/node.h   a node")

    def test_one_group(self):
        out = self.diff("--group", "labs")
        self.assertIn("measure();", out)
        self.assertNotIn("Push();", out)
        self.assertIn("invalid choice: 'lab'", self.diff("--group", "lab", code=2))

    def test_tests_come_behind_the_steps(self):
        self.write("02", "tests/unit_more.cc", "TEST(Q, More) {}\n")
        out = self.diff("--tests")
        self.order(out, "+  Push();", "new: tests/unit_more.cc", "+TEST(Q, More)")
        self.assertNotIn("measure();", out)
        self.assertNotIn("TEST(Q, More)", self.diff())

    def test_one_step(self):
        for name in ("2", "worker"):
            out = self.diff("--step", name)
            self.assertIn("+  Push();", out)
            self.assertNotIn("net/queue.h", out.replace("net/queue.h\"", ""))
        self.assertEqual("course: no step '3' (there are: 1 queue, 2 worker)\n", self.diff("--step", "3", code=2))
        self.assertIn("stage 02 has no part '02a'", self.diff("--part", "02a", code=2))

    def test_what_does_not_go_together(self):
        self.assertEqual("course: --step and --group do not go together\n", self.diff("--step", "1", "--group", "labs", code=2))
        self.assertEqual("course: a path and --part do not go together\n", self.diff("net/queue.h", "--part", "02a", code=2))

    def test_parts(self):
        text = ""
        for name, one in (("02a", STEP), ("02b", WORKER_STEP)):
            text += f'[[stage.02.part]]\nid = "{name}"\ntitle = "Part {name}"\ntitle_ko = "제"\ntext = "x"\ntext_ko = "글"\n'
            text += step(one, "stage.02.part.step")
        self.lesson(text)
        self.order(self.diff(), "02a Part 02a", "02a.1  The queue", "02b Part 02b", "02b.1  The worker", "--part 02a", "02a Step 1 of 1: The queue")
        for option in (("--part", "02b"), ("--step", "02b.1"), ("--step", "worker"), ("--part", "02B", "--step", "1")):
            out = self.diff(*option)
            self.assertIn("+  Push();", out)
            self.assertNotIn("Step 1 of 1: The queue", out)
        self.assertIn("'1' is the name of several steps (there are: 02a.1 queue, 02b.1 worker)", self.diff("--step", "1", code=2))
        self.assertIn("no part '02c' (there are: 02a, 02b)", self.diff("--part", "02c", code=2))

    def test_a_file_by_name_is_shown_whole(self):
        out = self.diff("net/worker.cc")
        self.assertIn("-void Before() { old(); }", out)
        self.assertIn("+// [loop]", out)

    def test_a_step_file_that_did_not_change(self):
        self.write("01", "net/queue.h", self.read("02", "net/queue.h"))
        self.assertIn("(the same in 01_one; ./course read 02 shows it)", self.diff())

    def test_over_several_stages_each_line_is_shown_once(self):
        for name in ("CMakeLists.txt", "net/queue.h", "net/node.h", "net/worker.cc"):
            self.write("03", name, self.read("02", name).replace("Push();", "Push(); // 3"))
        third = dict(WORKER_STEP, id='"again"', title='"Again"', tasks=None)
        self.lesson(extra=step(dict(third, read=third["read"].replace(":loop", "")), "stage.03.step"))
        code, out = self.course("diff", "01", "03")
        self.assertEqual(0, code, out)
        self.order(out, "02_two", "1  The queue", "2  The worker", "03_three", "1  Again", "02 Step 2 of 2: The worker",
                   "(below: stage 03, Again)", "03 Step 1 of 1: Again", "+  Push(); // 3")
        self.assertEqual(1, out.count("+  Push(); // 3"))

    def test_the_page_folds_all_but_the_steps(self):
        page = self.root / "d.html"
        self.diff("--html", str(page))
        text = page.read_text(encoding="utf-8")
        self.order(text, "1. The queue", "2. The worker", "labs", '<h2 id="s0">', "int Push();", '<h2 id="s1">', '<details id="g-steps">', "measure();")
        self.assertNotIn("<details open", text)
        self.assertNotIn("http", text)

    def test_in_korean(self):
        for out in (self.diff("--lang", "ko"), self._with({"COURSE_LANG": "ko"}), self._with({"LANG": "ko_KR.UTF-8", "COURSE_LANG": ""})):
            self.order(out, "1  큐", "2  워커", "실험", "2걸음 중 1번째: 큐", "누구나 넣는다.", "new: net/queue.h   큐", "+int Push();")

    def _with(self, environment):
        with mock.patch.dict(os.environ, environment):
            for name in ("LC_ALL", "LC_MESSAGES"):
                os.environ.pop(name, None)
            return self.diff()


class LanguageTest(unittest.TestCase):
    def test_which_language(self):
        def choose(wish=None, **environment):
            return language.choose(mock.Mock(lang=wish), environment)
        self.assertEqual("en", choose())
        self.assertEqual("en", choose(LANG="C.UTF-8"))
        for locale in ("ko_KR.UTF-8", "ko_KR.eucKR", "ko", "Korean_Korea.949"):
            self.assertEqual("ko", choose(LANG=locale))
        self.assertEqual("en", choose(LANG="kok_IN"))
        self.assertEqual("en", choose(LC_ALL="en_US.UTF-8", LANG="ko_KR.UTF-8"))
        self.assertEqual("ko", choose(COURSE_LANG="ko", LC_ALL="en_US.UTF-8"))
        self.assertEqual("en", choose("en", COURSE_LANG="ko"))
        with self.assertRaisesRegex(UsageError, "COURSE_LANG is 'fr'; it may be ko or en"):
            choose(COURSE_LANG="fr")


class ReadTest(LessonTree):
    def reads(self, *argv, code=0):
        got, out = self.course("read", "02", *argv)
        self.assertEqual(code, got, out)
        return out

    def test_in_a_pipe_everything(self):
        out = self.reads("--lang", "en")
        for expected in ("02_two step 1 of 2\nThe queue\nAnybody may push.\n\nProved by: unit.queue\n", "Note: notes/en/02.md, The queue, at last\n",
                         "\nnet/queue.h\n  the queue itself\n1  #pragma once\n", "4  int Push();\n\nTry this: Push twice.\n",
                         "Tasks: 02.1\n", "net/worker.cc [loop]\n  the loop\n 5  void Loop() {\n 6    // <student 02.1>\n 7    Push();\n"):
            self.assertIn(expected, out)
        self.assertNotIn("Before", out)
        self.assertNotIn("// [loop]", out)

    def test_one_step_and_the_list(self):
        self.assertNotIn("int Push", self.reads("--step", "2"))
        self.assertNotIn("int Push", self.reads("--step", "worker"))
        self.assertEqual("02_two: Title 02\n  1       4 lines     The queue\n  2       5 lines     The worker\n  together  9 lines\n",
                         self.reads("--list", "--lang", "en"))

    def test_wrong_use_is_one_line(self):
        self.assertEqual("course: no step '7' (there are: 1 queue, 2 worker)\n", self.reads("--step", "7", code=2))
        self.assertEqual("course: stage 02 has no part '02b' (there are: none)\n", self.reads("--part", "02b", code=2))
        self.assertEqual((2, "course: stage 02 has no part '02b' (there are: none)\n"), self.course("read", "02b"))
        self.assertEqual(2, self.course("read", "09")[0])
        self.lesson(first=None)
        self.assertEqual((2, "course: stage 01 has no steps yet: course.toml [[stage.01.step]]\n"), self.course("read", "01"))

    def test_several_regions_of_a_file(self):
        self.write("02", "net/queue.h", "// [a]\nint a;\n// [/a]\nint b;\nint c;\n// [d]\nint d;\n// [/d]\n")
        self.lesson(dict(STEP, read='[{ file = "net/queue.h:d, a", why = "x", why_ko = "y" }]'), WORKER_STEP)
        self.assertIn("net/queue.h [d, a]\n  x\n2  int a;\n ...\n7  int d;\n", self.reads("--lang", "en"))

    def test_long_lines_go_on_below_themselves(self):
        self.write("02", "net/queue.h", "    int value = " + " + ".join(f"term_{n}" for n in range(20)) + ";  // 가나다라마바사\n" + "x" * 200 + "\n")
        for wide in (60, 80):
            with mock.patch.dict(os.environ, {"COLUMNS": str(wide)}):
                out = self.reads("--step", "1")
            self.assertLessEqual(max(map(console.width, out.splitlines())), wide)
            code = out[out.index("1      int value"):]
            self.assertEqual("".join(self.read("02", "net/queue.h").split()), re.sub(r"\s|^[12]  ", "", code[:code.index("\n\n")], flags=re.M))


class WrapTest(unittest.TestCase):
    def test_words_of_two_columns(self):
        self.assertEqual(["누구나", "넣는다."], console.wrap("누구나 넣는다.", 8))
        self.assertEqual(["누구나 넣는다."], console.wrap("누구나 넣는다.", 14))
        self.assertEqual(["가나", "다라", "마"], console.wrap("가나다라마", 5))
        self.assertEqual([""], console.wrap("", 5))
        self.assertEqual("가  |", console.pad("가", 4) + "|")

    def test_tables_line_up(self):
        lines = console.table([("프로그램", "a"), ("labs", "b")], indent="").split("\n")
        self.assertEqual(["프로그램  a", "labs      b"], lines)


@unittest.skipUnless(os.name == "posix", "needs a pseudo terminal")
class TerminalTest(LessonTree):
    """The walk through a stage on a real (pseudo) terminal."""

    def setUp(self):
        super().setUp()
        self.write("02", "net/queue.h", "".join(f"int line_{n};\n" for n in range(1, 61)))
        (self.root / "tools").mkdir()

    def start(self, columns=80, rows=24, *argv):
        import fcntl
        import pty
        import struct
        import termios
        self.master, slave = pty.openpty()
        self.addCleanup(os.close, self.master)
        self.size = lambda c, r: fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", r, c, 0, 0))
        self.size(columns, rows)
        self.settings = lambda: termios.tcgetattr(self.master)
        self.before = self.settings()
        environment = dict(os.environ, PYTHONPATH=str(REPO / "tools"), TERM="xterm", COURSE_LANG="en", PYTHONUTF8="1")
        environment.pop("COLUMNS", None)
        code = ("import sys, pathlib; from course import __main__ as m; m.find_root = lambda: pathlib.Path(sys.argv[1]); "
                "sys.exit(m.main(sys.argv[2:]))")
        self.child = subprocess.Popen([sys.executable, "-c", code, str(self.root), "read", "02", *argv], stdin=slave, stdout=slave,
                                      stderr=slave, env=environment, start_new_session=True)
        self.addCleanup(self._end)
        os.close(slave)
        self.seen = ""

    def _end(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()

    def until(self, *wanted):
        """Reads until the screen that was drawn last has all of this."""
        deadline = time.monotonic() + 60
        while True:
            screen = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", re.sub(r"\x1b\[\d+;1H", "\n", self.seen.split("\x1b[H")[-1]))
            if all(w in screen for w in wanted):
                return screen
            self.assertLess(time.monotonic(), deadline, (wanted, screen))
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
                except OSError:
                    self.fail(f"it has ended; wanted {wanted} in {screen}")

    def press(self, keys):
        os.write(self.master, keys.encode())

    def quit(self, key="q", code=0):
        self.press(key)
        self.drain(code)

    def drain(self, code):
        deadline = time.monotonic() + 60
        while self.child.poll() is None:
            self.assertLess(time.monotonic(), deadline)
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
                except OSError:
                    break
        self.assertEqual(code, self.child.wait(30))
        while select.select([self.master], [], [], 0)[0]:
            try:
                self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
            except OSError:
                break

    def test_on_and_back(self):
        self.start()
        self.until("step 1 of 2", "line_1;", "1/2", "space next")
        self.press(" ")
        self.until("line_20;", "line_30;")
        self.press("b")
        self.until("step 1 of 2", "line_1;")
        self.press("n")
        self.until("step 2 of 2", "Push();", "(end of the stage)")
        self.press(" ")  # nothing behind the end
        self.press("b")  # the end of the step before
        self.until("line_60;", "Try this")
        self.press("\x1b[D")  # cursor keys: left to its beginning
        self.until("step 1 of 2", "line_1;")
        self.press("\x1b[6~")  # page down
        self.until("line_20;")
        self.press("\x1bOC")  # right, in the other mode of terminals
        self.until("step 2 of 2")
        self.quit()

    def test_every_line_is_shown_once_on_the_way(self):
        self.start(60, 14)
        text = self.until("step 1 of 2")
        for _ in range(20):
            if "end of the stage" in text:
                break
            before = text
            self.press(" ")
            status = before.rstrip("\r\n").split("\n")[-1]
            deadline = time.monotonic() + 60
            while text == before:
                self.assertLess(time.monotonic(), deadline, status)
                if select.select([self.master], [], [], 0.2)[0]:
                    self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
                last = self.seen.split("\x1b[H")[-1]
                if "/2  " in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", last) and last.endswith("\x1b[K"):
                    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", last)
        shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.seen)
        for number in range(1, 61):
            self.assertIn(f"int line_{number};", shown)
        self.quit()

    def test_another_size(self):
        self.start(80, 24)
        self.until("line_1;")
        self.size(40, 12)
        os.kill(self.child.pid, signal.SIGWINCH)
        screen = self.until("step 1 of 2")
        deadline = time.monotonic() + 60
        while len(self.seen.split("\x1b[H")) < 3:
            self.assertLess(time.monotonic(), deadline)
            if select.select([self.master], [], [], 0.2)[0]:
                self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
        screen = self.until("The queue")
        self.assertLess(max(map(console.width, screen.replace("\r", "").split("\n"))), 40)
        self.quit()

    def test_the_terminal_is_as_before(self):
        for key, code in (("q", 0), ("\x1b", 0), ("\x03", 130)):
            with self.subTest(key):
                self.start()
                self.until("line_1;")
                if key == "\x03":
                    os.kill(self.child.pid, signal.SIGINT)
                    self.drain(code)
                else:
                    self.quit(key, code)
                self.assertEqual(self.before[3], self.settings()[3])
                self.assertTrue(self.seen.rstrip().endswith(("\x1b[?25h\x1b[?1049l", "stopped")), self.seen[-60:])

    def test_begins_with_the_step_that_was_asked_for(self):
        self.start(80, 24, "--step", "worker")
        self.until("step 2 of 2", "Push();")
        self.press("p")
        self.until("step 1 of 2")
        self.quit()


class StatusTest(LessonTree):
    def test_the_keys_are_whole_at_60_columns(self):
        steps = lesson.of(self.repo().stages["02"]).steps
        for lang in ("en", "ko"):
            for wide in (60, 80, 200):
                line = read_command._status(steps, 0, 900, 20, ["x"] * 1000, lang, wide)
                self.assertEqual(wide - 1, console.width(line))
                self.assertIn(read_command.WORDS[lang]["keys"], line)
                self.assertEqual(wide > 60, "920/1000" in line)


class RealStagesTest(unittest.TestCase):
    """What was promised for the course itself."""

    @classmethod
    def setUpClass(cls):
        cls.repo = Repo(REPO)

    def run_course(self, *argv, **environment):
        out = subprocess.run([sys.executable, "-m", "course", *argv], cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                             env=dict(os.environ, PYTHONPATH=str(REPO / "tools"), PYTHONUTF8="1", PYTHONDONTWRITEBYTECODE="1", **environment))
        self.assertEqual(0, out.returncode, out.stdout.decode("utf-8", "replace"))
        return out.stdout.decode("utf-8")

    def test_in_each_difference_the_lesson_is_on_the_first_screen_behind_the_table(self):
        for old, new in self.repo.neighbours():
            first = lesson.of(new).steps[0]
            lines = self.run_course("diff", old.number, new.number, COLUMNS="80", COURSE_LANG="en").splitlines()
            title = next(n for n, line in enumerate(lines) if re.match(rf"({first.part.id} )?Step 1 of \d: ", line))
            screen = lines[title - 1:title + 23]
            self.assertTrue(any(line.startswith(("new: ", "changed: ")) and first.excerpts[0].file in line for line in screen), screen)
            self.assertTrue(any(line.startswith("+") and not line.startswith("+++") for line in screen), screen)
            self.assertLessEqual(title, 70, f"the table of {old.number} -> {new.number}")
            self.assertLessEqual(max(console.width(line) for line in lines[:title]), 80)

    def test_the_difference_is_about_as_long_as_the_lesson(self):
        for old, new in self.repo.neighbours():
            found = diff_entries.entries(self.repo, old, new)
            view = diff_entries.View(self.repo, old, new, found)
            told = lesson.of(new)
            added = sum(counts(r.rows)[0] for r in view.readings)
            self.assertLessEqual(added, sum(map(told.part_lines, told.parts)), new.number)
            self.assertGreater(added, sum(map(told.part_lines, told.parts)) // 2, f"{new.number}: the steps read what was there before")
            self.assertEqual([], [r.excerpt.label for r in view.readings if not r.changed])
            self.assertNotIn("none", view.rest)

    def test_every_step_fits_the_terminal(self):
        for stage in self.repo.present():
            for step in lesson.of(stage).steps:
                for lang in ("en", "ko"):
                    for wide in (60, 80):
                        lines = read_command.page(step, lang, wide)
                        self.assertLessEqual(max(map(console.width, lines)), wide, f"{stage.number} {step.id}")
                        files = [e.label for e in step.excerpts if len(e.label) <= wide]
                        self.assertTrue(all(any(f in line for line in lines) for f in files))

    def test_every_line_of_the_lesson_is_read(self):
        stage = self.repo.find("04")
        out = self.run_course("read", "04", COLUMNS="200", COURSE_LANG="ko")
        for step in lesson.of(stage).steps:
            self.assertIn(step.title["ko"], out)
            for excerpt in step.excerpts:
                source = (stage.path / excerpt.file).read_text(encoding="utf-8").splitlines()
                for first, last in excerpt.ranges("\n".join(source)):
                    for number in range(first, last + 1):
                        if source[number - 1].strip() and not re.match(r"\s*// \[/?[a-z-]+\]$", source[number - 1]):
                            self.assertIn(f"{number}  {source[number - 1]}\n", out)


if __name__ == "__main__":
    unittest.main()
