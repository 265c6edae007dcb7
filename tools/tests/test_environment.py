"""The command on other people's machines: locales, folders with odd names, no home, links, no git, few rights."""

import ast
import contextlib
import io
import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

import tree  # noqa: F401  (makes the package course known)

from course.errors import CourseError
from course import console, doctor, place

REPO = pathlib.Path(__file__).resolve().parents[2]
NOBODY = 65534
EUC_KR = "오류".encode("euc-kr")  # what a compiler may say in a Korean locale; no UTF-8
# Says where caches go and something that is not UTF-8, then works or (in a folder with the file "fail") fails.
CMAKE = r"""#!/bin/sh
if [ "$1" = --build ]; then
  echo "cache $XDG_CACHE_HOME $CCACHE_DIR descriptors $(ulimit -n) umask $(umask)" >&2
  printf 'error: \277\300\267\371 in '; pwd
  [ ! -e fail ]
fi
"""


class Checkout(unittest.TestCase):
    """A small course with the real command, in a folder of any name; its cmake is a script."""

    def make(self, name="course"):
        base = tempfile.TemporaryDirectory(prefix="course-test-")
        self.addCleanup(base.cleanup)
        self.base = pathlib.Path(base.name).resolve()
        self.base.chmod(0o755)
        self.root = self.base / name
        self.root.mkdir(parents=True)
        shutil.copy2(REPO / "course", self.root)
        for folder in ("course", "cmake"):
            shutil.copytree(REPO / "tools" / folder, self.root / "tools" / folder,
                            ignore=shutil.ignore_patterns("__pycache__"))
        (self.root / "course.toml").write_text('[stage.01]\nfolder = "01_one"\ntitle = "하나"\n', encoding="utf-8")
        (self.root / "01_one").mkdir()
        (self.root / "01_one" / "CMakeLists.txt").write_text("project(one)\n", encoding="utf-8")
        (self.base / "bin").mkdir()
        (self.base / "bin" / "cmake").write_text(CMAKE, encoding="utf-8")
        (self.base / "bin" / "cmake").chmod(0o755)
        return self.root

    def course(self, *argv, command=None, **options):
        """(exit code, bytes it printed); `environment` is added to ours."""
        environment = {k: v for k, v in os.environ.items() if k not in ("COURSE_LOCKS", "PYTHONUTF8", "PYTHONPATH")}
        environment["PATH"] = f"{self.base / 'bin'}:{environment['PATH']}"
        environment.update(options.pop("environment", {}))
        options.setdefault("cwd", self.root)
        out = subprocess.run([*(command or [self.root / "course"]), *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, env=environment, check=False, **options)
        self.assertNotIn(b"Traceback", out.stdout, out.stdout)
        return out.returncode, out.stdout

    def builds(self, **options):
        code, out = self.course("build", "01", **options)
        self.assertEqual(0, code, out)
        return (self.root / "build" / "logs" / "release-build.log").read_bytes()


@unittest.skipIf(os.name == "nt", "the sh starter")
class LocaleTest(Checkout):
    """UTF-8 everywhere, whatever the locale; bytes that are not UTF-8 pass through."""

    def hold(self, *environments):
        self.make("완료 포트")
        for environment in environments:
            with self.subTest(environment):
                self.assertIn(EUC_KR + " in ".encode() + os.fsencode(self.root), self.builds(environment=environment))
                (self.root / "fail").touch()
                code, out = self.course("build", "01", environment=environment)
                (self.root / "fail").unlink()
                self.assertEqual(1, code)
                if "PYTHONIOENCODING" not in environment:
                    self.assertIn(EUC_KR, out)
                    self.assertIn("완료 포트/build/logs".encode(), out)

    def test_korean_path_without_a_locale(self):
        self.hold({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"})

    @unittest.skipUnless(shutil.which("localedef") and os.path.isfile("/usr/share/i18n/locales/ko_KR"), "locales is not installed")
    def test_korean_path_in_other_encodings(self):
        with tempfile.TemporaryDirectory() as folder:
            environments = []
            for language, encoding in (("ko_KR", "EUC-KR"), ("en_US", "ISO-8859-1")):
                name = f"{language}.{encoding}"
                subprocess.run(["localedef", "-i", language, "-f", encoding, os.path.join(folder, name)], check=False,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # 1: with warnings
                environments.append({"LC_ALL": name, "LOCPATH": folder})
            self.hold(*environments)

    def test_every_text_states_its_encoding(self):
        files = [*(REPO / "tools").glob("course/*.py"), *REPO.glob("0*_*/**/*.py")]
        self.assertGreater(len(files), 30)
        found = []
        for file in files:
            for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call) and self._guesses(call):
                    found.append(f"{file.relative_to(REPO)}:{call.lineno}")
        self.assertEqual([], found, "these take the locale's encoding")

    @staticmethod
    def _guesses(call):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        words = {k.arg: k.value for k in call.keywords}
        if "encoding" in words or None in words:  # None: **TEXT
            return False
        if "text" in words or "universal_newlines" in words:
            return name in ("run", "Popen", "check_output", "popen")
        if name == "open" and isinstance(call.func, ast.Name):
            mode = call.args[1] if len(call.args) > 1 else words.get("mode")
            return not (isinstance(mode, ast.Constant) and "b" in mode.value)
        return name in ("read_text", "write_text")


@unittest.skipIf(os.name == "nt", "the sh starter")
class PlaceTest(Checkout):
    """A folder's name either does or is refused before anything starts."""

    def test_refused(self):
        for name in [f"a{c}b" for c in '$;#"\\*?[]|<>:'] + ["a\nb", "a\tb", os.fsdecode(b"a\xffb")]:
            with self.subTest(name):
                self.make(name)
                code, out = self.course("build", "01")
                self.assertEqual(1, code)
                self.assertRegex(out, rb"\Acourse: .*please rename or move the folder: .*\n\Z")
                self.assertEqual(1, out.count(b"\n"), out)
                self.assertFalse((self.root / "build").exists())

    def test_taken(self):
        self.make(" ~a (b) 'c' + & % , = @ ! ^ ` { } 하나 \u1112\u1161\u11ab")  # the last one as macOS writes it
        self.assertIn(os.fsencode(self.root), self.builds())
        self.assertIsNone(place.problem(pathlib.PurePosixPath("/home/학생/course")))

    @unittest.skipUnless(shutil.which("ccache") and shutil.which("g++"), "ccache")
    def test_the_compiler_launcher_and_blanks(self):
        root = self.make("two  words (it's)")
        stage, build = root / "01_one", root / "build"
        (stage / "net").mkdir()
        (stage / "net" / "a.h").write_text("#include <cstddef>\n", encoding="utf-8")
        (stage / "net" / "a.cc").write_text('#include "net/a.h"\nint x;\n', encoding="utf-8")
        build.mkdir()
        command = [root / "tools" / "cmake" / "stage-compile", "g++", f"-I{stage}", "-MD", "-MT", "a.o", "-MF", "a.o.d", "-o",
                   "a.o", "-c", stage / "net" / "a.cc"]
        out = subprocess.run(command, cwd=build, env=dict(os.environ, CCACHE_DIR=str(root / "ccache")), check=False)
        self.assertEqual(0, out.returncode)
        self.assertTrue((build / ".view" / "01_one" / "net").is_dir(), "not compiled as later copies are")
        # Read as Ninja does: blanks in names have a backslash.
        text = (build / "a.o.d").read_text(encoding="utf-8").replace("\\\n", " ").replace("\\ ", "\0")
        target, *names = [word.replace("\0", " ") for word in text.split()]
        self.assertEqual("a.o:", target)
        self.assertLess({str(stage / "net" / "a.cc"), str(stage / "net" / "a.h")}, set(names))
        for name in names:
            self.assertTrue(os.path.isfile(name), name)

        united = build / "01_one" / "united" / "net.cc"  # files that are compiled as one
        united.parent.mkdir(parents=True)
        united.write_text('#include "net/a.cc"\n', encoding="utf-8")
        command[-1] = united
        out = subprocess.run(command, cwd=build, env=dict(os.environ, CCACHE_DIR=str(root / "ccache")), check=False)
        self.assertEqual(0, out.returncode)
        text = (build / "a.o.d").read_text(encoding="utf-8").replace("\\\n", " ").replace("\\ ", "\0")
        names = [word.replace("\0", " ") for word in text.split()[1:]]
        self.assertLess({str(united), str(stage / "net" / "a.cc"), str(stage / "net" / "a.h")}, set(names))


@unittest.skipIf(os.name == "nt", "the sh starter")
class StartTest(Checkout):
    """However it is started."""

    def test_links(self):
        self.make("한글")
        (self.base / "far").symlink_to(self.root / "course")
        (self.base / "bin" / "near").symlink_to("../far")
        (self.base / "bin" / "folder").symlink_to("../한글")
        line = b"course: stage 01 is the first, there is none before it\n"
        for command in ([self.base / "far"], [self.base / "bin" / "near"], ["near"], ["../far"],
                        [self.base / "bin" / "folder" / "course"], ["sh", "near"]):
            cwd = self.base / "bin"
            with self.subTest(command):
                code, out = self.course("diff", "01", command=command, cwd=cwd)
                self.assertEqual(2, code, out)
                self.assertTrue(out.startswith(line.rstrip(b"\n")), out)

    def test_doctor_without_python_installs_nothing(self):
        self.make()
        for tool in ("sh", "dirname", "id", "readlink", "grep"):
            (self.base / "bin" / tool).symlink_to(shutil.which(tool))
        for tool in ("apt-get", "sudo"):
            (self.base / "bin" / tool).write_text(f"#!/bin/sh\ntouch {self.base}/called\n", encoding="utf-8")
            (self.base / "bin" / tool).chmod(0o755)
        out = subprocess.run(["/bin/sh", self.root / "course", "doctor"], env={"PATH": str(self.base / "bin"), "CI": "true"},
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(1, out.returncode)
        self.assertIn(b"here: none\n", out.stdout)
        self.assertIn(b"to install it: apt-get install python3", out.stdout)
        self.assertFalse((self.base / "called").exists())


@unittest.skipIf(os.name == "nt", "Linux")
class LittleTest(Checkout):
    """Without a home, without rights, without git, with little of everything."""

    @unittest.skipUnless(shutil.which("ccache"), "ccache")
    def test_home_that_cannot_be_written(self):
        self.make()
        environment = {"HOME": "/proc/none"}  # nobody can make a folder there, not even root
        for name in ("XDG_CACHE_HOME", "CCACHE_DIR"):
            if name in os.environ:
                environment[name] = ""
        code, out = self.course("build", "01", environment=environment)
        self.assertEqual((0, 1), (code, out.count(b"caches go to build/cache")), out)
        log = (self.root / "build" / "logs" / "release-build.log").read_text(encoding="utf-8", errors="replace")
        self.assertIn(f"cache {self.root}/build/cache", log)

    @unittest.skipUnless(shutil.which("ccache"), "ccache")
    def test_only_ccaches_folder_cannot_be_written(self):
        self.make()
        log = self.builds(environment={"CCACHE_DIR": "/proc/none", "XDG_CACHE_HOME": str(self.base / "cache")})
        self.assertIn(f"cache {self.base}/cache {self.root}/build/cache/ccache ".encode(), log)

    def test_a_checkout_that_cannot_be_written(self):
        self.make()
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        self.root.chmod(0o555)
        self.addCleanup(self.root.chmod, 0o755)
        code, out = self.course("build", "01", environment={"HOME": str(self.root)}, **user)
        self.assertEqual(1, code, out)
        self.assertRegex(out, rb"course: cannot write to .*/build .*in a copy of the course\n\Z")
        self.assertEqual(0, self.course("--help", **user)[0] & ~2)
        self.assertEqual(2, self.course("diff", "01", **user)[0])

    def test_umask_and_few_descriptors(self):
        self.make()
        self.assertIn(b"umask 0077", self.builds(umask=0o077))
        self.assertIn(b"descriptors 64 ", self.builds(command=["sh", "-c", 'ulimit -n 64; exec ./course "$@"', "sh"]))

    @unittest.skipUnless(shutil.which("git"), "git")
    def test_no_git_and_a_clone_without_history(self):
        self.make()
        files = self.course("check", "stages", "files")  # no git: as from a ZIP
        git = lambda *words: subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@localhost", *words],
                                            cwd=self.root, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        git("init", "-q", "-b", "main")
        git("add", "-A")
        git("commit", "-qm", "one")
        git("commit", "-qm", "two", "--allow-empty")
        git("clone", "-q", "--depth", "1", f"file://{self.root}", str(self.base / "shallow"))
        self.root = self.base / "shallow"
        self.assertEqual(files, self.course("check", "stages", "files"))
        self.builds()

    def test_a_dumb_terminal_gets_no_commands(self):
        self.make()
        for term, commands in (("dumb", False), ("xterm", True)):
            master, slave = pty.openpty()
            environment = dict(os.environ, TERM=term, PATH=f"{self.base / 'bin'}:{os.environ['PATH']}")
            code = subprocess.run([self.root / "course", "build", "01"], cwd=self.root, env=environment, stdout=slave,
                                  stderr=slave, stdin=subprocess.DEVNULL, check=False).returncode
            out = os.read(master, 65536)
            os.close(slave)
            os.close(master)
            self.assertEqual((0, commands), (code, b"\x1b" in out), out)


@unittest.skipIf(os.name == "nt", "signals")
class RunTest(Checkout):
    """A demonstration whose programs are scripts: a server, and a client that is told where it listens."""

    PROGRAM = """#!/bin/sh
trap 'echo ordered end; exit 0' INT
echo "%s"
while :; do sleep 1; done
"""

    def setUp(self):
        self.make()
        self.root.joinpath("course.toml").write_text(
            '[stage.01]\nfolder = "01_one"\ntitle = "One"\n[[stage.01.demo.program]]\nname = "server"\nlistens = true\n'
            '[[stage.01.demo.program]]\nname = "client"\nargs = ["{port}"]\n', encoding="utf-8")
        self.root.joinpath("01_one", "apps.cmake").write_text("stage_program(server x.cc)\nstage_program(client x.cc)\n")
        folder = self.root / "build" / "release" / "01_one" / "bin"
        folder.mkdir(parents=True)
        for name, text in (("server", "listening on 127.0.0.1:$$"), ("client", "heard $1")):
            (folder / name).write_text(self.PROGRAM % text)
            (folder / name).chmod(0o755)

    def start(self):
        environment = dict(os.environ, PATH=f"{self.base / 'bin'}:{os.environ['PATH']}")
        return subprocess.Popen([str(self.root / "course"), "run", "01"], env=environment, cwd=self.root,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)

    def ended(self, process):
        """(exit code, output); nothing that it started is left."""
        out, _ = process.communicate(timeout=60)
        self.assertNotRegex(out, rb"(?m)^Traceback")
        left = []
        for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                words = entry.read_bytes()
                left += [words] if os.fsencode(self.root / "build") in words else []
        self.assertEqual([], left)
        return process.returncode, out

    @staticmethod
    def await_line(process, text):
        lines = []
        for line in process.stdout:
            lines.append(line)
            if text in line:
                return b"".join(lines)
        raise AssertionError(f"{text} did not come: {lines}")

    def test_ctrl_c_at_each_moment(self):
        # From the first line on; before it, it is Python that starts.
        for moment in (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8):
            with self.subTest(moment):
                process = self.start()
                self.await_line(process, b"configure")
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(moment)
                process.send_signal(signal.SIGINT)
                code, out = self.ended(process)
                self.assertIn(code, (0, 130), out)

    def test_two_at_once_and_an_ordered_end(self):
        one, two = self.start(), self.start()
        for process in (one, two):
            self.await_line(process, b"heard ")
        one.send_signal(signal.SIGINT)
        out, _ = one.communicate(timeout=60)
        self.assertEqual((0, True), (one.returncode, b"ordered end" in out), out)
        self.assertIsNone(two.poll())
        two.send_signal(signal.SIGINT)
        code, out = self.ended(two)
        self.assertEqual((0, True), (code, b"ordered end" in out), out)


class LiveTest(unittest.TestCase):
    """Lines that are drawn again, in any number of columns."""

    def draw(self, live, lines, columns):
        out = io.StringIO()
        with contextlib.redirect_stdout(out), mock.patch.object(console, "columns", lambda: columns):
            live.draw(lines)
        return out.getvalue()

    def test_width(self):
        self.assertEqual(9, console.width("완료 port"[:2] + " port"))
        self.assertEqual(2, console.width("\u1112\u1161\u11ab"))
        self.assertEqual("완", console.cut("완료", 3))
        self.assertEqual("완료", console.cut("완료", 4))

    def test_a_line_never_wraps(self):
        for columns in (200, 60, 15, 3, 2):
            live = console.Live()
            self.draw(live, ["release: build 3s 1/9 완료 포트.cc 와 긴 이름" * 3, "x" * 300], columns)
            for line in live._drawn:
                self.assertLess(console.width(line), columns)

    def test_a_narrower_terminal_has_wrapped_the_lines(self):
        live = console.Live()
        self.draw(live, ["x" * 50, "가" * 22], 60)
        # 50 columns in 15 are four rows; of 22 syllables 7 fit: four rows more.
        self.assertTrue(self.draw(live, ["y"], 15).startswith("\x1b[7A\r\x1b[J"))
        self.assertTrue(self.draw(live, ["z"], 60).startswith("\r\x1b[K"))

    def test_flow(self):
        items = ["sessions 100", "players 100", "messages/s in 99", "out 99", "said 1000", "p99 1.0 ms"]
        self.assertEqual(["   ".join(items)], console.flow(items, 200))
        for most in (59, 30, 14):
            lines = console.flow(items, most)
            self.assertLessEqual(max(map(console.width, lines)), most)
            self.assertEqual("sessions 100", lines[0][:12])
            self.assertEqual("p99 1.0 ms", lines[-1][-10:])


class DoctorTest(unittest.TestCase):
    """It looks at versions and at headers."""

    GOOD = {tool: (tool, (99,)) for tool in doctor._TOOLS}
    HEADERS = {name for groups in doctor._HEADERS.values() for alternatives, _ in groups for name in alternatives}

    def test_nothing_is_wrong(self):
        self.assertEqual([], doctor.problems(self.GOOD, self.HEADERS, {"base": []}))
        for other in ("catch2/catch.hpp", "catch2/catch_test_macros.hpp"):  # either generation will do
            self.assertEqual([], doctor.problems(self.GOOD, self.HEADERS - {other}, {}))

    def test_an_old_version(self):
        for tool, version, line in (("cmake", (3, 21, 9), "cmake: version 3.21.9 is too old, 3.22 or newer is needed"),
                                    ("g++", (10, 2), "g++: version 10.2 is too old, 11 or newer is needed")):
            found = doctor.problems({**self.GOOD, tool: ("old", version)}, self.HEADERS, {})
            self.assertEqual([("base", line)], [p[:2] for p in found])

    def test_what_is_too_old_is_said_before_building(self):
        def refused(purposes, **versions):
            with mock.patch.object(doctor, "_version", lambda tool: (tool, versions.get(tool.rstrip("+"), (99,)))), \
                    mock.patch.object(shutil, "which", lambda tool: f"/usr/bin/{tool}"), mock.patch.dict(os.environ):
                os.environ.pop("CXX", None)
                try:
                    doctor.refuse_old(purposes)
                except CourseError as error:
                    return str(error)
            return None

        self.assertIsNone(refused(["base", "stage05", "windows"]))
        self.assertEqual("g++ 9.4 is too old, 11 or newer is needed: apt-get install g++-11, then CXX=g++-11 ./course ...",
                         refused(["base"], g=(9, 4)))
        self.assertIn("wine 6.0.3 is too old, 8 or newer is needed", refused(["base", "windows"], wine=(6, 0, 3)))
        self.assertIsNone(refused(["base"], wine=(6, 0, 3)))  # not needed for this

    @unittest.skipIf(os.name == "nt", "Visual Studio brings its own")
    def test_what_is_installed_but_not_in_path_is_one_line(self):
        here = {"c++", "cmake", "ninja"}
        with mock.patch.object(doctor, "_version", lambda tool: (tool, (99,))), mock.patch.dict(os.environ), \
                mock.patch.object(shutil, "which", lambda tool: f"/opt/{tool}" if tool in here else None):
            os.environ.pop("CXX", None)
            doctor.refuse_old(["base"])
            for lost, named in (("c++", "g++"), ("ninja", "ninja"), ("cmake", "cmake")):
                here.remove(lost)
                with self.assertRaisesRegex(CourseError, rf"^{re.escape(named)} is installed, but in no folder of PATH.*doctor"):
                    doctor.refuse_old(["base"])
                doctor.refuse_old(["git"])  # builds nothing
                here.add(lost)
            here.remove("c++")
            os.environ["CXX"] = "/opt/own/c++"
            doctor.refuse_old(["base"])

    def test_a_package_without_its_header(self):
        found = doctor.problems(self.GOOD, self.HEADERS - {"CLI/CLI.hpp", "sodium.h"}, {})
        self.assertEqual([("base", "<CLI/CLI.hpp>: the compiler finds no such header", "libcli11-dev"),
                          ("stage07", "<sodium.h>: the compiler finds no such header", "libsodium-dev")], found)

    def test_each_package_is_named_once(self):
        found = doctor.problems({**self.GOOD, "wine": ("not here", None)}, self.HEADERS, {"windows": ["wine", "wine64"]})
        self.assertEqual(["wine", "wine64"], [package for *_, package in found])

    def test_versions_are_read(self):
        for said, wanted in (("g++ (Debian 12.2.0-14+deb12u1) 12.2.0", (12, 2, 0)), ("wine-8.0 (Debian 8.0~repack-4)", (8, 0)),
                             ("libprotoc 3.12.4", (3, 12, 4)), ("LLVM (http://llvm.org/):\n  LLVM version 14.0.6", (14, 0, 6)),
                             ("Redis server v=6.0.16 sha=00000000:0", (6, 0, 16))):
            with mock.patch.object(shutil, "which", lambda tool: f"/usr/bin/{tool}"), \
                    mock.patch.object(subprocess, "run", lambda *_, **__: mock.Mock(stdout=said)):
                self.assertEqual(wanted, doctor._version("tool")[1])


if __name__ == "__main__":
    unittest.main()
