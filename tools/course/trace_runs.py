"""The recorded runs of tools/site/runs: NAME.json tells the story and says how it is recorded, NAME.trace.json is what was.

With "seen" the program's own output, what it saw in the port, is kept as NAME.seen.json: the trace is held to it."""

import json
import shutil
import subprocess
import tempfile

from . import console, trace_command, trace_file, trace_page, trace_peer
from .errors import CourseError, UsageError
from .text import TEXT

MOST_BYTES = 60_000


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
    """The run's program with who talks to it (trace_peer.py), in a folder of its own. Returns its exit code."""
    stage, told = repo.find(one.stage), one.story["record"]
    trace_command.prepare(repo, stage, [one.program, *trace_peer.programs(told)], yes, again)
    with open(output, "wb") as out, tempfile.TemporaryDirectory(prefix="course-trace-") as folder:
        child = trace_command.start(repo, stage, one.program, one.arguments, file, stdin=subprocess.DEVNULL, stdout=out, cwd=folder)
        try:
            return trace_peer.talk(repo, stage, told, child, output)
        finally:
            child.kill()
            child.wait()


def check(repo, node, *files):
    """What is wrong with trace, story and what was seen, by the viewer's own code."""
    told = subprocess.run([node, str(trace_page.viewer(repo) / "check.js"), *map(str, files)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **TEXT, check=False)
    return (told.stdout.splitlines() or ["it cannot be checked"]) if told.returncode else []
