"""watch with CMake and a compiler: in a pipe, on a terminal of any size, and the short way to a test program."""

import os
import pathlib
import pty
import select
import shutil
import signal
import subprocess
import tempfile
import time
import types
import unittest
from unittest import mock

from student_tree import REPO, StudentTree

from course import packages, watch_run

CMAKE = """\
cmake_minimum_required(VERSION 3.22)
project(one LANGUAGES CXX)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
add_executable(stage01_unit_add tests/unit_add.cc)
set_target_properties(stage01_unit_add PROPERTIES OUTPUT_NAME unit_add)
target_include_directories(stage01_unit_add PRIVATE .)
"""
# As a test program of GoogleTest looks, as far as watch sees it.
UNIT = """\
#include "add.h"
#include "limit.h"
#include <cstdio>
#include <cstring>
int main(int argc, char** argv) {
  const char* filter = argc > 2 ? std::strchr(argv[2], '=') + 1 : "all";
  std::printf("[ RUN      ] %s\\n", filter);
  std::fflush(stdout);
  bool good = false;
  if (std::strcmp(filter, "Add") == 0) good = Add(2, 3) == 5;
  if (std::strcmp(filter, "Twice") == 0) good = Twice(4) == 8;
  if (std::strcmp(filter, "Fits") == 0) good = !Fits(-1, 3);
  if (!good) std::printf("expected something else\\n");
  std::printf("[  %s  ] %s\\nthe end\\n", good ? "     OK" : "FAILED", filter);
  return good ? 0 : 1;
}
"""


@unittest.skipUnless(shutil.which("cmake") and shutil.which("ninja"), "needs cmake and ninja")
class WholeTest(StudentTree):
    """With CMake, a compiler and a program that behaves like a test."""

    def setUp(self):
        super().setUp()
        self.write("01", "CMakeLists.txt", CMAKE)
        self.write("01", "tests/unit_add.cc", UNIT)
        file = self.root / "course.toml"
        text = file.read_text(encoding="utf-8")
        for name in ("Add", "Twice", "Fits"):
            text = text.replace('tests = ["unit.add"]', f'tests = ["unit.add:{name}"]', 1)
        file.write_text(text, encoding="utf-8")
        shutil.copytree(REPO / "tools" / "cmake", self.root / "tools" / "cmake")
        shutil.copytree(REPO / "tools" / "course", self.root / "tools" / "course", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy2(REPO / "course", self.root / "course")
        self.do("start", "01")

    def test_once(self):
        self.edit("01", "add.h", 'COURSE_TODO("01.1");', "return b + a;")
        out = self.do("watch", "01.1", "--once", "--yes")
        self.assertIn("01.1 passed", out)
        self.assertIn("40 of 100 points", out)
        out = self.do("watch", "01", "--once", "--yes", code=1)
        self.assertIn("01.2: unit.add:Twice failed", out)
        self.assertIn("  task 01.2 is not written yet", out)
        self.assertIn("  expected something else", out)
        self.assertNotIn("the end", out)
        self.edit("01", "add.h", 'COURSE_TODO("01.2");', "twice == ;")
        out = self.do("watch", "01.2", "--once", "--yes", code=1)
        self.assertIn("01.2: does not compile", out)
        self.assertIn("error:", out)
        self.assertIn("passed", self.do("status"))

    def test_without_a_compiler(self):
        with mock.patch.object(packages, "missing", lambda _: ["g++"]), mock.patch.object(packages, "_known", lambda _: True), \
                mock.patch.dict(os.environ), mock.patch("sys.stdin", mock.Mock(isatty=lambda: False)):
            os.environ.pop("CI", None)
            out = self.do("watch", "01", "--once", code=1)
        self.assertIn("g++", out.splitlines()[-1])
        self.assertTrue(out.splitlines()[-1].startswith("course: "))

    def start_watch(self, **options):
        environment = dict(os.environ, COURSE_LANG="en", TERM="xterm", PYTHONUNBUFFERED="1")
        child = subprocess.Popen([str(self.root / "course"), "watch", "01", "--yes"], cwd=self.root, env=environment, **options)
        self.addCleanup(self._end, child)
        return child

    @staticmethod
    def _end(child):
        if child.poll() is None:
            child.kill()
        child.wait()

    def wait_for(self, descriptor, wanted, seconds=60):
        seen, deadline = "", time.monotonic() + seconds
        while time.monotonic() < deadline:
            if select.select([descriptor], [], [], 0.2)[0]:
                seen += os.read(descriptor, 1 << 16).decode("utf-8", "replace")
            if wanted in seen:
                return seen
        self.fail(f"{wanted!r} did not come; what came: {seen[-2000:]}")

    def test_in_a_pipe(self):
        child = self.start_watch(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(child.stdout.close)
        self.wait_for(child.stdout.fileno(), "task 01.1 is not written yet")
        self.edit("01", "add.h", 'COURSE_TODO("01.1");', "return b + a;")
        seen = self.wait_for(child.stdout.fileno(), "01.1 passed")
        self.assertNotIn("\x1b", seen)
        child.send_signal(signal.SIGINT)
        self.assertEqual(130, child.wait(20))

    def test_on_a_terminal_of_any_size(self):
        import fcntl
        import struct
        import termios
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        before = termios.tcgetattr(theirs)
        child = self.start_watch(stdin=theirs, stdout=theirs, stderr=theirs)
        self.wait_for(ours, "is not written yet")
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 9, 40, 0, 0))
        self.wait_for(ours, "·01.2")  # in one line now
        os.write(ours, b"h")
        self.wait_for(ours, "hint1 of 01.1")
        self.edit("01", "add.h", 'COURSE_TODO("01.1");', "return b + a;")
        self.wait_for(ours, "01.1 passed")
        os.write(ours, b"q")
        seen = self.wait_for(ours, "\x1b[?1049l")
        self.assertEqual(0, child.wait(20), seen)
        self.assertEqual(before, termios.tcgetattr(theirs))
        os.close(theirs)


LAYER = """\
cmake_minimum_required(VERSION 3.22)
project(layer LANGUAGES CXX)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
add_library(layer STATIC used.cc unused.cc)
add_executable(stage01_unit_layer unit.cc)
target_link_libraries(stage01_unit_layer PRIVATE layer)
set_target_properties(stage01_unit_layer PROPERTIES OUTPUT_NAME unit_layer)
"""


@unittest.skipUnless(shutil.which("cmake") and shutil.which("ninja"), "needs cmake and ninja")
class ShortWayTest(unittest.TestCase):
    """A program of a layer, of whose two files it takes one."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="짧은 길 (1) ")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()
        self.source = self.root / "source"
        self.source.mkdir()
        for name, text in (("CMakeLists.txt", LAYER), ("value.h", "#define VALUE 1\n"), ("used.cc", '#include "value.h"\nint Used() { return VALUE; }\n'),
                           ("unused.cc", '#include "value.h"\nint Unused() { static_assert(VALUE == 1); return 1; }\n'),
                           ("unit.cc", '#include "value.h"\nint Used();\nint main() { return Used() * 10 + VALUE; }\n')):
            (self.source / name).write_text(text)
        (self.root / "tools" / "cmake").mkdir(parents=True)
        shutil.copy2(REPO / "tools" / "cmake" / "stage-compile", self.root / "tools" / "cmake" / "stage-compile")
        repo = types.SimpleNamespace(root=self.root, mine=False)
        self.tree = watch_run.Tree(types.SimpleNamespace(repo=repo, stage=types.SimpleNamespace(number="01"), path=self.source))
        self.tree.configure()

    def build(self):
        built = self.tree.build(["unit.layer"])
        self.tree.learn(["unit.layer"])
        return built

    def code(self):
        return subprocess.run([str(self.tree.program("unit.layer"))], check=False).returncode

    def test_only_what_is_in_the_program(self):
        self.assertTrue(self.build().ok)
        self.assertEqual(11, self.code())
        recipe = self.tree.short.recipe("stage01_unit_layer")
        self.assertEqual(["unit.cc.o", "used.cc.o"], [o.rsplit("/", 1)[-1] for o in recipe.objects])
        (self.source / "value.h").write_text("#define VALUE 2\n")
        self.assertTrue(self.build().ok)  # the long way does not go: unused.cc
        self.assertEqual(22, self.code())
        (self.source / "used.cc").write_text("int Used() { return 3 }\n")
        self.assertIn("error", self.build().first_error)

    def test_what_is_needed_now_is_found_the_long_way(self):
        self.assertTrue(self.build().ok)
        (self.source / "unit.cc").write_text("int Unused();\nint main() { return Unused() + 6; }\n")
        self.assertTrue(self.build().ok)
        self.assertEqual(7, self.code())
        self.assertEqual(["unit.cc.o", "unused.cc.o"], [o.rsplit("/", 1)[-1] for o in self.tree.short.recipe("stage01_unit_layer").objects])

    def test_new_build_files_are_the_long_way(self):
        self.assertTrue(self.build().ok)
        (self.source / "CMakeLists.txt").write_text(LAYER.replace("used.cc unused.cc", "used.cc unused.cc more.cc"))
        (self.source / "more.cc").write_text("int More() { return 8; }\n")
        (self.source / "unit.cc").write_text("int More();\nint main() { return More(); }\n")
        self.assertTrue(self.build().ok)
        self.assertEqual(8, self.code())

    def test_two_files_of_one_name_are_the_long_way(self):
        (self.source / "deep").mkdir()
        (self.source / "deep" / "used.cc").write_text("int Deep() { return 1; }\n")
        (self.source / "CMakeLists.txt").write_text(LAYER.replace("used.cc unused.cc", "used.cc unused.cc deep/used.cc"))
        self.assertTrue(self.build().ok)
        self.assertIsNone(self.tree.short.recipe("stage01_unit_layer"))


if __name__ == "__main__":
    unittest.main()
