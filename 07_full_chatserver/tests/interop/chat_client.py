#!/usr/bin/env python3
"""A chat client in another language, written from the wire protocol's page and the .proto files alone.

Nothing of the stage's C++ is used. It needs the modules that protoc --python_out makes (enum_pb2, struct_pb2,
protocol_pb2, auth_pb2; the build puts them into a folder for PYTHONPATH) and protobuf's Python runtime.

As a program it enters a room, says its arguments and prints what it hears until its own last line has come back:

    chat_client.py --port 7000 --auth-port 7001 --user minji --password secret --room 0 안녕하세요 "how are you"
"""

import argparse
import collections
import os
import socket
import sys

import auth_pb2
import enum_pb2
import protocol_pb2

CODE = 52
FIXED_KEY = 0xA9
MAX_PAYLOAD = 65535

IDS = {name.removeprefix("PACKET_"): number for name, number in enum_pb2.PacketId.items()}
NAMES = {number: name for name, number in IDS.items()}

Packet = collections.namedtuple("Packet", "type sequence body")


class ProtocolError(Exception):
    """The stream cannot be trusted any more; str() is the reason, in the protocol's words."""


# --- frames ---


def encode(plain: bytes, key: int, rand: int) -> bytes:
    coded = bytearray()
    d = e = 0
    for i, byte in enumerate(plain):
        d = byte ^ (d + rand + i + 1) % 256
        e = d ^ (e + key + i + 1) % 256
        coded.append(e)
    return bytes(coded)


def decode(coded: bytes, key: int, rand: int) -> bytes:
    plain = bytearray()
    d_before = e_before = 0
    for i, e in enumerate(coded):
        d = e ^ (e_before + key + i + 1) % 256
        plain.append(d ^ (d_before + rand + i + 1) % 256)
        d_before, e_before = d, e
    return bytes(plain)


def make_frame(packet: Packet, rand: int, key: int = FIXED_KEY) -> bytes:
    payload = packet.type.to_bytes(2, "little") + packet.sequence.to_bytes(4, "little") + packet.body
    run = encode(bytes([sum(payload) % 256]) + payload, key, rand)
    return bytes([CODE]) + len(payload).to_bytes(2, "little") + bytes([rand]) + run


class FrameReader:
    """Whole packets out of a stream, however TCP has cut it up."""

    def __init__(self, key: int = FIXED_KEY, max_payload: int = MAX_PAYLOAD):
        self.key = key
        self.max_payload = max_payload
        self.stream = bytearray()

    def feed(self, data: bytes) -> None:
        self.stream += data

    def next(self) -> Packet | None:
        """The next packet; None: feed more."""
        stream = self.stream
        if stream and stream[0] != CODE:
            raise ProtocolError("bad packet code")
        if len(stream) < 3:
            return None
        length = int.from_bytes(stream[1:3], "little")
        if length < 6:
            raise ProtocolError("bad length")
        if length > self.max_payload:
            raise ProtocolError("packet too long")
        if len(stream) < 5 + length:
            return None
        run = decode(bytes(stream[4:5 + length]), self.key, stream[3])
        if sum(run[1:]) % 256 != run[0]:
            raise ProtocolError("bad checksum")
        del stream[:5 + length]
        return Packet(int.from_bytes(run[1:3], "little"), int.from_bytes(run[3:7], "little"), run[7:])


# --- the session ---


class ChatClient:
    """One connection. Every wait ends at the time-out (socket.timeout)."""

    def __init__(self, port: int, host: str = "127.0.0.1", timeout: float = 30.0, ticket=None):
        self.ticket = ticket  # the C_LOGIN that authenticate() gave: opens one session
        self.socket = socket.create_connection((host, port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = FrameReader()
        self.next_sequence = 1
        self.last_room_sequence = None  # of the room that we are in
        self.player_id = None
        self.name = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def frame(self, message) -> bytes:
        """The next packet of this session, ready to be sent."""
        return self.raw_frame(IDS[message.DESCRIPTOR.name], message.SerializeToString())

    def raw_frame(self, packet_type: int, body: bytes) -> bytes:
        packet = Packet(packet_type, self.next_sequence, body)
        self.next_sequence += 1
        return make_frame(packet, os.urandom(1)[0])

    def send(self, message) -> None:
        self.socket.sendall(self.frame(message))

    def receive(self):
        """(message, sequence) of the next packet; None at the end of the stream."""
        while (packet := self.reader.next()) is None:
            data = self.socket.recv(65536)
            if not data:
                return None
            self.reader.feed(data)
        name = NAMES[packet.type]
        message = getattr(auth_pb2 if hasattr(auth_pb2, name) else protocol_pb2, name)()
        message.ParseFromString(packet.body)
        if packet.sequence != 0 and name != "S_SECTOR_CHAT":  # the grid's numbers have holes
            self._check_order(packet.sequence)
        return message, packet.sequence

    def _check_order(self, sequence: int) -> None:
        # A newcomer does not know the room's number; from its first broadcast on it does.
        if self.last_room_sequence is not None and sequence != self.last_room_sequence + 1:
            raise ProtocolError(f"room number {sequence} after {self.last_room_sequence}")
        self.last_room_sequence = sequence

    def expect(self, name: str, accept=lambda message: True):
        """Reads up to the first message of this name that is accepted; returns it and its number."""
        while (received := self.receive()) is not None:
            if received[0].DESCRIPTOR.name == name and accept(received[0]):
                return received
        raise ProtocolError(f"the stream ended before {name}")

    def login(self):
        self.send(self.ticket or protocol_pb2.C_LOGIN())
        return self.expect("S_LOGIN")[0]

    def enter(self, room: int = 0, player_index: int = 0):
        self.send(protocol_pb2.C_ENTER_GAME(player_index=player_index, room_id=room))
        answer = self.expect("S_ENTER_GAME")[0]
        if answer.success:
            self.last_room_sequence = None
            self.player_id = answer.player_id
            self.name = next(p.name for p in answer.players if p.id == answer.player_id)
        return answer

    def chat(self, text: str) -> None:
        self.send(protocol_pb2.C_CHAT(msg=text.encode()))

    def leave(self):
        self.send(protocol_pb2.C_LEAVE_GAME())
        return self.expect("S_LEAVE_GAME")[0]


def authenticate(port: int, user: str, password: str, host: str = "127.0.0.1", timeout: float = 30.0):
    """Asks the auth service: (the C_LOGIN for the chat server or None, the reason)."""
    with ChatClient(port, host, timeout) as service:  # another service, the same frames
        service.send(auth_pb2.C_AUTH(name=user.encode(), password=password.encode()))
        answer = service.expect("S_AUTH")[0]
    if not answer.success:
        return None, answer.reason
    return protocol_pb2.C_LOGIN(account=answer.account, session_key=answer.session_key), answer.reason


def main() -> int:
    parser = argparse.ArgumentParser(description="A chat client in Python")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7000)
    parser.add_argument("--auth-port", type=int, default=7001)
    parser.add_argument("--user", required=True)
    parser.add_argument("--password", default=os.environ.get("CHAT_PASSWORD", ""))
    parser.add_argument("--room", type=int, default=0)
    parser.add_argument("text", nargs="+")
    arguments = parser.parse_args()
    ticket, reason = authenticate(arguments.auth_port, arguments.user, arguments.password, arguments.host)
    if ticket is None:
        print(f"refused: {enum_pb2.Refusal.Name(reason)}", file=sys.stderr)
        return 1
    with ChatClient(arguments.port, arguments.host, ticket=ticket) as client:
        answer = client.login()
        if answer.success:
            answer = client.enter(arguments.room)
        if not answer.success:
            print(f"refused: {enum_pb2.Refusal.Name(answer.reason)}", file=sys.stderr)
            return 1
        for text in arguments.text:
            client.chat(text)
        mine = 0
        while mine < len(arguments.text):
            message, sequence = client.expect("S_CHAT")
            if message.reason:
                print(f"refused: {enum_pb2.Refusal.Name(message.reason)}", file=sys.stderr)
                return 1
            print(f"{sequence} {message.name}: {message.msg}")
            mine += message.player_id == client.player_id
        client.leave()
    return 0


if __name__ == "__main__":
    sys.exit(main())
