"""`./course check museum`: patches, pages, course.toml and the index of the exhibits belong together."""

import re

from . import check_stages, exhibits, museum, taskpage
from .errors import CourseError

SECTIONS = {"en": ("Symptom", "How to find it", "Cause", "Cure"), "ko": ("증상", "찾는 법", "원인", "고치는 법")}
_INDEX = "notes/{}/museum/README.md"
_LIST = re.compile(r"(<!-- exhibits[^>]*-->\n).*?(<!-- /exhibits -->)", re.S)
_WORDS = {"en": ("exhibit", "what goes wrong", "found by", "{n} exhibits in {s} stage{plural}."),
          "ko": ("전시물", "무엇이 잘못되는가", "찾아내는 테스트", "{s}개 단계에 전시물 {n}점.")}


def check(repo):
    problems, notes = [], []
    pages, patches = set(), set()
    for stage in repo.present():
        names = [e.name for e in stage.exhibits]
        problems += [f"course.toml: exhibit {n} of stage {stage.number} is there twice" for n in sorted({n for n in names if names.count(n) > 1})]
        problems += [f"course.toml: task {t.id}: exhibit '{t.exhibit}' is no [[stage.{stage.number}.exhibit]]"
                     for t in stage.tasks if t.exhibit and t.exhibit not in names]
        for exhibit in stage.exhibits:
            problems += _exhibit(repo, stage, exhibit)
            pages |= {exhibit.page(language) for language in SECTIONS}
            patches.add(f"tools/museum/{stage.number}/{exhibit.name}.patch")
    for path in repo.files():
        if re.match(r"notes/(en|ko)/museum/(?!README\.md$)", path) and path not in pages:
            problems.append(f"{path} is the page of no exhibit of course.toml")
        if path.startswith("tools/museum/") and path not in patches:
            problems.append(f"{path} is the patch of no exhibit of course.toml")
    if pages:
        problems += _index_problems(repo)
        notes.append(f"{len(patches)} exhibits")
    return problems, notes


def _exhibit(repo, stage, exhibit):
    where = f"course.toml: exhibit {exhibit.name} of stage {stage.number}"
    problems = [f"{where}: unknown key '{key}'" for key in exhibit.unknown]
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", exhibit.name):
        problems.append(f"{where}: a name has small letters, digits and single dashes")
    if exhibit.config not in museum.CONFIGS:
        problems.append(f"{where}: config is '{exhibit.config}'; it may be {', '.join(museum.CONFIGS)}")
    registered = check_stages.registered_tests(stage)
    problems += [f"{where}: no test {t.split(':')[0]} in {stage.folder}" for t in exhibit.tests if t.split(":")[0] not in registered]
    if not exhibit.tests:
        problems.append(f"{where}: 'tests' is empty: name what finds it")
    try:
        for file, text in exhibits.files(repo, stage, exhibit.name).items():
            if text == (stage.path / file).read_text(encoding="utf-8"):
                problems.append(f"tools/museum/{stage.number}/{exhibit.name}.patch changes nothing in {file}")
    except CourseError as e:
        problems.append(str(e))
    for language in SECTIONS:
        problems += _page(repo, exhibit, language)
    return problems


def _page(repo, exhibit, language):
    name = exhibit.page(language)
    if not (repo.root / name).is_file():
        return [f"{name} is missing"]
    title, sections = taskpage.split((repo.root / name).read_text(encoding="utf-8", errors="replace"))
    problems = []
    if title != exhibit.title[language]:
        problems.append(f"{name}: the page begins with '# {title}', not with '# {exhibit.title[language]}' as course.toml has it")
    if tuple(heading for heading, _ in sections) != SECTIONS[language]:
        problems.append(f"{name}: its sections have to be, in this order: {', '.join(SECTIONS[language])}")
    return problems + [f"{name}: section '## {heading}' is empty" for heading, body in sections if not body]


# -- the index ------------------------------------------------------------------------------------------------------


def _rows(repo, language):
    name, title, tests, count = _WORDS[language]
    shown = [s for s in repo.present() if s.exhibits]
    lines = [count.format(n=sum(len(s.exhibits) for s in shown), s=len(shown), plural="s" * (len(shown) != 1)), ""]
    for stage in shown:
        lines += [f"### {stage.number} {stage.title_ko if language == 'ko' else stage.title}", "", f"| {name} | {title} | {tests} |", "|---|---|---|"]
        for exhibit in stage.exhibits:
            found = ", ".join(f"`{t}`" for t in dict.fromkeys(t.split(":")[0] for t in exhibit.tests))
            config = "" if exhibit.config == "release" else f" ({exhibit.config})"
            lines.append(f"| [{exhibit.name}]({exhibit.page(language).rsplit('/', 1)[1]}) | {exhibit.title[language]} | {found}{config} |")
        lines.append("")
    return "\n".join(lines) + "\n"


def _with_list(repo, language):
    """(text, text with the right list) of the index; the second is None when it has no place for it."""
    text = (repo.root / _INDEX.format(language)).read_text(encoding="utf-8")
    if not _LIST.search(text):
        return text, None
    return text, _LIST.sub(lambda m: m.group(1) + "\n" + _rows(repo, language) + m.group(2), text)


def _index_problems(repo):
    problems = []
    for language in SECTIONS:
        name = _INDEX.format(language)
        if not (repo.root / name).is_file():
            problems.append(f"{name} is missing")
            continue
        text, right = _with_list(repo, language)
        if right is None:
            problems.append(f"{name} has no <!-- exhibits --> ... <!-- /exhibits -->")
        elif text != right:
            problems.append(f"{name}: the list of exhibits is stale; ./course check museum --fix")
    return problems


def write_index(repo):
    for language in SECTIONS:
        path = repo.root / _INDEX.format(language)
        if path.is_file():
            text, right = _with_list(repo, language)
            if right not in (None, text):
                path.write_text(right, encoding="utf-8")
