"""One course command at a time in a folder; the next one says whom it waits for."""

import contextlib
import errno
import os
import time

from . import console
from .errors import CourseError

try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

_HELD = "COURSE_LOCKS"  # the locks that this command holds, for the course commands that it starts itself
_BUSY = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_FAR = 1 << 30  # Windows locks bytes: one behind the text, so that others can read that


def building(repo, command):
    """Held while something is configured, built or tested in build/."""
    return hold(repo, repo.root / "build" / "course.lock", "works in build/", command)


@contextlib.contextmanager
def hold(repo, file, does, command):
    """Holds the lock `file` for the time of the with block. `command` and our process are written into it.

    The system gives the lock back however the holder ends, so a file that lies there means nothing."""
    held = os.environ.get(_HELD, "")
    if str(file) in held.split(os.pathsep):
        yield  # a command that the holder has started
        return
    descriptor = _take(repo, file, does)
    try:
        _write(descriptor, f"process {os.getpid()}: {command}")
        os.environ[_HELD] = held + os.pathsep + str(file) if held else str(file)
        yield
    finally:
        if held:
            os.environ[_HELD] = held
        else:
            os.environ.pop(_HELD, None)
        _write(descriptor, "")
        os.close(descriptor)


def _take(repo, file, does):
    told = None
    while True:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)  # also again: build/ may be deleted at any time
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:
            continue
        except OSError as e:
            if e.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise CourseError(f"cannot write to {e.filename} ({e.strerror}); what is built goes there: give this user the "
                                  f"right, or work in a copy of the course") from None
            raise
        try:
            if _try(descriptor) and _is_still(descriptor, file):
                if told is not None:
                    console.say("the other command has ended: goes on")
                return descriptor
            who = file.read_text(encoding="utf-8", errors="replace").strip() if file.is_file() else ""
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if who and who != told:
            told = who
            console.say(f"another course command {does} of {repo.root} ({who})")
            console.say("waits until it has ended; Ctrl-C gives up")
        time.sleep(0.2)


def _try(descriptor):
    try:
        if os.name == "nt":
            os.lseek(descriptor, _FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as e:
        if e.errno in _BUSY:
            return False
        if e.errno in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
            return True  # a file system without locks: as if there were none
        raise
    return True


def _is_still(descriptor, file):
    """False when build/ was deleted while we waited: the next command would make itself a new lock."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(file))
    except FileNotFoundError:
        return False


def _write(descriptor, text):
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.ftruncate(descriptor, 0)
    os.write(descriptor, text.encode("utf-8"))
