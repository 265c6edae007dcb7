"""bench: what /proc and strace say, the figures made of a run, what the subjects are started with."""

import pathlib
import tempfile
import unittest

from bench_results import answer

from course import bench_proc, bench_run, bench_subjects
from course.errors import UsageError
from course.model import tomllib

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


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


if __name__ == "__main__":
    unittest.main()
