"""The viewer of traces (tools/site/viewer) as one HTML file that needs nothing beside it, or as parts of the site."""

import base64
import gzip
import html
import json

from .errors import CourseError

SCRIPTS = ("model.js", "words.js", "places.js", "timeline.js", "list.js", "panels.js", "controls.js", "viewer.js", "page.js")


def viewer(repo):
    return repo.root / "tools" / "site" / "viewer"


def code(repo, stage):
    """{name: {file, line, text}}: the functions of the port that tools/site/viewer/code.json names, from the stage's files."""
    found, lines = {}, {}
    for name, (file, begin) in json.loads((viewer(repo) / "code.json").read_text(encoding="utf-8")).items():
        if file not in lines:
            lines[file] = (stage.path / file).read_text(encoding="utf-8").splitlines()
        found[name] = _function(lines[file], file, begin)
    return found


def _function(lines, file, begin):
    """The function whose first line begins so, with the comment above it."""
    first = next((n for n, line in enumerate(lines) if line.startswith(begin)), None)
    if first is None:
        raise CourseError(f"{file} has no function '{begin}' any more; tools/site/viewer/code.json names it")
    last = next(n for n in range(first, len(lines)) if lines[n] == "}")
    while lines[first - 1].startswith("//") and not lines[first - 1].startswith("// ---"):
        first -= 1
    return {"file": file, "line": first + 1, "text": "\n".join(lines[first:last + 1])}


def packed(text):
    """What the page's unpack() reads; the same for the same text."""
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def page(repo, stage, trace, lang, name, said, story=None):
    """`said`: what the page calls the run, e.g. the command."""
    parts = viewer(repo)
    config = {"lang": lang, "code": code(repo, stage), "name": name, "from": said, "story": story}
    style = (parts / "viewer.css").read_text(encoding="utf-8")
    scripts = "\n".join(f"<script>{script((parts / s).read_text(encoding='utf-8'))}</script>" for s in SCRIPTS)
    return f"""<!doctype html>
<html lang="{lang}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(said)}</title>
<link rel="icon" href="data:,">
<style>html, body {{ margin: 0; height: 100% }}
{style}</style>
<body>
<main id="trace-viewer"></main>
<script type="application/json" id="trace-config">{script(json.dumps(config, ensure_ascii=False))}</script>
<script type="text/plain" id="trace-data">{packed(trace)}</script>
{scripts}
</body>
</html>
"""


def script(text):
    """Text within a script element: nothing in it may end that."""
    return text.replace("</", "<\\/").replace("<!--", "<\\!--")
