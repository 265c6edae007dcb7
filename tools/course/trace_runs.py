"""The recorded runs of tools/site/runs: NAME.json tells the story and says how it is recorded, NAME.trace.json is what was.

With "seen" the program's own output, what it saw in the port, is kept as NAME.seen.json: the trace is held to it."""

import json
import re
import shutil
import signal
import socket
import subprocess
import time

from . import console, trace_command, trace_file, trace_page
from .errors import CourseError, UsageError
from .text import TEXT

MOST_BYTES = 60_000
_BETWEEN = 0.3  # seconds between two pieces; a run in which they came together is not kept


class Run:
    def __init__(self, path):
        self.path, self.name = path, path.stem
        self.story = json.loads(path.read_text(encoding="utf-8"))
        self.stage, self.program, self.arguments = (self.story["record"][n] for n in ("stage", "program", "arguments"))
        self.events = self.story["record"].get("events", trace_file.MOST_EVENTS)
        self.trace = path.with_name(f"{self.name}.trace.json")
        self.seen = path.with_name(f"{self.name}.seen.json") if self.story["record"].get("seen") else None

    @property
    def said(self):
        return " ".join(["./course trace", self.stage, self.program, *(["--", *self.arguments] if self.arguments else [])])

    def text(self):
        return self.trace.read_text(encoding="utf-8")

    def script(self):
        """For the site, whose pages may be opened from a folder: a script can be loaded there, a file cannot."""
        told = {name: self.story[name] for name in ("title", "about", "points")}
        data = {"trace": trace_page.packed(self.text()), "story": told, "from": self.said}
        return f"courseTrace.recorded[{json.dumps(self.name)}] = {json.dumps(data, ensure_ascii=False)};\n"


def all_runs(repo):
    folder = repo.root / "tools" / "site" / "runs"
    runs = [Run(p) for p in folder.glob("*.json") if "." not in p.stem]
    return sorted(runs, key=lambda r: r.story["order"])


def record(repo, names, yes, again):
    """Runs the programs; a run whose story cannot be told on what came out is not kept."""
    runs = all_runs(repo)
    unknown = set(names) - {r.name for r in runs}
    if unknown:
        raise UsageError(f"there is no recorded run '{min(unknown)}' (there are: {', '.join(r.name for r in runs)})")
    node = shutil.which("node")
    if not node:
        raise CourseError("recording needs node: what comes out is checked with the viewer's own code")
    for one in runs:
        if names and one.name not in names:
            continue
        file = repo.root / "build" / "trace" / f"{one.name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        output = file.with_suffix(".out")
        code = _run(repo, one, file, output, yes, again)
        found = trace_file.read(file, one.events)
        file.write_text(found.text(), encoding="utf-8")
        wrong = check(repo, node, file, one.path, *([output] if one.seen else []))
        wrong += [f"{one.program} ended with code {code}"] * (code != 0)
        wrong += [f"{file.stat().st_size} bytes, at most {MOST_BYTES} are wanted"] * (file.stat().st_size > MOST_BYTES)
        if wrong:
            raise CourseError(f"{one.name} is not kept ({file}):\n  " + "\n  ".join(wrong))
        shutil.copy(file, one.trace)
        if one.seen:
            shutil.copy(output, one.seen)
        console.say(f"{one.name}: {found.moments} events, {one.trace.stat().st_size} bytes")
    return 0


def _run(repo, one, file, output, yes, again):
    """The run's program; one that listens gets a client that sends these pieces, then Ctrl-C. Returns its exit code.

    "stay": the client is still there when Ctrl-C comes."""
    stage, told = repo.find(one.stage), one.story["record"]
    trace_command.prepare(repo, stage, [one.program], yes, again)
    with open(output, "wb") as out:
        child = trace_command.start(repo, stage, one.program, one.arguments, file, stdin=subprocess.DEVNULL, stdout=out)
        try:
            if "pieces" in told:
                with socket.create_connection(("127.0.0.1", _port(child, output)), 10) as link:
                    _send(link, told["pieces"])
                    if told.get("stay"):
                        child.send_signal(signal.SIGINT)
                        return child.wait(120)
                time.sleep(_BETWEEN)
                child.send_signal(signal.SIGINT)
            return child.wait(120)
        finally:
            child.kill()
            child.wait()


def _port(child, output):
    """Where the program says that it listens."""
    end = time.monotonic() + 60
    while time.monotonic() < end and child.poll() is None:
        found = re.search(r"listening on \S+:(\d+)", output.read_text(encoding="utf-8", errors="replace"))
        if found:
            return int(found.group(1))
        time.sleep(0.05)
    raise CourseError(f"the program did not say where it listens ({output})")


def _send(link, pieces):
    """Sends the pieces, each some time after the other, and reads the answers: with unread bytes a close would be a reset."""
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for piece in pieces:
        time.sleep(_BETWEEN)
        link.sendall(bytes.fromhex(piece))
    time.sleep(_BETWEEN)
    link.setblocking(False)
    try:
        link.recv(1 << 16)
    except BlockingIOError:
        pass  # the program does not answer


def check(repo, node, *files):
    """What is wrong with trace, story and what was seen, by the viewer's own code."""
    told = subprocess.run([node, str(trace_page.viewer(repo) / "check.js"), *map(str, files)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **TEXT, check=False)
    return (told.stdout.splitlines() or ["it cannot be checked"]) if told.returncode else []
