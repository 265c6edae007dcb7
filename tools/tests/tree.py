"""Small made-up courses in a temporary git repository, for the tests of the course command."""

import contextlib
import io
import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from course import __main__ as main  # noqa: E402
from course.model import Repo  # noqa: E402

FOLDERS = {"01": "01_one", "02": "02_two", "03": "03_three", "04": "04_four"}


class CourseTree(unittest.TestCase):
    """A temporary course; `stages` says which folders exist."""

    stages = ("01", "02", "03", "04")
    prefix = "course-test-"  # of the folder's name

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory(prefix=self.prefix)
        self.addCleanup(self._folder.cleanup)
        self.root = pathlib.Path(self._folder.name).resolve()
        self.declared = {}
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "test")
        self.git("config", "user.email", "test@localhost")
        self.git("config", "core.autocrlf", "false")
        for number in self.stages:
            self.write(number, "CMakeLists.txt", f"project({FOLDERS[number]})\nset(STAGE stage{number})\n")
        self.toml()

    # -- the tree --------------------------------------------------------------------------------

    def path(self, stage, name):
        return self.root / FOLDERS[stage] / name

    def write(self, stage, name, text, executable=False):
        path = self.path(stage, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(0o755 if executable else 0o644)

    def write_all(self, name, text, stages=None, executable=False):
        for stage in stages or self.stages:
            self.write(stage, name, text, executable)

    def read(self, stage, name):
        return self.path(stage, name).read_bytes().decode()

    def exists(self, stage, name):
        return self.path(stage, name).exists()

    def executable(self, stage, name):
        return os.access(self.path(stage, name), os.X_OK)

    def remove(self, stage, name):
        self.path(stage, name).unlink()

    def toml(self, extra="", head="[course]\nbudget = 600\n"):
        """course.toml: each stage's folder; `extra` is appended."""
        text = head
        for number, folder in FOLDERS.items():
            text += f'[stage.{number}]\nfolder = "{folder}"\ntitle = "Title {number}"\ntitle_ko = "KO {number}"\n'
        (self.root / "course.toml").write_text(text + textwrap.dedent(extra), encoding="utf-8")

    def git(self, *args):
        return subprocess.run(["git", *args], cwd=self.root, check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE).stdout.decode()

    def commit(self, message="state"):
        self.git("add", "-A")
        self.git("commit", "-qm", message, "--allow-empty")

    # -- the command -----------------------------------------------------------------------------

    def course(self, *argv):
        """Runs a command on this tree; returns (exit code, everything it printed)."""
        out = io.StringIO()
        find_root, main.find_root = main.find_root, lambda: self.root
        stdout, out.reconfigure = sys.stdout, lambda **_: None
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
                code = main.main(list(argv))
        finally:
            main.find_root = find_root
            sys.stdout = stdout
        return code, out.getvalue()

    def repo(self):
        return Repo(self.root)
