"""The command on Windows, as far as that can be seen from elsewhere: its own decisions with os.name and paths of Windows,
and course.cmd under Wine's cmd."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from tree import CourseTree

from course import build, console, ctest, lock, packages, process, wine
from course.errors import CourseError

REPO = pathlib.Path(__file__).resolve().parents[2]
GCC = shutil.which("x86_64-w64-mingw32-gcc-posix")

# What stands where a Windows Python would be. With -c it says whether it is one that can be used (FAKE_USABLE), else what
# it was started with.
FAKE_PYTHON = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char** argv) {
  const char* usable = getenv("FAKE_USABLE");
  if (argc > 2 && strcmp(argv[argc - 2], "-c") == 0) return strstr(usable ? usable : "", FAKE) ? 0 : 1;
  printf("%s %s\n", FAKE, getenv("PYTHONPATH"));
  for (int i = 1; i < argc; ++i) printf("[%s]\n", argv[i]);
  return 7;
}
"""


@contextlib.contextmanager
def windows():
    """os.name as on Windows; paths stay those of this system."""
    paths = sys.modules[pathlib.Path.__module__]
    with mock.patch.object(os, "name", "nt"), mock.patch.object(paths, "WindowsPath", pathlib.PosixPath):
        yield


class OnWindows(CourseTree):
    stages = ("01", "02")

    def commands(self, *argv):
        """What a command would start on Windows."""
        ran = []

        def run_logged(command, log, *_, **__):
            ran.append([str(word) for word in command])
            return process.Result(0, [], log)

        with mock.patch.object(process, "run_logged", run_logged), mock.patch.object(packages, "ensure", lambda *_: None), \
                mock.patch.object(lock, "building", lambda *_: contextlib.nullcontext()), windows():
            code, out = self.course(*argv)
        self.assertEqual(0, code, out)
        return ran

    def test_the_release_configuration_is_visual_studios(self):
        with windows():
            self.assertEqual(["msvc", "debug"], [build.native_config(c) for c in ("release", "debug")])
        self.assertEqual("release", build.native_config("release"))

    def test_configure_and_build(self):
        configure, compile_ = self.commands("build", "01")
        self.assertEqual(["cmake", "--preset", "msvc", "-DCOURSE_STAGES=01", "-DVCPKG_MANIFEST_FEATURES="], configure)
        self.assertEqual(["--config", "Release", "--target", "ALL_BUILD", "course_benches"], compile_[-5:])

    def test_features_of_the_manifest(self):
        for number, features in (("04", ""), ("05", "stage05"), ("06", "stage05"), ("07", "stage05;stage07")):
            ran = []
            with mock.patch.object(process, "run_logged", lambda command, log, *_, **__: ran.append(command)
                                   or process.Result(0, [], log)), mock.patch.object(console, "say", lambda *_: None), windows():
                build.configure(self.repo(), "msvc", [mock.Mock(number=number)], "")
            self.assertEqual(f"-DVCPKG_MANIFEST_FEATURES={features}", ran[0][-1])

    def test_programs_of_a_generator_with_several_configurations(self):
        folder = self.root / "build" / "msvc" / "01_one" / "bin" / "Release"
        folder.mkdir(parents=True)
        (folder / "server.exe").write_bytes(b"")
        with windows():
            self.assertEqual(folder / "server.exe", build.program(self.repo(), "release", self.repo().find("01"), "server"))
            with self.assertRaisesRegex(CourseError, "stage 01 has no program other"):
                build.program(self.repo(), "release", self.repo().find("01"), "other")

    def test_reading_the_tests(self):
        program = "C:/a b/build/msvc/01_one/bin/Release/unit_ring.exe"
        listing = ('{"tests": [{"name": "stage01.unit.ring", "command": ["%s"], "properties": ['
                   '{"name": "LABELS", "value": ["stage01", "unit"]}, {"name": "TIMEOUT", "value": 120},'
                   '{"name": "ENVIRONMENT", "value": ["COURSE_BIN_DIR=C:/a b/bin"]}]}]}' % program)
        ran = []
        with mock.patch.object(ctest.subprocess, "run", lambda command, **_: ran.append(command)
                               or subprocess.CompletedProcess(command, 0, listing, "")), windows():
            test, = ctest.read_tree(self.repo(), "msvc")
        self.assertEqual(["-C", "Release"], ran[0][-2:])
        self.assertEqual(("stage01.unit.ring", program, "01", 120), (test.name, test.executable(), test.stage,
                                                                     test.properties["TIMEOUT"]))

    @unittest.skipUnless(shutil.which("ctest"), "needs ctest")
    def test_ctest_reads_paths_of_windows_as_they_are(self):
        command = [sys.executable, r"C:\Program Files (x86)\a]]\b.exe", r"--dir=C:\x\;y", "^a\\.b$", 'say "it"', "$ENV{PATH}"]
        environment = [r"COURSE_BIN_DIR=C:\with blank\bin", r"PATH=C:\a;C:\b", "GTEST_OUTPUT=json:C:\\r\\x.json"]
        folder = ctest.write_file(self.repo(), [ctest.Test("t", command, {"ENVIRONMENT": environment, "LABELS": ["unit"]})])
        out = subprocess.run(["ctest", "--test-dir", str(folder), "--show-only=json-v1"], stdout=subprocess.PIPE, check=True)
        test, = json.loads(out.stdout)["tests"]
        self.assertEqual(command, test["command"])
        self.assertEqual(environment, next(p["value"] for p in test["properties"] if p["name"] == "ENVIRONMENT"))


class ProcessesTest(unittest.TestCase):

    def test_children_have_a_group_of_their_own(self):
        given = []
        with mock.patch.object(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200, create=True), windows(), \
                mock.patch.object(process.subprocess, "Popen", lambda command, **options: given.append(options) or mock.Mock()):
            process.forget(process.popen(["x.exe"]))
        self.assertEqual([{"creationflags": 0x200}], given)

    def test_ctrl_break_and_the_end(self):
        child = mock.Mock(pid=1 << 30)
        child.poll.return_value = None
        with mock.patch.object(signal, "CTRL_BREAK_EVENT", 1, create=True), windows():
            process.interrupt(child)
            process.kill(child)
        child.send_signal.assert_called_once_with(1)
        child.kill.assert_called_once_with()


class NeedsTest(unittest.TestCase):
    """What is missing is said in one line, without Debian's package names."""

    def missing(self, purposes, tools=(), modules=(), root=""):
        with mock.patch.object(packages.shutil, "which", lambda name: name if name in tools else None), \
                mock.patch.object(packages, "_importable", lambda name: name in modules), \
                mock.patch.dict(os.environ, {"VCPKG_ROOT": root}), windows():
            return packages.missing(purposes)

    def test_all_there(self):
        with tempfile.TemporaryDirectory() as root:
            toolchain = pathlib.Path(root) / "scripts" / "buildsystems" / "vcpkg.cmake"
            toolchain.parent.mkdir(parents=True)
            toolchain.write_text("")
            self.assertEqual([], self.missing(["base", "stage05", "stage07", "run07"], ["cmake"], ["jinja2", "google.protobuf"], root))
            self.assertEqual(["cmake"], self.missing(["base"], root=root))

    def test_what_is_not(self):
        self.assertEqual(["cmake", "vcpkg (the variable VCPKG_ROOT is its folder)"], self.missing(["base"]))
        self.assertEqual(["the Python module jinja2 (py -m pip install jinja2)",
                          "the Python module protobuf (py -m pip install protobuf)"], self.missing(["stage05"]))
        self.assertEqual(["Linux (sanitizers)", "clang-tidy"], self.missing(["sanitizers", "tidy"]))
        with mock.patch.object(packages, "missing", lambda _: ["cmake", "git"]), windows():
            with self.assertRaisesRegex(CourseError, "^missing: cmake, git$"):
                packages.ensure(["base", "git"], yes=True)

    def test_modules(self):
        self.assertEqual([True, False, False], [packages._importable(m) for m in ("json", "no_such_module", "no_such.module")])


class CommandLineTest(unittest.TestCase):

    def test_quoting(self):
        with windows():
            for words, line in ((["test", "01"], r".\course.cmd test 01"),
                                (["test", "--filter", r"^stage01\.a$"], r'.\course.cmd test --filter "^stage01\.a$"'),
                                (["run", "01", "x", "--", "two words", "", "a|b"], r'.\course.cmd run 01 x -- "two words" "" "a|b"')):
                self.assertEqual(line, console.command(words))
        self.assertEqual(r"./course test --filter '^a\.b$'", console.command(["test", "--filter", r"^a\.b$"]))


@unittest.skipUnless(shutil.which("wine") and GCC, "needs wine and mingw-w64")
class StarterTest(unittest.TestCase):
    """course.cmd under Wine's cmd, with programs in Python's place."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="course-test-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name).resolve()
        (cls.folder / "fake.c").write_text(FAKE_PYTHON)
        for name in ("py", "python"):
            (cls.folder / name).mkdir()
            subprocess.run([GCC, f'-DFAKE="<{name}>"', str(cls.folder / "fake.c"), "-o", str(cls.folder / name / f"{name}.exe")],
                           check=True)
        cls.checkout = cls.folder / "a checkout (1)"
        cls.checkout.mkdir()
        shutil.copy(REPO / "course.cmd", cls.checkout)
        with mock.patch.object(console, "say", lambda *_: None):
            repo = mock.Mock(root=REPO)
            cls.enterClassContext(wine.session(repo, "")) if hasattr(cls, "enterClassContext") else cls._enter(wine.session(repo, ""))

    @classmethod
    def _enter(cls, session):  # Python 3.10
        session.__enter__()
        cls.addClassCleanup(session.__exit__, None, None, None)

    def start(self, line, usable, there=("py", "python")):
        """Runs the line in the checkout as a batch file; returns (exit code, lines)."""
        (self.checkout / "line.bat").write_bytes(f"@echo off\r\n{line}\r\n".encode())
        path = ";".join("Z:" + str(self.folder / name).replace("/", "\\") for name in there or ["nothing"])
        environment = dict(os.environ, WINEPREFIX=ctest.wine_prefix(mock.Mock(root=REPO)), WINEDEBUG="-all", DISPLAY="",
                           WINEPATH=path, FAKE_USABLE=usable)
        # Wine's cmd, beside many others on a busy machine, sometimes fails to start a program that it has just run, and
        # says (exit code 9009) that there is none of that name. A line that is wrong is wrong three times.
        for _ in range(3):
            out = subprocess.run(["wine", "cmd", "/c", "line.bat"], cwd=self.checkout, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False, env=environment)
            if out.returncode != 9009 % 256:
                break
        return out.returncode, out.stdout.decode("utf-8", "replace").splitlines()

    def tools(self):
        return "Z:" + str(self.checkout / "tools").replace("/", "\\")

    def test_the_launcher_first(self):
        with windows():
            line = console.command(["test", "01", "--filter", r"^stage01\.a|b$", "two words", "100!"])
        code, lines = self.start(line, "<py><python>")
        self.assertEqual([f"<py> {self.tools()}", "[-3]", "[-m]", "[course]", "[test]", "[01]", "[--filter]", r"[^stage01\.a|b$]",
                          "[two words]", "[100!]"], lines)
        self.assertEqual(7, code, "the exit code is Python's")

    def test_python_when_the_launcher_is_not_there_or_too_old(self):
        for usable, there in (("<python>", ("py", "python")), ("<py><python>", ("python",))):
            code, lines = self.start(r".\course.cmd doctor", usable, there)
            self.assertEqual((7, [f"<python> {self.tools()}", "[-m]", "[course]", "[doctor]"]), (code, lines))

    def test_none(self):
        for usable, there in (("", ("py", "python")), ("<py><python>", ())):
            code, lines = self.start(r".\course.cmd test", usable, there)
            self.assertEqual((1, ["course: needs Python 3.11 or newer; please install it"]), (code, [l.strip() for l in lines]))


if __name__ == "__main__":
    unittest.main()
