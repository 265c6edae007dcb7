"""`./course run` of the full chat server: Redis, auth, monitor and chat server, and dummy clients.

course.toml says `[stage.NN.demo] kind = "service"`. Everything listens on free ports of 127.0.0.1; what is written
lies in `var/` below the build folder of the stage."""

import os
import random
import re
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import urllib.error
import urllib.request

from . import build, console, lock, process
from .errors import CourseError
from .text import decode

# At the beginning of a line: the log goes the same way, and it says "start listening on" of every listener.
_LISTENING = re.compile(r"^listening on (\S+):(\d+)")
_AUTH = re.compile(r"^auth on (\S+):(\d+)")
_METRICS = re.compile(r"^metrics on (http://\S+)")
_PAGE = re.compile(r"^page on (http://\S+)")
_REDIS_UP = re.compile(r"\bredis\.up$")
_READY = re.compile(r"^ready$")
_STATUS = re.compile(r"status sent=(\d+) received=(\d+) p99_ms=(\S+)")
_FIGURE = re.compile(r"^([a-z ]+?)\s{2,}(\d+)$")
_SETTLED = "every message arrived once and in order"


class Part:
    """One started program: its lines are kept, and all of them go to var/<name>.out."""

    def __init__(self, name, command, folder, cwd=None):
        self.name = name
        self.lines = process.Lines()
        self.child = process.popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, cwd=cwd)
        self._log = open(folder / f"{name}.out", "wb")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for raw in self.child.stdout:
            self._log.write(raw)
            self._log.flush()
            self.lines.add(decode(raw).rstrip("\r\n"))
        self.lines.close()

    def wait_line(self, pattern, seconds=30):
        match = process.wait_first_line(self.child, pattern, seconds, self.lines)
        if not match:
            tail = "\n".join("  " + line for line in self.lines.items[-8:])
            raise CourseError(f"{self.name} did not start:\n{tail}")
        return match

    def last(self, pattern):
        for line in reversed(self.lines.items):
            match = pattern.search(line)
            if match:
                return match
        return None

    def stop(self, patience):
        """Ctrl-C, and the exit code; None: it had to be killed."""
        process.interrupt(self.child)
        try:
            code = self.child.wait(patience)
        except subprocess.TimeoutExpired:
            code = None
        process.kill(self.child)
        self.child.wait()
        process.forget(self.child)
        self._reader.join(5)
        if not self._reader.is_alive():
            self.child.stdout.close()
        self._log.close()
        return code


def _free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Service:
    def __init__(self, repo, config, stage, args):
        self.repo, self.config, self.stage, self.args = repo, config, stage, args
        self.folder = build.tree(repo, config) / stage.folder / "var"
        self.parts = []
        self.redis = None
        self.monitor = self.auth = self.chat = self.crowd = None
        self.seed = random.randrange(1, 2**31)

    # -- starting ---------------------------------------------------------------------------------

    def _program(self, name):
        return build.program(self.repo, self.config, self.stage, name)

    def _start(self, name, command):
        part = Part(name, command, self.folder, cwd=self.folder)
        self.parts.append(part)
        return part

    def _start_redis(self):
        """A Redis of our own: nothing on disk, nobody else's keys."""
        redis = shutil.which("redis-server")
        if not redis:
            console.say('no redis-server here (Debian: redis-server); session keys stay in the chat server\'s memory, as '
                        'with login.store = "memory"')
            return None
        port = _free_port()
        folder = self.folder / "redis"
        folder.mkdir(exist_ok=True)
        self.redis = self._start("redis", [redis, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly",
                                           "no", "--dir", folder, "--daemonize", "no"])
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and self.redis.child.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", port), 1) as s:
                    s.sendall(b"PING\r\n")
                    if s.recv(16).startswith(b"+PONG"):
                        return port
            except OSError:
                time.sleep(0.05)
        raise CourseError("redis-server did not start; see " + str(self.folder / "redis.out"))

    def _settings(self, redis_port):
        sets = ["server.port=0", "auth.port=0", "monitor.metrics_port=0", "auth.metrics_port=0",
                # all clients come from this machine
                "limits.connections_per_address=0", "limits.connection_rate=0", "auth.connections_per_address=0",
                "monitor_server.port=0",
                "monitor_server.http_port=0", f"database.path={self.folder / 'chat.db'}",
                f"journal.folder={self.folder / 'journal'}", "auth.create_accounts=true",
                # A hundred people log in at once on a small machine: the cheapest hash. A real server keeps
                # the default.
                "auth.hash_ops=1", "auth.hash_memory_bytes=8192", "log.console=true", "log.file="]
        if redis_port:
            sets += ["login.store=redis", "login.redis_host=127.0.0.1", f"login.redis_port={redis_port}"]
        else:
            sets += ["login.store=memory"]
        return sets

    def _command(self, name, sets):
        command = [self._program(name)]
        if self.args.config:
            command += ["--config", os.path.abspath(self.args.config)]
        for text in sets:
            command += ["--set", text]
        return command

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        redis_port = self._start_redis()
        sets = self._settings(redis_port)
        # The servers and the monitor prove it to each other; a configuration may name another.
        os.environ.setdefault("CHAT_MONITOR_SECRET", secrets.token_hex(32))
        console.say("starts: " + ", ".join((["redis"] if redis_port else []) + ["monitor", "auth" if redis_port else
                                           "auth (inside the chat server)", "chat"]) + f"   logs: {self.folder}")
        try:
            self.monitor = self._start("monitor", self._command("monitor_server", sets))
            monitor_port = self.monitor.wait_line(_LISTENING).group(2)
            self.page = self.monitor.wait_line(_PAGE).group(1)
            sets.append(f"monitor.server_port={monitor_port}")
        except CourseError as error:
            if "no program" not in str(error):
                raise
            self.page = None  # built without the page's libraries
            sets.append("monitor.report=false")
        self.chat = self._start("chat", self._command("chat_server", sets))
        self.chat.wait_line(_READY, 60)
        self.port = self.chat.last(_LISTENING).group(2)
        self.metrics = self.chat.last(_METRICS).group(1) if self.chat.last(_METRICS) else None
        if redis_port:
            self.auth = self._start("auth", self._command("auth_server", sets))
            self.auth_port = self.auth.wait_line(_LISTENING).group(2)
            # Both serve before their connections to Redis are there, and tell who comes then to try later, which ends our
            # clients. (A configuration may log less than this line: then we go on without it.)
            for part in (self.auth, self.chat):
                process.wait_first_line(part.child, _REDIS_UP, 5, part.lines)
        else:
            self.auth_port = self.chat.last(_AUTH).group(2)

    def start_clients(self, seconds):
        self.clients = self.args.clients or 100
        command = [self._program("dummy_client"), "--port", self.port, "--auth-port", self.auth_port, "--sessions",
                   self.clients, "--rooms", min(4, self.clients), "--rate", 1, "--status", "--seed", self.seed,
                   "--for", seconds if seconds is not None else 1_000_000, "--patience", 120]
        self.crowd = self._start("clients", command)

    # -- watching ---------------------------------------------------------------------------------

    def _scrape(self):
        values = {}
        if not self.metrics:
            return values
        try:
            with urllib.request.urlopen(self.metrics, timeout=2) as answer:
                for line in answer.read().decode("utf-8", "replace").splitlines():
                    if line and not line.startswith("#"):
                        name, _, value = line.rpartition(" ")
                        values[name.split("{")[0]] = float(value)
        except (OSError, ValueError, urllib.error.URLError):
            pass
        return values

    def _items(self, before, now, seconds):
        """What the live status says."""
        get = lambda name: now.get(name, 0)
        rate = lambda name: max(0.0, (get(name) - before.get(name, 0)) / seconds) if before else 0.0
        status = self.crowd.last(_STATUS) if self.crowd else None
        items = [f"sessions {get('chat_sessions'):.0f}", f"players {get('chat_players'):.0f}",
                 f"messages/s in {rate('chat_packets_received_total'):.0f}",
                 f"out {rate('chat_packets_sent_total'):.0f}"]
        if status:
            items += [f"said {status.group(1)}", f"heard {status.group(2)}", f"p99 {float(status.group(3)):.1f} ms"]
        return items + [f"rows written {get('chat_database_rows_total'):.0f}",
                        f"waiting {get('chat_database_queue_rows'):.0f}"]

    def watch(self, seconds):
        """Until the clients have ended, the time is over, or Ctrl-C."""
        live = console.Live() if console.is_terminal() else None
        try:
            self._watch(seconds, live)
        finally:
            if live:
                live.end()

    def _watch(self, seconds, live):
        began = time.monotonic()
        before, last, said = {}, began, 0.0
        while True:
            time.sleep(1.0)
            now, at = self._scrape(), time.monotonic()
            items = self._items(before, now, at - last)
            if live:
                live.draw(console.flow(items, console.columns() - 1))
            elif at - said >= 5:
                said = at
                console.say("   ".join(items))
            before, last = now, at
            for part in self.parts:
                if part is not self.crowd and part.child.poll() is not None:
                    raise CourseError(f"{part.name} has ended by itself; see {self.folder / (part.name + '.out')}")
            if self.crowd and self.crowd.child.poll() is not None:
                return
            if self.crowd is None and seconds is not None and at - began >= seconds:
                return

    # -- stopping ---------------------------------------------------------------------------------

    def stop(self):
        """Clients first, then chat, auth, monitor, Redis. Returns {name: exit code}."""
        codes = {}
        for part in (self.crowd, self.chat, self.auth, self.monitor, self.redis):
            if part is not None:
                codes[part.name] = part.stop(60 if part in (self.crowd, self.chat) else 15)
                self.parts.remove(part)
        for part in self.parts:
            codes[part.name] = part.stop(15)
        self.parts = []
        return codes

    def totals(self, codes):
        """What was said against what the database has. True: nothing is lost."""
        good = True
        for line in self.chat.lines.items:
            if line.startswith(("served:", "database:", "stopped:")):
                console.say("  chat " + line)
        if self.crowd:
            figures = {m.group(1): int(m.group(2)) for m in map(_FIGURE.match, self.crowd.lines.items) if m}
            settled = any(_SETTLED in line and "NOT" not in line for line in self.crowd.lines.items)
            said = figures.get("sent", 0) + figures.get("sector sent", 0)
            with sqlite3.connect(self.folder / "chat.db") as database:
                tag = f"dummy{self.seed} %"
                rows, = database.execute("SELECT count(*) FROM chat_log WHERE msg LIKE ?", (tag,)).fetchone()
                twice, = database.execute("SELECT count(*) - count(DISTINCT msg || '/' || account_no || '/' || place) "
                                          "FROM chat_log WHERE msg LIKE ?", (tag,)).fetchone()
            lost = said - rows
            console.say(f"  said {said}, in the database {rows}: " + (console.style("lost 0", "green") if lost == 0 and
                        not twice else console.style(f"lost {lost}, twice {twice}", "red")))
            console.say(f"  heard {figures.get('received', 0) + figures.get('sector heard', 0)}, missing "
                        f"{figures.get('missing', 0)}, twice {figures.get('duplicated', 0)}, out of order "
                        f"{figures.get('out of order', 0)}")
            good = lost == 0 and not twice and settled
            if not settled:
                for line in self.crowd.lines.items[-14:]:
                    console.say("    clients " + line)
        for name, code in codes.items():
            if code not in (0, -signal.SIGINT) and not (name == "clients" and not good):
                console.error(f"{name} ended with code {code}; see {self.folder / (name + '.out')}")
                good = False
        return good


def run(repo, config, stage, args, seconds):
    service = Service(repo, config, stage, args)
    var = service.folder.relative_to(repo.root).as_posix()
    with lock.hold(repo, service.folder.with_name("run.lock"), f"runs the servers in {var}/", args.again):
        return _serve(stage, args, service, seconds)


def _serve(stage, args, service, seconds):
    console.say()
    console.say(console.style(f"{stage.number} {stage.title}", "bold"))
    for line in stage.demo.get("about", []):
        console.say("  " + line)
    problem = None
    try:
        service.start()
        console.say(f"chat server 127.0.0.1:{service.port}   auth 127.0.0.1:{service.auth_port}")
        console.say(f"a person's client: {os.path.relpath(service._program('chat_client'))} --port {service.port} "
                    f"--auth-port {service.auth_port} --user NAME")
        if service.page:
            console.say("live page: " + console.style(service.page, "bold"))
        if not args.no_clients:
            service.start_clients(seconds)
        console.say("Ctrl-C stops all in order")
        service.watch(seconds)
    except KeyboardInterrupt:
        console.say("stopping, clients first")
    except CourseError as error:
        problem = error
    codes = service.stop()
    process.stop_all()  # what Ctrl-C kept from getting onto the list
    if problem:
        raise CourseError(f"{problem}\nagain with: {args.again}", problem.code)
    if service.totals(codes):
        return 0
    console.error(f"the run went wrong; again with: {args.again}")
    return 1
