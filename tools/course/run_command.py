"""`./course run [stage]`: starts a stage's demonstration as course.toml declares it."""

import argparse
import os
import re
import signal
import threading
import time

from . import build, console, doctor, lock, mine, packages, process, run_service
from .errors import CourseError, UsageError
from .text import decode

HELP = "run a stage's programs and say what to look at"
EXAMPLES = """examples:
  ./course run                  the newest stage
  ./course run 01               stage 01: the echo server and its clients
  ./course run 01 port_tour     one program of the stage by itself
  ./course run 01 port_tour -- --auto --json     with its own options after --
  ./course run --mine 03        your copy, work/03_...

Ctrl-C ends the programs in order, the clients first."""

_LISTENING = re.compile(r"listening on (\S+):(\d+)")
_COLOURS = ["cyan", "green", "yellow"]


def add_arguments(parser):
    parser.add_argument("stage", nargs="?", help="a stage, e.g. 01 (default: the newest)")
    parser.add_argument("program", nargs="?", help="one program of the stage instead of the demonstration")
    parser.add_argument("arguments", nargs="*", help="options for the program (after --)")
    mine.add_argument(parser)
    parser.add_argument("--clients", type=_clients, metavar="N",
                        help="dummy clients of the full chat server (default 100)")
    parser.add_argument("--no-clients", action="store_true", help="the servers alone")
    parser.add_argument("--config", metavar="FILE", help="configuration file of the full chat server")
    parser.add_argument("--for", dest="seconds", metavar="TIME", help="end after this time, e.g. 20s or 2m")


def run(repo, args):
    chosen = mine.choose(repo, args, [args.stage] if args.stage else [])
    stage = repo.find(chosen[0]) if chosen else repo.newest()
    seconds = seconds_of(args.seconds)
    service = not args.program and stage.demo.get("kind") == "service"
    _check_options(args, stage, service)
    config = build.native_config("release")
    packages.ensure(packages.for_stages(config, [stage]), args.yes)
    try:
        packages.ensure(packages.for_stages(config, [stage], run=True), args.yes)
    except CourseError as error:
        # What the programs are run with (Redis): there is a stand-in, and the demonstration says so.
        console.warn(f"{error}; goes on without")
    doctor.refuse_old(packages.for_stages(config, [stage], run=True))
    if not args.program and not service and not stage.demo.get("program"):
        raise CourseError(f"course.toml declares no [stage.{stage.number}.demo]")
    targets = targets_of(stage, [args.program] if args.program else [p["name"] for p in stage.demo.get("program", [])])
    with lock.building(repo, args.again):  # not while the programs run: they may for hours
        build.build(repo, config, [stage], args.again, targets)
    if args.program:
        return _run_one(repo, config, stage, args.program, args.arguments, seconds)
    if service:
        return run_service.run(repo, config, stage, args, seconds)
    demo = Demo(repo, config, stage, args.again)
    return demo.run(seconds)


def _check_options(args, stage, service):
    """What cannot work is said before anything is built."""
    for given, name in ((args.clients, "--clients"), (args.no_clients, "--no-clients"), (args.config, "--config")):
        if given and not service:
            what = f"{args.program} alone" if args.program else f"stage {stage.number}"
            raise UsageError(f"{name} belongs to the full chat server (./course run 07), not to {what}"
                             + ("; the program's own options go after --" if args.program else ""))
    if args.clients and args.no_clients:
        raise UsageError("--clients and --no-clients contradict each other")
    if args.config and not (os.path.isfile(args.config) and os.access(args.config, os.R_OK)):
        raise UsageError(f"--config {args.config}: not a file that can be read")


def _clients(text):
    if not text.isdigit() or not 1 <= int(text) <= 20_000:
        raise argparse.ArgumentTypeError("a number from 1 to 20000")
    return int(text)


def targets_of(stage, names):
    """What to build: the named programs (none: all of the stage); the tests can wait."""
    known = set()
    for path in stage.files():
        if path.endswith(".cmake") and not path.startswith(("support/cmake/", "tests/")):
            text = (stage.path / path).read_text(encoding="utf-8", errors="replace")
            known |= set(re.findall(r"^\s*stage_program\(\s*(\w+)", text, re.M))
    for name in names:
        if name not in known:
            raise UsageError(f"stage {stage.number} has no program '{name}' (there are: {', '.join(sorted(known))})")
    return [f"stage{stage.number}_{name}" for name in dict.fromkeys(names or sorted(known))]


def seconds_of(text):
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h)?", text)
    if not match:
        raise UsageError(f"--for {text}: a time like 20s or 2m is wanted")
    seconds = float(match.group(1)) * {"s": 1, "m": 60, "h": 3600, None: 1}[match.group(2)]
    if not 0.1 <= seconds <= 1_000_000:
        raise UsageError(f"--for {text}: from 0.1s to 277h")
    return seconds


def _run_one(repo, config, stage, name, arguments, seconds):
    import subprocess
    return wait(subprocess.Popen([str(build.program(repo, config, stage, name)), *arguments]), seconds)


def wait(child, seconds, enough=None):
    """The exit code of a program that has our terminal and our Ctrl-C. It gets a Ctrl-C from us after `seconds`, and when
    `enough()`, asked now and then, is true."""
    import subprocess
    deadline = time.monotonic() + seconds if seconds is not None else None
    while True:
        left = max(0.0, deadline - time.monotonic()) if deadline is not None else None
        try:
            code = child.wait(min(0.2, left if left is not None else 0.2) if enough else left)
            return code if code >= 0 else 128 - code
        except KeyboardInterrupt:
            if process.last_signal not in (None, signal.SIGINT):
                child.send_signal(process.last_signal)  # kill, a closed terminal: those came to us alone
            continue  # a Ctrl-C it got too, and ends by itself
        except subprocess.TimeoutExpired:
            if deadline is not None and time.monotonic() >= deadline or enough and enough():
                deadline = enough = None
                child.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)


class Running:
    """One started program of the demonstration."""

    def __init__(self, spec, label, child):
        self.spec, self.label, self.child = spec, label, child
        self.lines = process.Lines()
        self.reader = None


class Demo:
    """Starts the programs in order, shows their lines, ends them in reverse order."""

    def __init__(self, repo, config, stage, again):
        self.repo, self.config, self.stage, self.again = repo, config, stage, again
        self.started = []
        self.values = {}
        self._print_lock = threading.Lock()
        self._width = max((len(p.get("label", p["name"])) + 2 for p in stage.demo["program"]), default=8)

    def run(self, seconds):
        console.say()
        console.say(console.style(f"{self.stage.number} {self.stage.title}", "bold"))
        for line in self.stage.demo.get("about", []):
            console.say("  " + line)
        console.say()
        failed = None
        try:
            for number, spec in enumerate(self.stage.demo["program"]):
                for index in range(spec.get("count", 1)):
                    self._start(spec, index, _COLOURS[number % len(_COLOURS)])
            self._wait(seconds)
        except KeyboardInterrupt:
            console.say("\nstopping, clients first" if console.is_terminal() else "stopping, clients first")
        finally:
            failed = self._stop()
            process.stop_all()  # what Ctrl-C kept from getting onto the list
        if failed:
            console.error(f"{failed[0]} ended with code {failed[1]}; again with: {self.again}")
            return 1
        return 0

    def _start(self, spec, index, colour):
        path = build.program(self.repo, self.config, self.stage, spec["name"])
        arguments = [self._expand(a, index) for a in spec.get("args", [])]
        label = spec.get("label", spec["name"]) + (f" {index + 1}" if spec.get("count", 1) > 1 else "")
        import subprocess
        child = process.popen([str(path), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, cwd=self.stage.path)
        running = Running(spec, label, child)
        self.started.append(running)
        reader = threading.Thread(target=self._show, args=(running, colour), daemon=True)
        reader.start()
        running.reader = reader  # once it runs: a Ctrl-C may come in between
        if spec.get("listens"):
            match = process.wait_first_line(child, _LISTENING, 30, running.lines)
            if not match:
                raise CourseError(f"{label} did not say where it listens")
            self.values["port"] = match.group(2)
            self.values[f"port.{spec['name']}"] = match.group(2)

    def _expand(self, text, index):
        values = dict(self.values, index=str(index + 1), stage=str(self.stage.path))
        return re.sub(r"\{([\w.]+)\}", lambda m: values.get(m.group(1), m.group(0)), str(text))

    def _show(self, running, colour):
        for raw in running.child.stdout:
            line = decode(raw).rstrip("\r\n")
            running.lines.add(line)
            with self._print_lock:
                console.say(console.style(running.label.ljust(self._width), colour) + line)
        running.lines.close()

    def _wait(self, seconds):
        """Until the programs with wait = true have ended, a program fails, or the time is over."""
        awaited = [r for r in self.started if r.spec.get("wait")]
        deadline = time.monotonic() + seconds if seconds is not None else None
        while deadline is None or time.monotonic() < deadline:
            if awaited and all(r.child.poll() is not None for r in awaited):
                return
            for running in self.started:
                code = running.child.poll()
                if code not in (None, 0) or (code == 0 and running not in awaited and not awaited):
                    return
            time.sleep(0.1)

    def _stop(self):
        """Ends what still runs, last started first. Returns (label, code) of the first that failed by itself."""
        failed = None
        for running in reversed(self.started):
            code = running.child.poll()
            if code is None:
                process.interrupt(running.child)
                try:
                    code = running.child.wait(10)
                except Exception:
                    console.warn(f"{running.label} did not stop within 10 s and was ended")
                    process.kill(running.child)
                    running.child.wait()
                    code = 1
            if code not in (0, -signal.SIGINT) and failed is None:
                failed = (running.label, code)
            if running.reader:
                running.reader.join(5)
            process.kill(running.child)
            process.forget(running.child)
        return failed

