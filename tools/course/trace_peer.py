"""Who talks to a program while it is recorded: a connection that sends pieces, or another program of its stage.

    "pieces": ["3407", ..]                    bytes in hex, each piece some time after the other
    "frames": [[1, 4000], ..], "cut": [6000]  frames of the protocol (type, bytes of the body), cut after so many bytes
    "client": ["dummy_client", "--for", ..]   a program, told --port, run to its end
    "links": 2                                so many connections; the pieces go over the first
    "stay": true                              the connections are still there when Ctrl-C comes"""

import contextlib
import itertools
import re
import signal
import socket
import subprocess
import time

from . import build
from .errors import CourseError

_BETWEEN = 0.3  # seconds between two pieces; a run in which they came together is not kept
_CODE, _FIXED_KEY, _RAND_KEY = 52, 0xA9, 0x5C  # notes/en/protocol.md; the server's default key


def programs(told):
    return told["client"][:1] if "client" in told else []


def talk(repo, stage, told, child, output):
    """Until the program has ended; returns its exit code."""
    if "client" in told:
        name, *arguments = told["client"]
        client = str(build.program(repo, build.native_config("release"), stage, name))
        done = subprocess.run([client, "--port", str(_port(child, output)), *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, timeout=120, check=False)
        if done.returncode:
            raise CourseError(f"{name} ended with code {done.returncode}")
        child.send_signal(signal.SIGINT)
    elif pieces_of(told) or "links" in told:
        with contextlib.ExitStack() as stack:
            to = ("127.0.0.1", _port(child, output))
            links = [stack.enter_context(socket.create_connection(to, 10)) for _ in range(told.get("links", 1))]
            _send(links[0], pieces_of(told))
            if told.get("stay"):
                child.send_signal(signal.SIGINT)
                return child.wait(120)
        time.sleep(_BETWEEN)
        child.send_signal(signal.SIGINT)
    return child.wait(120)


def pieces_of(told):
    if "frames" not in told:
        return [bytes.fromhex(piece) for piece in told.get("pieces", ())]
    stream = b"".join(frame(kind, number, bytes(size)) for number, (kind, size) in enumerate(told["frames"], 1))
    at = [0, *itertools.accumulate(told["cut"]), len(stream)]
    return [stream[begin:end] for begin, end in itertools.pairwise(at)]


def frame(kind, number, body):
    """A client's packet as it travels."""
    payload = kind.to_bytes(2, "little") + number.to_bytes(4, "little") + body
    coded, d, e = bytearray(), 0, 0
    for i, byte in enumerate(bytes([sum(payload) % 256]) + payload, 1):
        d = byte ^ (d + _RAND_KEY + i) % 256
        e = d ^ (e + _FIXED_KEY + i) % 256
        coded.append(e)
    return bytes([_CODE]) + len(payload).to_bytes(2, "little") + bytes([_RAND_KEY]) + coded


def _port(child, output):
    """Where the program says that it listens."""
    end = time.monotonic() + 60
    while time.monotonic() < end and child.poll() is None:
        found = re.search(r"^listening on \S+:(\d+)", output.read_text(encoding="utf-8", errors="replace"), re.M)
        if found:
            return int(found.group(1))
        time.sleep(0.05)
    raise CourseError(f"the program did not say where it listens ({output})")


def _send(link, pieces):
    """Sends the pieces, each some time after the other, and reads the answers: with unread bytes a close would be a reset."""
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for piece in pieces:
        time.sleep(_BETWEEN)
        link.sendall(piece)
    time.sleep(_BETWEEN)
    link.setblocking(False)
    try:
        link.recv(1 << 16)
    except BlockingIOError:
        pass  # the program does not answer
