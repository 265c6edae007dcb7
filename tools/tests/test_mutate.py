"""mutate: where code can be changed, how the changes are switched, what is counted; and a tiny stage really tried."""

import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import unittest

from grade_stage import CMAKE, READY
from tree import CourseTree

from course import model, mutate_list, mutate_points, mutate_report, mutate_run, mutate_schema
from course.errors import CourseError, UsageError

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def changes(body, operator=None, around="void F(int a, int b) {{\n{}\n}}\n"):
    """{(what, into what)} of the points in a function's body."""
    text = around.format(body)
    return {(" ".join(text[p.first:p.last].split()), " ".join(p.plain.split())) for p in mutate_points.find(text)
            if operator in (None, p.operator)}


class PointsTest(unittest.TestCase):
    def test_comparisons_with_their_operands(self):
        self.assertEqual({("a + 1 < g(b, 2)", "a + 1 <= g(b, 2)"), ("b != 3", "b == 3")},
                         changes("return a + 1 < g(b, 2) && b != 3 ? x : y;", "comparison"))
        self.assertEqual({("p->n >= s.size()", "p->n > s.size()")}, changes("while (p->n >= s.size()) Go();", "comparison"))

    def test_templates_are_no_comparisons(self):
        self.assertEqual(set(), changes("std::vector<std::vector<int>> v = static_cast<T<3>>(x); f<a, b>(c);", "comparison"))
        self.assertEqual(set(), changes("std::array<int, 3> v;\nalignas(64) char c[8];", "off-by-one"))
        self.assertEqual(set(), changes("", around="class C {{\n  alignas(64) std::atomic<int> n_{{0}};\n {} }};"))
        self.assertEqual({("x >> 2 > 3", "x >> 2 >= 3")}, changes("if (x >> 2 > 3) return;", "comparison"))

    def test_numbers_and_steps(self):
        self.assertEqual({("a - b", "a + b"), ("0x10u", "0x11u"), ("1'000", "1001"), ("5ms", "6ms")},
                         changes("f(a - b, 0x10u, 1'000, 5ms, 1.5, -1 * x);", "off-by-one") - {("1", "2")})
        self.assertEqual({("++i", "--i"), ("n--", "n++"), ("v[i]++", "v[i]--"), ("s += i", "s -= i"), ("0", "1")},
                         changes("for (int i = 0; i < a; ++i) {\n n--; v[i]++; s += i;\n}", "off-by-one"))
        self.assertEqual(set(), changes('std::string s = "a" + b;', "off-by-one"), "a text is not subtracted")

    def test_logic(self):
        self.assertEqual({("a && !b", "a || !b"), ("!b", "b"), ("true", "false")}, changes("x = a && !b; return true;", "logic"))
        self.assertEqual({("!q.f(1)->g", "q.f(1)->g")}, changes("if (!q.f(1)->g) return;", "logic"))
        self.assertEqual(set(), changes("for (auto&& x : xs) g(x);\nwhile (true) { }\nfor (; true; ) { }", "logic"))

    def test_statements(self):
        self.assertEqual({("f(a);", ";"), ("x = 1;", ";"), ("if_more();", ";"), ("return;", ";")},
                         changes("int y = 2;\nf(a);\nx = 1;\nif (a) if_more(); else return;\nT* p = q;\nusing Z = int;", "statement"))
        # The last return cannot go, one of a function that ends with another may, one that is the only way out may not.
        self.assertEqual({("return 1;", ";")}, changes("if (a) return 1;\nreturn 2;", "statement"))
        self.assertEqual(set(), changes("switch (a) { case 1: return 1; default: return 2; }", "statement"))
        self.assertEqual({("continue;", ";"), ("f();", ";")}, changes("for (;;) { if (a) continue; f(); }", "statement"))

    def test_what_is_left_alone(self):
        for body in ("// a < b", "/* f(); */", 'Log(LogLevel::kInfo, "a", a + 1);', "spdlog::info(\"{}\", a + 1);",
                     "std::cout << a + 1 << (a < b);", "assert(a < b);", "static_assert(sizeof(a) == 4);", "constexpr int k = 3 + 4;",
                     "if constexpr (kA < 3) { }", "switch (a) { case 1 + 1: { } }", 'auto s = R"(a < b)";', "(void)a;",
                     "#define A(x) x < 1 ? \\\n  2 : 3", "int y[16];"):
            self.assertEqual(set(), changes(body), body)
        self.assertEqual(set(), changes("", around="namespace n {{ enum E {{ kA = 1 + 2 }}; struct S {{ int a = 3; char b[4]{{}}; }}; {} }}"))

    def test_bodies_are_found(self):
        around = ("namespace n {{\ntemplate <class T>\nclass C : B<T> {{\n public:\n  C(int a) : a_(a), b_{{2}} {{ {} }}\n  int b_ = 3;\n"
                  "  bool operator()(int x) const noexcept -> bool {{ return x < 1; }}\n}};\n}}\n")
        self.assertEqual({("f();", ";"), ("x < 1", "x <= 1"), ("1", "2")}, changes("f();", around=around))

    def test_lambdas_are_functions(self):
        found = changes("wait(lock, [this, n = 3] { return n < 2; });\nauto f = [](int x) -> int { g(); return x; };")
        self.assertIn(("n < 2", "n <= 2"), found)
        self.assertIn(("g();", ";"), found)
        self.assertNotIn(("3", "4"), found)

    def test_arguments(self):
        self.assertEqual({("n::f(a, b + 1)", "n::f(b + 1, a)"), ("p->q<T>(x, y, z)", "p->q<T>(y, x, z)"), ("p->q<T>(x, y, z)", "p->q<T>(x, z, y)")},
                         changes("n::f(a, b + 1); r = p->q<T>(x, y, z);", "arguments"))
        self.assertEqual(set(), changes("T t(a, b); f(a, nullptr); f(a, [] { }); f(a, a); x.load(std::memory_order_relaxed); MACRO(a, b);",
                                        "arguments"))

    def test_locks(self):
        self.assertEqual({("const std::lock_guard lock(m_);", ";"), ("l.unlock();", ";"), ("ReleaseSRWLockExclusive(&m);", ";")},
                         changes("{ const std::lock_guard lock(m_); }\nl.unlock();\nReleaseSRWLockExclusive(&m);", "lock"))
        self.assertEqual(set(), changes("std::unique_lock lock(m_);\nwake_.wait(lock);", "lock"), "waiting demands the lock")

    def test_orders(self):
        self.assertEqual({("std::memory_order_acquire", "std::memory_order_relaxed")}, changes("x = a_.load(std::memory_order_acquire);", "order"))
        self.assertEqual(2, len(changes("a_.exchange(b, std::memory_order_acq_rel);", "order")))
        self.assertEqual(set(), changes("a_.load(std::memory_order_relaxed);", "order"))

    def test_the_course_s_own_code(self):
        """Every point lies in one piece of code with whole brackets, and every switched text has the lines that it had."""
        repo = model.Repo(REPOSITORY)
        for stage in repo.present():
            texts = {m.file: m.text for m in mutate_list.of_stage(stage)}
            for file, text in texts.items():
                points = dict(enumerate(mutate_points.find(text), 1))
                for point in points.values():
                    old = re.sub(r'"[^"\n]*"', "", text[point.first:point.last])
                    for opening, closing in ("()", "[]", "{}"):
                        self.assertEqual(old.count(opening), old.count(closing), (file, old))
                    self.assertNotEqual(text[point.first:point.last], point.plain)
                schema = mutate_schema.Schema(text, points)
                self.assertEqual([], schema.left_out, file)
                self.assertEqual(text.count("\n") + 1, schema.text.count("\n"), file)


class SchemaTest(unittest.TestCase):
    def schema(self, body):
        text = f"void F() {{\n{body}\n}}\n"
        return mutate_schema.Schema(text, dict(enumerate(mutate_points.find(text), 1)))

    def test_one_inside_of_another(self):
        self.assertIn("{ if (!course_mutant(1)) { x = (course_mutant(2) ? (a >= 1) : (a > (course_mutant(3) ? (2) : (1)))); } }",
                      self.schema("x = a > 1;").text)

    def test_two_of_the_same_place(self):
        self.assertIn("(course_mutant(2) ? (f(b, a, c)) : course_mutant(3) ? (f(a, c, b)) : (f(a, b, c)))", self.schema("f(a, b, c);").text)

    def test_a_change_over_several_lines_moves_none(self):
        schema = self.schema("x = a <  // why\n    b;\ng(1);")
        self.assertIn("(a <= b)", schema.text)
        self.assertIn("g((course_mutant(4) ? (2) : (1)))", schema.text.splitlines()[4])

    def test_a_lock(self):
        self.assertIn("const course_mutants::Guard lock(1, m_);", self.schema("const std::lock_guard<std::mutex> lock(m_);").text)

    def test_who_is_to_blame(self):
        schema = self.schema("x = a > 1;")
        line = schema.text.splitlines()[2]
        self.assertEqual(([2], True), schema.blamed(3, line.index("a >= 1") + 3))
        self.assertEqual(([2], False), schema.blamed(3, line.index("? (a >=") + 1))
        self.assertEqual(([1], False), schema.blamed(3, line.index("x =") + 1))
        self.assertEqual(([], False), schema.blamed(2, 1))
        self.assertEqual({1, 2, 3}, set(schema.on_line(3)))


CODE = """\
#include "sum.h"

int Sum(const int* values, int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += values[i];
  return sum;
}

int Limit(int value, int most) {
  if (value > most) return most;
  return value;
}

int Slow(int value) {
  while (value > 0) --value;
  return value;
}

int Unseen(int value) { return value + 1; }

constexpr int Twice(int value) { return value * 2; }
static_assert(Twice(2) == 4);

struct Narrow {
  unsigned char byte;
};
int Byte() { return Narrow{7}.byte; }

int Text(const char* text, int at) { return text[at] == 0 ? 1 : 0; }
int First(const char* text) { return Text(text, 0); }
"""
HEADER = ("#pragma once\nint Sum(const int* values, int count);\nint Limit(int value, int most);\nint Slow(int value);\nint Unseen(int value);\n"
          "int Byte();\nint First(const char* text);\n")
UNIT = """\
#include "sum.h"

#include <gtest/gtest.h>

TEST(Sum, Three) {
  const int values[] = {1, 2, 3, 4};
  EXPECT_EQ(Sum(values, 3), 6);
}
TEST(Limit, Above) { EXPECT_EQ(Limit(5, 3), 3); }
TEST(Limit, Below) { EXPECT_EQ(Limit(2, 3), 2); }
TEST(Slow, Ends) { EXPECT_EQ(Slow(3), 0); }
TEST(Byte, Seven) { EXPECT_EQ(Byte(), 7); }
TEST(First, Empty) { EXPECT_EQ(First(""), 1); }
TEST(First, Full) { EXPECT_EQ(First("a"), 0); }
"""
TOML = """
    [stage.01]
    folder = "01_one"
    title = "one"
    title_ko = "하나"
    concept = "c"
    concept_ko = "c"
    [[stage.01.step]]
    id = "sum"
    title = "t"
    title_ko = "t"
    text = "t"
    text_ko = "t"
    read = [{ file = "sum.cc", why = "w", why_ko = "w" }]
    tests = ["unit.sum"]
    note = "notes/en/01.md"
    section = "s"
    section_ko = "s"
    try = "t"
    try_ko = "t"
"""


class Course(CourseTree):
    stages = ("01",)

    def setUp(self):
        super().setUp()
        self.write("01", "CMakeLists.txt", CMAKE.replace(" name.cc", ""))
        for name, text in {"sum.cc": CODE, "sum.h": HEADER, "tests/unit_sum.cc": UNIT}.items():
            self.write("01", name, text)
        (self.root / "course.toml").write_text("[course]\n" + textwrap.dedent(TOML), encoding="utf-8")
        (self.root / "notes" / "en").mkdir(parents=True)
        (self.root / "tools").mkdir()
        shutil.copy2(REPOSITORY / "CMakePresets.json", self.root)

    def reasons(self, text):
        path = self.root / "tools" / "mutants" / "01.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")

    def course(self, *args, **more):
        """(exit code, standard output) of the command in a process of its own."""
        return subprocess.run([sys.executable, "-c", _MAIN.format(tools=str(REPOSITORY / "tools"), root=str(self.root)), "mutate", *args],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", check=False, **more)


_MAIN = """\
import pathlib
import sys
sys.path.insert(0, {tools!r})
from course import __main__ as main
main.find_root = lambda: pathlib.Path({root!r})
sys.exit(main.main())
"""


class ListTest(Course):
    def mutants(self):
        return mutate_list.of_stage(self.repo().find("01"))

    def test_ids_stay_and_are_one_each(self):
        ids = [m.id for m in self.mutants()]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertIn("sum.cc:5:comparison:1", ids)
        self.assertIn("sum.cc:5:off-by-one:2", ids)

    def test_only_the_regions_that_are_read(self):
        self.write("01", "sum.cc", CODE.replace("int Limit", "// [limit]\nint Limit", 1).replace("int Slow", "// [/limit]\nint Slow", 1))
        toml = (self.root / "course.toml").read_text(encoding="utf-8").replace('"sum.cc"', '"sum.cc:limit"')
        (self.root / "course.toml").write_text(toml, encoding="utf-8")
        self.assertEqual({"if (value > most) return most;"}, {m.old for m in self.mutants()})

    def test_list_and_what_is_refused(self):
        done = self.course("01", "--list", "--operator", "comparison")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("sum.cc:10:comparison:1\n    - if (value > most) return most;\n    + if (value >= most) return most;\n", done.stdout)
        self.assertIn("4 mutants: 4 comparison", done.stdout)
        for words, said in ((["01", "--id", "sum.cc:5:comparison:7"], "did you mean sum.cc:5:comparison:1?"),
                            (["01", "--file", "other.cc"], "there are: sum.cc"), (["01", "--operator", "typo"], "no operator 'typo'"),
                            (["01", "--sample", "0"], "at least 1"), (["01a"], "has no part 01a"), (["09"], "no stage named '09'"),
                            (["01", "--goal", "101"], "from 0 to 100"), (["01", "--id", "a", "--file", "b"], "do not go with it"),
                            (["01", "--out", "no/such/folder/x"], "the folder is not there")):
            done = self.course(*words)
            self.assertEqual(2, done.returncode, words)
            self.assertIn(said, done.stderr, words)
            self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)

    def test_a_sample_is_the_same_for_the_same_seed(self):
        first, again, other = (self.course("01", "--list", "--sample", "5", "--seed", seed, "--format", "json").stdout for seed in "778")
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)
        self.assertEqual(5, len(json.loads(first)))

    def test_reasons(self):
        self.reasons("""\
            [[equivalent]]
            file = "sum.cc"
            from = "if (value > most)   return most;"
            to = "if (value >= most) return most;"
            why = "equal: both are the same"
            """.replace("   return", " return"))
        repo, mutants = self.repo(), self.mutants()
        self.assertEqual([], mutate_list.mark_equivalent(repo, repo.find("01"), mutants))
        self.assertEqual(["sum.cc:10:comparison:1"], [m.id for m in mutants if m.why])
        self.assertEqual(([], ["1 mutants that change nothing, each with its reason"]), mutate_list.check(repo))

    def test_reasons_that_are_wrong(self):
        good = '[[equivalent]]\nfile = "sum.cc"\nfrom = "gone();"\noperator = "statement"\nwhy = "w"\n'
        self.reasons(good)
        self.assertIn("nothing fits: sum.cc: gone();", mutate_list.check(self.repo())[0][0])
        for text, said in ((good.replace("why", "reason"), "unknown key 'reason'"), (good.replace('why = "w"\n', ""), "'why' is missing"),
                           (good.replace('operator = "statement"\n', ""), "'to' is missing"), (good.replace('"w"', '""'), "not empty"),
                           ("x = [", "01.toml:"), ("[other]", "unknown table 'other'")):
            self.reasons(text)
            with self.assertRaises(CourseError) as caught:
                mutate_list.check(self.repo())
            self.assertIn(said, str(caught.exception))

    def test_results_are_known_again(self):
        repo, mutants = self.repo(), self.mutants()
        file = mutate_run.results_file(repo, repo.find("01"))
        book = mutate_run.Book(file, mutants, "one")
        book.keep(mutants[0], "killed", "unit.sum", "failed")
        book.passed(mutants[1], "unit.sum", "release")
        book.keep(mutants[1], "survived")
        book.save()
        again = mutate_run.Book(file, mutants, "one")
        again.start(mutants, resume=True)
        self.assertEqual(["killed", "survived", "open"], [again.state(m) for m in mutants[:3]])
        self.assertTrue(again.has_passed(mutants[1], "unit.sum", "release"))
        changed = mutate_run.Book(file, mutants, "two")  # a test has been changed: it may kill the survivor
        changed.start(mutants, resume=True)
        self.assertEqual(["killed", "open"], [changed.state(m) for m in mutants[:2]])
        changed.start(mutants, resume=False)
        self.assertEqual("open", changed.state(mutants[0]))
        file.write_text("no json", encoding="utf-8")
        self.assertEqual({}, mutate_run.Book(file, mutants, "one").results)

    def test_the_report_counts(self):
        repo, mutants = self.repo(), self.mutants()
        stage = repo.find("01")
        book = mutate_run.Book(mutate_run.results_file(repo, stage), mutants, "one")
        chosen = [m for m in mutants if m.line in (10, 15)]
        for mutant in chosen:
            book.keep(mutant, "killed", "unit.sum", "failed")
        book.keep(chosen[0], "survived", how="no test comes here")
        chosen[1].why = "a reason"
        book.settled[chosen[2].key] = "broken"
        report = mutate_report.Report(stage, chosen, book)
        counted = len(chosen) - 2
        self.assertAlmostEqual(100 * (counted - 1) / counted, report.percent())
        text = mutate_report.render("text", report)
        self.assertIn(f"survived: {chosen[0].id} (no test comes here)\n  @@", text)
        self.assertIn("not counted: 1 change nothing", text)
        self.assertIn("not counted: 1 do not compile", text)
        self.assertIn(f"{counted - 1} of {counted} mutants killed", text)
        data = json.loads(mutate_report.render("json", report))
        self.assertEqual((counted - 1, 1), (data["killed"], data["survived"]))
        self.assertIn("```diff\n@@", mutate_report.render("markdown", report))
        with self.assertRaises(UsageError):
            mutate_list.choose(mutants, _Wish(id="nothing like it"))


class _Wish:
    def __init__(self, id=None, file=(), operator=(), sample=None, seed=1):  # noqa: A002
        self.id, self.file, self.operator, self.sample, self.seed = id, list(file), list(operator), sample, seed


@unittest.skipUnless(READY, "needs cmake, ninja, g++ and GoogleTest")
class TriedTest(Course):
    """The tiny stage, built and tried."""

    def test_a_stage(self):
        done = self.course("01", "--format", "json", "--goal", "50")
        self.assertEqual(0, done.returncode, done.stderr + done.stdout)
        data = json.loads(done.stdout)
        states = {(m["from"], m["to"]): m for m in data["mutants"]}

        def state(old, new):
            return states[old, new]["state"]

        loop = "for (int i = 0; i < count; ++i) sum += values[i];"
        self.assertEqual("killed", state(loop, loop.replace("<", "<=")))
        self.assertEqual("killed", state(loop, loop.replace("sum += values[i]", "sum -= values[i]")))
        self.assertEqual("killed", state("if (value > most) return most;", "if (value > most) ;"))
        # Both are 3 when value is most: the tests are right to see nothing.
        self.assertEqual("survived", state("if (value > most) return most;", "if (value >= most) return most;"))
        hang = states["while (value > 0) --value;", "while (value > 0) ++value;"]
        self.assertEqual("killed", hang["state"])
        self.assertRegex(hang["how"], "no end within|SIGXCPU|SIGKILL|failed")
        unseen = states["int Unseen(int value) { return value + 1; }", "int Unseen(int value) { return value - 1; }"]
        self.assertEqual(("survived", "no test comes here"), (unseen["state"], unseen["how"]))
        # 7 in braces becomes a char: as a switch it would be narrowed, so it was compiled alone.
        self.assertEqual("killed", state("int Byte() { return Narrow{7}.byte; }", "int Byte() { return Narrow{8}.byte; }"))
        swapped = "int First(const char* text) { return Text(0, text); }"
        self.assertEqual("broken", state("int First(const char* text) { return Text(text, 0); }", swapped))
        self.assertEqual(data["percent"], round(100 * data["killed"] / (data["killed"] + data["survived"]), 1))

        # Again: nothing is left to be tried.
        again = self.course("01", "--resume", "--format", "markdown", "--goal", "50")
        self.assertEqual(0, again.returncode, again.stderr)
        self.assertNotIn("build for", again.stderr)
        self.assertIn(f"{data['killed']} of {data['killed'] + data['survived']} mutants killed", again.stdout)

        # A stronger test; the survivor is tried again, and nothing else.
        self.write("01", "tests/unit_sum.cc", UNIT + "TEST(Unseen, Seen) { EXPECT_EQ(Unseen(1), 2); }\n")
        stronger = self.course("01", "--resume", "--format", "json", "--goal", "50")
        after = {(m["from"], m["to"]): m["state"] for m in json.loads(stronger.stdout)["mutants"]}
        self.assertEqual("killed", after[unseen["from"], unseen["to"]])
        self.assertEqual("survived", after["if (value > most) return most;", "if (value >= most) return most;"])

        # One of them, with all that is said.
        one = self.course("01", "--id", "sum.cc:10:comparison:1")
        self.assertEqual(1, one.returncode, one.stderr)
        self.assertIn("+  if (value >= most) return most;", one.stdout)
        self.assertIn("unit.sum: passes", one.stdout)

    def test_a_test_that_fails_by_itself(self):
        self.write("01", "tests/unit_sum.cc", UNIT + "TEST(Always, Fails) { EXPECT_EQ(1, 2); }\n")
        done = self.course("01", "--operator", "comparison")
        self.assertEqual(1, done.returncode)
        self.assertIn("unit.sum does not pass without any mutant", done.stderr)

    def test_ctrl_c_keeps_what_is_known(self):
        self.write("01", "tests/unit_sum.cc", UNIT + "#include <thread>\nTEST(Slow, Down) { std::this_thread::sleep_for("
                   "std::chrono::milliseconds(700)); }\n")
        child = subprocess.Popen([sys.executable, "-c", _MAIN.format(tools=str(REPOSITORY / "tools"), root=str(self.root)), "mutate", "01",
                                  "-j", "1"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", start_new_session=True)
        results = self.root / "build" / "mutate" / "01.json"
        deadline = time.monotonic() + 600
        while time.monotonic() < deadline and not (results.is_file() and '"killed"' in results.read_text(encoding="utf-8")):
            self.assertIsNone(child.poll(), "it has ended before it was stopped")
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        text, _ = child.communicate(timeout=300)
        self.assertEqual(130, child.returncode, text)
        self.assertIn("--resume goes on", text)
        self.assertIn("not tried", text)
        self.assertRegex(text, r"mutants killed, \d")


if __name__ == "__main__":
    unittest.main()
