"""`./course doctor`: what this machine has and lacks for the course."""

import os
import platform
import shutil
import subprocess

from . import build, console, packages

HELP = "show what this machine has and lacks"
EXAMPLES = """examples:
  ./course doctor

Exit code 0 when ./course test can run, 1 when packages for it are missing."""

_NEEDED_BY = {
    "base": "build, test, run",
    "git": "carry, check translations",
    "windows": "test --windows, test --all",
    "windows-clang": "check windows-clang, test --all",
    "format": "check format, test --all",
    "tidy": "check tidy, test --all",
    "stage05": "stages 05 and later",
    "stage07": "stage 07",
    "windows07": "stage 07, test --windows and --all",
    "run07": "run 07, test 07",
    "outside07": "stage 07, test --all and --slow",
    "sanitizers": "test --asan, --tsan and --all",
    "fuzz": "fuzz targets, test --all",
}
_TOOLS = ["g++", "clang++", "cmake", "ninja", "ccache", "git", "clang-format", "clang-tidy", "wine"]


def add_arguments(parser):
    del parser


def _release():
    try:
        with open("/etc/os-release", encoding="utf-8") as f:
            pairs = dict(l.rstrip().split("=", 1) for l in f if "=" in l)
        return pairs.get("PRETTY_NAME", "").strip('"')
    except OSError:
        return platform.platform()


def _version(tool):
    path = shutil.which(tool)
    if not path:
        return "not here"
    out = subprocess.run([path, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    line = next((l for l in out.stdout.splitlines() if any(c.isdigit() for c in l)), "")
    return line.strip() or path


def run(repo, args):
    del args
    console.say(f"system      {_release()}, kernel {platform.release()}")
    console.say(f"python      {platform.python_version()}")
    free = shutil.disk_usage(repo.root).free >> 20
    console.say(f"machine     {build.jobs()} compile jobs, {free} MiB free here")
    root = "root" if hasattr(os, "geteuid") and os.geteuid() == 0 else "sudo" if shutil.which("sudo") else "no root rights"
    installer = f"apt-get ({root})" if shutil.which("apt-get") else "none that this command knows"
    console.say(f"installing  {installer}")
    console.say()
    console.say(console.table([(t, _version(t)) for t in _TOOLS]))
    console.say()
    rows = []
    for purpose in packages.PURPOSES:
        lacking = packages.missing([purpose])
        rows.append((purpose, _NEEDED_BY[purpose], "missing: " + " ".join(lacking) if lacking else "ok"))
    console.say(console.table(rows, header=("for", "needed by", "packages")))
    console.say()
    console.say("stages      " + ", ".join(f"{s.number} {'here' if s.present else 'planned'}" for s in repo.stages.values()))
    if free < 2048:
        console.warn(f"only {free} MiB free; a full build of all configurations takes about 4 GiB")
    return 1 if packages.missing(["base"]) else 0
