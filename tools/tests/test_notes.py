"""check chapters, check concepts: each rule fails on pages that break it and passes on pages that do not."""

import unittest

from tree import CourseTree

from course import check_notes


class NotesTest(CourseTree):
    stages = ("01",)

    def check(self, name, code=1):
        got, out = self.course("check", name)
        self.assertEqual(code, got, out)
        return out

    def page(self, name, text):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text, encoding="utf-8")

    def chapter(self, lang="en", figures=3, parts=None, answers="1. yes\n2. no\n"):
        parts = parts or check_notes.PARTS[lang]
        text = "# 01. One\n\n" + "```mermaid\nflowchart LR\n```\n\n" * figures
        text += "".join(f"## {part}\n\ntext\n\n" for part in parts)
        return text + f"1. why?\n2. how?\n\n<details>\n<summary>x</summary>\n\n{answers}\n</details>\n"

    def chapters(self, **changed):
        self.page("notes/ko/01_one.md", self.chapter("ko"))
        self.page("notes/en/01_one.md", self.chapter(**changed))
        return self.check("chapters", code=1 if changed else 0)

    def test_chapters(self):
        self.chapters()
        self.assertIn("notes/en/01_one.md: 2 figures, wanted: 3", self.chapters(figures=2))
        parts = list(check_notes.PARTS["en"])
        self.assertIn("no section 'Build'", self.chapters(parts=[p for p in parts if p != "Build"]))
        self.assertIn("not in the order", self.chapters(parts=[*parts[1:3], parts[0], *parts[3:]]))
        self.assertIn("asks [1, 2] and answers [1]", self.chapters(answers="1. yes\n"))
        self.assertIn("different headings", self.chapters(parts=["More", *parts]))

    def test_concepts(self):
        self.page("notes/en/01_one.md", "# One\n\n## Why\n\n## How\n")
        self.page("notes/ko/01_one.md", "# 하나\n\n## 까닭\n\n## 방법\n")
        self.assertIn("notes/ko/concepts.md is missing", self.check("concepts"))
        self.page("notes/en/concepts.md", "| concept | section |\n|---|---|\n| a | [Why](01_one.md#why) |\n")
        self.page("notes/ko/concepts.md", "| 개념 | 절 |\n|---|---|\n| 가 | [까닭](01_one.md#까닭) |\n")
        self.check("concepts", code=0)
        self.page("notes/ko/concepts.md", "| 개념 | 절 |\n|---|---|\n| 가 | [방법](01_one.md#방법) |\n")
        self.assertIn("notes/en/concepts.md:3: English and Korean lead to different sections", self.check("concepts"))
        self.page("notes/ko/concepts.md", "| 개념 | 절 |\n|---|---|\n| 가 | [없음](01_one.md#없음) |\n| 나 | x |\n")
        out = self.check("concepts")
        self.assertIn("notes/ko/concepts.md:3: no such section: 01_one.md#없음", out)
        self.assertIn("2 rows in English, 3 in Korean", out)


if __name__ == "__main__":
    unittest.main()
