"""Who is measured: stages and peers, how each is started so that all do the same work, and how it is ended."""

import os
import pathlib
import re
import shutil
import signal

from . import build, process, run_service
from .errors import CourseError, UsageError

_LISTENING = re.compile(r"^listening on (\S+):(\d+)")
_AUTH = re.compile(r"^auth on (\S+):(\d+)")
_READY = re.compile(r"^ready$")
_RAM = "/dev/shm"

# Nothing of this measures the server: what one account may say, and who may come from where. The cheapest hash, accounts for
# whoever asks, session keys in memory (no Redis beside it).
_OPEN_07 = {
    "server": {"port": 0, "receive_packets_per_second": 0, "receive_bytes_per_second": 0},
    "limits": {"players_per_room": 1_000_000, "messages_per_second": 0, "fan_out_bytes_per_second": 0, "connections_per_address": 0,
               "connection_rate": 0, "reserved_percent": 0},
    "timeouts": {"first_packet_ms": 0, "login_ms": 600_000, "heartbeat_ms": 0, "idle_ms": 0},
    "login": {"store": "memory"},
    "auth": {"port": 0, "connections_per_address": 0, "hash_ops": 1, "hash_memory_bytes": 8192, "hash_queue_max": 1_000_000,
             "hash_queue_per_address": 1_000_000, "create_accounts": True, "key_ttl_s": 600},
    "monitor": {"metrics": False, "report": False},
    "log": {"level": "warn", "file": ""},
}
# These three are a server's own business, and are left as they are shipped in 07-limits.
_SHIPPED = {"server": ("receive_packets_per_second", "receive_bytes_per_second"), "limits": ("messages_per_second", "fan_out_bytes_per_second")}


class Subject:
    """`program`: of the stage, or of tools/bench. `ways`: what generator options it needs for which work."""

    def __init__(self, name, program, en, ko, stage="", options=(), settings=None, shipped=False, ram=False, works=("chat",), base=""):
        self.name, self.program, self.text = name, program, {"en": en, "ko": ko}
        self.stage, self.options = stage, tuple(options)
        self.settings = settings or {}  # of 07: section -> {key: value}
        self.shipped, self.ram, self.works = shipped, ram, works
        self.base = base or name        # of "07@REV": 07
        self.repo = None                # of "07@REV": the worktree; else the checkout

    @property
    def is_07(self):
        return self.program == "chat_server" and self.stage == "07"

    @property
    def target(self):
        return f"stage{self.stage}_{self.program}" if self.stage else ""

    def login(self, work):
        """--login of the generator."""
        return "none" if work == "echo" else "auth" if self.is_07 else "direct"


_CHAT_OPTIONS = ("--quiet", "--receive-packets-per-second", "0", "--receive-bytes-per-second", "0", "--first-packet-timeout-ms", "0",
                 "--idle-timeout-ms", "0")


def _all():
    chat = lambda name, stage, en, ko, **more: Subject(name, "chat_server", en, ko, stage=stage, **more)
    peer = lambda name, program, en, ko, **more: Subject(name, program, en, ko, **more)
    return [
        peer("asio-write", "peer_asio", "Boost.Asio, one write per message", "Boost.Asio, 메시지마다 한 번 쓰기", options=("--mode", "write")),
        peer("asio-gather", "peer_asio", "Boost.Asio, gathered", "Boost.Asio, 모아 보내기", options=("--mode", "gather")),
        peer("asio-room", "peer_asio", "Boost.Asio, gathered, one shared room blob", "Boost.Asio, 모아 보내기, 룸의 출력을 공유",
             options=("--mode", "room")),
        peer("uv", "peer_uv", "libuv, gathered", "libuv, 모아 보내기"),
        peer("epoll", "peer_epoll", "hand-written epoll", "직접 쓴 epoll"),
        chat("05", "05", "stage 05: a room under a lock", "05단계: 락으로 보호되는 룸", options=_CHAT_OPTIONS),
        chat("06", "06", "stage 06: the room as an actor", "06단계: 액터가 된 룸", options=_CHAT_OPTIONS),
        chat("07", "07", "stage 07, its limits on what one account says off", "07단계, 계정별 메시지 제한을 끔"),
        chat("07-limits", "07", "stage 07, limits as shipped", "07단계, 제한은 기본값", shipped=True),
        chat("07-ram", "07", "stage 07, journal and database in memory (/dev/shm)", "07단계, 저널과 DB를 메모리(/dev/shm)에", ram=True),
        chat("07-flush5", "07", "stage 07, flush interval 5 ms", "07단계, 전송 간격 5 ms", settings={"server": {"flush_interval_ms": 5}}),
        peer("port-echo", "echo_port", "echo through the completion port, one worker (stage 01's lab)", "완료 포트를 거치는 에코, 워커 하나 (01단계의 실험)",
             works=("echo",)),
        peer("epoll-echo", "echo_epoll", "hand-written epoll echo, one thread", "직접 쓴 epoll 에코, 스레드 하나", works=("echo",)),
        Subject("03-net", "session_memory", "stage 03: net/ alone", "03단계: net/만", stage="03", works=("session",)),
        Subject("04-net", "session_memory", "stage 04: net/ alone", "04단계: net/만", stage="04", works=("session",)),
        Subject("07-net", "session_memory", "stage 07: net/ alone", "07단계: net/만", stage="07", works=("session",)),
        Subject("07-tables", "world_tables", "stage 07: its tables alone", "07단계: 테이블만", stage="07", works=("tables",)),
    ]


SUBJECTS = {s.name: s for s in _all()}


def find(name):
    base, at, revision = name.partition("@")
    if base not in SUBJECTS:
        raise UsageError(f"no subject named '{base}' (there are: {', '.join(SUBJECTS)})")
    if not at:
        return SUBJECTS[base]
    subject = next(s for s in _all() if s.name == base)
    subject.name, subject.base = name, base
    subject.text = {lang: f"{text} ({revision})" for lang, text in subject.text.items()}
    return subject


def toml(settings):
    """The text of a configuration file."""
    def value(v):
        return str(v).lower() if isinstance(v, bool) else str(v) if isinstance(v, (int, float)) else '"' + v.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "\n".join(f"[{section}]\n" + "".join(f"{key} = {value(v)}\n" for key, v in keys.items())
                     for section, keys in settings.items())


def settings_07(subject, clients, rooms, folder):
    """What stage 07's configuration file says for so many clients; `folder`: for its database and journal."""
    merged = {section: dict(keys) for section, keys in _OPEN_07.items()}
    for section, keys in (_SHIPPED if subject.shipped else {}).items():
        for key in keys:
            del merged[section][key]
    merged["server"]["session_max"] = clients + 100
    merged["auth"]["session_max"] = min(clients + 100, 100_000)
    merged["limits"]["rooms"] = rooms
    merged["database"] = {"path": str(folder / "chat.db")}
    merged["journal"] = {"folder": str(folder / "journal")}
    for section, keys in subject.settings.items():
        merged.setdefault(section, {}).update(keys)
    return merged


class Server:
    """One started subject. Use as `with`: it is ended by its pid, whatever happens, and what it wrote is removed."""

    def __init__(self, repo, subject, folder, clients, rooms, environment=None):
        self.repo = subject.repo or repo
        self.peers = repo
        self.subject, self.clients, self.rooms = subject, clients, max(rooms, 1)
        self.folder = pathlib.Path(folder)
        self.environment = environment or {}
        self.part = None
        self.auth = None
        self._data = None

    @property
    def pid(self):
        return self.part.child.pid

    def program(self):
        subject = self.subject
        if subject.stage:
            stage = self.repo.find(subject.stage)
            return build.program(self.repo, "release", stage, subject.program)
        path = self.peers.root / "build" / "bench" / "bin" / subject.program
        if not path.is_file():
            raise CourseError(f"{subject.program} is not built (tools/bench; ./course bench builds it)")
        return path

    def command(self):
        subject, path = self.subject, [str(self.program())]
        if subject.is_07:
            self._data = (pathlib.Path(_RAM) if subject.ram and os.path.isdir(_RAM) else self.folder) / f"course-bench-{os.getpid()}"
            shutil.rmtree(self._data, ignore_errors=True)
            self._data.mkdir(parents=True)
            file = self.folder / "07.toml"
            file.write_text(toml(settings_07(subject, self.clients, self.rooms, self._data)), encoding="utf-8")
            return [*path, "--config", str(file)]
        if subject.program == "chat_server":
            return [*path, "--port", "0", "--session-max", str(self.clients + 100), "--rooms", str(self.rooms), *subject.options]
        if "echo" in subject.works:
            return [*path, "--port", "0", *subject.options]
        return [*path, "--port", "0", "--max-sessions", str(self.clients + 100), "--rooms", str(self.rooms), *subject.options]

    def __enter__(self):
        try:
            command = self.command()
            if self.environment:
                command = ["env", *(f"{k}={v}" for k, v in self.environment.items()), *command]
            self.part = run_service.Part(self.subject.base, command, self.folder, cwd=self.folder)
            self._wait()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _wait(self):
        pattern = _READY if self.subject.is_07 else _LISTENING
        try:
            self.part.wait_line(pattern, 30)
        except CourseError:
            said = [line.strip() for line in self.part.lines.items if line.strip()]
            why = said[-1] if said else f"exit code {self.part.child.poll()}" if self.part.child.poll() is not None else "it says nothing"
            raise CourseError(f"{self.subject.name} did not start: {why}") from None
        host, port = self.part.last(_LISTENING).groups()
        self.address = f"{host}:{port}"
        auth = self.part.last(_AUTH)
        self.auth = ":".join(auth.groups()) if auth else None

    def __exit__(self, *_):
        self.code = None
        try:
            if self.part:
                self.code = self.part.stop(20)
        finally:
            if self.part and self.part.child.poll() is None:
                process.kill(self.part.child)
                self.part.child.wait()
            if self._data:
                shutil.rmtree(self._data, ignore_errors=True)

    def ended(self):
        """A sentence when it has ended by itself; else None."""
        code = self.part.child.poll()
        if code is None:
            return None
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        return f"{self.subject.name} ended {how}"
