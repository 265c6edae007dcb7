"""The bench's peers and its load generator: what is said arrives, once and in order, and the figures add up.

Nothing here is a measurement. Builds build/bench; the stages' servers are those of build/release, when they are there."""

import json
import os
import pathlib
import socket
import struct
import tempfile
import unittest

import bench_programs as bench

PEERS = {
    "epoll": ["peer_epoll"],
    "asio, one write a message": ["peer_asio", "--mode", "write"],
    "asio, gathered": ["peer_asio", "--mode", "gather"],
    "asio, room's packet": ["peer_asio", "--mode", "room"],
    "uv": ["peer_uv"],
}


def setUpModule():
    missing = bench.build_all()
    if missing:
        raise unittest.SkipTest(missing)


def peer(test, words, *more, **settings):
    return bench.Server(test, [bench.BIN / words[0], *words[1:], "--port", "0", *more], **settings)


class BenchTest(unittest.TestCase):
    def assert_adds_up(self, figures, members, listeners=None):
        """Nothing is lost, and each number fits the others. `listeners`: whose latency is measured, of each room."""
        self.assertIsNone(figures["error"], figures)
        self.assertEqual((0, 0, 0), tuple(figures[key] for key in ("missing", "twice", "out_of_order")), figures)
        self.assertEqual(0, figures["disconnected"])
        self.assertEqual(figures["said"] * members, figures["deliveries_expected"])
        self.assertEqual(figures["deliveries_expected"], figures["deliveries"])
        # What is due is said, however late: the number follows from the rate alone.
        self.assertAlmostEqual(figures["rate_asked"] * figures["seconds"], figures["said"], delta=2 * figures["threads"])
        self.assertEqual(figures["said"] * (listeners or members), figures["latency_us"]["samples"])
        latency = [figures["latency_us"][key] for key in ("p50", "p90", "p99", "p999", "max")]
        self.assertEqual(sorted(latency), latency)
        self.assertGreater(latency[0], 0)
        self.assertGreater(figures["cpu_s"], 0)
        self.assertIsInstance(figures["limited_by_generator"], bool)

    def assert_chats(self, server, *words):
        """20 clients in two rooms: some 10,000 deliveries."""
        done, figures = bench.load(server, "--clients", 20, "--rooms", 2, "--rate", 1000, "--seconds", 1, "--warm-up",
                                   0.3, "--threads", 2, *words)
        self.assertEqual((0, ["measuring", "measured"]), (done.returncode, done.stderr.split()), done.stderr)
        self.assert_adds_up(figures, members=10, listeners=3)
        self.assertEqual(20, figures["logins"])
        return figures


class PeersTest(BenchTest):
    def test_everybody_hears_everything_once_and_in_order(self):
        for name, words in PEERS.items():
            with self.subTest(name):
                server = peer(self, words)
                said = sum(self.assert_chats(server)["said"] for _ in range(2))  # and the second time on used rooms
                code, line = server.stop()
                self.assertEqual(0, code)
                counters = json.loads(line)
                self.assertEqual((40, 0, 0, 0), tuple(counters[key] for key in
                                                      ("accepted", "refused", "slow", "violations")), line)
                self.assertGreaterEqual(counters["said"], said)
                self.assertGreater(counters["sends"], 0)
                # Each message and its frame, to ten clients.
                self.assertGreater(counters["bytes"], counters["said"] * 10 * 75)

    def test_who_does_not_read_is_disconnected_and_costs_little(self):
        for name, words in PEERS.items():
            with self.subTest(name):
                server = peer(self, words)
                silent = [bench.enter_and_never_read(self, server) for _ in range(2)]
                before = server.memory()
                # 8 MB for each; the sockets' buffers hold 4 at most, and the peer 1 for each.
                done, figures = bench.load(server, "--clients", 2, "--rate", 1000, "--seconds", 8, "--warm-up", 0,
                                           "--payload", 1000)
                self.assertEqual(0, done.returncode, done.stderr)
                self.assert_adds_up(figures, members=2)
                self.assertLess(server.memory("VmHWM") - before, 6 * 1024)
                for client in silent:
                    client.settimeout(bench.PATIENCE)
                    self.assert_ends(client)
                self.assertEqual(2, json.loads(server.stop()[1])["slow"])

    def assert_ends(self, client):
        """Nothing but what lies in the buffers, then the end."""
        try:
            while client.recv(1 << 20):
                pass
        except ConnectionResetError:
            pass

    def test_a_broken_stream_ends_its_connection_only(self):
        for name, words in PEERS.items():
            with self.subTest(name):
                server = peer(self, words)
                streams = (b"\x00", bench.frame(1001, 2), bench.frame(1001, 1)[:-1] + b"\x00", bench.frame(4711, 1),
                           struct.pack("<BHB", 52, 5000, 0))
                for stream in streams:
                    with socket.create_connection(("127.0.0.1", server.port), bench.PATIENCE) as client:
                        client.sendall(stream)
                        self.assert_ends(client)
                self.assert_chats(server)
                self.assertEqual(len(streams), json.loads(server.stop()[1])["violations"])

    def test_more_than_the_most_sessions_are_refused(self):
        for name, words in PEERS.items():
            with self.subTest(name):
                server = peer(self, words, "--max-sessions", "2")
                for _ in range(2):
                    bench.enter_and_never_read(self, server)
                with socket.create_connection(("127.0.0.1", server.port), bench.PATIENCE) as client:
                    self.assert_ends(client)
                self.assertEqual(1, json.loads(server.stop()[1])["refused"])

    def test_logging_in_and_being_idle(self):
        for name, words in PEERS.items():
            with self.subTest(name):
                server = peer(self, words)
                for more in (["--rooms", 5], ["--rooms", 0]):
                    done, figures = bench.load(server, "--work", "login", "--clients", 100, "--threads", 2, *more)
                    self.assertEqual((0, 100, None), (done.returncode, figures["logins"], figures["error"]))
                    self.assertAlmostEqual(100 / figures["login_s"], figures["logins_per_s"],
                                           delta=figures["logins_per_s"] / 100 + 1)
                for login, logins in (("none", 0), ("direct", 30)):
                    done, figures = bench.load(server, "--work", "idle", "--clients", 30, "--login", login, "--rooms", 3,
                                               "--seconds", 0.2, "--warm-up", 0)
                    self.assertEqual((0, logins, 0, None), (done.returncode, figures["logins"], figures["said"],
                                                            figures["error"]))
                self.assertEqual(260, json.loads(server.stop()[1])["accepted"])

    def test_allocations_are_counted(self):
        with tempfile.TemporaryDirectory(prefix="course-bench-") as folder:
            path = os.path.join(folder, "count")
            server = peer(self, PEERS["epoll"], env=dict(os.environ, BENCH_HEAP_FILE=path,
                                                         LD_PRELOAD=str(bench.BIN / "heap_count.so")))
            count = lambda: int.from_bytes(pathlib.Path(path).read_bytes(), "little")
            at_start = count()
            self.assertGreater(at_start, 0)
            self.assert_chats(server)
            self.assertGreater(count(), at_start + 20)  # a connection each, at least


class EchoTest(BenchTest):
    def test_what_is_sent_comes_back(self):
        for name in ("echo_epoll", "echo_port"):
            with self.subTest(name):
                server = peer(self, [name])
                for size in (16, 64, 4096):
                    done, figures = bench.load(server, "--work", "echo", "--clients", 4, "--threads", 2, "--rate", 2000,
                                               "--seconds", 0.5, "--warm-up", 0.1, "--payload", size)
                    self.assertEqual(0, done.returncode, done.stderr)
                    self.assert_adds_up(figures, members=1)
                code, line = server.stop()
                self.assertEqual((0, name), (code, json.loads(line)["program"]))
                self.assertGreater(json.loads(line)["system_calls"], 0)

    def test_a_server_that_echoes_something_else_is_noticed(self):
        server = peer(self, PEERS["epoll"])  # closes what is no frame
        done, figures = bench.load(server, "--work", "echo", "--clients", 1, "--rate", 10, "--seconds", 0.5)
        self.assertEqual(1, done.returncode, done.stdout)
        self.assertIn("disconnected", figures["error"])


class StagesTest(BenchTest):
    def stage(self, folder, *words, ready=r"^listening on"):
        program = bench.stage_program(folder, "chat_server")
        if not program:
            self.skipTest(f"build/release has no chat_server of {folder}")
        return bench.Server(self, [program, *words], ready=ready)

    def test_stage_05_and_06(self):
        for folder in ("05_chat_room", "06_jobqueue"):
            with self.subTest(folder):
                self.assert_chats(self.stage(folder, "--port", "0", "--quiet"))

    def test_stage_07(self):
        sets = ["server.port=0", "auth.port=0", "monitor.metrics=false", "monitor.report=false", "login.store=memory",
                "auth.create_accounts=true", "auth.hash_ops=1", "auth.hash_memory_bytes=8192",
                "auth.connections_per_address=0", "limits.connections_per_address=0", "limits.connection_rate=0",
                "limits.messages_per_second=0", "limits.fan_out_bytes_per_second=0", "log.file=", "log.level=warn"]
        server = self.stage("07_full_chatserver", *[word for text in sets for word in ("--set", text)], ready=r"^ready$")
        auth = server.find(r"^auth on (\S+)$").group(1)
        figures = self.assert_chats(server, "--login", "auth", "--auth", auth)
        self.assertGreater(figures["auth_s"], 0)
        # Without a key nobody comes in, and the figures say so.
        done, figures = bench.load(server, "--clients", 3)
        self.assertEqual(1, done.returncode)
        self.assertIn("REFUSAL_BAD_SESSION_KEY", figures["error"])


class ArgumentsTest(BenchTest):
    def assert_refused(self, name, *words):
        done = bench.run(name, *words)
        self.assertEqual((2, ""), (done.returncode, done.stdout), words)
        self.assertEqual(1, len(done.stderr.strip().splitlines()), done.stderr)
        return done.stderr

    def test_bad_arguments_are_one_line_and_exit_2(self):
        to = ("--to", "127.0.0.1:1")
        for words in ((), ("--to", "here"), ("--to", "127.0.0.1:0"), (*to, "--work", "sing"), (*to, "--clients", 0),
                      (*to, "--rate", 0), (*to, "--seconds", "nan"), (*to, "--payload", 3), (*to, "--payload", 1001),
                      (*to, "--work", "echo", "--payload", 5000), (*to, "--work", "echo", "--login", "direct"),
                      (*to, "--login", "none"), (*to, "--login", "auth"), (*to, "--auth", "127.0.0.1:2"),
                      (*to, "--login", "auth", "--auth", "x"), (*to, "--rooms", 0), (*to, "--clients", 2, "--rooms", 3),
                      (*to, "--clients", 1, "--threads", 2), (*to, "--what")):
            with self.subTest(words):
                self.assert_refused("bench_load", *words)
        for name in ("peer_epoll", "peer_asio", "peer_uv", "echo_epoll", "echo_port"):
            for words in (("--port", 70000), ("--port", "x"), ("--what",), ("extra",)):
                with self.subTest([name, words]):
                    self.assert_refused(name, *words)
        self.assert_refused("peer_asio", "--mode", "fast")
        self.assert_refused("peer_uv", "--max-sessions", 0)

    def test_a_port_in_use_is_one_line_and_exit_2(self):
        server = peer(self, PEERS["epoll"])
        for words in PEERS.values():
            self.assertIn(str(server.port), self.assert_refused(*words, "--port", server.port))

    def test_nothing_there_is_exit_2(self):
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            done = bench.run("bench_load", "--to", f"127.0.0.1:{nobody.getsockname()[1]}")
        self.assertEqual(2, done.returncode)
        self.assertIn("cannot connect", json.loads(done.stdout)["error"])

    def test_figures_that_cannot_be_written_are_exit_2(self):
        server = peer(self, PEERS["epoll"])
        done = bench.run("bench_load", "--to", server.address, "--work", "login", "--clients", 1, "--json", "/nowhere/x")
        self.assertEqual((2, 1), (done.returncode, len(done.stderr.splitlines())), done.stderr)


class UnitTest(unittest.TestCase):
    def test_the_parts(self):
        done = bench.run("bench_test")
        self.assertEqual(0, done.returncode, done.stdout)


if __name__ == "__main__":
    unittest.main()
