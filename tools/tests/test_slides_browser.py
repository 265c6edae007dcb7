"""All decks in a real browser, from the folder: figures are drawn, nothing is larger than its slide; one deck is printed.

Skipped where node, npm or Chromium is missing. COURSE_SHOTS=folder keeps pictures of all slides."""

import os
import pathlib
import re
import shutil
import tempfile
import unittest

import browser
import tree  # noqa: F401  (finds the course's modules)

from course import deck
from course.model import Repo, find_root
from course.site import command, slides, slides_command

# [number, what is wrong] of each slide; `least` is the smallest that letters of a figure or of code may be, in pixels.
_WRONG = """((least) => [...document.querySelectorAll(".slides section")].flatMap((slide, at) => {
  const shown = slide.style.display, wrong = [];
  slide.style.display = "block";
  if (slide.scrollHeight > 721 || slide.scrollWidth > 1281) wrong.push(`${slide.scrollWidth} x ${slide.scrollHeight}`);
  for (const pre of slide.querySelectorAll("pre")) {
    if (pre.scrollWidth > pre.clientWidth + 1) wrong.push(`code is ${pre.scrollWidth} wide`);
    if (parseFloat(getComputedStyle(pre).fontSize) < least) wrong.push(`code in ${getComputedStyle(pre).fontSize}`);
  }
  for (const svg of slide.querySelectorAll("div.mermaid svg")) {
    const letters = 20 * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width / Reveal.getScale();
    if (letters < least) wrong.push(`figure in ${letters.toFixed(1)}px`);
  }
  for (const picture of slide.querySelectorAll("img")) if (!picture.naturalWidth) wrong.push(`no picture ${picture.src}`);
  slide.style.display = shown;
  return wrong.map((w) => [at + 1, w]);
}))(%s)"""


@unittest.skipUnless(shutil.which("node") and shutil.which("npm"), "node and npm are not installed")
@unittest.skipUnless(browser.program(), "chromium is not installed")
class SlidesInABrowser(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="course-slides-")
        cls.addClassCleanup(folder.cleanup)
        cls.repo, cls.site = Repo(find_root()), pathlib.Path(folder.name) / "사이트 1"
        command.build(cls.repo, command.install(cls.repo), cls.site)
        cls.decks = [d for lang in deck.LANGUAGES for d in deck.decks(cls.repo, lang)]

    def page(self, one):
        return self.site / slides.out(one.lang, one.chapter)

    def test_no_slide_overflows_and_every_figure_is_drawn(self):
        tab = browser.Browser()
        self.addCleanup(tab.close)
        tab.size(1280, 720)
        for one in self.decks:
            with self.subTest(deck=one.path):
                tab.open(self.page(one).as_uri())
                tab.wait("window.ready")
                self.assertEqual(len(one.slides), tab.run("Reveal.getTotalSlides()"))
                self.assertEqual([], tab.run(_WRONG % 13))
                figures = sum(i.path.endswith(".mmd") for s in one.slides for i in s.items)
                self.assertEqual(figures, tab.run("document.querySelectorAll('div.mermaid svg').length"))
                self.assertEqual([], tab.errors)
                self.assertEqual([], [r for r in tab.requests if not r.startswith(("file:", "data:"))])
                self.keep(tab, one)

    def keep(self, tab, one):
        if not os.environ.get("COURSE_SHOTS"):
            return
        folder = pathlib.Path(os.environ["COURSE_SHOTS"])
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(len(one.slides)):
            tab.run(f"Reveal.slide({number})")
            tab.shot(folder / f"{one.chapter}-{one.lang}-{number + 1:02}.png")

    def test_the_keyboard_goes_on_and_the_notes_are_not_on_the_slide(self):
        one = self.decks[0]
        tab = browser.Browser()
        self.addCleanup(tab.close)
        tab.size(1280, 720)
        tab.open(self.page(one).as_uri())
        tab.wait("window.ready")
        self.assertEqual(0, tab.run("Reveal.getIndices().h"))
        tab.key("ArrowRight", 39)
        tab.wait("Reveal.getIndices().h === 1")
        self.assertEqual("none", tab.run("getComputedStyle(document.querySelector('aside.notes')).display"))
        self.assertTrue(tab.run("Reveal.getSlideNotes().includes('<p>')"))

    def test_a_printed_deck_has_a_page_for_each_slide(self):
        one = next(d for d in self.decks if d.lang == "ko")
        file = self.site.parent / "deck.pdf"
        slides_command.print_page(self.page(one), file)
        pages = len(re.findall(rb"/Type\s*/Page\b", file.read_bytes()))
        self.assertEqual(len(one.slides), pages)


if __name__ == "__main__":
    unittest.main()
