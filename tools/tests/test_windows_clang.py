"""check windows-clang: which files it compiles, how often, and what it says of them."""

import json
import os
import shutil
import subprocess
import unittest
from unittest import mock

from tree import CourseTree

from course import build, check_windows, test_command, wine

COMPILER = shutil.which("clang++") or shutil.which("g++")


@unittest.skipUnless(COMPILER, "needs a compiler")
class ClangTest(CourseTree):
    stages = ("01", "02")

    def setUp(self):
        super().setUp()
        for folder in ("tools/cmake", "build/windows-clang/02_two/generated"):
            (self.root / folder).mkdir(parents=True)
        (self.root / "tools" / "cmake" / "clang-windows.cmake").write_text("# options\n")
        self.write_all("net/a.h", "inline int H() { return 1; }\n")
        self.write_all("net/a.cc", '#include "net/a.h"\nint A() { return H(); }\n')
        self.write_all("net/b_windows.cc", "int B() { return 2; }\n")
        self.write_all("net/c_linux.cc", "not for Windows\n")
        self.generated = self.root / "build" / "windows-clang" / "02_two" / "generated" / "g.cc"
        self.generated.write_text("int G() { return 3; }\n")
        self.commands({})

    def commands(self, more):
        """compile_commands.json; more: {file: options}"""
        tree = self.root / "build" / "windows-clang"
        entries = []
        for stage in ("01", "02"):
            for name in ("net/a.cc", "net/b_windows.cc"):
                file = self.path(stage, name)
                entries.append({"directory": str(tree), "file": str(file),
                                "command": f"{COMPILER} -I{file.parents[1]} {more.get(name, '')} -Wall -Werror -o x.obj -c {file}"})
        entries.append({"directory": str(tree), "file": str(self.generated),
                        "command": f"{COMPILER} -o g.obj -c {self.generated}"})
        (tree / "compile_commands.json").write_text(json.dumps(entries))

    def check(self):
        with mock.patch.multiple(build, prepare=mock.DEFAULT, make=mock.DEFAULT), mock.patch.object(check_windows, "_run", lambda *_: []), \
                mock.patch.object(check_windows.console, "say", lambda *_: None):
            return check_windows.clang(self.repo())

    def test_each_content_once(self):
        self.assertEqual(([], ["3 files compiled, 0 known from before"]), self.check())
        self.assertEqual(([], []), self.check())
        self.write("02", "net/a.h", "inline int H() { return 2; }\n")
        self.assertEqual(([], ["1 files compiled, 2 known from before"]), self.check())
        self.commands({"net/a.cc": "-DNDEBUG"})
        self.assertEqual(([], ["1 files compiled, 2 known from before"]), self.check())

    def test_what_it_says(self):
        self.write("01", "net/a.cc", "int A() { return nothing; }\n")
        self.write("02", "net/a.h", "inline int H() { int unused; return 1; }\n")
        self.generated.write_text("int G() { return; }\n")
        problems, notes = self.check()
        self.assertEqual(["1 files compiled, 0 known from before"], notes)
        for start in ("01_one/net/a.cc:1:", "02_two/net/a.h:1:", "build/windows-clang/02_two/generated/g.cc:1:"):
            self.assertEqual(1, sum(problem.startswith(start) for problem in problems), (start, problems))
        self.assertEqual(problems, self.check()[0], "what failed is looked at again")

    def test_a_test_that_fails_under_wine(self):
        ended = subprocess.CompletedProcess([], 8, b"1/2 Test #1: stage01.unit.conformance ...***Failed 1 sec\n")
        with mock.patch.object(wine, "session", mock.MagicMock()), \
                mock.patch.object(check_windows.subprocess, "run", return_value=ended):
            problems = check_windows._run(self.repo(), self.repo().present()[0])
        self.assertEqual(1, len(problems))
        self.assertIn("stage01.unit.conformance", problems[0])


class PartTest(CourseTree):
    stages = ("01",)

    def test_it_is_a_part_of_all(self):
        def names(*without):
            return [test.name for test in test_command._checks(self.repo(), without)]
        self.assertIn("check.windows-clang", names("windows"))
        self.assertNotIn("check.windows-clang", names("windows-clang"))
        for without, there in (([], True), (["windows"], True), (["windows-clang"], False)):
            args = mock.Mock(all=True, windows=False, slow=False, without=without)
            self.assertEqual(there, "windows-clang" in test_command._purposes(args, ["release"], self.repo().present()))


class WineSessionTest(CourseTree):
    stages = ("01",)

    def test_what_a_session_starts_uses_its_server(self):
        ran = []
        clean = {k: v for k, v in os.environ.items() if k not in ("COURSE_WINE", "WINEPREFIX")}
        with mock.patch.dict(os.environ, clean, clear=True), mock.patch.object(wine.subprocess, "run", lambda command, **_: ran.append(command[-1])), \
                mock.patch.object(wine, "_make_folder", lambda *_: None):
            with wine.session(self.repo(), ""):
                with wine.session(self.repo(), ""):
                    self.assertEqual(["--persistent", "exit"], ran)
                self.assertEqual(["--persistent", "exit"], ran)
            self.assertEqual(["--persistent", "exit", "--kill"], ran)
            with wine.session(self.repo(), ""):
                self.assertEqual(5, len(ran))


if __name__ == "__main__":
    unittest.main()
