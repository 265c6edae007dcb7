"""Reads the steps and groups of course.toml; what is wrong is said with its place, its key and what is allowed."""

import re

GROUPS = ("programs", "labs", "support", "library", "tests")

_TEXTS = ("title", "text", "try", "section")  # in English; with _ko in Korean
_STEP = ("id", "title", "title_ko", "text", "text_ko", "read", "tasks", "tests", "note", "section", "section_ko", "try", "try_ko")
_OPTIONAL = ("tasks",)
_PART = ("id", "title", "title_ko", "text", "text_ko", "step")
_READ = ("file", "why", "why_ko")
_ID = re.compile(r"[a-z][a-z0-9-]*\Z")
_NOTE = re.compile(r"notes/en/[^/]+\.md\Z")


def read_parts(stage):
    """([part], [problem]); a stage without parts is one part without an id. Only what can be used is in it."""
    problems = []
    place = f"course.toml [[stage.{stage.number}."
    parts, steps = stage.data.get("part"), stage.data.get("step")
    if parts is not None and steps is not None:
        problems.append(f"{place}step]]: a stage has either steps or parts; in parts they are [[stage.{stage.number}.part.step]]")
    if parts is None:
        data = [{"id": "", "title": _both(stage.data, "title"), "text": _both(stage.data, "concept"),
                 "steps": _steps(f"{place}step]]", steps, problems)}]
    else:
        data = [d for d in (_part(stage, place, p, problems) for p in _tables(f"{place}part]]", parts, problems)) if d]
        problems += _twice(f"{place}part]]", [p["id"] for p in data])
    problems += _twice(f"{place}step]]", [s["id"] for p in data for s in p["steps"]])
    return data, problems


def check_groups(place, table):
    if not isinstance(table, dict):
        return [f"course.toml {place}: must be a table of {', '.join(GROUPS)}"]
    problems = [f"course.toml {place}: unknown group '{g}' (allowed: {', '.join(GROUPS)})" for g in table if g not in GROUPS]
    problems += [f"course.toml {place}: '{g}' must be a list of paths, folders (net/) or globs"
                 for g in table if g in GROUPS and not _strings(table[g])]
    return problems


def _part(stage, place, data, problems):
    where = f"{place}part]] {data.get('id', '')}".rstrip()
    good = _keys(where, data, _PART, (), problems)
    if not re.fullmatch(stage.number + "[a-z]", str(data.get("id"))):
        problems.append(f"{where}: 'id' must be the stage and a letter, as {stage.number}a")
        good = False
    steps = _steps(f"{place}part.step]]", data.get("step"), problems, str(data.get("id", "")))
    return {"id": data["id"], "title": _both(data, "title"), "text": _both(data, "text"), "steps": steps} if good else None


def _steps(place, entries, problems, part=""):
    found = []
    for number, data in enumerate(_tables(place, entries, problems), 1):
        where = f"{place} {part}{' ' if part else ''}{data.get('id', number)}"
        before = len(problems)
        _keys(where, data, _STEP, _OPTIONAL, problems)
        if "id" in data and not (isinstance(data["id"], str) and _ID.match(data["id"])):
            problems.append(f"{where}: 'id' must be small letters, digits and -, as send-queue")
        for key, example in (("tests", '["unit.send_queue"]'), ("tasks", '["04.1"]')):
            if key in data and not _strings(data[key]):
                problems.append(f"{where}: '{key}' must be a list of names, as {example}")
        if isinstance(data.get("note"), str) and not _NOTE.match(data["note"]):
            problems.append(f"{where}: 'note' must be a page notes/en/NAME.md (the Korean one has the same name)")
        read = _read(where, data.get("read"), problems) if "read" in data else []
        if len(problems) == before:
            found.append({"id": data["id"], "read": read, "tasks": list(data.get("tasks", [])), "tests": list(data["tests"]),
                          "note": data["note"], **{key: _both(data, key) for key in _TEXTS}})
    return found


def _read(where, entries, problems):
    found = []
    for data in _tables(f"{where}: 'read'", entries, problems):
        at = f"{where}: 'read' {data.get('file', '')}".rstrip()
        if not _keys(at, data, _READ, (), problems):
            continue
        file, _, names = data["file"].partition(":")
        wanted = tuple(n.strip() for n in names.split(",")) if names else ()
        if file.startswith(("/", "../")) or any(c in file for c in "*?") or file.endswith("/"):
            problems.append(f"{at}: must be one file of the stage, or file:region or file:region,region")
            continue
        found.append({"file": file, "regions": wanted, "why": _both(data, "why")})
    if not found and not problems:
        problems.append(f"{where}: 'read' is empty: name at least one file")
    return found


def _keys(where, data, allowed, optional, problems):
    """Are all keys there, texts, and known?"""
    bad = [f"{where}: unknown key '{k}' (allowed: {', '.join(allowed)})" for k in data if k not in allowed]
    for key in allowed:
        if key not in data:
            if key not in optional:
                bad.append(f"{where}: '{key}' is missing (needed: {', '.join(k for k in allowed if k not in optional)})")
        elif key not in ("read", "tasks", "tests", "step") and not (isinstance(data[key], str) and data[key].strip()):
            bad.append(f"{where}: '{key}' must be a text that is not empty")
    problems += bad
    return not bad


def _tables(where, entries, problems):
    if entries is None:
        return []
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        problems.append(f"{where}: must be a list of tables")
        return []
    return entries


def _strings(value):
    return isinstance(value, list) and all(isinstance(v, str) and v for v in value)


def _both(data, key):
    ko = data.get(f"{key}_ko", "")
    return {"en": data.get(key, ""), "ko": ko}


def _twice(where, ids):
    return [f"{where}: id '{i}' is there twice" for i in sorted({i for i in ids if ids.count(i) > 1})]
