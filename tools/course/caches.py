"""Folders outside of the course that are written to: ccache's, and what is kept in ~/.cache.

In containers and labs the home folder may be missing or read-only. Then build/ takes their place, which is said once."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from . import console
from .text import TEXT


def prepare(repo):
    """From now on every program that we start keeps its things where it may write."""
    own = repo.root / "build" / "cache"
    home, moved = _home(), []
    if not _writable(home):
        moved.append(str(home))
        os.environ["XDG_CACHE_HOME"] = str(own)  # also ccache's, if nobody has told it another
    ccache = _ccache()
    if ccache and not _writable(ccache):
        moved.append(str(ccache))
        os.environ["CCACHE_DIR"] = str(own / "ccache")
        os.environ["CCACHE_TEMPDIR"] = str(own / "ccache" / "tmp")
    if moved:
        console.say(f"cannot write to {' and '.join(moved)}: caches go to build/cache")


def windows_libraries():
    """Where tools/windows-libs/build.sh puts what it has made."""
    return _home() / "iocp-course" / "windows-libs"


def _home():
    given = os.environ.get("XDG_CACHE_HOME", "")
    return pathlib.Path(given) if os.path.isabs(given) else pathlib.Path(os.path.expanduser("~")) / ".cache"


def _ccache():
    """ccache's folder, as itself says; None without ccache."""
    if os.name == "nt" or not shutil.which("ccache"):
        return None
    out = subprocess.run(["ccache", "--get-config", "cache_dir"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, **TEXT, check=False)
    return pathlib.Path(out.stdout.strip() or "/nowhere")


def _writable(folder):
    """Tried, not asked: a mode says nothing of a full quota or a read-only disk."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
