"""Checks on pages and plain files: references, links, translations, line ends, leftovers."""

import os
import re
import subprocess
import urllib.parse

from . import check_lesson, regions
from .carry_plan import has_markers, is_binary

_FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.M | re.S)
_INLINE_CODE = re.compile(r"(`+)(?:(?!\1).)+?\1")
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^()\s>]+(?:\([^()\s]*\)[^()\s>]*)*)>?(?:\s+\"[^\"]*\")?\s*\)")
_REGION = re.compile(r"#region=(.+)$")
_UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")
_TEXT = (".h", ".hpp", ".cc", ".c", ".cmake", ".txt", ".md", ".py", ".proto", ".toml", ".yml", ".yaml", ".json", ".sh",
         ".cmd", ".j2", ".js", ".css", ".html", ".sql")


def _pages(repo):
    return [p for p in repo.files() if p.endswith(".md")]


def _text(repo, path):
    return (repo.root / path).read_text(encoding="utf-8", errors="replace")


def link_matches(text):
    """(match, target) of the links of a Markdown page; code is left out."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    for match in _LINK.finditer(_INLINE_CODE.sub(blank, _FENCE.sub(blank, text))):
        yield match, match.group(1)


def _page_links(text):
    """Link targets of a Markdown page with line numbers."""
    for match, target in link_matches(text):
        yield text.count("\n", 0, match.start()) + 1, target


def is_relative(target):
    return not re.match(r"[a-z][a-z0-9+.-]*:|//", target, re.I)


def references(repo):
    """Regions named by pages exist, and regions in the code are closed."""
    problems = []
    for path in _pages(repo):
        base = os.path.dirname(path)
        for line, target in _page_links(_text(repo, path)):
            match = _REGION.search(target)
            if not match:
                continue
            file = os.path.normpath(os.path.join(base, target[:match.start()]))
            name = urllib.parse.unquote(match.group(1))
            if not (repo.root / file).is_file():
                problems.append(f"{path}:{line}: {file} does not exist")
            elif regions.region_text(_text(repo, file), name) is None:
                problems.append(f"{path}:{line}: {file} has no region [{name}]")
    for path in repo.files():
        if path.endswith((".h", ".cc", ".cmake", ".proto", ".txt", ".j2", ".py")):
            if path.startswith("tools/"):
                continue
            problems += [f"{path}:{p}" for p in regions.quoted(_text(repo, path))[1]]
    return problems, []


def links(repo):
    """What a page leads to is there: the file, and in a page the heading."""
    problems, anchors = [], {}
    for path in _pages(repo):
        base = os.path.dirname(path)
        for line, target in _page_links(_text(repo, path)):
            target = urllib.parse.unquote(target)
            if not is_relative(target):
                continue
            file, _, name = target.partition("#")
            full = os.path.normpath(os.path.join(base, file)) if file else path
            if full.startswith("..") or not (repo.root / full).exists():
                problems.append(f"{path}:{line}: {file} does not exist")
            elif name and "=" not in name and full.endswith(".md"):
                if full not in anchors:
                    anchors[full] = check_lesson.anchors(_text(repo, full))
                if name not in anchors[full]:
                    problems.append(f"{path}:{line}: {full} has no heading #{name}")
    return problems, []


def _counterpart(path):
    """The page in the other language: notes/ko/x <-> notes/en/x, README.ko.md <-> README.md."""
    if path.startswith("notes/ko/"):
        return "notes/en/" + path[len("notes/ko/"):]
    if path.startswith("notes/en/"):
        return "notes/ko/" + path[len("notes/en/"):]
    if path.endswith(".ko.md"):
        return path[:-len(".ko.md")] + ".md"
    if os.path.basename(path) == "README.md" and (path == "README.md" or re.match(r"0\d_", path)):
        return path[:-len(".md")] + ".ko.md"
    return None


def translations(repo):
    """Every page has its other language; a page whose other language was changed later is listed."""
    problems, notes = [], []
    pages = set(_pages(repo))
    dates = _last_change(repo, sorted(p for p in pages if _counterpart(p)))
    present = {s.folder for s in repo.present()}
    for page in sorted(pages):
        other = _counterpart(page)
        folder = page.split("/")[0]
        if other is None or (re.match(r"0\d_", folder) and folder not in present):
            continue
        if other not in pages:
            problems.append(f"{page} has no {other}")
        elif dates.get(page, 0) < dates.get(other, 0) and not page.startswith("notes/README"):
            notes.append(f"{page} is older than {other}")
    return problems, notes


def _last_change(repo, paths):
    """path -> time of the last commit that touched it, or said that it is still right by a line "Translation-checked: PATH" at the
    end of its message (the other language got better words, no more); uncommitted files count as newest."""
    if not paths or not (repo.root / ".git").exists():
        return {}
    dates = {}
    for what in (("--format=%x01%ct", "--name-only", "--", *paths),
                 ("--format=%x01%ct%n%(trailers:key=Translation-checked,valueonly)", "--grep=^Translation-checked:")):
        out = subprocess.run(["git", "log", *what], cwd=repo.root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                             check=False).stdout.decode("utf-8", "replace")
        for block in out.split("\x01")[1:]:
            time, _, names = block.partition("\n")
            for name in filter(None, names.split("\n")):
                for page in (name, _counterpart(name)) if "--grep" in what[1] else (name,):
                    dates[page] = max(dates.get(page, 0), int(time))
    out = subprocess.run(["git", "status", "--porcelain", "-z", "--", *paths], cwd=repo.root, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=False).stdout.decode("utf-8", "replace")
    for entry in out.split("\0"):
        if len(entry) > 3:
            dates[entry[3:]] = 1 << 40
    return dates


_TABLE = re.compile(r"(<!-- stages[^>]*-->\n).*?(<!-- /stages -->)", re.S)


def _stage_rows(repo, korean):
    if korean:
        rows = ["| 단계 | 제목 | 배우는 것 | |"]
    else:
        rows = ["| stage | title | what it teaches | |"]
    rows.append("|---|---|---|---|")
    for s in repo.stages.values():
        link = f"[{s.folder}]({s.folder})" if s.present else s.folder
        title, concept = (s.title_ko, s.concept_ko) if korean else (s.title, s.concept)
        here = ("있음" if korean else "here") if s.present else ("예정" if korean else "planned")
        rows.append(f"| {link} | {title} | {concept} | {here} |")
    return "\n".join(rows) + "\n"


def _with_table(repo, page):
    """(text, text with the right table) of a page; the second is None when the page has no place for it."""
    text = _text(repo, page)
    if not _TABLE.search(text):
        return text, None
    rows = _stage_rows(repo, page.endswith(".ko.md"))
    return text, _TABLE.sub(lambda m: m.group(1) + rows + m.group(2), text)


def stage_table(repo):
    """The tables of stages in README.md and README.ko.md are what course.toml and the folders say."""
    problems = []
    for page in ("README.md", "README.ko.md"):
        if not (repo.root / page).is_file():
            problems.append(f"{page} is missing")
            continue
        text, right = _with_table(repo, page)
        if right is None:
            problems.append(f"{page} has no <!-- stages --> ... <!-- /stages -->")
        elif text != right:
            problems.append(f"{page}: the table of stages is stale; ./course check readme --fix")
    return problems, []


def write_stage_table(repo):
    for page in ("README.md", "README.ko.md"):
        text, right = _with_table(repo, page)
        if right is not None and right != text:
            (repo.root / page).write_text(right, encoding="utf-8")


def leftovers(repo):
    problems = []
    for path in repo.files():
        if not path.endswith(_TEXT) and "." in os.path.basename(path)[1:]:
            continue
        data = (repo.root / path).read_bytes()
        if is_binary(data):
            continue
        if has_markers(data):
            problems.append(f"{path}: conflict markers")
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
            match = _UNFINISHED.search(line)
            if match:
                problems.append(f"{path}:{number}: {match.group(1)}")
    return problems, []


def waits(repo):
    """std::barrier, std::latch and std::counting_semaphore are not for code that runs on Windows, too: gcc 12's library
    for MinGW looks at the value first and takes the lock it sleeps under afterwards, so a wake-up in between is lost."""
    problems = []
    for path in repo.files():
        if not path.endswith((".h", ".cc")) or "/linux/" in path or path.endswith(("_linux.cc", "_posix.cc")):
            continue
        for number, line in enumerate(_text(repo, path).splitlines(), 1):
            match = re.match(r"\s*#\s*include\s*<(barrier|latch|semaphore)>", line)
            if match:
                problems.append(f"{path}:{number}: <{match.group(1)}> loses wake-ups with MinGW; a mutex and a condition"
                                " variable do not")
    return problems, []


def files(repo):
    """LF line ends (CRLF only for .cmd), a newline at the end, executable exactly when it starts with #!."""
    problems = []
    for path in repo.files():
        file = repo.root / path
        if file.is_symlink():
            continue
        data = file.read_bytes()
        script = data.startswith(b"#!")
        if os.name != "nt" and script != os.access(file, os.X_OK):
            problems.append(f"{path}: {'not executable' if script else 'executable, but no script'}")
        if not path.endswith(_TEXT) or is_binary(data) or not data:
            continue
        if b"\r\n" in data and not path.endswith((".cmd", ".bat")):
            problems.append(f"{path}: CRLF line ends")
        if not data.endswith(b"\n"):
            problems.append(f"{path}: no newline at the end")
        if re.search(rb"[ \t]+\r?$", data, re.M) and not path.endswith(".md"):
            problems.append(f"{path}: blanks at the end of a line")
    return problems, []
