"""grade: none of these gains a point. Each is tried twice: as it is handed in, where a look at its tokens refuses it before it
is compiled, and with that look switched off, where the walls, the limits and the report have to hold by themselves."""

import contextlib
import os
import shutil
import time
import unittest
from unittest import mock

from grade_stage import GradeTest

from course import box, grade_tree, student_code, warden

CRASH = "int* nowhere = nullptr;\nreturn *nowhere + a + b;"
HANG = "for (volatile int n = 0;; n = n + 1) {\n}"
HUGE = 'for (;;) std::puts("0123456789012345678901234567890123456789012345678901234567890123456789");'
LINES = 'std::puts("[==========] 2 tests ran.\\n[  PASSED  ] 2 tests.");\nreturn 7;'
EXIT = "std::exit(0);"
RAW_EXIT = 'std::puts("[  PASSED  ] 2 tests.");\nstd::fflush(nullptr);\n_exit(0);'
FORK_BOMB = "for (;;) fork();"
# For root the system knows no limit of processes; what ends it is then our own look, and the machine has others to serve.
MANY = "for (int n = 0; n < 200; ++n) {\n  if (fork() == 0) for (;;) sleep(1);\n}\nfor (;;) sleep(1);"
ORPHAN = 'if (fork() == 0) {\n  setsid();\n  if (fork() == 0) for (;;) sleep(1);\n  _exit(0);\n}\nreturn a + b;'
KILLED = "kill(getppid(), SIGKILL);\nkill(-1, SIGKILL);\nreturn 0;"
CONSTRUCTOR = """\
struct Early {
  __attribute__((constructor)) static void Edit() { setenv("GTEST_FILTER", "Nothing.*", 1); }
};
return 7;"""
PRELOAD = """\
setenv("LD_PRELOAD", "/tmp/mine.so", 1);
char* arguments[] = {nullptr};
execv("/proc/self/exe", arguments);
return 7;"""
# It knows where the report goes and what the cases are called: but not which one has to fail.
XML = """\
std::ifstream in("/proc/self/cmdline");
std::string all((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
const auto at = all.find("xml:") + 4;
std::ofstream(all.substr(at, all.find('\\0', at) - at))
    << "<testsuites><testsuite name='Add'><testcase name='Small' status='run' result='completed'/>"
       "<testcase name='Large' status='run' result='completed'/></testsuite></testsuites>";
_exit(1);"""
HOME_AND_NETWORK = """\
std::ofstream("/root/mine") << "mine";
std::ofstream(std::string(std::getenv("COURSE_STAGE_DIR")) + "/mine") << "mine";
std::ofstream(std::string(std::getenv("COURSE_BIN_DIR")) + "/unit_sum") << "mine";
return a - b;"""


@contextlib.contextmanager
def unseen():
    """Without the look at the tokens."""
    with mock.patch.object(student_code, "refusal", lambda lines, allowed=(): None):
        yield


class HostileTest(GradeTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        limits = mock.patch.object(grade_tree, "RUN", grade_tree.RUN._replace(wall=5, output=1 << 20, processes=60))
        limits.start()
        cls.addClassCleanup(limits.stop)

    def none(self, region, state="failed"):
        """No point for the task, and all for the others."""
        graded = self.grade({"01.1": [region]})
        self.assertEqual([0, 30, 20], self.points(graded), graded)
        self.assertEqual(state, graded.tasks[0].state, graded)
        return graded.tasks[0]

    def test_refused_before_it_is_compiled(self):
        for region in (EXIT, RAW_EXIT, FORK_BOMB, ORPHAN, KILLED, CONSTRUCTOR, PRELOAD, XML, HOME_AND_NETWORK):
            refused = student_code.refusal(region.splitlines())
            self.assertIsNotNone(refused, region)
            self.assertIn("no task needs it", refused[1])
        task = self.none(EXIT, "refused")
        self.assertRegex(task.reason, r"sum\.cc:\d+: 'exit'")

    def test_crash(self):
        self.assertIn("SIGSEGV", self.none(CRASH).reason)

    def test_hang(self):
        self.assertRegex(self.none(HANG).reason, r"no end within [\d.]+ s")

    def test_huge_output(self):
        task = self.none(HUGE)
        self.assertIn("more than 1 MiB of output", task.reason)
        self.assertLess(len(task.details), 20000)

    def test_forged_lines(self):
        self.assertIn("2 of 2 cases failed", self.none(LINES).reason)

    def test_early_end(self):
        with unseen():
            for region in (EXIT, RAW_EXIT):
                self.assertIn("ended without its report (exit code 0)", self.none(region).reason)

    def test_forged_report(self):
        with unseen():
            self.assertIn("the case that has to fail did not", self.none(XML).reason)

    def test_preload_and_constructor(self):
        with unseen():
            self.none(PRELOAD)
            self.none(CONSTRUCTOR.replace("return 7", "return 8"))

    def test_fork_bomb(self):
        with unseen():
            task = self.none(FORK_BOMB if os.getuid() else MANY)
        self.assertRegex(task.reason, "more than 60 processes|no end within|without its report")
        self.gone()

    def walls(self):
        if not shutil.which("bwrap"):
            self.skipTest("needs bubblewrap")
        if not box.bubblewrap():
            self.skipTest("bubblewrap's name spaces are not permitted here")

    def test_a_killed_runner(self):
        self.walls()  # without them kill(-1) would reach the tests themselves
        with unseen():
            self.none(KILLED)

    def test_nothing_stays_behind(self):
        with unseen():
            self.grade({"01.1": [ORPHAN]})
        self.gone()

    def test_nothing_outside_is_written(self):
        self.walls()
        with unseen():
            self.none(HOME_AND_NETWORK)
        self.assertFalse(os.path.exists("/root/mine"))
        self.assertFalse((self.slot.source / "mine").exists())

    def test_limits_hold_without_walls(self):
        with mock.patch.object(box, "bubblewrap", lambda: None), unseen():
            self.none(HANG)
            self.grade({"01.1": [ORPHAN]})
            self.gone()

    def gone(self):
        """No process of the graded program is there any more, whoever its parent has become."""
        program = str(self.slot.tree.program("unit.sum")).encode()
        deadline = time.monotonic() + 10
        while left := [pid for pid in warden.processes() if _runs(pid, program)]:
            if time.monotonic() > deadline:
                self.fail(f"left behind: {left}")
            time.sleep(0.05)


def _runs(pid, program):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return f.read().split(b"\0")[0] == program
    except OSError:
        return False


if __name__ == "__main__":
    unittest.main()
