"""The viewer of traces: a page for each recorded run, and one for a trace of the reader's own."""

import json
import re

from .. import trace_page, trace_runs
from .shell import Page, esc, relative
from .words import WORDS

_OWN = "own"  # the page without a run


def address(name, lang):
    """Where the page of a recorded run is."""
    return f"{'en/' * (lang == 'en')}watch/{name}.html"


def run_of(path):
    """The recorded run that a path of the repository is the story of, or None. A link to the story is one to its page."""
    match = re.fullmatch(r"tools/site/runs/([\w-]+)\.json", path)
    return match and match.group(1)


def pages(repo):
    if not (trace_page.viewer(repo) / "code.json").is_file():
        return []  # a hand-out without the viewer
    runs, found = trace_runs.all_runs(repo), []
    for lang in ("ko", "en"):
        shown = [(run.name, run.story["title"][lang], run) for run in runs] + [(_OWN, WORDS[lang]["watch_own"], None)]
        found += [_page(repo, name, title, run, lang) for name, title, run in shown]
    return found


def _page(repo, name, title, run, lang):
    out = address(name, lang)
    stage = repo.find(run.stage) if run else repo.present()[0]
    config = {"lang": lang, "code": trace_page.code(repo, stage), "assets": relative(out, "assets/runs"), "first": run.name if run else "",
              "title": title if not run else ""}
    body = (f'<link rel="stylesheet" href="{relative(out, "assets/viewer/viewer.css")}">'
            f'<div id="trace-viewer"></div><script type="application/json" id="trace-config">{trace_page.script(json.dumps(config, ensure_ascii=False))}</script>'
            f'<p class="hint">{esc(WORDS[lang]["watch_again"])} <code>{esc(f"./course trace --recorded {name}" if run else "./course trace 01 port_tour")}</code></p>')
    return Page(out, lang, title, "watch", body, other=address(name, "en" if lang == "ko" else "ko"), kind="watch",
                scripts=[f"viewer/{s}" for s in trace_page.SCRIPTS])


def assets(repo, tools):
    del tools
    viewer = trace_page.viewer(repo)
    if not (viewer / "code.json").is_file():
        return {}
    found = {f"viewer/{name}": (viewer / name).read_bytes() for name in (*trace_page.SCRIPTS, "viewer.css")}
    found.update((f"runs/{run.name}.js", run.script().encode()) for run in trace_runs.all_runs(repo))
    return found
