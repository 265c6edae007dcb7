"""bench: comparing two results, the report in both languages, the command line."""

import csv
import io
import json
import pathlib
import re
import tempfile
import unittest

from bench_results import result, run
from tree import CourseTree

from course import bench_book, bench_compare, bench_goals, bench_machine, bench_plan, bench_report, bench_svg, bench_table

GOALS = pathlib.Path(__file__).resolve().parents[1] / "bench" / "goals.toml"


class CompareTest(unittest.TestCase):
    def results(self, before, after, measure="cpu60k", figure="cpu_us", **more):
        make = lambda values: result([run(measure, "N=400", "07", n, {figure: v}, **more) for n, v in enumerate(values, 1)])
        return make(before), make(after)

    def test_less_processor_time_is_better_and_more_deliveries(self):
        words = lambda *values, **more: [r[-1] for r in bench_compare.rows(*self.results(*values, **more))]
        self.assertEqual(["better"], words([10, 11, 12], [5, 6, 5]))
        self.assertEqual(["worse"], words([10, 11, 12], [20, 21, 20]))
        self.assertEqual([bench_compare.SAME], words([10, 11, 12], [10, 12, 11]))
        self.assertEqual(["better"], words([10, 11, 12], [20, 21, 20], measure="rate", figure="deliveries_per_s"))
        self.assertEqual([bench_compare.SAME], words([10, 11, 12], [20, 21, 20], measure="rate", figure="deliveries_per_s", at_least=True))
        self.assertEqual(["2 rounds say nothing"], words([10, 11], [20, 21]))

    def test_of_two_commits(self):
        runs = [run("cpu60k", "N=400", f"07@{c}", n, {"cpu_us": v + n}) for c, v in (("aaa", 10), ("bbb", 30)) for n in (1, 2, 3)]
        rows = bench_compare.rows(*bench_compare.split(result(runs), "aaa", "bbb"))
        self.assertEqual([("07", "worse")], [(r[2], r[-1]) for r in rows])

    def test_items_of_two_commits(self):
        items = bench_compare.items("quick", 2, [], ["aaa", "bbb"])
        self.assertTrue(all(i.subject.endswith(("@aaa", "@bbb")) for i in items))
        self.assertLessEqual(bench_plan.estimate(items), 1.5 * bench_plan.BUDGET_S["quick"])
        order = [i.subject for i in items if i.case.id == "cpu60k N=400"]
        self.assertEqual(["07@aaa", "07@bbb", "07@bbb", "07@aaa"], order, "in turn, and the other begins")
        only = bench_compare.items("quick", 1, ["rate:07"], ["aaa", "bbb"])
        self.assertEqual({("rate", "07@aaa"), ("rate", "07@bbb")}, {(i.case.measure.name, i.subject) for i in only})

    def test_unlike_machines_are_said(self):
        before, after = self.results([1], [1])
        after["machine"]["cpu"] = "another"
        self.assertEqual(["cpu: a processor and another"], bench_compare.unlike(before, after))


class ReportTest(unittest.TestCase):
    def table(self, **more):
        runs = [run("rate", "N=400", s, n, {"deliveries_per_s": v * 1e6 + n, "p99_ms": 20.0, "cpu_us": 1.0, "start_ms": 9.0}, at_least=s == "epoll")
                for s, v in (("07", 9), ("epoll", 20), ("uv", 6)) for n in (1, 2, 3)]
        runs += [run("growth", f"N={n}", "07", r, {"cpu_us": 2.0 + n / 1000, "p99_ms": 3.0}, clients=n) for n in (100, 400, 1000) for r in (1, 2)]
        runs += [run("growth", "N=4000", "07", 1, {}, clients=4000, error="07 | ended\nby SIGSEGV")]
        runs += [run("heap", "150 messages/s", "07", 1, {"allocations": 43.0})]
        return bench_table.Table(result(runs, **more))

    def pages(self, table):
        judged = bench_report.verdicts(table, bench_goals.load(GOALS))
        names, files = bench_report.pictures(table)
        return {lang: bench_report.page(table, judged, lang, names) for lang in ("en", "ko")}, files, judged

    def test_both_languages_have_the_same_tables(self):
        pages, files, _ = self.pages(self.table())
        shape = lambda text: [line.count("|") - line.count("\\|") for line in text.splitlines() if line.startswith("|")]
        self.assertEqual(shape(pages["en"]), shape(pages["ko"]))
        for pattern in (r"^#+ ", r"^!\[\]\(.*$"):
            found = [re.findall(pattern, pages[lang], re.M) for lang in ("en", "ko")]
            self.assertTrue(found[0])
            self.assertEqual(*found)
        numbers = lambda text: re.findall(r"^\| N=400 \| .*$", text, re.M)
        self.assertEqual(numbers(pages["en"]), numbers(pages["ko"]))
        self.assertEqual(set(files), set(re.findall(r"!\[\]\((.*?)\)", pages["en"])))

    def test_what_it_says(self):
        pages, _, judged = self.pages(self.table())
        words = {v.goal.id: v.word for v in judged}
        self.assertEqual(("not met", "not met", "not measured"), tuple(words[k] for k in ("rate-epoll N=400", "heap 150 messages/s", "p99-1k 1k messages/s")))
        self.assertIn(">= 20.0 (20.0..20.0)", pages["en"])
        self.assertIn("0.45 (0.45..0.45)", pages["en"])
        self.assertIn("07 \\| ended by SIGSEGV", pages["ko"])
        self.assertTrue(pages["en"].startswith("# "))

    def test_a_machine_that_was_not_quiet_is_the_first_line(self):
        for machine, word in (({"load": 0.51}, "load 0.51"), ({"steal": 0.02}, "2.0 %")):
            pages, _, _ = self.pages(self.table(machine=machine))
            self.assertIn(word, pages["en"].splitlines()[0])
            self.assertIn("경고", pages["ko"].splitlines()[0])
        self.assertEqual([], bench_machine.noise({"load": 0.5, "steal": 0.005}))

    def test_nothing_measured_is_a_report_too(self):
        pages, files, _ = self.pages(bench_table.Table(result([])))
        self.assertIn("## Goals", pages["en"])
        self.assertEqual({}, files)

    def test_files(self):
        with tempfile.TemporaryDirectory() as name:
            folder, table = pathlib.Path(name) / "out", self.table()
            bench_book.save(table.data, folder)
            bench_report.write(table, [], folder)
            (folder / "mine.svg").write_text("mine", encoding="utf-8")
            (folder / "rate-old.svg").write_text("ours", encoding="utf-8")
            bench_report.write(table, [], folder)
            self.assertTrue((folder / "mine.svg").is_file())
            self.assertFalse((folder / "rate-old.svg").exists())
            self.assertEqual(table.data, bench_book.load(folder / "bench.json"))
            rows = list(csv.DictReader(io.StringIO((folder / "bench.csv").read_text(encoding="utf-8"))))
            self.assertEqual(sum(max(1, len(r["figures"])) for r in table.data["runs"]), len(rows))
            for file in folder.glob("*.svg"):
                if file.name != "mine.svg":
                    self.assertTrue(file.read_text(encoding="utf-8").startswith("<svg "), file)

    def test_numbers(self):
        self.assertEqual(["0", "0.0123", "0.50", "7.25", "12.3", "1,234"], [bench_table.plain(v) for v in (0, 0.0123, 0.5, 7.25, 12.34, 1234.4)])

    def test_svg(self):
        import xml.etree.ElementTree as xml
        rows = [("a < b & c", 5.0, 4.0, 6.0, True), ("empty", 0.0, 0.0, 0.0, False)]
        bars = xml.fromstring(bench_svg.bars(rows, str))
        self.assertEqual(2, sum(e.tag.endswith("rect") for e in bars))
        self.assertIn("a < b & c", [e.text for e in bars])
        lines = xml.fromstring(bench_svg.lines({"x": [(1, 1.0), (10, 1.0)], "y": [(1, 2.0)]}, "N", "us"))
        circles = [(float(e.get("cx")), float(e.get("cy"))) for e in lines if e.tag.endswith("circle")]
        self.assertEqual((circles[0][0], circles[0][1]), (circles[2][0], circles[1][1]))
        xml.fromstring(bench_svg.lines({}, "N", "us"))


class CommandTest(CourseTree):
    def said(self, *argv, code=2):
        got, text = self.course("bench", *argv)
        self.assertEqual(code, got, text)
        self.assertEqual(1, len(text.strip().splitlines()), text)
        return text

    def test_wrong_use_is_one_line(self):
        (self.root / "tools" / "bench").mkdir(parents=True)
        (self.root / "tools" / "bench" / "goals.toml").write_text("", encoding="utf-8")
        (self.root / "broken.json").write_text("{", encoding="utf-8")
        (self.root / "other.json").write_text("{}", encoding="utf-8")
        self.commit()
        self.assertIn("neither a measure", self.said("--only", "speed"))
        self.assertIn("no subject named '08'", self.said("--only", "rate:08"))
        self.assertIn("from 1 to 99", self.said("--rounds", "0"))
        self.assertIn("not a folder", self.said("--out", str(self.root / "course.toml")))
        self.assertIn("parent folder", self.said("--out", str(self.root / "a" / "b")))
        self.assertIn("compare A B", self.said("compare", "a"))
        self.assertIn("it is bench", self.said("lists"))
        self.assertIn("neither a result (a JSON file) nor a commit", self.said("compare", "HEAD", "nothing"))
        self.assertIn("the same commit", self.said("compare", "HEAD", "main"))
        self.assertIn("not there", self.said("compare", "no.json", "no2.json"))
        self.assertIn("not JSON", self.said("compare", str(self.root / "broken.json"), str(self.root / "other.json")))
        self.assertIn("not a result", self.said("compare", str(self.root / "other.json"), str(self.root / "other.json")))

    def test_compare_two_files(self):
        for name, values in (("a.json", (10, 11, 12)), ("b.json", (5, 5, 6))):
            data = result([run("cpu60k", "N=400", "07", n, {"cpu_us": v}) for n, v in enumerate(values, 1)])
            (self.root / name).write_text(json.dumps(data), encoding="utf-8")
        code, text = self.course("bench", "compare", str(self.root / "a.json"), str(self.root / "b.json"))
        self.assertEqual(0, code, text)
        self.assertIn("1 times better", text)
        self.assertRegex(text, r"0\.45 \(0\.4")


if __name__ == "__main__":
    unittest.main()
