"""The whole site, built from the real notes and looked at by a real browser, from the folder: no server, no network.

Skipped where node, npm or Chromium is missing. COURSE_SHOTS=folder keeps pictures."""

import html
import json
import os
import pathlib
import re
import shutil
import tempfile
import unittest

import browser
import tree  # noqa: F401  (finds the course's modules)

from course.model import Repo, find_root
from course.site import command, verify

# The decoder's own list of the golden frames: what each line of the file says against what the page shows.
_VECTORS = """(() => {
  const wrong = [];
  let good = 0;
  for (const line of %s) {
    const [name, key, ...rest] = line.split("|").map((s) => s.trim());
    const frame = name.startsWith("frame ");
    const {frames, refused} = courseFrames.read(courseFrames.bytesOf(rest.at(-1)), parseInt(key, 16), frame ? null : 1);
    const f = frames[0];
    const right = frame ? frames.length === 1 && !refused && f.random === parseInt(rest[0], 16) && String(f.type) === rest[1]
                          && String(f.sequence) === rest[2] && courseFrames.hex(f.body) === rest[3].replace("-", "")
                        : refused === rest[0];
    right ? good++ : wrong.push(name);
  }
  return {good, wrong};
})()"""


@unittest.skipUnless(shutil.which("node") and shutil.which("npm"), "node and npm are not installed")
@unittest.skipUnless(browser.program(), "chromium is not installed")
class SiteInABrowser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="course-site-")
        cls.addClassCleanup(folder.cleanup)
        cls.repo, cls.site = Repo(find_root()), pathlib.Path(folder.name) / "사이트 1"
        cls.tools = command.install(cls.repo)
        cls.problems = command.build(cls.repo, cls.tools, cls.site) + verify.links(cls.site)
        cls.tab = browser.Browser()
        cls.addClassCleanup(cls.tab.close)

    def open(self, page, width=1280, dark=False):
        self.tab.size(width, dark=dark)
        path, _, anchor = page.partition("#")
        self.tab.open((self.site / path).as_uri() + ("#" + anchor if anchor else ""))

    def shot(self, name):
        if os.environ.get("COURSE_SHOTS"):
            self.tab.shot(pathlib.Path(os.environ["COURSE_SHOTS"]) / f"site-{name}.png")

    def quiet(self):
        self.assertEqual([], self.tab.errors)
        self.assertEqual([], [r for r in self.tab.requests if not r.startswith(("file:", "data:", "blob:"))])

    def test_nothing_is_missing(self):
        self.assertEqual([], self.problems)

    def test_the_first_page_is_light(self):
        self.open("index.html")
        loaded = [r for r in self.tab.requests if r.startswith("file:")]
        self.assertEqual(3, len(loaded), loaded)  # itself, its style sheet, its script
        self.assertLess(verify.first_page(self.site), verify.LIGHT)
        self.quiet()
        self.shot("first")

    def test_a_quote_is_code_and_its_answer_opens(self):
        self.open("03_recv_reassembly.html")
        self.assertGreater(self.tab.run("document.querySelectorAll('.quote .hljs-keyword').length"), 10)
        quote = "document.querySelector('[data-region=free-spans]')"
        self.assertIn("COURSE_TODO", self.tab.run(f"{quote}.innerText"))
        self.assertNotIn("WSABUF{", self.tab.run(f"{quote}.innerText"))
        self.tab.run(f"{quote}.querySelector('.answer summary').focus()")
        self.tab.key("Enter", 13)
        self.tab.wait(f"{quote}.querySelector('.answer details').open")
        self.assertNotIn("COURSE_TODO", self.tab.run(f"{quote}.innerText"))
        self.quiet()

    def test_a_task_keeps_its_hints(self):
        self.open("tasks/04.2.html")
        self.assertEqual(4, self.tab.run("document.querySelectorAll('.asked:not([open])').length"))
        self.assertFalse(self.tab.run("[...document.querySelectorAll('.asked')].some((d) => d.innerText.includes('exchange'))"))
        self.tab.run("document.querySelector('.asked summary').click()")
        self.assertTrue(self.tab.run("document.querySelector('.asked').open"))

    def test_no_serious_findings_of_axe(self):
        axe = (self.tools / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
        for page, dark in (("index.html", False), ("04_send_batching.html", True), ("en/protocol.html", False), ("tasks/01.1.html", True), ("en/diff/02-03.html", False),
                           ("port.html", False)):
            with self.subTest(page):
                self.open(page, dark=dark)
                self.tab.run(axe + ";0")
                found = self.tab.run("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa']}).then((r) => r.violations.map((v) => "
                                     "[v.impact, v.id, v.nodes.length, v.nodes[0].html.slice(0, 200), v.nodes[0].failureSummary]))")
                self.assertEqual([], [v for v in found if v[0] in ("serious", "critical")])

    def test_by_keyboard_alone(self):
        self.open("en/index.html")
        self.tab.key("Tab", 9)
        self.assertEqual("#text", self.tab.run("document.activeElement.getAttribute('href')"))
        self.assertTrue(self.tab.run("document.activeElement.getBoundingClientRect().left >= 0"))
        self.tab.key("/", 191)
        self.assertEqual("search", self.tab.run("document.activeElement.id"))
        self.tab.type("ring buffer")
        self.tab.wait("document.querySelector('#results a')")
        self.tab.key("ArrowDown", 40)
        self.assertTrue(self.tab.run("document.activeElement.matches('#results a')"))
        self.tab.key("Escape", 27)
        self.assertTrue(self.tab.run("document.getElementById('results').hidden"))

    def test_on_paper(self):
        self.open("04_send_batching.html")
        self.tab.call("Emulation.setEmulatedMedia", media="print")
        try:
            self.assertEqual(["none"] * 3, self.tab.run("['header', '#side', '.answer summary'].map((s) => getComputedStyle(document.querySelector(s)).display)"))
            self.assertEqual("pre-wrap", self.tab.run("getComputedStyle(document.querySelector('.quote pre')).whiteSpace"))
        finally:
            self.tab.call("Emulation.setEmulatedMedia", media="")

    def search(self, page, words):
        self.open(page)
        self.tab.run("document.getElementById('search').focus()")
        self.tab.type(words)
        self.tab.wait("document.querySelector('#results a, #results p')")
        return self.tab.run("[...document.querySelectorAll('#results a')].map((a) => a.getAttribute('href'))")

    def test_korean_words_are_found_by_their_part(self):
        found = self.search("card/03.html", "재조립")  # in the texts: 재조립기, 재조립과, 재조립을
        self.assertTrue(any("03_recv_reassembly.html#재조립과-거절하는-이유" in f for f in found), found)
        first = self.tab.run("document.querySelector('#results a').href")
        self.tab.key("Enter", 13)
        self.tab.wait(f"location.href === {json.dumps(first)} && document.readyState === 'complete'")
        self.assertEqual([], self.search("index.html", "없는낱말이다"))
        self.quiet()

    def test_english_is_searched_in_english(self):
        found = self.search("en/index.html", "lost wake")
        self.assertTrue(any("en/04_send_batching.html#the-lost-wake-up" in f for f in found), found)
        self.assertFalse([f for f in found if "/en/" not in f])

    def test_languages_lead_to_each_other(self):
        self.open("07b_not_a_word_lost.html")
        self.tab.run("document.getElementById('language').click()")
        self.tab.wait("document.documentElement.lang === 'en' && document.readyState === 'complete'")
        self.assertIn("Not a word lost", self.tab.run("document.querySelector('h1').innerText"))

    def test_narrow_screens(self):
        for page in ("index.html", "03_recv_reassembly.html", "en/07a_login.html", "card/04.html", "diff/02-03.html", "protocol.html", "settings.html", "en/port.html", "tasks/04.2.html"):
            self.open(page, 360)
            self.assertLessEqual(self.tab.run("document.documentElement.scrollWidth"), 360, page)
        self.tab.run("document.getElementById('menu').click()")
        self.assertTrue(self.tab.run("document.getElementById('side').offsetHeight > 100"))

    def test_light_and_dark(self):
        paper = "getComputedStyle(document.body).backgroundColor"
        self.open("index.html")
        light = self.tab.run(paper)
        self.open("index.html", dark=True)
        self.assertNotEqual(light, self.tab.run(paper))
        self.tab.run("document.getElementById('theme').click()")
        self.assertEqual(light, self.tab.run(paper))
        self.open("en/index.html", dark=True)  # remembered
        self.assertEqual(light, self.tab.run(paper))
        self.tab.run("localStorage.clear()")

    def test_all_diagrams_are_drawn(self):
        self.open("03_recv_reassembly.html#tcp는-스트림이다", dark=True)
        self.tab.wait("document.querySelector('.mermaid svg')?.getBoundingClientRect().height > 20")
        self.shot("diagram")
        texts = [html.unescape(t) for page in sorted(self.site.rglob("*.html")) if "src" not in page.parts
                 for t in re.findall(r'<pre class="mermaid">(.*?)</pre>', page.read_text(encoding="utf-8"), re.S)]
        self.assertGreater(len(texts), 35)  # both languages' notes and cards; all in this page, which has the script
        wrong = self.tab.run("""(async (texts) => {
          const wrong = [];
          for (const [n, text] of texts.entries()) {
            try { if (!(await mermaid.render(`all-${n}`, text)).svg.includes("<svg")) wrong.push(text); } catch (e) { wrong.push(`${e}: ${text}`); }
          }
          return wrong;
        })(%s)""" % json.dumps(texts))
        self.assertEqual([], wrong)
        self.quiet()

    def test_the_decoder_knows_the_golden_frames(self):
        text = (self.repo.root / "03_recv_reassembly/tests/03/vectors.txt").read_text(encoding="utf-8")
        lines = [l for l in text.splitlines() if l.startswith(("frame ", "refuse "))]
        self.open("protocol.html")
        self.assertEqual({"good": len(lines), "wrong": []}, self.tab.run(_VECTORS % repr(lines)))
        self.tab.run("document.getElementById('frame-hex').select()")
        self.tab.type("34150077bce99dca844a0d245994b99fb5e4077a9ae62718c488 35")
        shown = self.tab.run("document.getElementById('frame-fields').innerText")
        self.assertIn("안녕하세요", shown)
        self.assertIn("거절: bad packet code", shown)
        self.tab.run("document.querySelectorAll('[data-frames]')[3].click()")
        self.assertIn('"hello"', self.tab.run("document.getElementById('frame-fields').innerText"))
        self.tab.run("document.querySelector('[data-first]').click()")
        self.assertIn("거절", self.tab.run("document.getElementById('frame-fields').innerText"))
        self.tab.run("document.getElementById('frame-hex').select()")
        self.tab.type("zz")
        self.assertIn("16진수가 아닙니다", self.tab.run("document.getElementById('frame-fields').innerText"))
        self.quiet()


if __name__ == "__main__":
    unittest.main()
