"""On what was measured: processor, kernel, compiler, commit; and was the machine quiet?"""

import os
import platform
import re
import subprocess
import time

from . import bench_proc
from .text import TEXT

QUIET_LOAD = 0.5
QUIET_STEAL = 0.005  # of all processor time


def _first_line(command, cwd=None):
    try:
        out = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20, cwd=cwd, check=False, **TEXT)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return out.stdout.strip().split("\n")[0] if out.returncode == 0 else ""


def _processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as f:
            found = re.search(r"^(?:model name|Model)\s*:\s*(.+)$", f.read(), re.M)
    except OSError:
        found = None
    return found.group(1).strip() if found else platform.processor() or platform.machine()


def cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def commit(root):
    """The commit, with a plus when there are changes that are not in it; "" without git."""
    name = _first_line(["git", "rev-parse", "--short=10", "HEAD"], root)
    changed = name and _first_line(["git", "status", "--porcelain", "--untracked-files=no"], root)
    return name + ("+" if changed else "")


def describe(root):
    return {"cpu": _processor(), "cores": cores(), "kernel": f"{platform.system()} {platform.release()}", "compiler": _first_line(["g++", "--version"]),
            "commit": commit(root), "date": time.strftime("%Y-%m-%d %H:%M", time.gmtime()) + " UTC"}


class Quiet:
    """The load before anything was started, and what a hypervisor took away meanwhile."""

    def __init__(self):
        self.load = bench_proc.load()
        self._before = bench_proc.stolen()

    def steal(self):
        stolen, every = (b - a for a, b in zip(self._before, bench_proc.stolen()))
        return stolen / every if every > 0 else 0.0


def noise(machine):
    """What made the machine unquiet, as (word, figure); [] when it was quiet."""
    found = []
    if machine.get("load", 0) > QUIET_LOAD:
        found.append(("load", f"{machine['load']:.2f}"))
    if machine.get("steal", 0) > QUIET_STEAL:
        found.append(("steal", f"{machine['steal'] * 100:.1f} %"))
    return found
