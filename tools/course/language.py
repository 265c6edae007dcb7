"""In which language the course speaks to a reader: Korean or English."""

import os

from .errors import UsageError

LANGUAGES = ("ko", "en")
_current = None  # what choose() has answered


def add_argument(parser):
    parser.add_argument("--lang", choices=LANGUAGES, help="the language of titles and reasons (else: COURSE_LANG, else the locale)")


def choose(args, environment=None):
    """What --lang says, else COURSE_LANG, else the locale; English when none of them says Korean."""
    global _current
    _current = _chosen(getattr(args, "lang", None), os.environ if environment is None else environment)
    return _current


def prepare(argv):
    """Before the arguments are understood (for --help, and for what is wrong with them); a bad wish is said later."""
    global _current
    wish = next((b for a, b in zip(argv, argv[1:]) if a == "--lang"), None)
    wish = next((a[7:] for a in argv if a.startswith("--lang=")), wish)
    try:
        _current = _chosen(wish if wish in LANGUAGES else None, os.environ)
    except UsageError:
        _current = "en"


class Texts:
    """What a command says, in both languages: T("key", name=value)."""

    def __init__(self, en, ko):
        self.tables = {"en": en, "ko": ko}

    def __call__(self, key, **values):
        return self.tables[_current or "en"][key].format(**values)


def of(module, name):
    """A module's HELP, or its HELP_KO where Korean is spoken and there is one."""
    return getattr(module, f"{name}_KO", None) if _current == "ko" and hasattr(module, f"{name}_KO") else getattr(module, name)


def _chosen(given, environment):
    if given:
        return given
    wish = environment.get("COURSE_LANG", "")
    if wish:
        if wish not in LANGUAGES:
            raise UsageError(f"COURSE_LANG is '{wish}'; it may be {' or '.join(LANGUAGES)}")
        return wish
    locale = next((environment[n] for n in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(n)), "")
    return "ko" if locale.lower().startswith(("ko_", "ko.", "korean")) or locale.lower() == "ko" else "en"
