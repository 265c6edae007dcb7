"""bench: statistics, verdicts and goals, the search of a rate, the plan and its budget. Nothing is timed."""

import math
import pathlib
import re
import tempfile
import unittest

from bench_results import Model, answer, result, run

from course import bench_goals, bench_plan, bench_report, bench_run, bench_search, bench_stats, bench_table
from course.errors import CourseError, UsageError

GOALS = pathlib.Path(__file__).resolve().parents[1] / "bench" / "goals.toml"


class StatsTest(unittest.TestCase):
    def test_median_and_spread(self):
        self.assertEqual((3, 1, 10), bench_stats.spread([10, 1, 3]))
        self.assertEqual((2.5, 1, 4), bench_stats.spread([4, 1, 2, 3]))

    def test_percentile_between_neighbours(self):
        self.assertEqual([10, 20, 30], [bench_stats.percentile([10, 20, 30], s) for s in (0, 0.5, 1)])
        self.assertEqual(12.5, bench_stats.percentile([10, 20], 0.25))

    def test_ratio_of_medians(self):
        ratio, low, high = bench_stats.ratio_interval([20, 22, 24], [10, 11, 12], 7)
        self.assertEqual(2.0, ratio)
        self.assertLessEqual(20 / 12, low)
        self.assertLess(low, 2.0)
        self.assertGreater(high, 2.0)
        self.assertLessEqual(high, 2.4)

    def test_constant_values_have_no_width(self):
        self.assertEqual((3.0, 3.0, 3.0), bench_stats.ratio_interval([6, 6, 6], [2, 2, 2], 1))
        self.assertEqual((5, 5), bench_stats.median_interval([5, 5], 1))

    def test_the_same_seed_gives_the_same_interval(self):
        over, under = [3.1, 2.9, 3.3, 2.7, 3.0], [1.0, 1.2, 0.9, 1.1, 1.3]
        first = bench_stats.ratio_interval(over, under, 42)
        self.assertEqual(first, bench_stats.ratio_interval(over, under, 42))
        self.assertNotEqual(first, bench_stats.ratio_interval([v + 0.01 for v in over], under, 42))

    def test_no_ratio_to_nothing(self):
        self.assertIsNone(bench_stats.ratio_interval([1, 2], [0, 1], 1))

    def test_growth_finds_the_exponent(self):
        sizes = [100, 400, 1000, 4000]
        slope, error = bench_stats.growth(sizes, [3 * n ** 1.5 for n in sizes])
        self.assertAlmostEqual(1.5, slope)
        self.assertAlmostEqual(0.0, error)

    def test_standard_error_as_by_hand(self):
        # logarithms x = 0, 1, 2; y = 0, 1, 0: slope 0, residuals sum 2/3, error sqrt(2/3 / 1 / 2)
        e = math.e
        slope, error = bench_stats.growth([1, e, e * e], [1, e, 1])
        self.assertAlmostEqual(0.0, slope)
        self.assertAlmostEqual(math.sqrt(1 / 3), error)

    def test_growth_needs_sizes_and_costs(self):
        self.assertIsNone(bench_stats.growth([100, 100], [1, 2]))
        self.assertIsNone(bench_stats.growth([100, 200], [0, 2]))
        self.assertEqual((1.0, math.inf), bench_stats.growth([1, math.e], [1, math.e]))


class VerdictTest(unittest.TestCase):
    def test_at_the_edges(self):
        for op, limit, low, high, word in ((">=", 1.0, 1.0, 1.2, "met"), (">=", 1.0, 0.99, 1.2, "not decidable"), (">=", 1.0, 0.8, 0.99, "not met"),
                                           (">=", 1.0, 0.8, 1.0, "not decidable"), ("<=", 5.0, 4.0, 5.0, "met"), ("<=", 5.0, 5.01, 6.0, "not met"),
                                           ("<", 0.02, 0.01, 0.02, "not decidable"), ("<", 0.02, 0.02, 0.02, "not met"), ("<=", 0.0, 0.0, 0.0, "met")):
            self.assertEqual(word, bench_goals.decide(op, limit, low, high), (op, limit, low, high))

    def test_what_the_generator_limited(self):
        # ours may be more: only "met" can be said; the other's may be more: only "not met".
        self.assertEqual("met", bench_goals.decide(">=", 1.0, 1.1, 1.2, more=True))
        self.assertEqual("not decidable", bench_goals.decide(">=", 1.0, 0.8, 0.9, more=True))
        self.assertEqual("not decidable", bench_goals.decide(">=", 1.0, 1.1, 1.2, less=True))
        self.assertEqual("not met", bench_goals.decide(">=", 1.0, 0.8, 0.9, less=True))

    def verdict(self, ours, other, goal="rate-epoll N=400", cores=8, **more):
        runs = [run("rate", "N=400", s, n, {"deliveries_per_s": v} if v else {}, **more) for s, values in (("07", ours), ("epoll", other)) for n, v in enumerate(values, 1)]
        found = next(g for g in bench_goals.load(GOALS) if g.id == goal)
        return bench_goals.verdict(found, bench_table.Table(result(runs)), 1, cores)

    def test_of_a_ratio(self):
        self.assertEqual("met", self.verdict([12, 13, 14], [10, 10, 11]).word)
        self.assertEqual("not met", self.verdict([5, 6, 7], [10, 10, 11]).word)
        self.assertEqual("not decidable", self.verdict([8, 10, 14], [9, 10, 11]).word)

    def test_too_few_rounds_decide_nothing(self):
        found = self.verdict([50, 50], [10, 10])
        self.assertEqual(("not decidable", "rounds:2"), (found.word, found.why))
        self.assertEqual("2 rounds; 3 are needed", bench_report.why(found, "en"))
        self.assertIn("2라운드뿐", bench_report.why(found, "ko"))

    def test_nothing_measured(self):
        self.assertEqual("not measured", self.verdict([], []).word)
        failed = self.verdict([0, 0, 0], [5, 5, 5], error="it ended by SIGSEGV")
        self.assertEqual(("not decidable", "it ended by SIGSEGV"), (failed.word, failed.why))

    def test_generator_limit_of_both(self):
        found = self.verdict([12, 13, 14], [10, 10, 11], at_least=True)
        self.assertEqual(("not decidable", "generator"), (found.word, found.why))

    def test_too_few_cores(self):
        goal = next(g for g in bench_goals.load(GOALS) if g.id.startswith("two-rooms"))
        runs = [run("rate", case, "07", n, {"deliveries_per_s": 1e6}) for case in ("N=400", "N=400 rooms=2") for n in (1, 2, 3)]
        found = bench_goals.verdict(goal, bench_table.Table(result(runs)), 1, 2)
        self.assertEqual("4 cores are needed", bench_report.why(found, "en"))
        self.assertEqual("not met", bench_goals.verdict(goal, bench_table.Table(result(runs)), 1, 4).word)

    def costs(self, measure, case, figure, values, goal, **more):
        found = next(g for g in bench_goals.load(GOALS) if g.id == goal)
        runs = [run(measure, case, s, n, {figure: v}, **more) for s in ("07", "epoll") for n, v in enumerate(values, 1)]
        return bench_goals.verdict(found, bench_table.Table(result(runs)), 1, 2)

    def test_a_cost_under_a_load_that_was_not_carried(self):
        found = self.costs("calls", "60k", "calls", [0.05], "calls-60k 60k", note="not held")
        self.assertEqual(("not decidable", "strained"), (found.word, found.why))
        self.assertEqual("met", self.costs("calls", "60k", "calls", [1.01], "calls-60k 60k").word)
        self.assertEqual("met", self.costs("calls", "4M", "calls", [0.01], "calls-4M 4M", note="not held").word)
        self.assertEqual("strained", self.costs("cpu60k", "N=400", "cpu_us", [9, 9, 9], "cpu60k N=400", note="lost 2").why)

    def test_latencies_of_a_late_generator(self):
        late = lambda *values: self.costs("latency", "1k messages/s", "p99_ms", values, "p99-1k 1k messages/s", late=True)
        self.assertEqual("met", late(3, 4, 4).word, "with its lateness in them they are still short enough")
        self.assertEqual(("not decidable", "generator"), (late(30, 40, 40).word, late(30, 40, 40).why))

    def growth(self, exponent, noise=0.0, **failed):
        runs = [run("growth", f"N={n}", "07", r, {"cpu_us": n ** exponent * (1 + noise * (r - 2))}, clients=n) for n in (100, 400, 1000) for r in (1, 2, 3)]
        runs += [run("growth", "N=4000", "07", 1, {}, clients=4000, **failed)] if failed else []
        goal = next(g for g in bench_goals.load(GOALS) if g.id == "growth")
        return bench_goals.verdict(goal, bench_table.Table(result(runs)), 1, 2)

    def test_of_growth(self):
        self.assertEqual("met", self.growth(-0.1, 0.01).word)
        self.assertEqual("not met", self.growth(0.5, 0.01).word)
        self.assertEqual("not decidable", self.growth(0.05, 0.3).word)
        self.assertEqual(("not decidable", "too slow"), (lambda v: (v.word, v.why))(self.growth(-0.1, 0.01, error="too slow")))


class GoalsFileTest(unittest.TestCase):
    def load(self, text):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "goals.toml"
            file.write_text(text, encoding="utf-8")
            return bench_goals.load(file)

    def test_of_the_course(self):
        goals = bench_goals.load(GOALS)
        self.assertEqual(len(goals), len({g.id for g in goals}))
        for goal in goals:
            self.assertTrue(re.search("[가-힣]", goal.text["ko"]), goal.id)

    def test_what_is_wrong_is_said_in_one_line(self):
        good = GOALS.read_text(encoding="utf-8").split("[[goal]]")[1]
        for old, new, said in (("limit = 10.0", "limit = 'x'", "'limit' must"), ('measure = "rate"', 'measure = "speed"', "no measure speed"),
                               ('"N=400"', '"N=7"', "no case 'N=7'"), ('subject = "07"', 'subject = "08"', "no subject '08'"),
                               ('op = ">="', 'op = "="', "do not fit"), ("limit = 10.0", "limit = 10.0\nlimits = 1", "unknown key 'limits'"),
                               ('kind = "ratio"', 'kind = "value"', "do not fit"), ("limit = 10.0", "limit = [", "goals.toml")):
            with self.assertRaises(CourseError) as caught:
                self.load("[[goal]]" + good.replace(old, new, 1))
            self.assertIn(said, str(caught.exception))
            self.assertNotIn("\n", str(caught.exception))


class SearchTest(unittest.TestCase):
    def test_doubling_then_bisection(self):
        model = Model(700_000)
        found = bench_search.search(model, 100_000)
        self.assertEqual([100_000, 200_000, 400_000, 800_000], model.asked[:4])
        self.assertTrue(400_000 < found.rate <= 700_000 < found.not_held <= 800_000)
        self.assertLessEqual(found.not_held / found.rate, 1.1)
        self.assertEqual(found.rate, found.answer["deliveries_per_s"])
        self.assertFalse(found.at_least)

    def test_begins_too_high(self):
        model = Model(30_000)
        found = bench_search.search(model, 1_000_000)
        self.assertTrue(30_000 / 1.1 <= found.rate <= 30_000)
        self.assertEqual(sorted(model.asked[:6], reverse=True), model.asked[:6])

    def test_nothing_is_held(self):
        model = Model(10)
        found = bench_search.search(model, 1000, lowest=100)
        self.assertIsNone(found.answer)
        self.assertEqual(100, model.asked[-1])

    def test_the_generator_ends_it(self):
        self.assertTrue(bench_search.search(Model(1e12, sayable=1_000_000), 100_000).at_least)
        # Late and held: no more can be asked for.
        model = lambda rate: answer(rate, limited_by_generator=rate >= 400_000)
        found = bench_search.search(model, 100_000)
        self.assertEqual((400_000, True, 3), (found.rate, found.at_least, found.steps))

    def test_a_server_below_the_generator_is_no_at_least(self):
        self.assertFalse(bench_search.search(Model(700_000, sayable=750_000), 100_000).at_least)

    def test_it_ends(self):
        self.assertLessEqual(bench_search.search(Model(math.inf), 1, lowest=1).steps, bench_search.STEPS_MOST)
        self.assertEqual(1e6, bench_search.search(Model(math.inf), 1000, highest=1e6).rate)
        for bad in ({"first": 0}, {"first": 1e12}, {"first": 1000, "factor": 1.0}, {"first": 1000, "precision": 1.0}):
            self.assertRaises(CourseError, bench_search.search, Model(1), **bad)

    def test_what_held_means(self):
        self.assertTrue(bench_search.held(answer(p99=99_999)))
        for bad in ({"p99": 100_000}, {"lost": 1}, {"twice": 1}, {"out_of_order": 1}, {"disconnected": 1}, {"error": "x"}, {"deliveries": 0}):
            self.assertFalse(bench_search.held(answer(**bad)), bad)
        self.assertFalse(bench_search.held({"error": "the server has ended"}))


class PlanTest(unittest.TestCase):
    def test_budgets(self):
        for mode, budget in (("quick", 180), ("full", 3600)):
            self.assertEqual(budget, bench_plan.BUDGET_S[mode])
            self.assertLessEqual(bench_plan.estimate(bench_plan.items(mode, bench_plan.ROUNDS[mode])), budget)

    def test_full_decides_every_goal(self):
        full = bench_plan.items("full", bench_plan.ROUNDS["full"])
        for goal in bench_goals.load(GOALS):
            for subject in {goal.subject, goal.against or goal.subject}:
                rounds = {i.round for i in full if i.case.measure.name == goal.measure and i.case.name in (goal.case, goal.against_case) and i.subject == subject}
                if goal.kind != "growth":
                    self.assertGreaterEqual(len(rounds), goal.least_rounds, goal.id)
        self.assertEqual(5, max(i.round for i in full))

    def test_somebody_else_begins_each_round(self):
        several = [i for i in bench_plan.items("full", 3) if i.case.id == "cpu60k N=400"]
        rounds = [[i.subject for i in several if i.round == n] for n in (1, 2, 3)]
        self.assertEqual(3, len({r[0] for r in rounds}))
        self.assertEqual(1, len({frozenset(r) for r in rounds}))

    def test_keys_are_different(self):
        for mode in ("quick", "full"):
            keys = [i.key for i in bench_plan.items(mode, 5)]
            self.assertEqual(len(keys), len(set(keys)))

    def test_only(self):
        some = lambda *only: {(i.case.measure.name, i.subject) for i in bench_plan.items("quick", 1, only)}
        self.assertEqual({"rate"}, {m for m, _ in some("rate")})
        self.assertEqual({"07"}, {s for _, s in some("07")})
        self.assertEqual({("rate", "07"), ("rate", "epoll"), ("session", "07-net")}, some("rate:07", "rate:epoll", "session"))
        self.assertEqual({("rate", "07")}, some("rate", "07"))
        self.assertIn(("echo", "port-echo"), some("echo"), "what only --full has is measured when it is asked for")
        for wrong in ("rat", "rate:08", "epoll:rate"):
            self.assertRaises(UsageError, bench_plan.items, "quick", 1, [wrong])
        self.assertRaises(UsageError, bench_plan.items, "quick", 1, ["session", "epoll"])

    def test_messages_and_deliveries(self):
        self.assertEqual(150, bench_run.Spec(clients=400, rate=60_000).message_rate())
        self.assertEqual(10_000, bench_run.Spec(clients=1000, rooms=10, rate=1_000_000).message_rate())
        self.assertEqual(20_000, bench_run.Spec(work="echo", clients=1000, rate=20_000).message_rate())
        self.assertEqual(1, bench_run.Spec(clients=1000, rate=10).message_rate())


if __name__ == "__main__":
    unittest.main()
