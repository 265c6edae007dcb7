"""Wine for the time of a test run."""

import contextlib
import os
import subprocess

from . import build, console, ctest, process


_KEPT = "COURSE_WINE"  # the folder whose Wine server this command keeps, for the course commands that it starts


@contextlib.contextmanager
def session(repo, again):
    """Makes Wine's folder if there is none, and keeps one Wine server with its services for as long as the tests run.

    Left alone the server ends with each program and the next test starts it anew, which takes seconds. Worse, the
    services that are started along with a test keep its output open, so that the test seems not to end; and two
    programs that start with no server there can wait for each other."""
    prefix = ctest.wine_prefix(repo)
    if os.environ.get(_KEPT) == prefix:
        yield  # a command that a session has started
        return
    environment = dict(os.environ, WINEPREFIX=prefix, WINEDEBUG="-all", DISPLAY="", WINEDLLOVERRIDES="mscoree=;mshtml=")
    _make_folder(repo, environment, again)
    quiet = {"env": environment, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL,
             "stderr": subprocess.DEVNULL, "check": False}
    subprocess.run(["wineserver", "--persistent"], **quiet)
    subprocess.run(["wine", "cmd", "/c", "exit"], **quiet)  # starts the services, with nothing of a test's
    os.environ[_KEPT] = prefix
    try:
        yield
    finally:
        os.environ.pop(_KEPT, None)
        subprocess.run(["wineserver", "--kill"], **quiet)


def _make_folder(repo, environment, again):
    prefix = environment["WINEPREFIX"]
    if os.path.exists(os.path.join(prefix, "system.reg")):
        return
    log = build.log_file(repo, "wine")
    log.unlink(missing_ok=True)
    status = console.Status("preparing Wine")
    os.makedirs(os.path.dirname(prefix), exist_ok=True)
    result = process.run_logged(["wine", "wineboot", "--init"], log, status, env=environment)
    status.done(result.code == 0)
    if result.code != 0:
        process.fail(result, "preparing Wine", result.tail[-10:], again)
