"""Marked regions of a source file.

`// [name]` ... `// [/name]`               quoted by the notes
`// <student 03.2>` ... `// </student>`    written by the student; in a stage of parts `// <student 07b.2>`
Each marker stands on a line of its own; `#`, `--` and `;` comments work like `//`."""

import re

_COMMENT = r"^\s*(?://|#|--|;)\s*"
_QUOTE = re.compile(_COMMENT + r"\[(/?)([a-z0-9][a-z0-9-]*)\]\s*$")
_STUDENT = re.compile(_COMMENT + r"<student (\d\d[a-z]?\.\d+[a-z]?)>\s*$")
_STUDENT_END = re.compile(_COMMENT + r"</student>\s*$")
_STUDENT_LIKE = re.compile(_COMMENT + r"</?\s*student\b")


def is_mark(line):
    """Is the line nothing but the start or the end of a quoted region?"""
    return _QUOTE.match(line) is not None


def is_student_mark(line):
    return bool(_STUDENT.match(line) or _STUDENT_END.match(line))


def quoted(text):
    """({name: (first line, last line)}, [problem]); lines count from 1, markers not included."""
    found, problems, open_regions = {}, [], {}
    for number, line in enumerate(text.splitlines(), 1):
        match = _QUOTE.match(line)
        if not match:
            continue
        closing, name = match.groups()
        if not closing:
            if name in open_regions or name in found:
                problems.append(f"{number}: region [{name}] is there twice")
            open_regions[name] = number
        elif name not in open_regions:
            problems.append(f"{number}: region [/{name}] was not opened")
        else:
            found[name] = (open_regions.pop(name) + 1, number - 1)
    problems += [f"{number}: region [{name}] is not closed" for name, number in open_regions.items()]
    return found, problems


def student(text):
    """([(task id, first line, last line)], [problem]); lines count from 1, markers not included."""
    found, problems, current = [], [], None
    for number, line in enumerate(text.splitlines(), 1):
        start = _STUDENT.match(line)
        if start:
            if current:
                problems.append(f"{number}: <student {start.group(1)}> inside <student {current[0]}>")
            current = (start.group(1), number)
        elif _STUDENT_END.match(line):
            if not current:
                problems.append(f"{number}: </student> without a start")
            else:
                found.append((current[0], current[1] + 1, number - 1))
            current = None
        elif _STUDENT_LIKE.match(line):
            problems.append(f"{number}: a student marker that cannot be read: {line.strip()}")
    if current:
        problems.append(f"{current[1]}: <student {current[0]}> is not closed")
    return found, problems


def without_marks(text, task_ids):
    """The text without the marks of these tasks; what is between them stays."""
    gone, inside = [], False
    for number, line in enumerate(text.splitlines()):
        start = _STUDENT.match(line)
        if start:
            inside = start.group(1) in task_ids
        if inside and (start or _STUDENT_END.match(line)):
            gone.append(number)
    return "".join(line for number, line in enumerate(text.splitlines(keepends=True)) if number not in set(gone))


def region_text(text, name):
    """The lines of a quoted region, or None."""
    found, _ = quoted(text)
    if name not in found:
        return None
    first, last = found[name]
    return "\n".join(text.splitlines()[first - 1:last])


def contents(text, task_id):
    """The texts of the regions of this task, in the file's order."""
    lines = text.splitlines()
    return ["".join(line + "\n" for line in lines[first - 1:last]) for task, first, last in student(text)[0] if task == task_id]


def filled(text, write):
    """The text with what `write(task id, which of them, text)` gives in place of what its regions hold."""
    lines, count, out, after = text.splitlines(), {}, [], 0
    for task, first, last in student(text)[0]:
        which = count[task] = count.get(task, -1) + 1
        inside = "".join(line + "\n" for line in lines[first - 1:last])
        out += [line + "\n" for line in lines[after:first - 1]] + [write(task, which, inside)]
        after = last
    return "".join(out + [line + "\n" for line in lines[after:]])
