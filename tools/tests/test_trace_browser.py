"""The viewer of traces in a real browser: stepping, the film, following, keys, both languages, narrow screens, 100 000 events.

Skipped where Chromium or npm is missing. COURSE_SHOTS=folder keeps pictures."""

import os
import pathlib
import shutil
import tempfile
import unittest

import browser
import trace_busy
import tree  # noqa: F401  (finds the course's modules)

from course import trace_page, trace_runs
from course.model import Repo, find_root
from course.site import command

_AXE = """axe.run(document, {preload: false}).then((found) => found.violations.filter((v) => ["serious", "critical"].includes(v.impact))
  .map((v) => `${v.id}: ${v.nodes[0].html.slice(0, 200)} ${v.nodes[0].any[0]?.message || ""}`))"""
_PLACES = """Object.fromEntries(["devices", "queue", "waiting", "released", "paused", "outside"].map((p) =>
  [p, [...document.querySelectorAll(`.place.${p} > .items > .token > button > .name`)].map((n) => n.textContent)]))"""
# One frame after the other, each with what `{each}` does; what the page's thread needed for it, on average.
_FRAMES = """(async () => {{ const v = courseTrace.viewer, frame = () => new Promise((r) => requestAnimationFrame(r));
  {before}; for (let i = 0; i < {count}; ++i) {{ {each}; await frame(); }} {after}; }})()"""


@unittest.skipUnless(browser.program(), "chromium is not installed")
class ViewerInABrowser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="course-trace-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder, cls.repo = pathlib.Path(folder.name), Repo(find_root())
        cls.runs = {run.name: run for run in trace_runs.all_runs(cls.repo)}
        for run in cls.runs.values():
            cls.write(run.name, run.text(), run.story)
        cls.write("busy", trace_busy.text(100_000))
        cls.tab = browser.Browser()
        cls.addClassCleanup(cls.tab.close)

    @classmethod
    def write(cls, name, text, story=None):
        page = trace_page.page(cls.repo, cls.repo.find("01"), text, "ko", name, name, story)
        (cls.folder / f"{name}.html").write_text(page, encoding="utf-8")

    def open(self, name, hash="", width=1440, dark=False, calm=False):
        self.tab.size(width, dark=dark)
        if calm:
            self.tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
        self.tab.open("about:blank")
        self.tab.open((self.folder / f"{name}.html").as_uri() + hash)
        self.tab.wait("courseTrace.viewer.trace")

    def places(self):
        return self.tab.run(_PLACES)

    def step(self):
        return self.tab.run("courseTrace.viewer.step") + 1

    def drawn(self, step):
        self.tab.wait(f"document.querySelector('.stepNumber').value === '{step}' && courseTrace.viewer.cursor.step === {step - 1}")

    def quiet(self):
        self.assertEqual([], self.tab.errors)
        self.assertEqual([], [r for r in self.tab.requests if not r.startswith(("file:", "data:", "blob:", "about:"))])

    def shot(self, name):
        if os.environ.get("COURSE_SHOTS"):
            self.tab.shot(pathlib.Path(os.environ["COURSE_SHOTS"]) / f"trace-{name}.png")

    def press(self, key):
        self.tab.key(key)

    # -- what it shows ------------------------------------------------------------------------------

    def test_the_places_show_what_the_program_saw(self):
        self.open("three-calls", "#step=1")
        empty = {"devices": [], "queue": [], "waiting": [], "released": [], "paused": [], "outside": ["T1"]}
        self.assertEqual(empty, self.places())
        for _ in range(5):
            self.press("ArrowRight")
        self.drawn(6)
        self.assertEqual({**empty, "devices": ["소켓 1", "소켓 2"], "waiting": ["C", "B", "A"]}, self.places())
        self.press("ArrowRight")
        self.drawn(7)
        self.assertEqual(["키 100"], self.places()["queue"])
        self.press("ArrowRight")
        self.drawn(8)
        self.assertEqual(([], ["B", "A"], ["C"]), tuple(self.places()[p] for p in ("queue", "waiting", "released")))
        self.assertEqual("키 100", self.tab.run("document.querySelector('.released .thread .packet').innerText"))
        self.assertIn("CompletionPort::Hand", self.tab.run("document.querySelector('pre').innerText"))
        self.assertIn("GetQueuedCompletionStatus", self.tab.run("document.querySelector('.call').innerText"))
        self.quiet()
        self.shot("three-calls")

    def test_backwards_is_the_same_as_forwards(self):
        self.open("three-calls")
        seen = {}
        for step in [*range(39), *range(38, -1, -1)]:
            self.tab.run(f"courseTrace.viewer.step = {step}, courseTrace.viewer.draw()")
            self.assertEqual(seen.setdefault(step, self.places()), self.places())
        self.assertLess(15, len({str(s) for s in seen.values()}))

    def test_the_story_is_told_at_its_steps(self):
        for name, run in self.runs.items():
            self.open(name, "#step=1")
            self.tab.run("courseTrace.viewer.go(0)")
            for n, point in enumerate(run.story["points"]):
                if n or self.tab.run("courseTrace.viewer.story.steps[0]") > 0:
                    self.press("n")
                    self.tab.wait("!courseTrace.viewer.pending")
                self.assertEqual(point["ko"], self.tab.run("document.querySelector('.story .point').textContent"), name)
            self.quiet()
            self.shot(name)

    def test_keys(self):
        self.open("three-calls", "#step=1")
        for key, step in (("End", 39), ("ArrowLeft", 38), ("Home", 1), ("n", 2), ("n", 6), ("p", 2)):
            self.press(key)
            self.drawn(step)
        self.press("g")
        self.tab.type("20")
        self.press("Enter")
        self.tab.run("document.activeElement.blur()")
        self.drawn(20)
        self.press("?")
        self.assertTrue(self.tab.run("document.querySelector('dialog').open"))
        self.tab.run("document.querySelector('dialog').close()")
        self.press("f")
        self.assertEqual("follow", self.tab.run("document.activeElement.className"))
        self.quiet()

    def test_following_goes_from_step_to_step_of_one_thread(self):
        self.open("three-calls", "#step=1")
        self.tab.run("[...document.querySelectorAll('.follow option')].find((o) => o.textContent === 'B').selected = true")
        self.tab.run("document.querySelector('.follow').dispatchEvent(new Event('change'))")
        for _ in range(3):
            self.press("ArrowRight")
            self.tab.wait("!courseTrace.viewer.pending")
            self.assertIn("B", self.tab.run("document.querySelector('.said').textContent + document.querySelector('.facts').textContent"))
        listed = self.tab.run("document.querySelector('[role=option]').getAttribute('aria-setsize')")
        self.assertLess(int(listed), 20)
        self.press("Escape")
        self.tab.wait("!courseTrace.viewer.followed")
        self.tab.run("document.querySelector('.devices .token button').click()")
        self.assertEqual("소켓 1", self.tab.run("document.querySelector('.followed .name').textContent"))
        self.assertEqual([], self.axe())
        self.quiet()

    def test_the_film_runs_to_the_end_and_stops(self):
        self.open("three-calls", "#step=1")
        self.tab.run("courseTrace.viewer.speed = 100, document.querySelector('.play').click()")
        self.tab.wait("courseTrace.viewer.step === 38 && !courseTrace.viewer.playing")
        self.press(" ")
        self.tab.wait("courseTrace.viewer.playing && courseTrace.viewer.step > 0")
        self.press(" ")
        self.assertFalse(self.tab.run("courseTrace.viewer.playing"))
        self.quiet()

    def test_nothing_moves_for_who_wants_it_calm(self):
        moves = "document.getAnimations().length"
        self.open("three-calls", "#step=7")
        self.press("ArrowRight")
        self.drawn(8)
        self.assertGreater(self.tab.run(moves), 0)
        self.open("three-calls", "#step=7", calm=True)
        self.press("ArrowRight")
        self.drawn(8)
        self.assertEqual(0, self.tab.run(moves))

    def test_both_languages(self):
        self.open("limit", "#step=17")
        self.assertEqual("완료 큐", self.tab.run("document.querySelector('.queue h3 span').textContent"))
        self.tab.run("document.querySelector('.language').click()")
        self.assertEqual(("en", "Completion queue", 17), (self.tab.run("document.documentElement.lang"),
                         self.tab.run("document.querySelector('.queue h3 span').textContent"), self.step()))
        self.assertNotRegex(self.tab.run("document.querySelector('.middle').innerText + document.querySelector('.story').innerText"), "[가-힣]")
        self.quiet()
        self.shot("english")

    def test_narrow_screens(self):
        self.open("limit", "#step=17", width=360)
        self.assertLessEqual(self.tab.run("document.documentElement.scrollWidth"), 360)
        self.assertEqual("true", self.tab.run("String([...document.querySelectorAll('.buttons button')].every((b) => b.getBoundingClientRect().right <= 360))"))
        self.assertEqual([], self.axe())
        self.shot("narrow")

    def axe(self):
        tools = command.install(self.repo)
        self.tab.run((tools / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8") + ";0")
        return self.tab.run(_AXE)

    @unittest.skipUnless(shutil.which("npm"), "npm is not installed")
    def test_axe_finds_nothing_serious(self):
        for dark in (False, True):
            self.open("limit", "#step=17", dark=dark)
            self.assertEqual([], self.axe())
            self.tab.run("courseTrace.viewer.showHelp()")
            self.assertEqual([], self.axe())
        self.shot("dark")

    # -- files ----------------------------------------------------------------------------------------

    def given(self, text, name="x.json"):
        self.tab.run(f"courseTrace.viewer.openFile(new File([{text!r}], {name!r}))")
        return self.tab.run("document.querySelector('.notice').hidden ? '' : document.querySelector('.notice').textContent")

    def test_files_that_are_no_trace_or_a_broken_one(self):
        self.open("three-calls")
        self.assertIn("JSON으로 읽을 수 없다", self.given("not json"))
        self.assertIn("traceEvents가 없다", self.given("{}"))
        self.assertIn("traceEvents가 없다", self.given("3"))
        self.assertIn("이벤트가 하나도 없다", self.given('{"traceEvents": [null, 1, {"name": "x"}]}'))
        text = self.runs["three-calls"].text()
        self.assertEqual("", self.given(text))
        self.assertIn("끝이 잘렸다", self.given(text[:-400]))
        self.assertIn("앞뒤가 맞지 않는", self.given(text.replace('"queue":1', '"queue":7', 1)))
        self.quiet()

    # -- 100 000 events -------------------------------------------------------------------------------

    def cost(self, count, **script):
        """Milliseconds of the page's thread for a frame: processor time, so that other work beside the test is not counted."""
        def used():
            return next(m["value"] for m in self.tab.call("Performance.getMetrics")["metrics"] if m["name"] == "TaskDuration") * 1000
        start = used()
        self.tab.run(_FRAMES.format(count=count, **{"before": "", "each": "", "after": "", **script}))
        return (used() - start) / count

    def test_a_busy_server_does_not_stutter(self):
        self.tab.call("Performance.enable", timeDomain="threadTicks")
        self.open("busy", "#step=1")
        steps = self.tab.run("courseTrace.viewer.trace.stepCount")
        self.assertGreater(steps, 50_000)
        self.assertEqual([], self.tab.run("courseTrace.viewer.trace.problems"))
        found = {
            "step": self.cost(100, each="v.go(30000 + i)"),
            "jump": self.cost(100, each=f"v.go((i * 245489) % {steps})"),
            "film": self.cost(120, before="v.go(20000); v.speed = 100; v.play()", after="v.stop()"),
            "fast film": self.cost(120, before="v.go(20000); v.speed = 1000; v.play()", after="v.stop()"),
        }
        print("ms of processor time a frame, 100 000 events: " + ", ".join(f"{name} {ms:.1f}" for name, ms in found.items()))
        for name, ms in found.items():
            self.assertLess(ms, 40, name)
        self.assertLess(self.tab.run("document.querySelectorAll('[role=option]').length"), 60)
        self.shot("busy")

    def test_the_list_reaches_the_last_step(self):
        self.open("busy", "#step=1")
        steps = self.tab.run("courseTrace.viewer.trace.stepCount")
        self.press("End")
        self.tab.wait(f"[...document.querySelectorAll('[role=option]:not([hidden])')].some((r) => r.dataset.step === '{steps - 1}' && r.classList.contains('now'))")
        self.tab.run("document.querySelector('.list').scrollTop = 0")
        self.tab.wait("[...document.querySelectorAll('[role=option]:not([hidden])')].some((r) => r.dataset.step === '0')")
        self.quiet()


if __name__ == "__main__":
    unittest.main()
