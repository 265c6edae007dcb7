"""Text is UTF-8 here, whatever the locale says: what other programs print, what this command prints.

Bytes that are no UTF-8 (a compiler that speaks EUC-KR) pass through unchanged."""

import sys

# For subprocess: text, and of this encoding.
TEXT = {"encoding": "utf-8", "errors": "surrogateescape"}


def decode(raw):
    return raw.decode(**TEXT)


def encode(text):
    return text.encode(**TEXT)


def prepare_output():
    """No character may end the command: a terminal that is not of UTF-8 gets an escape for what it lacks."""
    for stream in (sys.stdout, sys.stderr):
        utf8 = (stream.encoding or "").lower().replace("-", "") == "utf8"
        stream.reconfigure(errors="surrogateescape" if utf8 else "backslashreplace")
