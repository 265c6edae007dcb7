"""What the user sees: plain lines, colours and one live status line on a terminal."""

import os
import re
import shlex
import shutil
import sys
import time

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def is_terminal():
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def style(text, *names):
    """Colours the text on a terminal (NO_COLOR switches it off)."""
    if not is_terminal() or os.environ.get("NO_COLOR"):
        return text
    return "\x1b[" + ";".join(_STYLES[n] for n in names) + "m" + text + "\x1b[0m"


def say(text=""):
    print(text, flush=True)


def warn(text):
    print(style("warning: ", "yellow") + text, file=sys.stderr, flush=True)


def error(text):
    print(f"course: {text}", file=sys.stderr, flush=True)


def elapsed(seconds):
    minutes, seconds = divmod(int(seconds), 60)
    return f"{minutes}m{seconds:02d}s" if minutes else f"{seconds}s"


class Status:
    """One step of long work: its name, elapsed time and progress.

    On a terminal it is a single line that is redrawn; elsewhere a line appears when the step starts,
    every `quiet_seconds` while it lasts, and when it ends."""

    def __init__(self, title, quiet_seconds=20.0):
        self.title = title
        self._start = time.monotonic()
        self._live = is_terminal()
        self._quiet = quiet_seconds
        self._last = 0.0
        self._detail = ""
        if self._live:
            self._draw()
        else:
            say(f"{title} ...")
            self._last = time.monotonic()

    def seconds(self):
        return time.monotonic() - self._start

    def update(self, detail):
        self._detail = detail
        self.tick()

    def tick(self):
        now = time.monotonic()
        if self._live:
            if now - self._last >= 0.1:
                self._draw()
        elif now - self._last >= self._quiet:
            self._last = now
            say(f"  {self.title}: {elapsed(self.seconds())} {self._detail}".rstrip())

    def line(self, text):
        """Prints a line that stays, above the live line."""
        if self._live:
            sys.stdout.write("\r\x1b[K")
        say(text)
        if self._live:
            self._draw()

    def done(self, ok=True, note=""):
        if self._live:
            sys.stdout.write("\r\x1b[K")
        word = style("ok", "green") if ok else style("FAILED", "red", "bold")
        say(f"{self.title}: {word} ({elapsed(self.seconds())}){' ' + note if note else ''}")

    def _draw(self):
        self._last = time.monotonic()
        width = shutil.get_terminal_size((80, 24)).columns - 1
        text = f"{self.title} {elapsed(self.seconds())} {self._detail}"[:width]
        sys.stdout.write("\r\x1b[K" + text)
        sys.stdout.flush()


def command(words):
    """A command line of this command, to be typed again: quoted for sh, or for cmd."""
    if os.name != "nt":
        return shlex.join(["./course", *words])
    quoted = ['"' + w.replace('"', '\\"') + '"' if not w or re.search(r'[\s"^&|<>()%!,;=]', w) else w for w in words]
    return " ".join([".\\course.cmd", *quoted])


def table(rows, header=None, indent="  "):
    """Left-aligned columns; the last one is not padded."""
    rows = [[str(c) for c in row] for row in rows]
    if header:
        rows = [list(header)] + rows
    if not rows:
        return ""
    widths = [max(len(r[i]) for r in rows if i < len(r)) for i in range(max(map(len, rows)))]
    lines = []
    for number, row in enumerate(rows):
        cells = [c.ljust(widths[i]) if i + 1 < len(row) else c for i, c in enumerate(row)]
        lines.append((indent + "  ".join(cells)).rstrip())
        if header and number == 0:
            lines.append(indent + "  ".join("-" * w for w in widths))
    return "\n".join(lines)
