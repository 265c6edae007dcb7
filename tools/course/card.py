"""What a stage's lesson card says by itself, each between two marks: the steps, from course.toml, and the picture of the
layers, from the includes."""

import os
import re

from . import globs, lesson, picture
from .check_lesson import anchor
from .lesson_data import GROUPS

CARDS = {"README.md": "en", "README.ko.md": "ko"}
_MARKS = {name: re.compile(rf"(<!-- {name}[^>]*-->\n).*?(<!-- /{name} -->)", re.S) for name in ("steps", "picture")}
_WORDS = {
    "en": {"head": "`./course read {n}` walks through it in the terminal.", "some": "the rest of {n}", "task": "task", "tasks": "tasks", "note": "note", "tests": "proved by",
           "rest": "Everything else:", "groups": {"programs": "what is run", "labs": "what measures and compares", "support": "what only helps",
                                                  "library": "read last or never", "tests": "what proves it"}},
    "ko": {"head": "터미널에서는 `./course read {n}`로 차례차례 읽을 수 있습니다.", "some": "{n}의 나머지", "task": "과제", "tasks": "과제", "note": "노트", "tests": "확인하는 테스트",
           "rest": "나머지 파일:", "groups": {"programs": "실행하는 것", "labs": "재고 비교하는 것", "support": "돕기만 하는 것",
                                           "library": "나중에 읽거나 읽지 않아도 되는 것", "tests": "확인하는 것"}},
}
_TITLES = {"en": {g: g for g in GROUPS}, "ko": {"programs": "프로그램", "labs": "실험", "support": "보조", "library": "라이브러리", "tests": "테스트"}}


def contents(stage, lang):
    """The lines between the marks."""
    told, words = lesson.of(stage).require(), _WORDS[lang]
    out = [words["head"].format(n=stage.number), ""]
    for part in told.parts:
        if part.id:
            out += [f"### {part.id} {part.title[lang]}", "", f"{part.text[lang]} (`./course read {part.id}`)", ""]
        for step in part.steps:
            out += _step(stage, step, lang, words)
        out.append("")
    out += [words["rest"], ""]
    for group in GROUPS:
        names = told.patterns(group)
        if names:
            out.append(f"- {_TITLES[lang][group]} ({words['groups'][group]}): "
                       + ", ".join(_pattern(told, n, words) for n in names))
    return "\n".join(out) + "\n"


def _pattern(told, pattern, words):
    name = f"`{pattern}`"
    read = any(globs.matches(pattern, f) for f in told.files())
    return words["some"].format(n=name) if read else name


def _step(stage, step, lang, words):
    page = os.path.relpath(step.note_page(lang), stage.folder).replace(os.sep, "/")
    about = [f"[{words['note']}]({page}#{anchor(step.section[lang])})"]
    if step.tasks:
        about.append(f"{words['task' if len(step.tasks) == 1 else 'tasks']} {', '.join(step.tasks)}")
    tests = dict.fromkeys(t.split(":")[0] for t in step.tests)
    about.append(f"{words['tests']} " + ", ".join(f"`{t}`" for t in tests))
    yield f"{step.number}. **{step.title[lang]}.** {step.text[lang]} ({'; '.join(about)})"
    for excerpt in step.excerpts:
        names = " " + ", ".join(f"`{r}`" for r in excerpt.regions) if excerpt.regions else ""
        yield f"   - [`{excerpt.file}`]({excerpt.file}){names}: {excerpt.why[lang]}"


def _with_contents(stage, name):
    """(text, text with the right contents, names of missing marks)."""
    text = (stage.path / name).read_text(encoding="utf-8")
    right, lang = text, CARDS[name]
    made = {"steps": contents(stage, lang), "picture": "```mermaid\n" + "\n".join(picture.mermaid(stage, lang)) + "\n```\n"}
    missing = [mark for mark, pattern in _MARKS.items() if not pattern.search(text)]
    for mark, pattern in _MARKS.items():
        right = pattern.sub(lambda m, mark=mark: m.group(1) + made[mark] + m.group(2), right)
    return text, right, missing


def cards(repo):
    """The steps in the lesson cards are those of course.toml, their pictures show the includes, and no layers form a circle."""
    problems = []
    for stage in repo.present():
        problems += picture.problems(stage)
        told = lesson.of(stage)
        if not told.steps or told.problems:  # the check of the steps says so
            continue
        for name in CARDS:
            if not (stage.path / name).is_file():
                problems.append(f"{stage.folder}/{name} is missing")
                continue
            text, right, missing = _with_contents(stage, name)
            problems += [f"{stage.folder}/{name} has no <!-- {mark} --> ... <!-- /{mark} -->" for mark in missing]
            if text != right:
                problems.append(f"{stage.folder}/{name}: steps or picture are stale; ./course check cards --fix")
    return problems, []


def write_cards(repo):
    for stage in repo.present():
        told = lesson.of(stage)
        for name in CARDS:
            if told.steps and not told.problems and (stage.path / name).is_file():
                text, right, _ = _with_contents(stage, name)
                if right != text:
                    (stage.path / name).write_text(right, encoding="utf-8")
