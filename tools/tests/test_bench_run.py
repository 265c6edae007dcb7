"""bench: measuring with made-up servers and programs, resuming, what /proc and strace say. Nothing is timed."""

import errno
import json
import os
import pathlib
import shutil
import stat
import sys
import tempfile
import unittest
from unittest import mock

from bench_results import Model, answer, result
from tree import CourseTree

from course import bench_book, bench_plan, bench_proc, bench_run, bench_session, bench_subjects, bench_table
from course.errors import CourseError, UsageError
from course.model import tomllib

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


class SessionTest(unittest.TestCase):
    """The measuring with made-up servers, a clock that is a counter, and a stop in the middle."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="course-test-")
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "run.jsonl"
        self.asked = []
        self.now = 0.0

    def asker(self, stop_at=None, most=None):
        most = most or {"07": 9e6, "epoll": 20e6}

        def ask(subject, spec):
            if stop_at is not None and len(self.asked) == stop_at:
                raise KeyboardInterrupt
            self.asked.append((subject.name, spec.work, spec.rate))
            self.now += 1.0
            if spec.work == "session":
                return {"net_bytes": 280.0, "port_and_client_bytes": 400.0, "error": None, "server": {}}
            return {**Model(most.get(subject.name, 5e6))(spec.rate), "server": {"start_s": 0.1, "seconds": 1.0, "cpu": 0.5, "softirq": 0.1, "switches": 100}}
        return ask

    def session(self, book, only=("rate", "cpu60k", "session"), rounds=3, budget=10_000, **asker):
        return bench_session.Session(bench_plan.items("quick", rounds, only), "quick", book, self.asker(**asker), clock=lambda: self.now, budget=budget)

    def book(self, resume=False, **head):
        book = bench_book.Book(self.file)
        (book.resume if resume else book.start)({"mode": "quick", "rounds": 3, "only": [], "commit": "abc", **head})
        self.addCleanup(book.close)
        return book

    def test_later_rounds_begin_where_the_first_ended(self):
        session = self.session(self.book(), only=("rate:07",))
        session.run()
        held = [r["figures"]["deliveries_per_s"] for r in session.runs]
        for value in held:
            self.assertTrue(9e6 / 1.3 < value <= 9e6, held)
        first = [rate for _, _, rate in self.asked].index(max(rate for _, _, rate in self.asked)) + 1
        self.assertLess((len(self.asked) - first - 2) / 2, 7)

    def test_a_stop_in_the_middle_and_half_a_line(self):
        whole = self.session(self.book())
        whole.run()
        every, self.asked = list(self.asked), []
        for stop_at in (0, 1, 7, len(every) - 1):
            self.asked = []
            stopped = self.session(self.book(), stop_at=stop_at)
            self.assertRaises(KeyboardInterrupt, stopped.run)
            stopped.book.close()
            with open(self.file, "ab") as f:
                f.write(b'{"key": "rate N=400|07|1", "st')  # killed while writing
            again = self.session(self.book(resume=True))
            self.assertEqual(stop_at, len(again.book.known))
            again.run()
            again.book.close()
            self.assertEqual(every, self.asked, "nothing is measured twice")
            self.assertEqual(whole.runs, again.runs)
            for line in self.file.read_text(encoding="utf-8").splitlines():
                json.loads(line)

    def test_resume_refuses_another_run(self):
        self.assertRaises(UsageError, self.book, resume=True)
        self.book().close()
        for other in ({"mode": "full"}, {"rounds": 5}, {"only": ["rate"]}, {"commit": "def"}):
            with self.assertRaises(UsageError) as caught:
                self.book(resume=True, **other)
            self.assertIn(str(*other.values()), str(caught.exception))
        self.file.write_text('{"head": {}}\nnonsense\n', encoding="utf-8")
        self.assertRaisesRegex(CourseError, "run.jsonl:2", self.book, resume=True)
        self.file.write_text("", encoding="utf-8")
        self.assertRaisesRegex(CourseError, "no beginning", self.book, resume=True)

    def test_a_new_run_keeps_the_one_before(self):
        self.book(only=["first"]).close()
        self.book(only=["second"]).close()
        self.assertIn("first", self.file.with_suffix(".before").read_text(encoding="utf-8"))

    def test_the_budget_is_a_bound(self):
        session = self.session(self.book(), budget=10)
        session.run()
        self.assertLessEqual(len(self.asked), 10 + 18, "the item that is under way is finished")
        self.assertTrue(session.left_out)
        self.assertEqual(len(session.items), len(session.runs) + len(session.left_out))

    def test_what_failed_is_kept_with_its_reason(self):
        session = bench_session.Session(bench_plan.items("quick", 1, ["cpu60k", "rate"]), "quick", self.book(),
                                        lambda subject, spec: {"error": f"{subject.name} ended by SIGSEGV", "server": {}}, clock=lambda: 0.0)
        session.run()
        self.assertEqual({f"{r['subject']} ended by SIGSEGV" for r in session.runs}, {r["error"] for r in session.runs})
        self.assertTrue(all(r["figures"] == {} for r in session.runs))

    def test_what_fails_slowly_is_tried_once(self):
        asked = []

        def ask(subject, spec):
            asked.append(subject.name)
            self.now += 46.0 if subject.name == "uv" else 1.0
            return {"error": "not all clients got in within 45 s", "server": {}}
        session = bench_session.Session(bench_plan.items("quick", 3, ["cpu60k:uv", "cpu60k:epoll"]), "quick", self.book(), ask, clock=lambda: self.now)
        session.run()
        self.assertEqual((1, 3), (asked.count("uv"), asked.count("epoll")))
        self.assertEqual({"not all clients got in within 45 s"}, {r["error"] for r in session.runs})

    def test_notes_on_runs(self):
        ask = lambda subject, spec: answer(60_000, lost=12, limited_by_generator=True)
        session = bench_session.Session(bench_plan.items("quick", 1, ["cpu60k:07"]), "quick", self.book(), ask, clock=lambda: 0.0)
        session.run()
        self.assertEqual(("lost 12", True), (session.runs[0]["note"], session.runs[0]["late"]))
        table = bench_table.Table(result(session.runs))
        self.assertIn("4.00*", table.rows(bench_plan.MEASURES["cpu60k"])[0])

    def test_a_full_disk_is_not_swallowed(self):
        book = self.book()
        with mock.patch.object(book, "_write", side_effect=OSError(28, "No space left on device")):
            self.assertRaises(OSError, self.session(book).run)


class ProcTest(unittest.TestCase):
    def test_stat(self):
        text = "4711 (a) b) S 1 4711 4711 0 -1 4194560 100 0 0 0 250 50 3 4 20 0 9 0 100 1000 200"
        self.assertEqual(300 / bench_proc._TICKS, bench_proc.cpu_of_stat(text))

    def test_schedstat(self):
        self.assertEqual(0.00818138, bench_proc.cpu_of_schedstat("8181380 12104346 5\n"))

    def test_status(self):
        text = "Name:\tx\nnonvoluntary_ctxt_switches_of_mine:\t9\nvoluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t7\n"
        self.assertEqual(157, bench_proc.switches_of_status(text))
        self.assertEqual(0, bench_proc.switches_of_status(""))

    def test_smaps_rollup(self):
        text = ("55562c71b000-7ffc6a13a000 ---p 00000000 00:00 0                          [rollup]\nRss:                1744 kB\n"
                "Pss:                 240 kB\nPss_Dirty:           116 kB\nPss_Anon:            116 kB\n")
        self.assertEqual({"rss": 1744 * 1024, "pss": 240 * 1024}, bench_proc.memory_of_rollup(text))
        self.assertEqual({}, bench_proc.memory_of_rollup(""))

    def test_steal(self):
        text = "cpu  5505919 110248 2526240 572974 15029 0 19169 40 0 0\ncpu0 1 2 3 4 5 6 7 8\n"
        self.assertEqual((40, 5505919 + 110248 + 2526240 + 572974 + 15029 + 19169 + 40), bench_proc.steal_of_stat(text))

    STRACE = """strace: Process 12 detached
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 25.89    0.000958          20        47        13 openat
 12.81    0.000474          94         5           mprotect
 60.00    1.500000           1   1200000           sendto
------ ----------- ----------- --------- --------- ----------------
100.00    1.501432          16   1200052        13 total
"""

    def test_strace(self):
        self.assertEqual({"openat": 47, "mprotect": 5, "sendto": 1_200_000}, bench_proc.calls_of_strace(self.STRACE))
        self.assertIsNone(bench_proc.calls_of_strace("strace: attach: ptrace(PTRACE_SEIZE, 1): Operation not permitted\n"))

    def test_heap_counter(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "heap"
            self.assertIsNone(bench_proc.heap_counter(file))
            file.write_bytes(b"\x01\x02")
            self.assertIsNone(bench_proc.heap_counter(file))
            file.write_bytes((1234567).to_bytes(8, "little") + b"more")
            self.assertEqual(1234567, bench_proc.heap_counter(file))

    def test_growth_between_two_looks(self):
        found = bench_proc.Snapshot(10.0, 1.0, 0.5, 100).until(bench_proc.Snapshot(12.0, 1.5, 0.75, 160))
        self.assertEqual({"seconds": 2.0, "cpu": 0.5, "softirq": 0.25, "switches": 60}, found)
        self.assertIsNone(bench_proc.Snapshot(1, 1, None, 1).until(bench_proc.Snapshot(2, 2, 0.1, 2))["softirq"])


# Programs that speak like the real ones, as far as bench listens. WHAT says how they go wrong.
PEER = """#!{python}
import os, signal, sys
what = os.environ.get("BENCH_TEST_PEER", "")
if what == "taken":
    sys.exit("peer_epoll: cannot listen: Address already in use")
def end(*_):
    os._exit(0)
signal.signal(signal.SIGINT, end)
signal.signal(signal.SIGTERM, end)
print("listening on 127.0.0.1:4711", flush=True)
open(os.environ["BENCH_TEST_PIDS"], "a").write(f"{{os.getpid()}}\\n")
while True:
    signal.pause()
"""
LOAD = """#!{python}
import json, os, signal, sys
what, pids = os.environ.get("BENCH_TEST_LOAD", ""), os.environ["BENCH_TEST_PIDS"]
peer = int(open(pids).read().split()[-1])
open(pids, "a").write(f"{{os.getpid()}}\\n")
if what == "nobody":
    print("bench_load: 127.0.0.1:4711: Connection refused", file=sys.stderr)
    sys.exit(2)
if what == "hangs":
    signal.pause()
if "login" in sys.argv[sys.argv.index("--work") + 1]:
    print("said by nobody", flush=True)  # no measured time: it ends when all are in
else:
    print("measuring", flush=True)
if what == "stays":
    signal.pause()
if what == "kills":
    os.kill(peer, signal.SIGKILL)
print("measured", flush=True)
answer = json.loads(os.environ["BENCH_TEST_ANSWER"])
answer["arguments"] = sys.argv[1:]
out = sys.argv[sys.argv.index("--json") + 1]
open(out, "w").write("{{" if what == "broken" else json.dumps(answer))
sys.exit(1 if what == "kills" else 0)
"""


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Root:
    def __init__(self, root):
        self.root = root


@unittest.skipUnless(sys.platform.startswith("linux"), "bench measures on Linux")
class RunnerTest(unittest.TestCase):
    """Real processes: what is started is ended, whatever goes wrong."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="course-test-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.pids = self.root / "pids"
        binaries = self.root / "build" / "bench" / "bin"
        binaries.mkdir(parents=True)
        for name, text in (("peer_epoll", PEER), ("bench_load", LOAD)):
            (binaries / name).write_text(text.format(python=sys.executable), encoding="utf-8")
            (binaries / name).chmod(stat.S_IRWXU)
        self.runner = bench_run.Runner(Root(self.root), self.root / "logs")

    def go(self, load="", peer="", **spec):
        environment = {"BENCH_TEST_LOAD": load, "BENCH_TEST_PEER": peer, "BENCH_TEST_PIDS": str(self.pids), "BENCH_TEST_ANSWER": json.dumps(answer(60_000))}
        with mock.patch.dict(os.environ, environment):
            try:
                return self.runner.run(bench_subjects.find("epoll"), bench_run.Spec(**{"clients": 400, "rate": 60_000, **spec}))
            finally:
                for pid in map(int, self.pids.read_text(encoding="utf-8").split() if self.pids.exists() else ()):
                    self.assertFalse(alive(pid), "it still runs")

    def test_a_run(self):
        found = self.go()
        self.assertIsNone(found["error"])
        arguments = found["arguments"]
        for option, value in (("--to", "127.0.0.1:4711"), ("--clients", "400"), ("--rate", "150"), ("--work", "chat"), ("--login", "direct"), ("--rooms", "1")):
            self.assertEqual(value, arguments[arguments.index(option) + 1])
        self.assertIn("cpu_us", bench_run.figures(found, bench_run.Spec(clients=400, rate=60_000)))

    def test_log_ins_end_with_the_last(self):
        found = self.go(work="login", rate=0)
        self.assertIsNone(found["error"])
        self.assertIn("whole_cpu", found["server"])

    def test_memory_is_looked_at_twice(self):
        server = self.go(work="idle", how="memory", rate=0)["server"]
        self.assertGreater(server["full"]["pss"], 0)
        self.assertGreater(server["empty"]["pss"], 0)

    def test_the_server_dies(self):
        self.assertEqual("epoll ended by SIGKILL", self.go("kills")["error"])

    def test_the_port_is_taken(self):
        self.assertEqual("epoll did not start: peer_epoll: cannot listen: Address already in use", self.go(peer="taken")["error"])

    def test_the_generator_reaches_nobody(self):
        self.assertEqual("load generator: bench_load: 127.0.0.1:4711: Connection refused", self.go("nobody")["error"])

    def test_the_generator_hangs(self):
        with mock.patch.object(bench_run, "LOGIN_PATIENCE", 0.1):
            self.assertIn("not there within", self.go("hangs")["error"])

    def test_the_generator_writes_nonsense(self):
        self.assertEqual("load generator: its JSON cannot be read", self.go("broken")["error"])

    def test_ctrl_c(self):
        with mock.patch.object(bench_run._Meter, "begin", side_effect=KeyboardInterrupt):
            self.assertRaises(KeyboardInterrupt, self.go, "stays")
        self.assertEqual(2, len(self.pids.read_text(encoding="utf-8").split()), "server and generator had been started")

    def test_what_is_not_built(self):
        (self.root / "build" / "bench" / "bin" / "peer_epoll").unlink()
        self.assertRaisesRegex(CourseError, "peer_epoll is not built", self.go)


class FiguresTest(unittest.TestCase):
    def test_of_a_plain_run(self):
        server = {"start_s": 0.05, "seconds": 2.0, "cpu": 0.9, "softirq": 0.3, "switches": 6000}
        found = bench_run.figures(answer(60_000, server=server), bench_run.Spec(clients=400, rate=60_000))
        self.assertAlmostEqual(10.0, found["cpu_us"])     # (0.9 + 0.3) / 2 s / 60,000
        self.assertAlmostEqual(0.05, found["switches"])   # 3,000 a second / 60,000
        self.assertAlmostEqual(0.6, found["cores"])
        self.assertEqual((1.0, 4.0, 9.0, 50.0), tuple(found[k] for k in ("p50_ms", "p99_ms", "p999_ms", "start_ms")))

    def test_of_the_others(self):
        calls = bench_run.figures(answer(1000, server={"calls": {"sendto": 3000, "read": 60}, "traced_s": 2.0}), bench_run.Spec(how="strace"))
        self.assertEqual(1.53, calls["calls"])
        self.assertNotIn("cpu_us", calls)
        heap = bench_run.figures(answer(said=500, seconds=2.0, server={"allocations": 4000, "seconds": 2.0}), bench_run.Spec(how="heap"))
        self.assertEqual(8.0, heap["allocations"])
        memory = bench_run.figures(answer(server={"full": {"pss": 3_000_000}, "empty": {"pss": 1_000_000}}), bench_run.Spec(work="idle", clients=1000, how="memory"))
        self.assertEqual(2000.0, memory["session_bytes"])
        login = bench_run.figures(answer(0, logins=1000, login_s=0.4, auth_s=0.1, server={"whole_cpu": 0.2}), bench_run.Spec(work="login", clients=1000))
        self.assertEqual((0.5, 0.1, 2000.0, 200.0), tuple(login[k] for k in ("login_s", "auth_s", "logins_per_s", "login_cpu_us")))

    def test_of_the_lab(self):
        text = '[2026-11-30 22:01:01.798] [info] start x\n{"sessions": 2000, "net_bytes": 287.2, "port_and_client_bytes": 839.5}\n[..] stop\n'
        found = bench_run.figures(bench_run._lab_answer(text, "x"), bench_run.Spec(work="session"))
        self.assertEqual({"net_bytes": 287.2, "port_bytes": 839.5}, found)
        self.assertEqual("it ended with 2", bench_run._lab_answer("too few descriptors?\n", "it ended with 2")["error"])

    def test_a_failed_run_has_none(self):
        self.assertEqual({}, bench_run.figures(answer(error="gone"), bench_run.Spec()))


class SubjectsTest(unittest.TestCase):
    def test_configuration_of_07(self):
        settings = bench_subjects.settings_07(bench_subjects.find("07"), 1000, 10, pathlib.Path("/x"))
        self.assertEqual((0, 0), (settings["limits"]["messages_per_second"], settings["limits"]["fan_out_bytes_per_second"]))
        shipped = bench_subjects.settings_07(bench_subjects.find("07-limits"), 1000, 10, pathlib.Path("/x"))
        self.assertNotIn("messages_per_second", shipped["limits"])
        flush = bench_subjects.settings_07(bench_subjects.find("07-flush5"), 1000, 10, pathlib.Path("/x"))
        self.assertEqual(5, flush["server"]["flush_interval_ms"])
        self.assertNotIn("flush_interval_ms", settings["server"], "each subject has its own")

    def test_every_key_is_one_of_the_server(self):
        shipped = tomllib.loads((REPOSITORY / "07_full_chatserver" / "conf" / "chat_server.toml").read_text(encoding="utf-8"))
        for subject in bench_subjects.SUBJECTS.values():
            for section, keys in bench_subjects.settings_07(subject, 1000, 10, pathlib.Path("/x")).items():
                for key, value in keys.items():
                    self.assertIs(type(shipped[section][key]), type(value), f"{section}.{key}")

    def test_toml(self):
        settings = {"a": {"port": 0, "on": True, "path": 'c:\\x "y"'}, "b": {"off": False}}
        self.assertEqual(settings, tomllib.loads(bench_subjects.toml(settings)))

    def test_names(self):
        self.assertRaisesRegex(UsageError, "no subject named '08'", bench_subjects.find, "08")
        self.assertEqual(("07@abc", "07", "07"), (lambda s: (s.name, s.base, s.stage))(bench_subjects.find("07@abc")))
        self.assertIs(bench_subjects.SUBJECTS["07"], bench_subjects.find("07"))


@unittest.skipUnless(sys.platform.startswith("linux"), "bench measures on Linux")
class CommandTest(CourseTree):
    """The command as a whole, with made-up answers: nothing is built or started."""

    stages = ("01",)

    def setUp(self):
        super().setUp()
        (self.root / "tools" / "bench").mkdir(parents=True)
        shutil.copy(REPOSITORY / "tools" / "bench" / "goals.toml", self.root / "tools" / "bench")
        self.commit()
        self.asked = []

    def bench(self, *argv, stop_at=None):
        def ask(_, subject, spec):
            if len(self.asked) == stop_at:
                raise KeyboardInterrupt
            self.asked.append(subject.name)
            return answer(spec.rate, server={"seconds": 1.0, "cpu": 0.5, "softirq": 0.1, "switches": 10})

        nothing = lambda *_, **__: None
        with mock.patch.object(bench_run.Runner, "run", ask), mock.patch("course.bench_build.everything", nothing), \
                mock.patch("course.packages.ensure", nothing), mock.patch("course.doctor.refuse_old", nothing):
            return self.course("bench", "--only", "cpu60k:epoll,cpu60k:uv", *argv)

    def test_files_and_words(self):
        code, text = self.bench("--seed", "7")
        self.assertEqual(0, code, text)
        self.assertEqual(6, len(self.asked))
        self.assertIn("seed 7", text)
        self.assertIn("goals: ", text)
        folder = self.root / "build" / "bench-runs" / "report"
        self.assertEqual({"bench.json", "bench.csv", "report.md", "report.ko.md", "cpu60k-N400.svg"}, {f.name for f in folder.iterdir()})
        self.assertEqual(7, bench_book.load(folder / "bench.json")["seed"])

    def test_stopped_and_resumed(self):
        code, text = self.bench(stop_at=4)
        self.assertEqual(130, code, text)
        self.assertIn("goes on with: ./course bench --only cpu60k:epoll,cpu60k:uv --resume", text)
        code, text = self.bench("--resume")
        self.assertEqual(0, code, text)
        self.assertEqual(6, len(self.asked), "nothing twice")
        self.commit("another")
        code, text = self.bench("--resume")
        self.assertEqual(2, code)
        self.assertIn("--resume: the stopped run has commit", text)

    def test_resume_without_a_run(self):
        code, text = self.bench("--resume")
        self.assertEqual((2, "course: --resume: there is no stopped run (without --resume one begins)"), (code, text.strip()))

    def test_the_disk_is_full(self):
        with mock.patch.object(bench_book.Book, "add", side_effect=OSError(errno.ENOSPC, "No space left on device")):
            code, text = self.bench()
        self.assertEqual(1, code)
        self.assertEqual("course: the disk is full; free some space (build/ can be deleted at any time)", text.strip().splitlines()[-1])

    def test_a_machine_that_is_not_quiet(self):
        with mock.patch.object(bench_proc, "load", lambda: 3.0):
            code, text = self.bench()
        self.assertEqual(0, code, text)
        self.assertTrue(text.startswith("Warning: the machine was not quiet (load 3.00"), text)


if __name__ == "__main__":
    unittest.main()
