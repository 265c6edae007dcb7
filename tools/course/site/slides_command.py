"""`./course slides`: the decks as PDF, printed by a headless Chromium from the built site."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from .. import console, deck, packages
from ..errors import CourseError, UsageError
from ..text import TEXT
from . import command, slides

HELP = "the slides of the chapters: in the site, and as PDF"
EXAMPLES = """examples:
  ./course slides              builds the site, says where each deck is
  ./course slides --pdf        and prints all of them: build/slides/ko/04.pdf ..
  ./course slides 04 --pdf --language en"""

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def add_arguments(parser):
    parser.add_argument("chapters", nargs="*", metavar="NN", help="only these chapters (00, 04, 07a)")
    parser.add_argument("--pdf", action="store_true", help="print them (needs Chromium)")
    parser.add_argument("--language", choices=deck.LANGUAGES, help="only this language")
    parser.add_argument("--to", metavar="DIR", help="where the PDFs go (default: build/slides)")


def run(repo, args):
    wanted = [d for lang in deck.LANGUAGES if args.language in (None, lang) for d in deck.decks(repo, lang)]
    unknown = [c for c in args.chapters if c not in {d.chapter for d in wanted}]
    if unknown:
        raise UsageError(f"no slides of '{unknown[0]}' (there are: {', '.join(dict.fromkeys(d.chapter for d in wanted))})")
    wanted = [d for d in wanted if not args.chapters or d.chapter in args.chapters]
    packages.ensure(["site", "slides"] if args.pdf else ["site"], args.yes)
    site = repo.root / "build" / "site"
    if command.build(repo, command.install(repo), site):
        return 1
    to = pathlib.Path(args.to).absolute() if args.to else repo.root / "build" / "slides"
    for one in wanted:
        page = site / slides.out(one.lang, one.chapter)
        if args.pdf:
            file = to / one.lang / f"{one.chapter}.pdf"
            print_page(page, file)
            console.say(f"{file}  {len(one.slides)} pages")
        else:
            console.say(f"{one.lang} {one.chapter}  {page}")
    return 0


def print_page(page, file):
    """A deck as PDF, one slide a page."""
    program = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if program is None:
        raise CourseError("chromium is not installed")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="course-print-", ignore_cleanup_errors=True) as profile:
        printed = subprocess.run([program, "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", *root,
                                  f"--user-data-dir={profile}", "--virtual-time-budget=60000", "--no-pdf-header-footer",
                                  f"--print-to-pdf={file}", page.absolute().as_uri() + "?view=print"],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **TEXT, check=False, timeout=300)
    if printed.returncode != 0 or not file.is_file():
        raise CourseError(f"{program} printed nothing: " + (printed.stdout.strip().splitlines() or ["no output"])[-1])
