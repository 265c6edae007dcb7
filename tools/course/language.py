"""In which language the course speaks to a reader: Korean or English."""

import os

from .errors import UsageError

LANGUAGES = ("ko", "en")


def add_argument(parser):
    parser.add_argument("--lang", choices=LANGUAGES, help="the language of titles and reasons (else: COURSE_LANG, else the locale)")


def choose(args, environment=None):
    """What --lang says, else COURSE_LANG, else the locale; English when none of them says Korean."""
    environment = os.environ if environment is None else environment
    if getattr(args, "lang", None):
        return args.lang
    wish = environment.get("COURSE_LANG", "")
    if wish:
        if wish not in LANGUAGES:
            raise UsageError(f"COURSE_LANG is '{wish}'; it may be {' or '.join(LANGUAGES)}")
        return wish
    locale = next((environment[n] for n in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(n)), "")
    return "ko" if locale.lower().startswith(("ko_", "ko.", "korean")) or locale.lower() == "ko" else "en"
