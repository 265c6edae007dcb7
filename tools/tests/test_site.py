"""The site's own decisions on a made-up course: quotes, answers, other stages, links, tables. Node has no part in it."""

import html
import re
import unittest
import urllib.error
import urllib.request

from lesson_tree import WORKER, LessonTree

from course import check_quotes
from course.errors import CourseError
from course.model import Repo, find_root
from course.site import command, diffs, listing, pages, quotes, serve, shell, tables, verify

LINK = "[net/worker.cc: loop](../../02_two/net/worker.cc#region=loop)"


def render(items):
    """What tools/site/render.mjs does, as far as these tests need it."""
    def markdown(text):
        text = re.sub(r"^(#+) (.*)$", lambda m: f"<h{len(m[1])}>{m[2]}</h{len(m[1])}>", text, flags=re.M)
        return re.sub(r"(?<!!)\[([^\]]*)\]\(([^)]*)\)", r'<a href="\2">\1</a>', text)

    return [markdown(i["md"]) if "md" in i else [html.escape(line) for line in i["code"].splitlines()] for i in items]


class SiteTest(LessonTree):
    def note(self, text, lang="en"):
        (self.root / "notes" / lang / "02.md").write_text(text, encoding="utf-8")

    def built(self):
        site = pages.Site(Repo(self.root))
        found = site.finish(render(site.read()))
        return site, {p.out: p for p in found}

    def code(self):
        source = self.quote().source
        return source.lines, source.given.splitlines()

    def quote(self, name="loop", path="02_two/net/worker.cc"):
        return quotes.Quote(Repo(self.root), path, name)


class QuoteTest(SiteTest):
    def test_only_a_paragraph_that_is_one_link_is_a_quote(self):
        text = f"# N\n\n{LINK}\n\nSee {LINK}.\n\n{LINK}\ngoes on\n\n```\n\n{LINK}\n\n```\n"
        seen = []
        out = quotes.split(text, lambda *found: seen.append(found) or "HERE")
        self.assertEqual([(LINK, "../../02_two/net/worker.cc", "region", "loop")], seen)
        self.assertEqual(1, out.count("HERE"))
        self.assertEqual(3, out.count(LINK))

    def test_the_answer_is_folded_behind_what_the_starter_shows(self):
        found = self.quote().parts()
        self.assertEqual(["Code", "Answer", "Code"], [type(p).__name__ for p in found])
        self.assertEqual(("02.1", [7]), (found[1].task.id, found[1].numbers))
        self.assertEqual([5], found[0].numbers)
        page = listing.code(found, self.code(), "en")
        before, _, folded = page.partition("<details>")
        self.assertIn('<div class="answer"><pre class="given"><span class="l">  COURSE_TODO("02.1");</span></pre>', before)
        self.assertNotIn("Push();", before)
        self.assertNotIn("student", page)
        self.assertIn("Push();", folded)
        self.assertIn("show the answer to 02.1 (1 lines)", page)

    def test_where_a_bug_is_to_be_found_the_mistake_is_seen(self):
        toml = self.root / "course.toml"
        toml.write_text(toml.read_text(encoding="utf-8").replace('id = "02.1"', 'id = "02.1"\nkind = "bug"\nexhibit = "early"'), encoding="utf-8")
        patch = self.root / "tools/museum/02/early.patch"
        patch.parent.mkdir(parents=True)
        patch.write_text("--- a/net/worker.cc\n+++ b/net/worker.cc\n@@ -7 +7 @@\n-  Push();\n+  PushTooEarly();\n")
        found = self.quote()
        page = listing.code(found.parts(), (found.source.lines, found.source.given.splitlines()), "en")
        self.assertIn("PushTooEarly();", page.partition("<details>")[0])
        self.assertIn("there is a mistake in this; show the answer to 02.1", page)

    def test_a_quote_that_is_all_answer_is_shown_in_its_function(self):
        inner = WORKER.replace("  Push();\n", "  // [push]\n  Push();\n  // [/push]\n")
        self.write("02", "net/worker.cc", inner.replace("// [loop]", "// Any thread.\n// [loop]", 0).replace("void Loop", "// Any thread.\nvoid Loop"))
        found = self.quote("push")
        self.assertEqual(["Code", "Answer", "Code"], [type(p).__name__ for p in found.parts()])
        lines = found.source.lines
        self.assertEqual([["// Any thread.", "void Loop() {"], ["  Push();"], ["}"]], [[lines[n - 1] for n in p.numbers] for p in found.parts()])
        self.write("02", "net/worker.cc", inner.replace("void Loop() {", "void Loop() {\n  Before();"))  # not the whole function's body
        self.assertEqual(["Answer"], [type(p).__name__ for p in self.quote("push").parts()])

    def test_marks_are_not_shown(self):
        self.write("02", "net/worker.cc", WORKER.replace("void Loop() {\n", "void Loop() {\n// [inner]\n  int x;\n// [/inner]\n"))
        page = listing.code(self.quote().parts(), self.code(), "en")
        self.assertNotIn("[inner]", page)
        self.assertIn("int x;", page)

    def test_the_stages_that_have_it(self):
        self.assertEqual([("02", True)], [(s.number, same) for s, same in self.quote().stages()])
        for number in ("03", "04"):
            self.write(number, "CMakeLists.txt", "project(x)\n")
        self.write("03", "net/worker.cc", WORKER.replace("  // <student 02.1>\n", "").replace("  // </student>\n", ""))
        self.write("04", "net/worker.cc", WORKER.replace("Push();", "Pop();"))
        self.assertEqual([("02", True), ("03", True), ("04", False)], [(s.number, same) for s, same in self.quote().stages()])

    def test_what_the_previous_stage_had(self):
        previous, rows = self.quote().before()
        self.assertEqual("01", previous.number)
        self.assertEqual(["  Wait();"], [r.text for r in rows if r.tag == "-"])
        shown = listing.quote(self.quote(), self.code(), "en", str)
        had = shown.partition('<details class="before">')[2]
        self.assertIn("show what stage 01 had here", had)
        self.assertIn("Wait();", had)
        self.assertNotIn("Push();", had)  # the answer is no part of it

    def test_new_files_and_code_that_stayed(self):
        self.write("02", "net/queue.h", "// [push]\nint Push();\n// [/push]\n")
        found = self.quote("push", "02_two/net/queue.h")
        self.assertIn("a file that stage 01 did not have", listing.quote(found, (["", "int Push();", ""], ()), "en", str))
        self.write("01", "net/queue.h", "int Push();\n")
        self.assertIn("the same in stage 01", listing.quote(found, (["", "int Push();", ""], ()), "en", str))
        self.write("01", "net/queue.h", "int Pop();\n")
        self.assertIn("int Pop();", listing.quote(found, (["", "int Push();", ""], ()), "en", str))
        self.write("01", "net/queue.h", "")
        self.assertIn("code that stage 01 did not have", listing.quote(found, (["", "int Push();", ""], ()), "en", str))


class PagesTest(SiteTest):
    def test_a_quote_stands_in_its_page(self):
        self.note(f"# N\n\n{LINK}\n")
        site, found = self.built()
        self.assertEqual([], site.problems)
        self.assertIn('<figure class="quote" data-region="loop">', found["en/02.html"].body)
        self.assertIn('id=L5', found["src/02_two/net/worker.cc.html"].body)
        self.assertIn('href="../src/02_two/net/worker.cc.html#L5"', found["en/02.html"].body)

    def test_what_is_gone_fails_the_build(self):
        for text, said in ((LINK.replace("loop", "gone"), "02_two/net/worker.cc has no region [gone]"),
                           (LINK.replace("worker", "none"), "02_two/net/none.cc has no region [loop]"),
                           ("[t](../../02_two/net/queue.h#table=none)", "02_two/net/queue.h has no table [none]"),
                           ("[a](../../02_two/none.h)", "02_two/none.h does not exist"),
                           ("[a](02.md#no-such)", "notes/en/02.md has no heading #no-such"),
                           ("[a](../ko/02.md#드디어-셋)", "notes/ko/02.md has no heading #드디어-셋")):
            with self.subTest(text):
                self.note(f"# N\n\n{text}\n")
                self.assertEqual([f"notes/en/02.md: {said}"], self.built()[0].problems)
        self.note("# N\n\n## A part, here\n\n[a](02.md#a-part-here) [b](#a-part-here) [c](../ko/02.md#드디어-큐-둘)\n")
        self.assertEqual([], self.built()[0].problems)

    def test_links_lead_to_pages_cards_files_and_folders(self):
        for number, name in (("01", "README.md"), ("02", "README.md"), ("02", "README.ko.md")):
            self.write(number, name, f"# Card {number}\n")
        self.note("# N\n\n[k](../ko/02.md) [c](../../02_two) [f](../../02_two/bench/) [q](../../02_two/net/queue.h) [w](x://y)\n")
        site, found = self.built()
        self.assertEqual([], site.problems)
        self.assertEqual(["../02.html", "card/02.html", "../src/02_two/bench/index.html", "../src/02_two/net/queue.h.html", "x://y"],
                         re.findall(r'href="([^"#][^"]*)"', found["en/02.html"].body))
        self.assertIn('href="measure.cc.html"', found["src/02_two/bench/index.html"].body)

    def test_promises_are_links_but_not_in_code(self):
        for lang in ("ko", "en"):
            (self.root / "notes" / lang / "port.md").write_text("# Port\n\n<p><strong>P11.</strong> LIFO.</p>\n", encoding="utf-8")
        self.note("# N\n\nWakes (P11), not P12. <code>P11</code>\n")
        site, found = self.built()
        self.assertEqual([], site.problems)
        self.assertIn('(<a href="port.html#p11">P11</a>), not P12. <code>P11</code>', found["en/02.html"].body)
        self.assertIn('<p id="p11"><strong>P11.</strong>', found["port.html"].body)

    def test_each_promise_has_a_title_in_both_languages(self):
        repo, table = Repo(find_root()), "01_iocp_basics/tests/iocp/conformance_table.py"
        titles = {lang: tables.promise_titles(repo, table, lang) for lang in ("ko", "en")}
        self.assertEqual(list(titles["en"]), list(titles["ko"]))
        for name, title in titles["ko"].items():  # or nothing but names of the API
            self.assertTrue(re.search("[가-힣]", title) or title == titles["en"][name], name)
        self.assertIn(titles["ko"]["P41"], tables.promises(repo, table, "ko"))

    def test_a_hand_out_has_no_later_stages(self):
        self.note("# N\n\n[t](../../07_x/a.proto#table=packets)\n\n[a](../../07_x/a.h) b\n")
        self.assertEqual(2, len(self.built()[0].problems))
        toml = self.root / "course.toml"
        toml.write_text(toml.read_text(encoding="utf-8").replace("[course]\n", '[course]\nhandout = "02"\n', 1), encoding="utf-8")
        self.assertEqual([], self.built()[0].problems)

    def test_each_page_knows_its_other_language_and_neighbours(self):
        (self.root / "notes" / "en" / "03.md").write_text("# Third\n", encoding="utf-8")
        _, found = self.built()
        page = shell.finish(found["en/02.html"], list(found.values()))
        self.assertIn('href="../02.html" hreflang="ko"', page)
        self.assertIn('<a class="after" href="03.html">', page)
        self.assertIn('<html lang="en">', page)
        self.assertNotIn('hreflang="ko"', shell.finish(found["en/03.html"], list(found.values())))

    def test_sections_are_found_by_their_heading(self):
        self.note(f"# N\n\nfirst words\n\n## A part\n\n{LINK}\n\nits words\n")
        site, _ = self.built()
        doc = next(d for d in site.documents if d.out == "en/02.html")
        self.assertEqual([("n", "N", "first words"), ("a-part", "A part", "02_two/net/worker.cc its words")], pages.search_entries(doc))

    def test_tables_are_searched(self):
        self.write("02", "src/proto/enum.proto", "enum Refusal {\n  NONE = 0;\n  FULL = 3;  // no room\n}\n")
        self.note("# N\n\n[t](../../02_two/src/proto/enum.proto#table=refusals)\n")
        site, found = self.built()
        self.assertIn("<td>3</td><td><code>FULL</code></td><td>no room</td>", found["en/02.html"].body)
        self.assertIn("no room", pages.search_entries(next(d for d in site.documents if d.out == "en/02.html"))[0][2])

    def test_hints_and_the_why_of_a_task_are_folded_and_not_searched(self):
        site, found = self.built()
        self.assertEqual([], site.problems)
        body = found["en/tasks/02.1.html"].body
        self.assertEqual(["hint-1", "hint-2", "hint-3", "why-it-is-so"], re.findall(r'<details class="asked"><summary><h2 id="([^"]*)"', body))
        self.assertLess(body.index('id="done-when"'), body.index('<details class="asked">'))
        entries = {name: text for name, _, text in pages.search_entries(next(d for d in site.documents if d.out == "en/tasks/02.1.html"))}
        self.assertTrue(entries["done-when"])
        self.assertEqual("", entries["hint-3"] + entries["why-it-is-so"])

    def test_a_page_named_by_its_path_is_named_by_its_title(self):
        self.note("# N\n\nKorean: [../ko/02.md](../ko/02.md)\n")
        self.assertIn('<a href="../02.html">노트</a>', self.built()[1]["en/02.html"].body)

    def test_differences_in_both_languages_with_the_answer_folded(self):
        found = {p.out: p for p in diffs.pages(Repo(self.root))}
        self.assertEqual({"diff/01-02.html", "en/diff/01-02.html"}, set(found))
        body = found["diff/01-02.html"].body
        self.assertIn('href="../02.html#드디어-큐-둘"', body)
        before, _, folded = body.partition("<details>")
        self.assertIn('COURSE_TODO("02.1");', before)
        self.assertIn('<a href="../tasks/02.1.html">', before)
        self.assertNotIn(">  Push();", before)
        self.assertIn(">  Push();", folded)
        self.assertLess(body.index("1. 큐"), body.index("2. 워커"))


class CheckedQuoteTest(SiteTest):
    """The folded code in the repository's own pages (course/check_quotes.py)."""

    def test_the_code_stands_folded_behind_its_link_without_the_answer(self):
        self.note(f"# N\n\nbefore\n\n{LINK}\n\nafter\n")
        repo = Repo(self.root)
        self.assertEqual(["notes/en/02.md: the code of its quotes is stale; ./course check quotes --fix"], check_quotes.check(repo)[0])
        check_quotes.write(repo)
        text = (self.root / "notes/en/02.md").read_text(encoding="utf-8")
        self.assertEqual(f"# N\n\nbefore\n\n{LINK}\n\n<details><summary>code</summary>\n\n```cpp\nvoid Loop() {{\n  COURSE_TODO(\"02.1\");\n}}\n```\n\n"
                         "</details>\n\nafter\n", text)
        self.assertEqual([], check_quotes.check(repo)[0])
        self.assertNotIn("<summary>code</summary>", self.built()[1]["en/02.html"].body)
        self.write("02", "net/worker.cc", WORKER.replace("void Loop()", "int Loop()"))
        self.assertEqual(1, len(check_quotes.check(Repo(self.root))[0]))
        check_quotes.write(Repo(self.root))
        self.assertEqual(text.replace("void Loop", "int Loop"), (self.root / "notes/en/02.md").read_text(encoding="utf-8"))

    def test_a_quote_that_went_takes_its_code_along(self):
        self.note(f"# N\n\n{LINK}\n")
        check_quotes.write(Repo(self.root))
        text = (self.root / "notes/en/02.md").read_text(encoding="utf-8")
        self.note(text.replace(LINK, f"See {LINK}."))
        check_quotes.write(Repo(self.root))
        self.assertEqual(f"# N\n\nSee {LINK}.\n", (self.root / "notes/en/02.md").read_text(encoding="utf-8"))


class ServeTest(SiteTest):
    def test_an_open_page_is_told_of_a_new_build(self):
        (self.root / "index.html").write_text("<h1>first</h1>", encoding="utf-8")
        state = {"build": 7, "end": False}
        server = serve.start(self.root, 0, state)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.addCleanup(state.update, end=True)
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        with urllib.request.urlopen(address, timeout=60) as answer:
            self.assertRegex(answer.read().decode(), "^<h1>first</h1><script>.*EventSource")
        with urllib.request.urlopen(address + "course-reload", timeout=60) as events:
            self.assertEqual(b"data: 7\n", events.readline())
            state["build"] = 8
            while (line := events.readline()) != b"data: 8\n":  # what was on its way still says 7
                self.assertIn(line, (b"\n", b"data: 7\n"))
        with self.assertRaises(urllib.error.HTTPError):
            urllib.request.urlopen(address + "none.html", timeout=60)


class CommandTest(SiteTest):
    def test_it_writes_into_no_folder_of_others(self):
        (self.root / "mine").mkdir()
        (self.root / "mine" / "letter.txt").write_text("x", encoding="utf-8")
        with self.assertRaises(CourseError):
            command.write(Repo(self.root), self.root, self.root / "mine", pages.Site(Repo(self.root)), [])
        self.assertTrue((self.root / "mine" / "letter.txt").is_file())


class VerifyTest(SiteTest):
    def test_links_and_anchors_of_the_finished_folder(self):
        out = self.root / "out"
        out.mkdir()
        (out / "index.html").write_text('<link rel="stylesheet" href="s.css"><a href="b.html#x">a</a><a href="b.html#가">b</a><a href="#none">c</a><a href="no.html">d</a>'
                                        '<a href="https://x.org/">e</a>', encoding="utf-8")
        (out / "b.html").write_text('<p id=x><p id="가">', encoding="utf-8")
        (out / "s.css").write_text("* {}", encoding="utf-8")
        self.assertEqual(["index.html: #none", "index.html: no.html"], verify.links(out))
        self.assertEqual((out / "index.html").stat().st_size + 4, verify.first_page(out))


class TablesTest(unittest.TestCase):
    def test_options(self):
        text = "# About the file\n\n# The server.\n# 서버.\n[server]\n\n# A port;\n# any.\n# 포트.\n# 0 .. 9\nport = 7\n"
        self.assertEqual([("server", {"en": "The server.", "ko": "서버."}, [("port", "7", "0 .. 9", {"en": "A port; any.", "ko": "포트."})])],
                         tables.read_options(text))

    def test_packets(self):
        text = "enum PacketId {\n  PACKET_NONE = 0;\n  reserved 1 to 6;\n\n  PACKET_C_A = 7; // why\n}\nmessage C_A {\n  // x\n  repeated Player p = 1;  // y\n}\nmessage C_B {}\n"
        self.assertEqual([("PACKET_NONE", 0, ""), ("PACKET_C_A", 7, "why")], tables.read_enum(text, "PacketId"))
        self.assertEqual({"C_A": [("repeated Player", "p", "1")], "C_B": []}, tables.read_messages(text))

    def test_where_wine_differs(self):
        text = ('constexpr const char* kWhy = "One "\n    "reason";\nif (WineDiffers("P1", kWhy, "seen")) return;\nif (OnlyOurPort("P39",\n   "handles "\n   "return", kWhy)) {}\n')
        self.assertEqual([("P1", "WineDiffers", "One reason", "seen"), ("P39", "OnlyOurPort", "handles return", "One reason")], tables.read_marks(text))

    def test_metrics(self):
        text = ('constexpr const char* kBoth = "Of "\n "both.";\nconstexpr M kM[] = {\n    {kGauge, "a", [](Look l) { return l.a ? 1.0 : 0.0; }, "A."},\n'
                '    // a remark\n    {kCounter, "b_total",\n     [](Look l) { return l.b; }, kBoth, "b_per", "how",\n     "so"},\n};\n'
                'void F() {\n  c.AddGauge(\n      "d", "D is "\n      "long.", 1);\n}\n')
        self.assertEqual([("a", "gauge", "A.", ""), ("b_total", "counter", "Of both.", 'how="so"'), ("d", "gauge", "D is long.", "")], tables.read_metrics(text))


if __name__ == "__main__":
    unittest.main()
