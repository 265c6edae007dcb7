"""The picture in a lesson card: the layers of a stage, what each needs, and where its steps are read.

Made from the real #include lines, as Mermaid. A layer is a folder of src/ (of src/services/ each one by itself), or what
stands beside src/. An arrow says "includes"; one that follows from others is left out. Tests are not in it: they need all."""

import os
import re

from . import lesson

_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
_GENERATED = re.compile(r"(\.pb|_packet_handler)\.h$")
_CODE = (".h", ".cc")
_LANGUAGES = {
    "en": {"rest": "{n} more files", "one": "1 more file", "library": "library: read last or never"},
    "ko": {"rest": "그 밖의 파일 {n}개", "one": "그 밖의 파일 1개", "library": "라이브러리: 나중에 읽거나 읽지 않아도 됩니다"},
}


def layer_of(path):
    """The folder that stands for the file in the picture, or None when it is not in it."""
    parts = path.split("/")
    if len(parts) == 1 or parts[0] in ("tests", "conf"):
        return None
    if parts[:2] == ["src", "services"] and len(parts) > 3:
        return "/".join(parts[:3])
    if parts[0] == "src" or parts[0] == "support" and len(parts) > 2 and parts[1] != "cmake":
        return "/".join(parts[:2])
    return parts[0]


def includes(stage):
    """{layer: {layer}}: who includes from whom, by the real lines. (What protoc and the generator make belongs to proto.)"""
    files = set(stage.lesson_files())
    found = {}
    for path in sorted(files):
        here = layer_of(path)
        if here is None or not path.endswith(_CODE):
            continue
        needs = found.setdefault(here, set())
        text = (stage.path / path).read_text(encoding="utf-8", errors="replace")
        for name in _INCLUDE.findall(text):
            target = next((p for p in (name, f"src/{name}", os.path.normpath(os.path.join(os.path.dirname(path), name)))
                           if p in files), None)
            there = layer_of(target) if target else "src/proto" if _GENERATED.search(name) else None
            if there and there != here:
                needs.add(there)
    return found


def order(needs):
    """The layers from the top to the bottom, and the first circle ([] when there is none)."""
    done, path, out = set(), [], []

    def visit(layer):
        if layer in path:
            return path[path.index(layer):] + [layer]
        if layer in done:
            return []
        path.append(layer)
        for below in sorted(needs.get(layer, ())):
            circle = visit(below)
            if circle:
                return circle
        path.pop()
        done.add(layer)
        out.append(layer)
        return []

    for layer in sorted(needs):
        circle = visit(layer)
        if circle:
            return [], circle
    return out[::-1], []


def arrows(needs):
    """[(from, to)] without those that follow from others."""
    def reach(layer, seen):
        for below in needs.get(layer, ()):
            if below not in seen:
                seen.add(below)
                reach(below, seen)
        return seen

    below = {layer: reach(layer, set()) for layer in needs}
    return [(a, b) for a in needs for b in sorted(needs[a]) if not any(b in below[c] for c in needs[a] if c != b)]


def problems(stage):
    _, circle = order(includes(stage))
    return [f"{stage.folder}: layers include each other in a circle: {' -> '.join(circle)}"] if circle else []


def mermaid(stage, lang):
    """The lines of the picture."""
    told, needs, words = lesson.of(stage).require(), includes(stage), _LANGUAGES[lang]
    layers, _ = order(needs)
    count = {layer: sum(layer_of(f) == layer and f.endswith(_CODE) for f in stage.lesson_files()) for layer in layers}
    out = ["flowchart TB"]
    for layer in layers:
        read = _read(told, layer)
        files = {f for _, names in read for f in names}
        rest = count[layer] - len(files)
        out.append(f'  subgraph {_id(layer)}["{layer}/"]')
        for number, (step, names) in enumerate(read):
            out.append(f'    {_id(layer)}_{number}["<b>{step.name}</b> {_plain(step.title[lang])}<br/>'
                       + ", ".join(os.path.basename(f) for f in names) + '"]:::step')
        text = words["library"] if layer == "iocp" else words["one"] if rest == 1 else words["rest"].format(n=rest)
        if rest or not read:
            out.append(f'    {_id(layer)}_rest["{text}"]:::rest')
        out.append("  end")
    out += [f"  {_id(a)} --> {_id(b)}" for a, b in arrows({layer: needs[layer] for layer in layers})]
    out += ["  classDef step fill:#fff3bf,stroke:#e8590c,color:#000", "  classDef rest fill:none,stroke:#adb5bd,stroke-dasharray:3"]
    return out


def _read(told, layer):
    """[(step, [file])] of the code that is read in the layer, in reading order."""
    found = []
    for step in told.steps:
        names = list(dict.fromkeys(e.file for e in step.excerpts if layer_of(e.file) == layer and e.file.endswith(_CODE)))
        if names:
            found.append((step, names))
    return found



def _plain(text):
    return text.replace('"', "'").replace("`", "")


def _id(layer):
    return re.sub(r"\W", "_", layer)
