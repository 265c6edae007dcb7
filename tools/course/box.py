"""What is put around a student's program: limits, a clean environment, and walls where the system has bubblewrap.

With bubblewrap (bwrap): everything read-only but a private folder of the run, no network but loopback, process numbers of its
own (ended all at once), the home folders, /tmp and the course's folder hidden. Without it: the limits, the environment, a
process group of its own whose remains are ended; but the program has the user's rights, files and network."""

import functools
import json
import os
import pathlib
import shutil
import subprocess
import sys

from . import process, warden

WITHOUT = ("bubblewrap does not work here: student code runs with this user's rights; limits, a clean environment and the end of "
           "all its processes hold, but it can reach the network and read and write this user's files (apt-get install bubblewrap)")
AS_ROOT = "graded as root: the system sets root no limit of processes, so a fork bomb is ended a moment later; better a user of its own"
_WARDEN = pathlib.Path(warden.__file__)
_PATH = "/usr/local/bin:/usr/bin:/bin"
_PRIVATE_MOST = 64 << 20  # bytes in the private folder: the report is there


@functools.lru_cache(maxsize=None)
def bubblewrap():
    """Its program, None where it is not installed or may not do its work."""
    program = shutil.which("bwrap")
    if not program or os.environ.get("COURSE_NO_BUBBLEWRAP"):
        return None
    works = subprocess.run([program, *_walls(program)[1:], "true"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False)
    return program if works.returncode == 0 else None


def _walls(program):
    return [program, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--size", str(256 << 20), "--tmpfs", "/tmp",
            "--unshare-all", "--unshare-user", "--uid", "65533", "--gid", "65533", "--cap-drop", "ALL", "--die-with-parent",
            "--new-session"]


def limited(command, limits):
    """The command with limits only: for the compiler. What it leaves behind is ended."""
    told = {name: getattr(limits, name) for name in ("wall", "cpu", "address", "file", "files", "processes")}
    return [sys.executable, "-I", "-S", str(_WARDEN), json.dumps(told), *map(str, command)]


class Guard:
    """One program in its box: how it is started, watched and ended."""

    def __init__(self, command, environment, folder, private, limits):
        self.command, self.environment, self.folder = command, environment, folder
        self._private, self._limits = private, limits

    def watch(self, pid):
        """Why it has to be ended; None while nothing is wrong."""
        threads, memory = 0, 0
        for child, count in warden.descendants(pid).items():
            threads += count
            memory += _memory(child)
        if self._limits.processes and threads > self._limits.processes:
            return f"more than {self._limits.processes} processes and threads"
        if self._limits.memory and memory > self._limits.memory:
            return f"more than {self._limits.memory >> 20} MiB of memory"
        if sum(f.stat().st_size for f in os.scandir(self._private) if f.is_file(follow_symlinks=False)) > _PRIVATE_MOST:
            return f"more than {_PRIVATE_MOST >> 20} MiB of files"
        return None

    def end(self, child):
        """Whatever is left of it. The warden knows what has left the session."""
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(12)
            except subprocess.TimeoutExpired:
                pass
        process.kill(child)


class Box:
    """`hidden`: folders that the program may not see; `visible`: those below them that it may read."""

    def __init__(self, hidden=(), visible=()):
        self.hidden, self.visible = [str(p) for p in hidden], [str(p) for p in visible]

    def guard(self, command, private, limits, environment):
        """A Guard for the command; the environment keeps what begins with COURSE_."""
        limits = limits._replace(wall=limits.wall + 30)  # who waits for it says so when it takes too long; this is for the case that nobody waits
        clean = {name: value for name, value in environment.items() if name.startswith("COURSE_")}
        clean |= {"PATH": _PATH, "LANG": "C.UTF-8"}
        walls = bubblewrap()
        if not walls:
            home = private / "home"
            home.mkdir(exist_ok=True)
            clean |= {"HOME": str(home), "TMPDIR": str(home)}
            return Guard(limited(command, limits), clean, home, private, limits)
        clean |= {"HOME": "/tmp", "TMPDIR": "/tmp"}
        inside = _walls(walls)
        for folder in dict.fromkeys(["/home", "/root", *self.hidden]):
            if os.path.isdir(folder):
                inside += ["--tmpfs", folder]
        for folder in self.visible:
            inside += ["--ro-bind", folder, folder]
        inside += ["--bind", str(private), str(private), "--chdir", "/tmp", "--"]
        return Guard(limited([*inside, *command], limits), clean, private, private, limits)


def _memory(pid):
    """Bytes of memory that the process has in use."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0
