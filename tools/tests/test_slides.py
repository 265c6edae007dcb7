"""The slides' own decisions on a made-up course: what a slide is, what it shows, what the check finds. No node, no browser."""

import html
import re
import unittest

from lesson_tree import LessonTree, WORKER

from course import check_slides, deck
from course.model import Repo
from course.site import pages, slides

CODE = "[net/worker.cc: loop](../../../02_two/net/worker.cc#region=loop)"
FIGURE = "![{}](../figures/queue.mmd)"
TASKS = "[course.toml](../../../course.toml#tasks=02)"
QUEUE = 'flowchart LR\n  A["thread"] --> B["thread pool"]\n%% ko: thread | 스레드\n%% ko: thread pool | 스레드 풀\n'


class SlidesTest(LessonTree):
    def setUp(self):
        super().setUp()
        (self.root / "notes/ko/02.md").rename(self.root / "notes/ko/02_two.md")
        (self.root / "notes/en/02.md").rename(self.root / "notes/en/02_two.md")
        self.save("notes/slides/figures/queue.mmd", QUEUE)
        self.deck("ko")
        self.deck("en")

    def save(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def deck(self, lang, count=16, minutes=5, change=lambda text: text):
        """A deck that is right; `change` makes it wrong."""
        unit = "분" if lang == "ko" else "min"
        one = [f"## Slide {n}\n\nIdea {n}.\n\n<!-- {minutes} {unit}: say {n} -->" for n in range(1, count + 1)]
        one[0] = one[0].replace("## ", "# ")
        one[3] = one[3].replace("Idea 4.", CODE)
        one[4] = one[4].replace("Idea 5.", FIGURE.format("큐" if lang == "ko" else "The queue"))
        one[5] = one[5].replace("Idea 6.", TASKS)
        self.save(f"notes/slides/{lang}/02.md", change("\n\n---\n\n".join(one)) + "\n")

    def found(self):
        return check_slides.slides(Repo(self.root))

    def problems(self):
        return self.found()[0]


class CheckTest(SlidesTest):
    def test_a_right_deck_is_right(self):
        self.assertEqual(([], []), self.found())

    def test_a_chapter_without_a_deck_is_named_and_no_problem(self):
        self.save("notes/ko/03_three.md", "# 3\n")
        self.assertEqual(([], ["chapters without a deck: 03"]), self.found())

    def test_the_entrance_to_parts_needs_no_deck(self):
        for page in ("07_full", "07a_first", "07b_second"):
            self.save(f"notes/ko/{page}.md", "# 7\n")
        self.assertEqual(["chapters without a deck: 07a, 07b"], self.found()[1])

    def test_one_language_alone(self):
        (self.root / "notes/slides/en/02.md").unlink()
        self.assertIn("notes/slides/ko/02.md: the other language has no deck of chapter 02", self.problems())

    def test_a_deck_of_no_chapter(self):
        self.save("notes/slides/ko/09.md", "# 9\n")
        self.assertEqual(["notes/slides/ko/09.md: there is no such chapter"], self.problems())

    def test_too_few_slides_and_another_number_of_them(self):
        self.deck("en", count=14, minutes=6)
        self.assertEqual(["notes/slides/en/02.md: 14 slides; 15 to 25 make a lecture",
                          "notes/slides/ko/02.md has 16 slides, notes/slides/en/02.md 14"], self.problems())

    def test_a_lecture_that_is_too_long(self):
        self.deck("ko", minutes=6)
        self.deck("en", minutes=6)
        self.assertEqual([f"notes/slides/{lang}/02.md: its notes are 96 minutes long; 80 to 95 are a lecture" for lang in ("ko", "en")], self.problems())

    def test_minutes_differ(self):
        self.deck("en", change=lambda text: text.replace("<!-- 5 min: say 9 -->", "<!-- 6 min: say 9 -->"))
        self.assertEqual(1, len(self.problems()))
        self.assertTrue(self.problems()[0].endswith("slide 9 takes 5 and 6 minutes"), self.problems())

    def test_a_note_without_minutes(self):
        self.deck("en", change=lambda text: text.replace("<!-- 5 min: say 9 -->", "<!-- say 9 -->"))
        self.assertTrue(any("0 notes with minutes" in p for p in self.problems()), self.problems())

    def test_other_figures_in_the_two_languages(self):
        self.deck("en", change=lambda text: text.replace(FIGURE.format("The queue"), "nothing"))
        self.assertTrue(any("slide 5 shows other code or figures" in p for p in self.problems()), self.problems())

    def test_a_region_that_is_gone_and_one_that_is_too_long(self):
        self.write("02", "net/worker.cc", WORKER.replace("[loop]", "[lap]").replace("[/loop]", "[/lap]"))
        self.assertTrue(all(p.endswith("02_two/net/worker.cc has no region [loop]") for p in self.problems()), self.problems())
        self.assertEqual(2, len(self.problems()))
        self.write("02", "net/worker.cc", WORKER.replace("// [loop]\n", "// [loop]\n" + "int x;\n" * deck.LINES))
        self.assertTrue(all("shows 23 lines; a slide holds 20" in p for p in self.problems()), self.problems())

    def test_a_figure_that_is_not_there_not_shown_or_not_translated(self):
        self.save("notes/slides/figures/other.mmd", "flowchart LR\n")
        self.save("notes/slides/figures/queue.mmd", QUEUE + "%% ko: nobody | 아무도\n")
        self.assertEqual(["notes/slides/figures/other.mmd: no deck shows it",
                          "notes/slides/figures/queue.mmd: 'nobody' has a Korean wording, but is not in the figure"], self.problems())
        (self.root / "notes/slides/figures/queue.mmd").unlink()
        self.assertTrue(any("notes/slides/figures/queue.mmd does not exist" in p for p in self.problems()), self.problems())

    def test_a_command_that_is_wider_than_its_slide(self):
        self.deck("ko", change=lambda text: text.replace("Idea 2.", "```\n" + "한" * 42 + "\n" + "x" * 82 + "\n```"))
        self.assertEqual(["notes/slides/ko/02.md:8: 84 columns, a slide holds 82: " + "한" * 42], self.problems())

    def test_the_tasks_of_another_chapter(self):
        self.deck("en", change=lambda text: text.replace("#tasks=02", "#tasks=01"))
        self.assertTrue(any(p.endswith("the tasks of 01 in the deck of 02") for p in self.problems()), self.problems())


class DeckTest(SlidesTest):
    def test_a_line_of_dashes_in_a_code_block_is_no_new_slide(self):
        self.deck("en", change=lambda text: text.replace("Idea 2.", "```\n---\n```"))
        self.assertEqual(16, len(deck.Deck(Repo(self.root), "en", "02").slides))

    def test_a_link_in_a_code_block_is_no_quote(self):
        self.deck("en", change=lambda text: text.replace(CODE, f"```\n{CODE}\n```"))
        self.assertEqual([], deck.Deck(Repo(self.root), "en", "02").slides[3].items)

    def test_labels_are_translated_the_longest_first(self):
        repo = Repo(self.root)
        self.assertEqual('flowchart LR\n  A["스레드"] --> B["스레드 풀"]\n', deck.figure(repo, "notes/slides/figures/queue.mmd", "ko"))
        self.assertEqual('flowchart LR\n  A["thread"] --> B["thread pool"]\n', deck.figure(repo, "notes/slides/figures/queue.mmd", "en"))


class PageTest(SlidesTest):
    def built(self):
        repo = Repo(self.root)
        talks = slides.Slides(repo)
        site = pages.Site(repo, talks)
        items = site.read()

        def render(item):
            if "md" in item:
                return re.sub(r"\[([^\]]*)\]\(([^)]*)\)", r'<a href="\2">\1</a>', item["md"])
            return [html.escape(line) for line in item["code"].splitlines()]

        rendered = [render(i) for i in items + talks.items()]
        site.finish(rendered[:len(items)])
        return {name: data.decode() for name, data in talks.pages(rendered[len(items):], site).items()}, site

    def test_a_slide_holds_its_code_without_the_answer_its_figure_and_its_tasks(self):
        found, site = self.built()
        self.assertEqual({"slides/02.html", "en/slides/02.html"}, set(found))
        page = found["en/slides/02.html"]
        self.assertIn("void Loop() {", page)
        self.assertIn("COURSE_TODO(&quot;02.1&quot;);", page)
        self.assertNotIn("  Push();", page)
        self.assertIn('aria-label="The queue"', page)
        self.assertIn("<td>02.1</td><td>t</td>", page)
        self.assertIn("<td>02.1</td><td>가</td>", found["slides/02.html"])
        self.assertEqual([], [p for p in site.problems if "slides" in p])

    def test_notes_and_their_time_are_the_speakers(self):
        page = self.built()[0]["slides/02.html"]
        self.assertEqual(16, len(re.findall('<section data-timing="300"', page)))
        self.assertIn('<aside class="notes"><p><b>5 분</b></p><p>say 3</p></aside>', page)

    def test_the_two_languages_lead_to_each_other(self):
        found = self.built()[0]
        self.assertIn('<a id="other" href="../en/slides/02.html">English</a>', found["slides/02.html"])
        self.assertIn('<a id="other" href="../../slides/02.html">한국어</a>', found["en/slides/02.html"])

    def test_a_list_of_the_decks_is_in_the_site(self):
        found = {p.out: p.body for p in slides.pages(Repo(self.root))}
        self.assertEqual({"slides.html", "en/slides.html"}, set(found))
        self.assertIn('<td>02</td><td><a href="slides/02.html">Slide 1</a></td><td>16</td><td>80 min</td>', found["en/slides.html"])

    def test_a_link_to_nowhere_is_a_problem_of_the_site(self):
        self.deck("en", change=lambda text: text.replace("Idea 2.", "[gone](../../en/gone.md)"))
        site = self.built()[1]
        self.assertIn("notes/slides/en/02.md: notes/en/gone.md does not exist", site.problems)


if __name__ == "__main__":
    unittest.main()
