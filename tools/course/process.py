"""Starting other programs: in a process group of their own, with a log, stopped together with us."""

import collections
import os
import shutil
import signal
import subprocess
import threading
import time

from . import console
from .errors import CourseError, FAILED
from .text import decode, encode

_running = set()
_lock = threading.Lock()
_starting = threading.local()  # here: a program is being started, and must become known before Ctrl-C may interrupt
_interrupted = threading.Event()
last_signal = None  # of those that on_signal has met


def on_signal(signum, frame):
    """Ctrl-C and its like, as the handler of the signals (Python runs it in the main thread)."""
    global last_signal
    del frame
    last_signal = signum
    if getattr(_starting, "here", False):
        _interrupted.set()
    else:
        raise KeyboardInterrupt


def popen(command, **options):
    """subprocess.Popen whose children stop with us: in a group (POSIX) or job-like group (Windows)."""
    if os.name == "nt":
        options.setdefault("creationflags", subprocess.CREATE_NEW_PROCESS_GROUP)
    else:
        options.setdefault("start_new_session", True)
    _starting.here = True
    try:
        process = subprocess.Popen(command, **options)
        with _lock:
            _running.add(process)
    except FileNotFoundError:
        raise CourseError(f"cannot start {command[0]}: not found (./course doctor shows what is missing)") from None
    finally:
        _starting.here = False
    if threading.current_thread() is threading.main_thread() and _interrupted.is_set():
        _interrupted.clear()
        raise KeyboardInterrupt
    return process


def interrupt(process):
    """Ctrl-C for the process and its children."""
    if process.poll() is not None:
        return
    try:
        if os.name == "nt":
            process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            os.killpg(process.pid, signal.SIGINT)
    except (ProcessLookupError, PermissionError, OSError):
        pass


def kill(process):
    """Ends what is left of the process's session: ninja puts each compiler into a group of its own."""
    try:
        if os.name == "nt":
            process.kill()
            return
        os.killpg(process.pid, signal.SIGKILL)
    except OSError:
        pass
    for pid in _session(process.pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass


def _session(leader):
    """The processes of the session (Linux only)."""
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as f:
                    if int(f.read().rsplit(")", 1)[1].split()[3]) == leader:
                        found.append(int(name))
            except (OSError, IndexError, ValueError):
                pass
    return found


def stop(process, patience=5.0):
    """Asks the group to stop, waits a little, then ends it."""
    try:
        interrupt(process)
        process.wait(patience)
    except subprocess.TimeoutExpired:
        pass
    finally:  # also when a second Ctrl-C ends the patience
        kill(process)
    process.wait()
    forget(process)


def forget(process):
    with _lock:
        _running.discard(process)


def stop_all():
    with _lock:
        processes = list(_running)
    for process in processes:
        interrupt(process)
    for process in processes:
        stop(process, patience=3.0)


class Result:
    """How a logged program ended."""

    def __init__(self, code, tail, log):
        self.code = code
        self.tail = tail
        self.log = log


def run_logged(command, log, status=None, on_line=None, env=None, cwd=None, keep=400):
    """Runs a program, writes all it says to `log`, hands each line to `on_line`.

    The live line of `status` goes on ticking while the program is silent. Ctrl-C stops the whole group."""
    log.parent.mkdir(parents=True, exist_ok=True)
    tail = collections.deque(maxlen=keep)
    full_env = dict(os.environ, **(env or {}))
    with open(log, "ab") as out:
        out.write(encode("$ " + " ".join(map(str, command)) + "\n"))
        out.flush()
        process = popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                        env=full_env, cwd=cwd)
        finished = threading.Event()

        def tick():
            while not finished.wait(0.5):
                status.tick()

        if status:
            threading.Thread(target=tick, daemon=True).start()
        try:
            for raw in process.stdout:
                out.write(raw)
                line = decode(raw).rstrip("\r\n")
                tail.append(line)
                if on_line:
                    on_line(line)
            code = process.wait()
        except BaseException:
            finished.set()
            stop(process)
            raise
        finally:
            finished.set()
            process.stdout.close()
            if process.poll() is not None:
                forget(process)
    return Result(code, list(tail), log)


DISK_FULL = "the disk is full; free some space (build/ can be deleted at any time)"
_NO_SPACE = ("No space left on device", "Disk quota exceeded", "장치에 남은 공간이 없음", "not enough space on the disk")


def disk_full(lines, folder):
    """Did a program fail because the disk of the folder is full?

    The compiler says so; CMake often says only that the compiler does not work or that a file is missing, so
    what is left of the disk counts too: below 1 MiB nothing can be built."""
    return any(text in line for line in lines for text in _NO_SPACE) or shutil.disk_usage(folder).free < 1 << 20


def fail(result, what, relevant, again):
    """Ends the command: the last relevant lines, the log, how to repeat. A full disk is one line."""
    if disk_full(result.tail, result.log.parent):
        raise CourseError(DISK_FULL)
    for line in relevant:
        console.say("  " + line)
    console.say(f"full log: {result.log}")
    raise CourseError(f"{what} failed; again with: {again}", FAILED)


def wait_first_line(process, pattern, seconds, lines):
    """Waits until a line in `lines` (filled by a reader thread) matches; None when it ended or took too long."""
    deadline = time.monotonic() + seconds
    seen = 0
    while time.monotonic() < deadline:
        with lines.changed:
            while seen < len(lines.items):
                match = pattern.search(lines.items[seen])
                seen += 1
                if match:
                    return match
            if lines.closed:
                return None
            lines.changed.wait(0.2)
    return None


class Lines:
    """Lines of a program, collected by a reader thread."""

    def __init__(self):
        self.items = []
        self.closed = False
        self.changed = threading.Condition()

    def add(self, line):
        with self.changed:
            self.items.append(line)
            self.changed.notify_all()

    def close(self):
        with self.changed:
            self.closed = True
            self.changed.notify_all()
