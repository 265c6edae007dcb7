"""The command itself: stage names, packages, differences, regions, run-once, one clear line per mistake."""

import contextlib
import errno
import io
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import types
import unittest
from unittest import mock

from tree import CourseTree, main

from course import build, console, ctest, doctor, globs, lock, packages, process, regions, run_command
from course.errors import CourseError

REPO = pathlib.Path(__file__).resolve().parents[2]


class NamesTest(CourseTree):
    stages = ("01", "02")

    def test_stage_names(self):
        repo = self.repo()
        for name in ("2", "02", "stage02", "02_two", "02_two/"):
            self.assertEqual("02", repo.find(name).number)

    def test_wrong_names_get_one_line(self):
        code, out = self.course("build", "02_tow")
        self.assertEqual(2, code)
        self.assertEqual("course: no stage named '02_tow'; did you mean 02_two? (here: 01, 02)\n", out)
        code, out = self.course("test", "03")
        self.assertEqual(2, code)
        self.assertEqual("course: stage 03 (03_three) is planned but not here yet; here: 01, 02\n", out)
        code, out = self.course("diff", "02", "01")
        self.assertEqual(2, code)
        code, out = self.course("nonsense")
        self.assertEqual(2, code)
        self.assertEqual(1, out.count("\n"), out)
        code, out = self.course("test", "--filter", "(")
        self.assertEqual(2, code)

    def test_no_command_shows_help(self):
        code, out = self.course()
        self.assertEqual(2, code)
        self.assertIn("./course test", out)
        self.assertIn("Exit codes: 0 ok, 1 failed, 2 wrong use", out)

    def test_every_command_has_help_with_examples(self):
        for name in main.COMMANDS:
            with self.assertRaises(SystemExit) as end:
                self.course(name, "--help")
            self.assertEqual(0, end.exception.code)

    def test_broken_toml(self):
        (self.root / "course.toml").write_text("[course\n")
        code, out = self.course("check")
        self.assertEqual(1, code)
        self.assertIn("course.toml", out)

    def test_diff(self):
        self.write_all("net/a.cc", "one\ntwo\n")
        self.write("02", "net/a.cc", "one\nthree\n")
        self.write("02", "net/b<b>.cc", "new\n")
        self.toml('[stage.02.changed]\n"net/a.cc" = "counts differently"\n')
        code, out = self.course("diff", "01", "02")
        self.assertEqual(0, code)
        for expected in ("counts differently", "-two", "+three", "+new", "(not declared)", "--- 01_one/net/a.cc"):
            self.assertIn(expected, out)
        code, out = self.course("diff", "01", "02", "net/a.cc")
        self.assertNotIn("b.cc", out)
        page = self.root / "d.html"
        self.course("diff", "01", "02", "--html", str(page))
        text = page.read_text()
        self.assertIn("counts differently", text)
        self.assertIn("b&lt;b&gt;.cc", text)
        self.assertNotIn("http", text)


class DiffTest(CourseTree):
    """Which stages, and which files of them."""

    stages = ("01", "02", "03")

    def setUp(self):
        super().setUp()
        self.write_all("net/same.cc", "one\n")
        self.write_all("net/a.cc", "one\n")
        self.write_all("README.md", "card\n")
        self.write("02", "README.md", "another card\n")
        self.write("02", "net/a.cc", "two\n")
        self.write("02", "net/b.cc", "new\n")
        self.write("03", "net/a.cc", "three\n")
        self.write("01", "net/old.cc", "gone\n")

    def test_one_stage_is_compared_with_the_one_before(self):
        said = "stage 02 and stage 03, as with: ./course diff 02 03\n"
        both, alone = self.course("diff", "02", "03"), self.course("diff", "03")
        self.assertEqual((0, said + both[1]), alone)
        for path in ("net/a.cc", "net", "net/", "*.txt"):
            self.assertEqual(self.course("diff", "02", "03", path)[1], self.course("diff", "03", path)[1][len(said):], path)

    def test_wrong_stages_get_one_line(self):
        for argv, line in ((("01",), "stage 01 is the first, there is none before it; two stages: ./course diff 01 02"),
                           (("02", "02"), "twice the same stage; it and the one before it: ./course diff 02"),
                           (("02", "01"), "the first stage must come before the second: ./course diff 01 02"),
                           (("02", "03_thre"), "no stage named '03_thre'; did you mean 03_three? (here: 01, 02, 03)"),
                           ((), "which stages? e.g. ./course diff 03 04")):
            self.assertEqual((2, f"course: {line}\n"), self.course("diff", *argv))

    def test_a_file_that_neither_stage_has(self):
        code, out = self.course("diff", "01", "02", "nothing")
        self.assertEqual((2, "course: neither 01_one nor 02_two has 'nothing'\n"), (code, out))
        code, out = self.course("diff", "01", "02", "net/a.cc", "net/sme.cc")
        self.assertEqual(2, code)
        self.assertIn("'net/sme.cc'; did you mean net/same.cc?", out)

    def test_a_file_that_one_stage_has(self):
        code, out = self.course("diff", "01", "02", "net/b.cc")
        self.assertEqual(0, code)
        self.assertIn("new: net/b.cc", out)
        code, out = self.course("diff", "01", "02", "01_one/net/old.cc")
        self.assertEqual(0, code)
        for expected in ("removed: net/old.cc", "-gone", "+++ /dev/null"):
            self.assertIn(expected, out)

    def test_a_file_that_is_the_same(self):
        self.assertEqual((0, "net/same.cc: the same in 01_one and 02_two\n"), self.course("diff", "01", "02", "net/same.cc"))

    def test_the_card_is_shown_when_asked_for(self):
        self.assertNotIn("another card", self.course("diff", "01", "02")[1])
        self.assertIn("+another card", self.course("diff", "01", "02", "README.md")[1])


class AgainTest(CourseTree):
    """A failure says how to repeat it: the same command, with every option that was given."""

    stages = ("01", "02")

    def setUp(self):
        super().setUp()
        self.write("01", "apps/apps.cmake", "stage_program(echo echo.cc)\n")
        self.toml('[stage.01.demo]\nprogram = [{name = "echo", wait = true}]\n')
        patch = mock.patch.object(packages, "ensure", lambda *_: None)
        patch.start()
        self.addCleanup(patch.stop)

    def failing(self, *argv):
        """The command while every program that it starts fails."""
        log = self.root / "x.log"
        with mock.patch.object(process, "run_logged", lambda *_, **__: process.Result(1, ["bad"], log)):
            return self.course(*argv)

    def test_building(self):
        for argv, line in (
                (("test", "01", "--asan", "--filter", "a b|c"), "./course test 01 --asan --filter 'a b|c'"),
                (("test", "--all", "--without", "tidy", "--without", "windows", "--yes"),
                 "./course test --all --without tidy --without windows --yes"),
                (("test", "--filter=it's"), "./course test '--filter=it'\"'\"'s'"),
                (("run", "01", "--for", "20s"), "./course run 01 --for 20s"),
                (("run", "01", "echo", "--", "--name", "two words"), "./course run 01 echo -- --name 'two words'"),
                (("build", "01", "02", "--config", "tsan", "--target", "x"),
                 "./course build 01 02 --config tsan --target x")):
            code, out = self.failing(*argv)
            self.assertEqual(1, code, out)
            self.assertTrue(out.endswith(f"again with: {line}\n"), out)

    @unittest.skipIf(os.name == "nt", "sh")
    def test_a_program_of_the_demonstration(self):
        false = pathlib.Path("/bin/false")
        with mock.patch.object(build, "build", lambda *_: None), mock.patch.object(build, "program", lambda *_: false):
            code, out = self.course("run", "1", "--for", "5s")
        self.assertEqual(1, code, out)
        self.assertIn("again with: ./course run 1 --for 5s\n", out)

    @unittest.skipIf(os.name == "nt", "cat")
    def test_ctrl_c_just_when_a_program_of_the_demonstration_starts(self):
        stage = types.SimpleNamespace(number="01", title="One", path=self.root, demo={"program": [{"name": "cat"}]})
        demo, out = run_command.Demo(self.repo(), "release", stage, "./course run 01"), io.StringIO()
        with mock.patch.object(build, "program", lambda *_: "/bin/cat"), mock.patch.object(threading.Thread, "start", side_effect=KeyboardInterrupt), \
                contextlib.redirect_stdout(out):
            self.assertEqual(0, demo.run(5))
        self.assertTrue(out.getvalue().endswith("stopping, clients first\n"), out.getvalue())
        self.assertIsNotNone(demo.started[0].child.poll())
        demo.started[0].child.stdout.close()

    def test_tests(self):
        test = ctest.Test("asan.stage01.unit.ring", ["ring"], {"LABELS": ["stage01", "unit"]}, "asan")
        with mock.patch.object(build, "prepare", lambda *_, **__: None), mock.patch.object(build, "make", lambda *_: (1, 1)), \
                mock.patch.object(ctest, "read_tree", lambda *_: [test]), \
                mock.patch.object(ctest, "run_once", lambda tests: (tests, [])), \
                mock.patch.object(ctest, "_failures", lambda _: [(test.name, "boom")]):
            code, out = self.failing("test", "1", "--asan", "--slow", "--filter", "ri.g", "--yes")
        self.assertEqual(1, code, out)
        self.assertIn("this test alone: ./course test 1 --asan --slow --yes --filter '^asan\\.stage01\\.unit\\.ring$'\n", out)
        self.assertTrue(out.endswith("again with: ./course test 1 --asan --slow --filter ri.g --yes\n"), out)


@unittest.skipIf(os.name == "nt", "sh")
class DiskFullTest(CourseTree):
    """A full disk is the same one line in every step, whatever the programs make of it."""

    stages = ("01",)
    LINE = "course: the disk is full; free some space (build/ can be deleted at any time)"

    def build(self, configure, build_, free=1 << 30):
        """`./course build` with a cmake that runs these sh lines, on a disk with so many free bytes."""
        tools = self.root / "bin"
        tools.mkdir()
        (tools / "cmake").write_text(f"#!/bin/sh\nif [ $1 = --preset ]; then {configure}\nelse {build_}\nfi\n")
        (tools / "cmake").chmod(0o755)
        with mock.patch.dict(os.environ, PATH=f"{tools}{os.pathsep}{os.environ['PATH']}"), \
                mock.patch.object(packages, "ensure", lambda *_: None), \
                mock.patch.object(process.shutil, "disk_usage", lambda _: mock.Mock(free=free)):
            code, out = self.course("build")
        self.assertEqual(1, code, out)
        return out.splitlines()

    def test_configuring(self):
        lines = self.build("echo 'CMake Error: file failed to open for writing (No space left on device)'; exit 1", "exit 9")
        self.assertEqual(self.LINE, lines[-1])
        self.assertEqual(3, len(lines), lines)

    def test_configuring_when_only_the_disk_knows(self):
        lines = self.build("echo 'CMake Error: CMAKE_CXX_COMPILER not set, after EnableLanguage'; exit 1", "exit 9", free=4096)
        self.assertEqual(self.LINE, lines[-1])
        self.assertEqual(3, len(lines), lines)

    def test_building(self):
        lines = self.build("exit 0", "echo 'fatal error: error writing to out.o: No space left on device'; exit 1")
        self.assertEqual(self.LINE, lines[-1])
        self.assertEqual(5, len(lines), lines)

    def test_our_own_writing(self):
        full = OSError(errno.ENOSPC, "No space left on device")
        with mock.patch.object(packages, "ensure", mock.Mock(side_effect=full)):
            self.assertEqual((1, self.LINE + "\n"), self.course("build"))

    def test_another_failure_is_not_a_full_disk(self):
        lines = self.build("echo 'CMake Error: no'; exit 1", "exit 9")
        self.assertEqual("course: configuring release failed; again with: ./course build", lines[-1])


class ShownTest(unittest.TestCase):
    """What is shown of a test run."""

    def shown(self, *lines):
        said = []
        with mock.patch.object(console, "say", lambda text="": said.append(text)):
            printer = ctest._Printer(console.Status("running 1 tests"))
            for line in lines:
                printer.line(line)
            printer.end()
        return said

    def test_a_failure_is_not_ok(self):
        self.assertIn("running 1 tests: FAILED (0s)", self.shown("0% tests passed, 1 tests failed out of 1"))
        self.assertIn("running 1 tests: ok (0s)", self.shown("100% tests passed, 0 tests failed out of 1"))
        self.assertIn("running 1 tests: FAILED (0s)", self.shown("CTest Error: no"))

    def test_what_failed_is_shown_and_not_the_end(self):
        catch = ["noise"] * 100 + ["tests/scenario_x.cc:18: FAILED:", "  CHECK( false )"] + ["after"] * 100
        google = ["noise"] * 100 + ["tests/unit_x.cc:18: Failure", "Expected: 1"] + ["after"] * 100
        for output, wanted in ((catch, "  CHECK( false )"), (google, "Expected: 1")):
            self.assertIn(wanted, ctest.relevant("\n".join(output)))


    def test_what_failed_is_shown_behind_a_long_log(self):
        with tempfile.TemporaryDirectory() as folder:
            repo = mock.Mock(root=pathlib.Path(folder))
            script = "for i in range(9000): print('noise ' * 20)\nprint('unit_x.cc:18: Failure\\nExpected: 1')\nraise SystemExit(1)"
            test = ctest.Test("long", [sys.executable, "-c", script], {"LABELS": ["unit"]})
            said = []
            with mock.patch.object(console, "say", lambda text="": said.append(text)):
                self.assertEqual(1, ctest.run(repo, [test], "again", lambda name: name, 1))
        self.assertIn("  Expected: 1", said)


class LockTest(CourseTree):
    """A second command in the same checkout says whom it waits for, and waits."""

    stages = ("01",)
    SCRIPT = ("import pathlib, sys\nsys.path.insert(0, sys.argv[1])\n"
              "from course import __main__ as main, build, packages\n"
              "packages.ensure = lambda *_: None\nbuild.build = lambda *_: print('builds now', flush=True)\n"
              "root = pathlib.Path(sys.argv[2])\nmain.find_root = lambda: root\nsys.argv[1:] = sys.argv[3:]\n"
              "sys.exit(main.main())\n")

    def second(self, *argv):
        """Another `./course build` (or `argv`) in a process of its own; its build only says so."""
        child = subprocess.Popen([sys.executable, "-c", self.SCRIPT, str(REPO / "tools"), str(self.root), *(argv or ["build"])],
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                 env={k: v for k, v in os.environ.items() if k != "COURSE_LOCKS"})
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        return child

    def waits(self, child):
        self.assertEqual(f"another course command works in build/ of {self.root} (process {os.getpid()}: ./course test 01)\n",
                         child.stdout.readline())
        self.assertEqual("waits until it has ended; Ctrl-C gives up\n", child.stdout.readline())

    def test_waits_and_goes_on(self):
        with lock.building(self.repo(), "./course test 01"):
            child = self.second()
            self.waits(child)
            self.assertIsNone(child.poll())
        self.assertEqual("the other command has ended: goes on\n", child.stdout.readline())
        self.assertEqual("builds now\n", child.stdout.readline())
        self.assertEqual(0, child.wait())

    @unittest.skipIf(os.name == "nt", "signals")
    def test_ctrl_c_while_it_waits(self):
        with lock.building(self.repo(), "./course test 01"):
            child = self.second()
            self.waits(child)
            child.send_signal(signal.SIGINT)
            self.assertEqual("course: stopped\n", child.stdout.read())
            self.assertEqual(130, child.wait())

    @unittest.skipIf(os.name == "nt", "signals")
    def test_the_servers_of_a_stage_run_once(self):
        self.toml('[stage.01.demo]\nkind = "service"\n')
        file = self.root / "build" / build.native_config("release") / "01_one" / "run.lock"
        with lock.hold(self.repo(), file, "runs the servers", "./course run 01"):
            child = self.second("run")
            self.assertEqual("builds now\n", child.stdout.readline())  # building is free: the programs run for hours
            self.assertEqual(f"another course command runs the servers in build/release/01_one/var/ of {self.root} "
                             f"(process {os.getpid()}: ./course run 01)\n", child.stdout.readline())
            self.assertEqual("waits until it has ended; Ctrl-C gives up\n", child.stdout.readline())
            child.send_signal(signal.SIGINT)
            self.assertEqual("course: stopped\n", child.stdout.read())
            self.assertEqual(130, child.wait())

    @unittest.skipIf(os.name == "nt", "an open file stays")
    def test_build_is_deleted_while_it_waits(self):
        with lock.building(self.repo(), "./course test 01"):
            child = self.second()
            self.waits(child)
            shutil.rmtree(self.root / "build")
            self.assertIn("builds now\n", list(child.stdout))
            self.assertEqual(0, child.wait())

    def test_an_ended_holder_leaves_nothing_behind(self):
        file = self.root / "build" / "course.lock"
        with lock.building(self.repo(), "./course test 01"):
            self.assertIn("./course test 01", file.read_text())
        self.assertEqual("", file.read_text())
        file.write_text("process 1: ./course test")  # killed: the text stays, the lock does not
        self.assertEqual(["builds now\n"], [line for line in self.second().stdout if "build/" not in line])

    def test_what_the_holder_starts_does_not_wait(self):
        with lock.building(self.repo(), "./course test --all"):
            with lock.building(self.repo(), "./course check headers"):
                self.assertIn("test --all", (self.root / "build" / "course.lock").read_text())
            self.assertIn("COURSE_LOCKS", os.environ)
        self.assertNotIn(str(self.root), os.environ.get("COURSE_LOCKS", ""))


class PackagesTest(unittest.TestCase):

    def ensure(self, missing, yes=False, root=False, sudo=False, apt=True, environment=None):
        """Runs ensure() on a made-up machine; returns the commands it would have run."""
        ran = []

        def which(name):
            return {"apt-get": apt, "sudo": sudo}.get(name, False) or None

        def run(command, what, check=True):
            del what, check
            ran.append(command)
            return 0

        with mock.patch.object(packages, "missing", lambda purposes: missing), \
                mock.patch.object(packages.shutil, "which", which), \
                mock.patch.object(packages.os, "geteuid", lambda: 0 if root else 1000), \
                mock.patch.object(packages, "_known", lambda name: True), \
                mock.patch.object(packages, "_apt", run), \
                mock.patch.object(packages.console, "say", lambda text="": None), \
                mock.patch.dict(packages.os.environ, environment or {}, clear=True), \
                mock.patch.object(packages.sys.stdin, "isatty", lambda: False, create=True):
            packages.ensure(["base"], yes)
        return ran

    def test_nothing_missing(self):
        self.assertEqual([], self.ensure([]))

    def test_root_installs(self):
        self.assertIn("ninja-build", self.ensure(["ninja-build"], yes=True, root=True)[0])

    def test_sudo(self):
        command = self.ensure(["ninja-build"], environment={"CI": "true"}, sudo=True)[0]
        self.assertEqual("sudo", command[0])

    def test_no_root_no_sudo_is_one_line_with_the_command(self):
        with self.assertRaisesRegex(CourseError, "as root: apt-get install ninja-build"):
            self.ensure(["ninja-build"], yes=True)

    def test_no_terminal_to_ask_on(self):
        with self.assertRaisesRegex(CourseError, "--yes"):
            self.ensure(["ninja-build"], root=True)

    def test_another_system_says_what_is_missing(self):
        with self.assertRaisesRegex(CourseError, "missing: ninja-build"):
            self.ensure(["ninja-build"], apt=False, root=True)

    def test_stages_need_what_earlier_ones_need(self):
        stages = [mock.Mock(number="06")]
        self.assertEqual(["base", "stage05"], packages.for_stages("release", stages))
        self.assertEqual(["base", "windows", "stage05"], packages.for_stages("windows", stages))
        self.assertIn("windows07", packages.for_stages("windows", [mock.Mock(number="07")]))
        self.assertNotIn("windows07", packages.for_stages("release", [mock.Mock(number="07")]))
        self.assertEqual(["base"], packages.for_stages("release", [mock.Mock(number="04")]))
        self.assertEqual(["spdlog"], packages.windows_libraries([mock.Mock(number="04")]))
        self.assertIn("protobuf", packages.windows_libraries(stages))

    def test_every_purpose_names_packages(self):
        for purpose in packages.PURPOSES:
            self.assertTrue(packages.entries([purpose]))
        self.assertEqual(set(packages.PURPOSES), set(doctor._NEEDED_BY), "the doctor says what each is for")


class RegionsTest(unittest.TestCase):

    def test_quoted(self):
        text = "a\n// [one]\nb\nc\n  // [/one]\n# [two]\nd\n# [/two]\n// [three] not a marker\n"
        found, problems = regions.quoted(text)
        self.assertEqual({"one": (3, 4), "two": (7, 7)}, found)
        self.assertEqual([], problems)
        self.assertEqual("b\nc", regions.region_text(text, "one"))
        self.assertIsNone(regions.region_text(text, "four"))

    def test_student(self):
        found, problems = regions.student("// <student 03.2>\na\n// </student>\n")
        self.assertEqual([("03.2", 2, 2)], found)
        self.assertEqual([], problems)


class GlobsTest(unittest.TestCase):

    def test_patterns(self):
        for pattern, path, expected in (("net/", "net/a/b.cc", True), ("net/", "netx/a.cc", False),
                                        ("net/*.cc", "net/a.cc", True), ("net/*.cc", "net/a/b.cc", False),
                                        ("**/*.md", "a/b/c.md", True), ("**/*.md", "c.md", True),
                                        ("a.cc", "a.cc", True), ("a.cc", "b/a.cc", False), ("a?c", "abc", True)):
            self.assertEqual(expected, globs.matches(pattern, path), (pattern, path))


class RunOnceTest(unittest.TestCase):
    """Sanitizer and Wine runs leave out what is byte for byte an earlier stage's test."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="course-test-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def test(self):
        unit = [self.make("01", "unit", "ring", b"x"), self.make("02", "unit", "ring", b"x"),
                self.make("03", "unit", "ring", b"y"), self.make("04", "unit", "ring", b"y", data=b"vectors"),
                self.make("03", "unit", "frame", b"COURSE_STAGE_DIR"),
                self.make("04", "unit", "frame", b"COURSE_STAGE_DIR", data=b"vectors")]
        kept, dropped = ctest.run_once(unit)
        self.assertEqual(["asan.stage01.unit.ring", "asan.stage03.unit.frame", "asan.stage03.unit.ring",
                          "asan.stage04.unit.frame"], [t.name for t in kept])
        self.assertEqual([("asan.stage02.unit.ring", "asan.stage01.unit.ring"),
                          ("asan.stage04.unit.ring", "asan.stage03.unit.ring")], [(a.name, b.name) for a, b in dropped])

    def test_scenarios_depend_on_the_programs(self):
        tests = [self.make("01", "scenario", "echo", b"x", program=b"server"),
                 self.make("02", "scenario", "echo", b"x", program=b"server"),
                 self.make("03", "scenario", "echo", b"x", program=b"another")]
        kept, dropped = ctest.run_once(tests)
        self.assertEqual(["asan.stage01.scenario.echo", "asan.stage03.scenario.echo"], [t.name for t in kept])
        self.assertEqual(1, len(dropped))

    def make(self, stage, kind, name, content, data=None, program=None):
        folder = self.root / f"stage{stage}" / "bin"
        folder.mkdir(parents=True, exist_ok=True)
        tests = self.root / f"stage{stage}" / "tests"
        tests.mkdir(exist_ok=True)
        executable = folder / f"{kind}_{name}"
        executable.write_bytes(content)
        if data:
            (tests / "vectors.txt").write_bytes(data)
        if program:
            (folder / "server").write_bytes(program)
        return ctest.Test(f"asan.stage{stage}.{kind}.{name}", [str(executable)],
                          {"LABELS": [f"stage{stage}", kind], "ENVIRONMENT": [f"COURSE_STAGE_DIR={tests.parent}", f"COURSE_BIN_DIR={folder}"]},
                          "asan")


class LoggedTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="course-test-")
        self.addCleanup(folder.cleanup)
        self.log = pathlib.Path(folder.name) / "x.log"

    def test_log_and_lines(self):
        seen = []
        result = process.run_logged([sys.executable, "-c", "print('one'); print('two')"], self.log, on_line=seen.append)
        self.assertEqual((0, ["one", "two"]), (result.code, seen))
        self.assertIn("two", self.log.read_text())

    def test_missing_program(self):
        with self.assertRaisesRegex(CourseError, "cannot start no-such-program"):
            process.run_logged(["no-such-program"], self.log)

    def test_failure_names_log_and_command(self):
        said = []
        with mock.patch.object(console, "say", said.append):
            with self.assertRaisesRegex(CourseError, "again with: ./course build"):
                process.fail(process.Result(1, ["bad"], self.log), "building release", ["bad"], "./course build")
        self.assertIn(str(self.log), said[-1])

    def test_first_error(self):
        lines = ["[1/9] compile"] + ["note"] * 30 + ["a.cc:1: error: no"] + ["after"] * 50
        found = build.first_error(lines)
        self.assertIn("a.cc:1: error: no", found)
        self.assertLess(len(found), 30)

    @unittest.skipIf(os.name == "nt", "process groups")
    def test_stop_ends_children_too(self):
        script = "import subprocess, sys; p = subprocess.Popen(['sleep', '600']); print(p.pid, flush=True)\ntry: p.wait()\nexcept KeyboardInterrupt: pass"
        child = process.popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        grandchild = int(child.stdout.readline())
        process.stop(child)
        child.stdout.close()
        self.assertTrue(self.gone(grandchild))

    @unittest.skipUnless(os.path.isdir("/proc"), "Linux")
    def test_stop_ends_children_in_groups_of_their_own(self):
        script = ("import subprocess, signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
                  "p = subprocess.Popen(['sleep', '600'], process_group=0) if __import__('sys').version_info >= (3, 11) else "
                  "subprocess.Popen(['sleep', '600'], preexec_fn=__import__('os').setpgrp)\nprint(p.pid, flush=True)\np.wait()")
        child = process.popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        grandchild = int(child.stdout.readline())
        process.stop(child, patience=0.2)
        child.stdout.close()
        self.assertTrue(self.gone(grandchild))

    @staticmethod
    def gone(pid):
        """Waits until the process has ended (a zombie counts as ended)."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                with open(f"/proc/{pid}/stat", encoding="ascii") as f:
                    if f.read().rsplit(")", 1)[1].split()[0] == "Z":
                        return True
            except OSError:
                return True
            time.sleep(0.01)
        return False


class StarterTest(unittest.TestCase):
    """The sh starter without a usable Python."""

    @unittest.skipIf(os.name == "nt", "sh")
    def test_no_python_and_no_apt(self):
        with tempfile.TemporaryDirectory() as folder:
            for tool in ("sh", "dirname", "id"):
                path = subprocess.run(["sh", "-c", f"command -v {tool}"], stdout=subprocess.PIPE, text=True,
                                      check=True).stdout.strip()
                os.symlink(path, os.path.join(folder, tool))
            out = subprocess.run(["/bin/sh", str(REPO / "course"), "test"], env={"PATH": folder}, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(1, out.returncode)
        self.assertEqual("course: needs Python 3.10 or newer (before 3.11 with the module tomli); please install it\n",
                         out.stdout)


if __name__ == "__main__":
    unittest.main()
