"""Tables that are made from the sources: what a page names with #table=. Each takes (repo, path, language) and gives HTML."""

import ast
import posixpath
import re

from .quotes import stage_of
from .shell import esc

_HEADS = {
    "ko": {"key": "키와 기본값", "about": "뜻", "id": "번호", "name": "이름", "fields": "필드", "metric": "메트릭",
           "promise": "약속", "tests": "테스트", "empty": "(내용 없음)",
           "bytes": "바이트 수", "decode": "해독", "linux": "Linux", "wine": "Wine", "holds": "지킴", "WineDiffers": "다름", "OnlyOurPort": "우리 포트만"},
    "en": {"key": "key and default", "about": "meaning", "id": "id", "name": "name", "fields": "fields", "metric": "metric",
           "promise": "promise", "tests": "tests", "empty": "(nothing)",
           "bytes": "bytes", "decode": "decode", "linux": "Linux", "wine": "Wine", "holds": "holds", "WineDiffers": "differs", "OnlyOurPort": "only our port"},
}


def _table(lang, heads, rows):
    head = "".join(f"<th>{_HEADS[lang][h]}</th>" for h in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    narrow = ' class="pairs"' if len(heads) == 2 else ""  # a narrow screen shows the second cell below the first
    return f'<div class="table"><table{narrow}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _code(text):
    return f"<code>{esc(text)}</code>"


# -- chat_server.toml --------------------------------------------------------------------------------

def read_options(text):
    """[(section, {"ko", "en"}, [(key, default, allowed, {"ko", "en"})])] of the file with all defaults. Above a key stand
    its English and Korean lines, and last what is allowed."""
    found, comment = [], []
    for line in text.splitlines():
        if line.startswith("#"):
            comment.append(line[1:].strip())
            continue
        section, key = re.match(r"\[(\w+)\]", line), re.match(r"(\w+) = (.*)", line)
        if section:
            found.append((section.group(1), _languages(comment), []))
        elif key:
            found[-1][2].append((key.group(1), key.group(2), comment[-1] if comment else "", _languages(comment[:-1])))
        comment = []
    return found


def _languages(lines):
    korean = [bool(re.search("[가-힣]", line)) for line in lines]
    return {"ko": " ".join(l for l, k in zip(lines, korean) if k), "en": " ".join(l for l, k in zip(lines, korean) if not k)}


def options(repo, path, lang):
    out = []
    for section, about, keys in read_options(_text(repo, path)):
        rows = [(f'<span id="{section}.{key}"></span>{_code(f"{key} = {default}")}', esc(said[lang]) + f"<br><small>{esc(allowed)}</small>" * bool(allowed))
                for key, default, allowed, said in keys]
        out.append(f'<h3 id="{section}"><code>[{section}]</code></h3><p>{esc(about[lang])}</p>'
                   + _table(lang, ("key", "about"), rows))
    return "\n".join(out)


# -- .proto -------------------------------------------------------------------------------------------

def read_enum(text, name):
    """[(name, number, comment)]"""
    match = re.search(rf"^enum {name} \{{\n(.*?)^\}}", text, re.M | re.S)
    return [(n, int(v), c or "") for n, v, c in re.findall(r"^\s*(\w+) = (\d+);[ ]*(?://[ ]*(.*))?$", match.group(1) if match else "", re.M)]


def read_messages(text):
    """{name: [(type, field, number)]}"""
    return {name: re.findall(r"^\s*((?:repeated )?[\w.]+) (\w+) = (\d+);", body, re.M)
            for name, body in re.findall(r"^message (\w+) \{(.*?)\}", text, re.M | re.S)}


def packets(repo, path, lang):
    """Each packet's number with the fields of its message, which is in one of the .proto files beside it."""
    messages, folder = {}, repo.root / posixpath.dirname(path)
    for file in sorted(folder.glob("*.proto")):
        messages.update(read_messages(file.read_text(encoding="utf-8")))
    rows = []
    for name, number, _ in read_enum(_text(repo, path), "PacketId"):
        message = name.removeprefix("PACKET_")
        if number:
            fields = "<br>".join(_code(f"{f} = {n}") + f" {esc(t)}" for t, f, n in messages[message])
            rows.append((number, _code(message), fields or _HEADS[lang]["empty"]))
    return _table(lang, ("id", "name", "fields"), rows)


def refusals(repo, path, lang):
    return _table(lang, ("id", "name", "about"), [(n, _code(name), esc(c)) for name, n, c in read_enum(_text(repo, path), "Refusal") if n])


# -- golden frames ------------------------------------------------------------------------------------

def vectors(repo, path, lang):
    """Each golden frame and each stream that is refused, with a button that puts it into the decoder of the page (decoder.js)."""
    rows = []
    for line in _text(repo, path).splitlines():
        kind, _, rest = line.partition(" ")
        if kind in ("frame", "refuse"):
            name, key, *said, wire = (field.strip() for field in rest.split("|"))
            about = esc(said[0]) if kind == "refuse" else f"type {said[1]}, sequence {said[2]}"
            button = f'<button data-frames="{wire}" data-key="{key}"{" data-first" * (kind == "refuse")}>{_HEADS[lang]["decode"]}</button>'
            rows.append((_code(name), about, len(wire) // 2, button))
    return _table(lang, ("name", "about", "bytes", "decode"), rows)


# -- metrics ------------------------------------------------------------------------------------------

_STRING = r'"(?:[^"\\]|\\.)*"'
_ROW = re.compile(r"\{k(Gauge|Counter), (.*?)\},?\n(?=\s*(?:\{k|//|\};))", re.S)
_CALL = re.compile(rf"Add(Gauge|Counter|State|Histogram)\(\s*({_STRING}),\s*((?:{_STRING}\s*)+)")


def read_metrics(text):
    """[(name, kind, help, label)] of one source: rows of a table of metrics, and calls with both texts in place."""
    constants = {n: _joined(s) for n, s in re.findall(rf"constexpr const char\* (k\w+) = ((?:{_STRING}\s*)+);", text)}
    found = []
    for kind, body in _ROW.findall(text):
        body = re.sub(r"//[^\n]*", "", body)
        name, lambda_, rest = re.match(rf"({_STRING}),\s*(\[\].*?\}}),\s*(.*)", body, re.S).groups()
        told = [constants.get(t) or _joined(t) for t in re.findall(rf"(?:{_STRING}\s*)+|\bk\w+", rest)]
        found.append((_joined(name), kind.lower(), told[0], f'{told[2]}="{told[3]}"' if len(told) > 3 else ""))
    return found + [(_joined(n), k.lower(), _joined(h), "") for k, n, h in _CALL.findall(text)]


def _joined(literals):
    return "".join(ast.literal_eval(s) for s in re.findall(_STRING, literals))


def metrics(repo, path, lang):
    """All of the stage's sources; each name once, with all its labels."""
    stage, _ = stage_of(repo, path)
    found = {}
    for file in stage.files():
        if file.startswith("src/") and file.endswith(".cc"):
            for name, kind, about, label in read_metrics(_text(repo, f"{stage.folder}/{file}")):
                found.setdefault(name, (kind, about, []))[2].append(label)
    rows = [(_code(name) + f"<br><small>{kind}</small>", esc(about) + "".join(f"<br>{_code(l)}" for l in labels if l))
            for name, (kind, about, labels) in sorted(found.items())]
    return _table(lang, ("metric", "about"), rows)


# -- the port's promises --------------------------------------------------------------------------------

_NAME_OR_TEXT = rf"k\w+|(?:{_STRING}\s*)+"
_MARKED = re.compile(rf'(WineDiffers|OnlyOurPort)\(\s*"(P\d+)",\s*({_NAME_OR_TEXT}),\s*({_NAME_OR_TEXT})\)')


def read_marks(text):
    """[(item, function, reason, source)] of one test's source: where Wine differs, and what only our port promises."""
    constants = {n: _joined(s) for n, s in re.findall(rf"constexpr const char\* (k\w+) =\s*((?:{_STRING}\s*)+);", text)}
    return [(item, function, *(constants.get(v) or _joined(v) for v in said)) for function, item, *said in _MARKED.findall(text)]


def promise_titles(repo, path, lang="en"):
    tables = {node.targets[0].id: node.value for node in ast.parse(_text(repo, path)).body if isinstance(node, ast.Assign)}
    return ast.literal_eval(tables["TITLES_KO" if lang == "ko" else "TITLES"])


def promises(repo, path, lang):
    """Each item of the conformance table with the tests that are named after it, and what they say on the two systems: on Linux
    all pass, or CI fails; under Wine, too, or the test says what is different there."""
    stage, file = stage_of(repo, path)
    titles, tests, marks = promise_titles(repo, path, lang), {}, {}
    for other in stage.files():
        if other.startswith(posixpath.dirname(file) + "/") and other.endswith(".cc"):
            text = _text(repo, f"{stage.folder}/{other}")
            for test in re.findall(r"^TEST\w*\(\w+, (P\d+_\w+)\)", text, re.M):
                tests.setdefault(test.split("_")[0], []).append(test)
            for item, *said in read_marks(text):
                if said not in marks.setdefault(item, []):
                    marks[item].append(said)
    words, rows = _HEADS[lang], []
    for p in sorted(titles, key=lambda p: int(p[1:])):
        differs = "<br>".join(f'{words[function]}: <span title="{esc(source)}">{esc(reason)}</span>' for function, reason, source in marks.get(p, ()))
        names = tests.get(p, [])
        rows.append((f'<span id="{p.lower()}-tests">{p}</span>', esc(titles[p]), words["holds"], differs or words["holds"],
                     f'<details><summary>{len(names)}</summary>{"<br>".join(_code(n) for n in names)}</details>'))
    return _table(lang, ("id", "promise", "linux", "wine", "tests"), rows)


def _text(repo, path):
    return (repo.root / path).read_text(encoding="utf-8")


TABLES = {"options": options, "packets": packets, "refusals": refusals, "vectors": vectors, "metrics": metrics, "promises": promises}
