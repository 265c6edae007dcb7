"""Runs a program with limits and ends whatever it leaves behind: python -I warden.py '{"limits": ...}' program arguments...

A script of its own, started by box.py, because limits have to be set between fork and exec, and because what a program leaves
behind is handed to its nearest living ancestor that asked for it (PR_SET_CHILD_SUBREAPER): to us, and not to the system.
Exit code: the program's; 128 + N when signal N ended it; 124 when it took too long. SIGTERM, SIGINT: end everything now."""

import json
import os
import signal
import sys
import time

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_LIMITS = {"cpu": "RLIMIT_CPU", "address": "RLIMIT_AS", "file": "RLIMIT_FSIZE", "files": "RLIMIT_NOFILE", "processes": "RLIMIT_NPROC"}


def _stat(pid):
    """(parent, threads) of a process; None when it is gone or only waits to be collected."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
            fields = f.read().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return None
    return None if fields[0] in "ZX" else (int(fields[1]), int(fields[17]))


def processes():
    """{pid: (parent, threads)} of all processes that can be seen."""
    found = {int(name): _stat(name) for name in os.listdir("/proc") if name.isdigit()}
    return {pid: entry for pid, entry in found.items() if entry}


def descendants(root, table=None):
    """{pid: threads} of all that stem from `root`, without itself."""
    table = processes() if table is None else table
    children = {}
    for pid, (parent, _) in table.items():
        children.setdefault(parent, []).append(pid)
    found, queue = {}, [root]
    while queue:
        for pid in children.get(queue.pop(), ()):
            found[pid] = table[pid][1]
            queue.append(pid)
    return found


def end_all(root, seconds=10.0):
    """Stops and ends the descendants, again and again until none is left: they may multiply meanwhile."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        left = descendants(root)
        if not left:
            return True
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in left:
                try:
                    os.kill(pid, number)
                except OSError:
                    pass
        _collect()
    return False


def _collect():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _threads_of_user():
    """RLIMIT_NPROC counts all threads of the user: what is there already is not the program's."""
    count = 0
    for pid, (_, threads) in processes().items():
        try:
            count += threads if os.stat(f"/proc/{pid}").st_uid == os.getuid() else 0
        except OSError:
            pass
    return count


def set_limits(limits):
    import resource  # not on Windows, where the command reads this file for its place only
    for name, constant in _LIMITS.items():
        number, value = getattr(resource, constant), limits.get(name, 0)
        if value and name == "processes":
            value += _threads_of_user()
        if value:
            hard = resource.getrlimit(number)[1]
            if hard != resource.RLIM_INFINITY:
                value = min(value, hard)
            resource.setrlimit(number, (value, value))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(argv):
    import ctypes
    limits, command = json.loads(argv[0]), argv[1:]
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    told = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: told.append("end"))
    child = os.fork()
    if child == 0:
        try:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            set_limits(limits)
            os.execvp(command[0], command)
        except BaseException as e:  # whatever it is: this process may not go on as a second warden
            os.write(2, f"cannot start {command[0]}: {e}\n".encode())
        os._exit(127)
    deadline = time.monotonic() + limits["wall"] if limits.get("wall") else None
    code, pause = None, 0.002
    while code is None and not told and (deadline is None or time.monotonic() < deadline):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
        else:
            time.sleep(pause)
            pause = min(0.05, pause * 1.5)
    end_all(os.getpid())
    return 124 if code is None else 128 - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
