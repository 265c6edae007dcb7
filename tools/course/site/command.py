"""`./course site`: builds the site from the notes, the cards and the stages; serves it while somebody writes."""

import hashlib
import json
import pathlib
import shutil
import subprocess
import time

from .. import check_text, console, packages
from ..errors import CourseError
from ..model import Repo
from ..text import TEXT
from . import diffs, pages, shell, slides, verify, watch

HELP = "the notes with their code, the cards and the differences as a site that needs no network"
EXAMPLES = """examples:
  ./course site                builds it: build/site/index.html, which opens from the folder, too
  ./course site --serve        and shows it on 127.0.0.1; a saved page or file is built anew and the browser loads it
  ./course site --check        fails when a quoted region is gone, a link leads nowhere or a translation is older
  ./course site --to DIR       a copy to hand out"""

# Pages that are no Markdown. Each module has pages(repo) -> [shell.Page], and may have assets(repo, tools) -> {name: bytes},
# the files that its pages load from assets/.
MADE = (slides, watch, diffs)
_MERMAID = "node_modules/@mermaid-js/tiny/dist/mermaid.tiny.js"
_WATCHED = (".md", ".toml", ".h", ".cc", ".proto", ".py", ".mjs", ".js", ".css", ".txt", ".cmake", ".mmd")


def add_arguments(parser):
    parser.add_argument("--serve", action="store_true", help="show it on 127.0.0.1 and build it anew when something is saved")
    parser.add_argument("--port", type=int, default=8000, metavar="N", help="of --serve; 0: any (default: 8000)")
    parser.add_argument("--check", action="store_true", help="fail for every link and region that is not there, and for a page whose translation is older")
    parser.add_argument("--to", metavar="DIR", help="where it goes (default: build/site)")


def run(repo, args):
    out = pathlib.Path(args.to).absolute() if args.to else repo.root / "build" / "site"
    packages.ensure(["site"], args.yes)
    tools = install(repo)
    problems = build(repo, tools, out, strict=args.check)
    if args.serve:
        from . import serve
        return serve.run(lambda: build(Repo(repo.root), tools, out), lambda: newest(repo.root), out, args.port)
    return 1 if args.check and problems else 0


def install(repo):
    """The packages of npm, in the versions of the lock file; returns their folder."""
    source, tools = repo.root / "tools" / "site", repo.root / "build" / "site-tools"
    wanted = [source / name for name in ("package.json", "package-lock.json", ".npmrc")]
    digest = hashlib.sha256(b"".join(f.read_bytes() for f in wanted)).hexdigest()
    stamp = tools / "installed"
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != digest:
        tools.mkdir(parents=True, exist_ok=True)
        for file in wanted:
            shutil.copy(file, tools / file.name)
        status = console.Status("npm ci")
        npm = subprocess.run([shutil.which("npm") or "npm", "ci"], cwd=tools, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, **TEXT, check=False)
        status.done(npm.returncode == 0)
        if npm.returncode != 0:
            raise CourseError("npm ci failed: " + (npm.stdout.strip().splitlines() or ["no output"])[-1])
        stamp.write_text(digest, encoding="utf-8")
    return tools


def build(repo, tools, out, strict=False):
    """Writes the site; returns the problems, which are said. `strict` also reads what was written, and looks for old translations."""
    status = console.Status("site")
    talks = slides.Slides(repo)
    site = pages.Site(repo, talks)
    items = site.read()
    rendered = render(repo, tools, items + talks.items())
    finished = site.finish(rendered[:len(items)]) + [page for module in MADE for page in module.pages(repo)]
    write(repo, tools, out, site, finished, talks.pages(rendered[len(items):], site))
    problems, weight = list(site.problems), verify.first_page(out)
    if strict:
        problems += check_text.translations(repo)[1] + verify.links(out)
        if weight >= verify.LIGHT:
            problems.append(f"the first page weighs {weight // 1000} KB; {verify.LIGHT // 1000} are allowed")
    status.done(not problems, f"{len(finished)} pages in {out}, the first one {weight // 1000} KB")
    for problem in problems:
        console.say(f"  {problem}")
    return problems


def render(repo, tools, items):
    """The HTML of the items, by tools/site/render.mjs. It lies beside its packages, as node wants it."""
    shutil.copy(repo.root / "tools" / "site" / "render.mjs", tools)
    (tools / "items.json").write_text(json.dumps(items), encoding="utf-8")
    node = subprocess.run([shutil.which("node") or "node", "render.mjs", "items.json", "rendered.json"], cwd=tools, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **TEXT, check=False)
    if node.returncode != 0:
        raise CourseError("rendering failed:\n" + node.stdout.strip())
    return json.loads((tools / "rendered.json").read_text(encoding="utf-8"))


def write(repo, tools, out, site, finished, more=()):
    """The folder as it shall be, `more` {path in it: bytes} included; what an earlier build left there goes."""
    mark = out / "assets" / "course-site"
    if out.exists() and any(out.iterdir()) and not mark.is_file():
        raise CourseError(f"{out} is not empty, and no site of this command")
    keep = {out / p.out: shell.finish(p, finished).encode() for p in finished}
    keep.update((out / path, data) for path, data in dict(more).items())
    keep[mark] = b"written by ./course site\n"
    for file in sorted((repo.root / "tools" / "site").glob("*.js")) + sorted((repo.root / "tools" / "site").glob("*.css")):
        keep[out / "assets" / file.name] = file.read_bytes()
    keep[out / "assets" / "mermaid.js"] = (tools / _MERMAID).read_bytes()
    for module in MADE:
        keep.update((out / "assets" / name, data) for name, data in getattr(module, "assets", lambda *_: {})(repo, tools).items())
    for path in site.images:
        keep[out / "assets" / path] = (repo.root / path).read_bytes()
    for lang in ("ko", "en"):
        entries = [[d.out, d.title, name, title, text] for d in site.documents if d.lang == lang for name, title, text in pages.search_entries(d)]
        keep[out / "assets" / f"search-{lang}.js"] = ("COURSE_SEARCH = " + json.dumps(entries, ensure_ascii=False)).encode()
    for old in out.rglob("*") if out.exists() else ():
        if old.is_file() and old not in keep:
            old.unlink()
    for file, data in keep.items():
        if not file.is_file() or file.read_bytes() != data:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)


def newest(root):
    """When something that goes into the site was saved last."""
    return max((f.stat().st_mtime for folder in ("notes", "tools/site", "tools/course", *sorted(p.name for p in root.glob("0*_*")))
                for f in (root / folder).rglob("*") if f.suffix in _WATCHED and f.is_file()), default=time.time())
