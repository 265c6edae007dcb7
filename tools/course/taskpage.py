"""The page of a task: notes/LANGUAGE/tasks/ID.md, in sections that are known."""

import re

from .errors import CourseError

LANGUAGES = ("en", "ko")
# section -> its heading; in this order on the page
SECTIONS = {
    "purpose": {"en": "What it is for", "ko": "무엇을 위한 것인가"},
    "yours": {"en": "What is yours", "ko": "무엇을 쓰는가"},
    "invariant": {"en": "The invariant", "ko": "불변식"},
    "example": {"en": "An example", "ko": "예"},
    "done": {"en": "Done when", "ko": "끝나는 때"},
    "note": {"en": "Note", "ko": "노트"},
    "hint1": {"en": "Hint 1", "ko": "힌트 1"},
    "hint2": {"en": "Hint 2", "ko": "힌트 2"},
    "hint3": {"en": "Hint 3", "ko": "힌트 3"},
    "why": {"en": "Why it is so", "ko": "왜 그런가"},
}
HINTS = ("hint1", "hint2", "hint3")
SHOWN = tuple(s for s in SECTIONS if s not in (*HINTS, "why"))  # to whoever asks for the task

_FENCE = re.compile(r"^\s*(```|~~~)")


def path(task_id, language):
    return f"notes/{language}/tasks/{task_id}.md"


class Page:
    """The sections of one page, {key: text}. `problems`: what is wrong with it, each in one line."""

    def __init__(self, name, text, language, task):
        self.name, self.problems = name, []
        self.title, found = split(text)
        keys = {heading[language]: key for key, heading in SECTIONS.items()}
        self.sections = {}
        for heading, body in found:
            key = keys.get(heading)
            if key is None:
                self.problems.append(f"{name}: unknown section '## {heading}' (there are: {', '.join(keys)})")
            elif key in self.sections:
                self.problems.append(f"{name}: section '## {heading}' is there twice")
            else:
                self.sections[key] = body
        self.problems += [f"{name}: section '## {heading}' is missing" for heading, key in keys.items() if key not in self.sections]
        self.problems += [f"{name}: section '## {heading}' is empty" for heading, key in keys.items() if self.sections.get(key) == ""]
        if not self.problems and list(self.sections) != list(SECTIONS):
            self.problems.append(f"{name}: the sections have to stand in this order: {', '.join(keys)}")
        title = f"{task.id} {task.name(language)}"
        if self.title != title:
            self.problems.append(f"{name}: the page begins with '# {self.title}', not with '# {title}' as course.toml has it")

    def hints(self):
        return [self.sections[h] for h in HINTS]


def read(repo, task, language):
    """The page; one clear line when it is not there or not whole. A title that differs does not matter to a reader."""
    name = path(task.id, language)
    try:
        page = Page(name, (repo.root / name).read_text(encoding="utf-8"), language, task)
    except FileNotFoundError:
        raise CourseError(f"{name} is missing: the page of task {task.id}") from None
    except UnicodeDecodeError:
        raise CourseError(f"{name} is not UTF-8") from None
    if any(key not in page.sections for key in SECTIONS):
        raise CourseError(page.problems[0])
    return page


def problems(repo, task):
    """What is wrong with the task's pages in both languages."""
    found = []
    for language in LANGUAGES:
        name = path(task.id, language)
        if (repo.root / name).is_file():
            text = (repo.root / name).read_text(encoding="utf-8", errors="replace")
            found += Page(name, text, language, task).problems
        else:
            found.append(f"{name} is missing: the page of task {task.id}")
    return found


def split(text):
    """(title, [(heading, body)]); what looks like a heading in a block of code is none."""
    title, found, body, fenced = "", [], [], None
    for line in text.splitlines():
        fence = _FENCE.match(line)
        if fence:
            fenced = None if fenced == fence.group(1) else fenced or fence.group(1)
        if fenced is None and not fence and line.startswith("# ") and not title:
            title = line[2:].strip()
        elif fenced is None and not fence and line.startswith("## "):
            body = []
            found.append((line[3:].strip(), body))
        else:
            body.append(line)
    return title, [(heading, "\n".join(lines).strip("\n")) for heading, lines in found]
