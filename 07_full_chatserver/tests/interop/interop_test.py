#!/usr/bin/env python3
"""The stage's chat_server as a client in another language sees it.

Environment: COURSE_BIN_DIR (the stage's programs), COURSE_STAGE_DIR (its folder, for the golden frames); the
modules made from the .proto files are found by PYTHONPATH. CTest sets all three.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import enum_pb2
import protocol_pb2
from chat_client import FIXED_KEY, ChatClient, FrameReader, Packet, ProtocolError, authenticate, make_frame

VECTORS = pathlib.Path(os.environ["COURSE_STAGE_DIR"]) / "tests" / "03" / "vectors.txt"
SERVER = pathlib.Path(os.environ["COURSE_BIN_DIR"]) / "chat_server"
SETTINGS = ["server.port=0", "server.session_max=100", "limits.rooms=10", "limits.messages_per_second=0",
            "login.store=memory", "auth.port=0", "auth.create_accounts=true", "auth.hash_ops=1",
            "auth.hash_memory_bytes=8192", "monitor.metrics=false", "monitor.report=false", "log.file=", "log.level=warn"]


def unhex(text: str) -> bytes:
    return b"" if text == "-" else bytes.fromhex(text)


def read_vectors(kind: str) -> list[list[str]]:
    """The lines "frame name | ..." or "refuse name | ...", as fields."""
    lines = VECTORS.read_text(encoding="utf-8").splitlines()
    fields = [[field.strip() for field in line.split("|")] for line in lines if line.startswith(kind + " ")]
    return [[row[0].split(" ", 1)[1], *row[1:]] for row in fields]


class GoldenFrames(unittest.TestCase):
    def test_frames_are_written_and_read(self):
        vectors = read_vectors("frame")
        self.assertGreater(len(vectors), 20)
        for name, key, rand, packet_type, sequence, body, wire in vectors:
            with self.subTest(name):
                packet = Packet(int(packet_type), int(sequence), unhex(body))
                self.assertEqual(make_frame(packet, int(rand, 16), int(key, 16)).hex(), wire)
                reader = FrameReader(int(key, 16))
                for byte in unhex(wire)[:-1]:  # in the smallest pieces there are
                    reader.feed(bytes([byte]))
                    self.assertIsNone(reader.next())
                reader.feed(unhex(wire)[-1:])
                self.assertEqual(reader.next(), packet)
                self.assertIsNone(reader.next())

    def test_refused_streams_are_refused_for_the_same_reason(self):
        vectors = read_vectors("refuse")
        self.assertGreater(len(vectors), 10)
        for name, key, reason, wire in vectors:
            with self.subTest(name):
                self.assertEqual(self.refusal_of(unhex(wire), int(key, 16)), reason)

    @staticmethod
    def refusal_of(stream: bytes, key: int) -> str:
        """As a server reads: at most 4096 bytes of payload, numbered from 1."""
        reader = FrameReader(key, max_payload=4096)
        reader.feed(stream)
        expected = 1
        try:
            while (packet := reader.next()) is not None:
                if packet.sequence != expected:
                    return "bad sequence"
                expected += 1
        except ProtocolError as error:
            return str(error)
        return ""


class AgainstTheServer(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        settings = [*SETTINGS, f"database.path={folder.name}/chat.db", f"journal.folder={folder.name}/journal"]
        self.server = subprocess.Popen(
            [SERVER, "--stop-on-eof", *(word for setting in settings for word in ("--set", setting))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        self.addCleanup(self.stop)
        self.port = self.auth_port = None
        self.accounts = 0
        for line in self.server.stdout:
            if line.startswith("listening on "):
                self.port = int(line.rsplit(":", 1)[1])
            if line.startswith("auth on "):
                self.auth_port = int(line.rsplit(":", 1)[1])
            if line == "ready\n":
                break
        self.assertIsNotNone(self.port, "the server has not started")
        self.assertIsNotNone(self.auth_port, "the server has no auth service")

    def stop(self):
        if self.server.poll() is None:
            self.server.stdin.close()
            rest = self.server.stdout.read()
            self.assertEqual(self.server.wait(30), 0, rest)
            self.assertIn("stopped: live sessions 0, outstanding operations 0", rest)
            self.assertIn("left: game sessions 0, players 0, packets 0", rest)
        self.server.stdout.close()

    def ticket(self):
        """Of an account of its own."""
        self.accounts += 1
        ticket, reason = authenticate(self.auth_port, f"파이썬{self.accounts}", "비밀번호")
        self.assertEqual(reason, enum_pb2.REFUSAL_NONE)
        return ticket

    def client(self) -> ChatClient:
        client = ChatClient(self.port, ticket=self.ticket())
        self.addCleanup(client.socket.close)
        return client

    def player(self, room: int = 0) -> ChatClient:
        client = self.client()
        self.assertTrue(client.login().success)
        self.assertTrue(client.enter(room).success)
        return client

    def test_login_enter_and_chat_in_korean(self):
        a = self.client()
        login = a.login()
        self.assertTrue(login.success)
        self.assertEqual(len(login.players), 2)
        self.assertEqual({p.player_type for p in login.players},
                         {enum_pb2.PLAYER_TYPE_KNIGHT, enum_pb2.PLAYER_TYPE_MAGE})
        entered = a.enter(room=4, player_index=1)
        self.assertEqual((entered.room_id, entered.player_id), (4, login.players[1].id))
        self.assertEqual([p.name for p in entered.players], [login.players[1].name])

        b = self.player(room=4)
        joined, _ = a.expect("S_PLAYER_JOINED")
        self.assertEqual((joined.player.id, joined.player.name), (b.player_id, b.name))
        self.assertNotEqual(a.player_id, b.player_id)

        text = "안녕하세요 👋 " + "가" * 100
        a.chat(text)
        heard = [client.expect("S_CHAT") for client in (a, b)]
        self.assertEqual(heard[0], heard[1])  # the same message with the same number
        message, sequence = heard[0]
        self.assertEqual((message.player_id, message.name, message.msg), (a.player_id, a.name, text))
        self.assertGreater(sequence, 0)

        b.leave()
        left, number = a.expect("S_PLAYER_LEFT")
        self.assertEqual((left.player_id, number), (b.player_id, sequence + 1))

    def test_everybody_hears_the_same_in_the_same_order(self):
        clients = [self.player(room=1) for _ in range(5)]
        for i in range(200):
            clients[i % 5].chat(f"{i}번째")
        # expect() fails on a hole or a repeat in the room's numbers
        heard = [[client.expect("S_CHAT") for _ in range(200)] for client in clients]
        for other in heard[1:]:
            self.assertEqual(other, heard[0])
        self.assertEqual({message.msg for message, _ in heard[0]}, {f"{i}번째" for i in range(200)})
        for client in clients:  # what one client says stays in its order
            mine = [int(m.msg.removesuffix("번째")) for m, _ in heard[0] if m.player_id == client.player_id]
            self.assertEqual(mine, sorted(mine))

    def test_tcp_may_cut_the_stream_anywhere(self):
        client = self.client()
        for byte in client.frame(client.ticket):
            client.socket.sendall(bytes([byte]))
        self.assertTrue(client.expect("S_LOGIN")[0].success)  # the key is looked up: wait for the answer
        everything = (client.frame(protocol_pb2.C_ENTER_GAME(player_index=0, room_id=2))
                      + client.frame(protocol_pb2.C_CHAT(msg="한 번에".encode()))
                      + client.frame(protocol_pb2.C_CHAT(msg="조금씩".encode())))
        for byte in everything:
            client.socket.sendall(bytes([byte]))
        self.assertEqual(client.expect("S_CHAT")[0].msg, "한 번에")
        self.assertEqual(client.expect("S_CHAT")[0].msg, "조금씩")
        together = self.client()
        self.assertTrue(together.login().success)
        together.socket.sendall(together.frame(protocol_pb2.C_ENTER_GAME(room_id=2))
                                + together.frame(protocol_pb2.C_CHAT(msg=b"all in one")))
        self.assertEqual(together.expect("S_CHAT")[0].msg, "all in one")
        self.assertEqual(client.expect("S_CHAT")[0].msg, "all in one")

    def test_refusals_have_a_reason_and_the_session_lives(self):
        client = self.client()
        client.chat("too early")
        self.assertEqual(client.expect("S_CHAT")[0].reason, enum_pb2.REFUSAL_NOT_LOGGED_IN)
        self.assertEqual(client.enter().reason, enum_pb2.REFUSAL_NOT_LOGGED_IN)
        self.assertTrue(client.login().success)
        self.assertEqual(client.login().reason, enum_pb2.REFUSAL_ALREADY_LOGGED_IN)
        client.chat("no room yet")
        self.assertEqual(client.expect("S_CHAT")[0].reason, enum_pb2.REFUSAL_NOT_IN_ROOM)
        self.assertEqual(client.enter(player_index=2).reason, enum_pb2.REFUSAL_BAD_PLAYER_INDEX)
        self.assertEqual(client.enter(player_index=2**64 - 1).reason, enum_pb2.REFUSAL_BAD_PLAYER_INDEX)
        self.assertEqual(client.enter(room=10).reason, enum_pb2.REFUSAL_BAD_ROOM)
        self.assertTrue(client.enter(room=9).success)
        self.assertEqual(client.enter(room=9).reason, enum_pb2.REFUSAL_ALREADY_IN_ROOM)
        for body, reason in ((b"", enum_pb2.REFUSAL_EMPTY_MESSAGE),
                             (b"\xff\xfe", enum_pb2.REFUSAL_NOT_UTF8),
                             (b"\xec\x95", enum_pb2.REFUSAL_NOT_UTF8),
                             (b"\x1b[2J", enum_pb2.REFUSAL_BAD_TEXT),
                             (b"x" * 3000, enum_pb2.REFUSAL_MESSAGE_TOO_LONG)):
            client.send(protocol_pb2.C_CHAT(msg=body))
            answer, sequence = client.expect("S_CHAT")
            self.assertEqual((answer.reason, sequence), (reason, 0))
        client.chat("still here")
        self.assertEqual(client.expect("S_CHAT", lambda m: not m.reason)[0].msg, "still here")
        self.assertTrue(client.leave().success)
        self.assertEqual(client.leave().reason, enum_pb2.REFUSAL_NOT_IN_ROOM)

    def test_a_key_is_the_password_s_and_opens_one_session(self):
        ticket, reason = authenticate(self.auth_port, "민지", "맞는 비밀번호")
        self.assertIsNotNone(ticket)
        self.assertEqual((reason, len(ticket.session_key)), (enum_pb2.REFUSAL_NONE, 64))
        self.assertEqual(authenticate(self.auth_port, "민지", "틀린 비밀번호"), (None, enum_pb2.REFUSAL_BAD_PASSWORD))
        self.assertEqual(authenticate(self.auth_port, "", "x"), (None, enum_pb2.REFUSAL_BAD_NAME))

        older, thief = ChatClient(self.port, ticket=ticket), self.client()
        self.addCleanup(older.socket.close)
        self.assertTrue(older.login().success)
        thief.ticket = ticket
        self.assertEqual(thief.login().reason, enum_pb2.REFUSAL_BAD_SESSION_KEY)
        self.assertTrue(self.is_closed(thief))

        newer = ChatClient(self.port, ticket=authenticate(self.auth_port, "민지", "맞는 비밀번호")[0])
        self.addCleanup(newer.socket.close)
        self.assertTrue(newer.login().success)
        self.assertEqual(older.expect("S_LOGIN")[0].reason, enum_pb2.REFUSAL_LOGGED_IN_ELSEWHERE)
        self.assertTrue(self.is_closed(older))

    def test_sectors_and_heartbeat(self):
        def move(client, x, y):
            # Room and grid are two actors: S_MOVE_SECTOR of one's entering may come before or after S_ENTER_GAME.
            client.send(protocol_pb2.C_MOVE_SECTOR(x=x, y=y))
            return client.expect("S_MOVE_SECTOR", lambda m: not m.success or (m.x, m.y) == (x, y))[0]

        a, b = self.player(room=1), self.player(room=2)
        corner = move(b, 0, 0)
        self.assertTrue(corner.success)
        self.assertEqual(len(corner.heard), 4)
        self.assertEqual(move(b, 2**32 - 1, 0).reason, enum_pb2.REFUSAL_BAD_POSITION)
        a.send(protocol_pb2.C_SECTOR_CHAT(msg="너무 멀다".encode()))
        self.assertEqual(a.expect("S_SECTOR_CHAT")[0].msg, "너무 멀다")

        nine = {mark.sector: mark.next for mark in move(a, 1, 1).heard}
        self.assertEqual(len(nine), 9)
        for number, text in enumerate(("하나", "둘")):
            a.send(protocol_pb2.C_SECTOR_CHAT(msg=text.encode()))
            mine, sequence = a.expect("S_SECTOR_CHAT")
            self.assertEqual(b.expect("S_SECTOR_CHAT"), (mine, sequence))  # the first that it hears
            self.assertEqual((mine.msg, mine.sector_number), (text, nine[mine.sector] + number))
        a.send(protocol_pb2.C_HEARTBEAT(client_time=2**63))
        self.assertEqual(a.expect("S_HEARTBEAT")[0].client_time, 2**63)

    def test_what_breaks_the_protocol_ends_its_session_and_no_other(self):
        witness = self.player(room=3)
        skipped = protocol_pb2.C_CHAT(msg=b"I have skipped a number")

        def skip_a_number(client):
            client.next_sequence += 1
            return client.frame(skipped)

        offenders = {
            "sequence": skip_a_number,
            "protobuf": lambda client: client.raw_frame(1005, b"\x0a\xff"),  # a field longer than the body
            "direction": lambda client: client.raw_frame(1006, b""),
            "id": lambda client: client.raw_frame(4711, b""),
            "checksum": lambda client: make_frame(Packet(1005, client.next_sequence, b""), 9, FIXED_KEY ^ 1),
            "code": lambda client: b"GET / HTTP/1.1\r\n\r\n",
        }
        for name, make in offenders.items():
            with self.subTest(name):
                offender = self.player(room=3)
                offender.socket.sendall(make(offender))
                left, _ = witness.expect("S_PLAYER_LEFT")
                self.assertEqual(left.player_id, offender.player_id)
                self.assertTrue(self.is_closed(offender))
        witness.chat("and I am still here")
        self.assertEqual(witness.expect("S_CHAT")[0].msg, "and I am still here")

    @staticmethod
    def is_closed(client: ChatClient) -> bool:
        try:
            while client.receive() is not None:
                pass
        except ConnectionError:  # a reset is an end, too
            pass
        return True  # otherwise socket.timeout


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
