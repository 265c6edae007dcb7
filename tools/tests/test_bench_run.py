"""bench: measuring with made-up servers and programs, resuming, ending what was started, the command as a whole. Nothing is timed."""

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
