"""One single run: a server, the load generator, and what /proc says of the server meanwhile."""

import json
import os
import re
import subprocess
import time

from . import bench_proc, bench_subjects, build, process, run_service
from .errors import CourseError
from .text import TEXT

_MEASURING, _MEASURED = re.compile(r"^measuring$"), re.compile(r"^measured$")
_ATTACHED = re.compile(r"attached")
LOGIN_PATIENCE = 45  # seconds for all clients to be there; who is slower than that has failed the run
LABS = ("session", "tables")  # work that a lab of the stage does alone
BEHIND_PATIENCE = 8  # seconds that what was said may be on its way after the end: held means a tenth of one


class Spec:
    """What a run asks for. `rate`: deliveries per second in all (echo: messages)."""

    def __init__(self, work="chat", clients=100, rooms=1, rate=0, seconds=1.0, warm_up=0.3, how="plain", login=None):
        self.work, self.clients, self.rooms, self.rate = work, clients, rooms, rate
        self.seconds, self.warm_up, self.how, self.login = seconds, warm_up, how, login

    @property
    def members(self):
        """Who hears a message."""
        return 1 if self.work == "echo" else max(1, self.clients // max(1, self.rooms))

    def message_rate(self):
        return max(1, round(self.rate / self.members)) if self.rate else 0

    def estimate(self):
        """Seconds that the run takes: a server starts, the clients come, and what is measured."""
        if self.work in LABS:
            return 1.5 + self.clients / 10_000
        coming = self.clients / (400 if self.work == "login" else 2000)
        return 0.7 + coming + self.warm_up + self.seconds + (1.0 if self.how == "strace" else 0.2)


def threads():
    """Of the generator: one core is the server's."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(4, cores - 1))


class Runner:
    """`folder`: for the logs and what the servers write."""

    def __init__(self, repo, folder):
        self.repo, self.folder = repo, folder
        self.kernel = bench_proc.kernel_threads()
        self.bin = repo.root / "build" / "bench" / "bin"

    def run(self, subject, spec):
        """The generator's JSON object, with "server": what is known of the server. What failed is "error", a sentence."""
        if spec.work in LABS:
            return self._lab(subject, spec)
        self.folder.mkdir(parents=True, exist_ok=True)
        heap_file = self.folder / "heap"
        environment = {}
        if spec.how == "heap":
            heap_file.unlink(missing_ok=True)
            environment = {"LD_PRELOAD": str(self._tool("heap_count.so")), "BENCH_HEAP_FILE": str(heap_file)}
        began = time.monotonic()
        try:
            with bench_subjects.Server(self.repo, subject, self.folder, spec.clients, spec.rooms, environment) as server:
                started = time.monotonic() - began
                empty = bench_proc.memory(server.pid) if spec.how == "memory" else {}
                answer = self._load(server, spec, heap_file)
                answer["server"].update(start_s=started, empty=empty)
                ended = server.ended()
                if ended:
                    answer["error"] = ended
                return answer
        except CourseError as error:
            if "not built" in str(error) or "no program" in str(error):
                raise
            return {"error": str(error).splitlines()[0], "server": {}}

    def _tool(self, name):
        path = self.bin / name
        if not path.is_file():
            raise CourseError(f"{name} is not built (tools/bench; ./course bench builds it)")
        return path

    def _command(self, server, spec, out):
        subject = server.subject
        login = spec.login or subject.login(spec.work)
        command = [self._tool("bench_load"), "--to", server.address, "--clients", spec.clients, "--rooms", spec.rooms, "--seconds",
                   spec.seconds, "--warm-up", spec.warm_up, "--threads", min(threads(), spec.clients), "--work", spec.work, "--login", login,
                   "--patience", LOGIN_PATIENCE, "--json", out]
        command += ["--rate", spec.message_rate()] if spec.rate else []
        return command + (["--auth", server.auth] if login == "auth" and server.auth else [])

    def _load(self, server, spec, heap_file):
        out = self.folder / "load.json"
        out.unlink(missing_ok=True)
        load = run_service.Part("load", self._command(server, spec, out), self.folder)
        meter = _Meter(server, spec, self.folder, self.kernel, heap_file)
        late = f"the clients were not there within {LOGIN_PATIENCE} s"
        try:
            if process.wait_first_line(load.child, _MEASURING, spec.warm_up + 2 * LOGIN_PATIENCE, load.lines):
                meter.begin()
                late = f"deliveries were still on their way {BEHIND_PATIENCE} s after the end"
                process.wait_first_line(load.child, _MEASURED, spec.seconds + 20, load.lines)
                meter.end()
                load.child.wait(BEHIND_PATIENCE)
            elif load.lines.closed:  # it has ended, or is about to: all have logged in, or it failed
                load.child.wait(5)
                meter.over()
            late = late if load.child.poll() is None else None
        except subprocess.TimeoutExpired:
            pass
        finally:
            meter.close()
            code = load.stop(2)
        return {**({"error": f"load generator: {late}"} if late else _answer(out, code, load.lines.items, spec)), "server": meter.found}

    def _lab(self, subject, spec):
        """A stage's own lab, without a generator: it measures itself."""
        path = build.program(subject.repo or self.repo, "release", (subject.repo or self.repo).find(subject.stage), subject.program)
        done = subprocess.run([str(path), "--sessions", str(spec.clients), "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60, check=False, **TEXT)
        return _lab_answer(done.stdout, f"{subject.program} ended with {done.returncode}: {done.stderr.strip()[:200]}")


def _lab_answer(text, otherwise):
    """The lab's JSON object, among the lines of its log."""
    try:
        return {**json.loads(next(line for line in text.splitlines() if line.startswith("{"))), "error": None, "server": {}}
    except (StopIteration, ValueError):
        return {"error": otherwise, "server": {}}


class _Meter:
    """Looks at the server at the beginning and at the end of the measured time."""

    def __init__(self, server, spec, folder, kernel, heap_file):
        self.server, self.spec, self.folder, self.kernel, self.heap_file = server, spec, folder, kernel, heap_file
        self.found = {}
        self._start = bench_proc.snapshot(server.pid, kernel)
        self._before = self._heap = self._strace = self._strace_from = None

    def begin(self):
        if self.spec.how == "memory":
            self.found["full"] = bench_proc.memory(self.server.pid)
        if self.spec.how == "strace":
            self._attach()
        self._heap = bench_proc.heap_counter(self.heap_file) if self.spec.how == "heap" else None
        self._before = bench_proc.snapshot(self.server.pid, self.kernel)

    def over(self):
        """The clients have come and gone."""
        self.found["whole_cpu"] = bench_proc.snapshot(self.server.pid, self.kernel).cpu - self._start.cpu

    def _attach(self):
        self._strace = run_service.Part("strace", ["strace", "-c", "-f", "-o", self.folder / "strace.txt", "-p", self.server.pid], self.folder)
        try:
            self._strace.wait_line(_ATTACHED, 10)
            self._strace_from = time.monotonic()
        except CourseError:
            said = [line for line in self._strace.lines.items if line.strip()]
            raise CourseError("strace could not attach: " + (said[-1] if said else "it says nothing")) from None

    def end(self):
        self.found.update(self._before.until(bench_proc.snapshot(self.server.pid, self.kernel)))
        if self._heap is not None:
            self.found["allocations"] = (bench_proc.heap_counter(self.heap_file) or 0) - self._heap
        if self._strace:
            self.found["traced_s"] = time.monotonic() - self._strace_from
            self.close()
            text = (self.folder / "strace.txt").read_text(encoding="utf-8", errors="replace")
            self.found["calls"] = bench_proc.calls_of_strace(text)

    def close(self):
        if self._strace:
            self._strace.stop(5)
            self._strace = None


def _answer(out, code, lines, spec):
    """The generator's JSON object; where there is none, why."""
    said = [line.strip() for line in lines if line.strip() and line.strip() not in ("measuring", "measured")]
    try:
        answer = json.loads(out.read_text(encoding="utf-8", errors="replace"))
        if not isinstance(answer, dict) or "deliveries" not in answer or "p99" not in answer.get("latency_us", {}):
            raise ValueError
    except FileNotFoundError:
        return {"error": f"load generator: {said[-1] if said else f'exit code {code}'}"}
    except (ValueError, TypeError, AttributeError):
        return {"error": "load generator: its JSON cannot be read"}
    if code and not answer.get("error"):
        answer["error"] = said[-1] if said else f"the load generator ended with {code}"
    answer.setdefault("rate_asked", spec.message_rate())
    return answer


# -- what is made of it --------------------------------------------------------------------------


def figures(answer, spec):
    """{figure: value} of one run; only those that it has."""
    found, server = {}, answer.get("server", {})
    if answer.get("error"):
        return found
    if spec.work == "session":
        return {"net_bytes": answer["net_bytes"], "port_bytes": answer["port_and_client_bytes"]}
    if spec.work == "tables":
        return {"tables_s": answer["tables_s"]}
    per_second = answer.get("deliveries_per_s") or 0
    if server.get("start_s") is not None:
        found["start_ms"] = server["start_s"] * 1000
    if per_second and spec.how == "plain":
        found["deliveries_per_s"] = per_second
        found.update({f"{name}_ms": answer["latency_us"][key] / 1000 for name, key in (("p50", "p50"), ("p99", "p99"), ("p999", "p999"))})
        if server.get("seconds"):
            cpu = server["cpu"] + (server.get("softirq") or 0)
            found["cpu_us"] = cpu / server["seconds"] / per_second * 1e6
            found["cores"] = cpu / server["seconds"]
            found["switches"] = server["switches"] / server["seconds"] / per_second
    if spec.how == "strace" and server.get("calls") and per_second:
        found["calls"] = sum(server["calls"].values()) / (per_second * server["traced_s"])
    if spec.how == "heap" and server.get("allocations") is not None and answer.get("said"):
        found["allocations"] = server["allocations"] / (answer["said"] / answer["seconds"] * server["seconds"])
    if spec.how == "memory" and server.get("full") and server.get("empty"):
        found["session_bytes"] = (server["full"]["pss"] - server["empty"]["pss"]) / spec.clients
    if spec.work == "login" and answer.get("login_s"):
        # Getting the session keys (hashes) is part of it, where there is an auth service.
        found["auth_s"] = answer.get("auth_s") or 0.0
        found["login_s"] = answer["login_s"] + found["auth_s"]
        found["logins_per_s"] = answer["logins"] / found["login_s"]
        if server.get("whole_cpu") is not None:
            found["login_cpu_us"] = server["whole_cpu"] / spec.clients * 1e6
    return found
