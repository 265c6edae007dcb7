"""The bench's programs for its tests: building them, starting servers, a client that does not read."""

import json
import os
import pathlib
import queue
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from course import build, packages  # noqa: E402
from course.model import Repo  # noqa: E402
from course.text import TEXT  # noqa: E402

TREE = ROOT / "build" / "bench"
BIN = TREE / "bin"
PATIENCE = 60  # seconds for what takes milliseconds on a machine that is not crowded


def build_all():
    """Builds tools/bench into build/bench; a reason when a package is missing."""
    lacking = packages.missing(["bench"])
    if lacking:
        return "missing: " + " ".join(lacking)
    environment = dict(os.environ, **build.ccache_env(Repo(ROOT)))
    launcher = ROOT / "tools" / "cmake" / "stage-compile"
    for command in (["cmake", "-S", ROOT / "tools" / "bench", "-B", TREE, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                     "-DCOURSE_WERROR=ON", f"-DCMAKE_CXX_COMPILER_LAUNCHER={launcher}"],
                    ["cmake", "--build", TREE, "--parallel", str(build.jobs())]):
        done = subprocess.run([str(word) for word in command], cwd=ROOT, env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, **TEXT, check=False)
        if done.returncode != 0:
            raise AssertionError("\n".join(build.first_error(done.stdout.splitlines())))
    return None


def stage_program(folder, name):
    """A program of a stage's release build; None: it was not built."""
    path = ROOT / "build" / "release" / folder / "bin" / name
    return path if path.is_file() else None


class Server:
    """A server with its lines; ends with the test."""

    def __init__(self, test, command, ready=r"^listening on 127\.0\.0\.1:(\d+)$", env=None):
        folder = tempfile.TemporaryDirectory(prefix="course-bench-")
        test.addCleanup(folder.cleanup)
        self.child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder.name, env=env, **TEXT)
        test.addCleanup(self._kill)
        self.lines = []
        self._queue = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.await_line(ready)
        self.port = int(self.find(r"^listening on 127\.0\.0\.1:(\d+)$").group(1))

    def _read(self):
        for line in self.child.stdout:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def await_line(self, pattern):
        while True:
            line = self._queue.get(timeout=PATIENCE)
            if line is None:
                raise AssertionError("the server has ended: " + "\n".join(self.lines))
            self.lines.append(line)
            if re.search(pattern, line):
                return

    def find(self, pattern):
        return next(match for match in (re.search(pattern, line) for line in self.lines) if match)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def memory(self, what="VmRSS"):
        """In KiB, from /proc; VmHWM is the most it ever had."""
        text = pathlib.Path(f"/proc/{self.child.pid}/status").read_text(encoding="ascii")
        return int(re.search(rf"^{what}:\s+(\d+) kB", text, re.MULTILINE).group(1))

    def stop(self):
        """SIGTERM. (exit code, its last line)"""
        self.child.send_signal(signal.SIGTERM)
        code = self.child.wait(PATIENCE)
        self._reader.join(PATIENCE)
        while not self._queue.empty():
            line = self._queue.get()
            self.lines += [line] if line is not None else []
        return code, self.lines[-1]

    def _kill(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        self._reader.join(PATIENCE)
        self.child.stdout.close()


def run(name, *words, **more):
    return subprocess.run([str(BIN / name), *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=4 * PATIENCE, check=False, **TEXT, **more)


def load(server, *words):
    """(the finished generator, its figures)"""
    done = run("bench_load", "--to", server.address, *words)
    return done, json.loads(done.stdout) if done.stdout else None


def frame(packet_type, sequence, body=b""):
    """A frame as PROTOCOL.md has it, with random key 0."""
    payload = struct.pack("<HI", packet_type, sequence) + body
    plain = bytes([sum(payload) % 256]) + payload
    encoded, d, e = bytearray(), 0, 0
    for i, byte in enumerate(plain):
        d = byte ^ ((d + i + 1) % 256)
        e = d ^ ((e + 0xA9 + i + 1) % 256)
        encoded.append(e)
    return struct.pack("<BHB", 52, len(payload), 0) + bytes(encoded)


def enter_and_never_read(test, server):
    """A socket of a client in room 0 that from now on reads nothing."""
    client = socket.socket()
    test.addCleanup(client.close)
    client.settimeout(PATIENCE)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", server.port))
    client.sendall(frame(1001, 1) + frame(1003, 2))
    got = b""
    for _ in ("S_LOGIN", "S_ENTER_GAME"):
        while len(got) < 5 or len(got) < 5 + struct.unpack_from("<H", got, 1)[0]:
            more = client.recv(4096)
            if not more:
                raise AssertionError("closed by the server")
            got += more
        got = got[5 + struct.unpack_from("<H", got, 1)[0]:]
    return client
