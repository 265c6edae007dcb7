"""What the user sees: plain lines, colours and one live status line on a terminal."""

import os
import re
import shlex
import sys
import threading
import time
import unicodedata

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


def columns():
    """Of the terminal, now; in a pipe what COLUMNS says, or 80."""
    try:
        found = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        found = 0
    wish = os.environ.get("COLUMNS", "")
    return found or (int(wish) if wish.isdigit() and int(wish) > 0 else 80)


def width(text):
    """The columns that the text takes: Hangul takes two, what joins the character before it none."""
    return sum(map(_width, text))


def _width(character):
    if unicodedata.category(character) in ("Mn", "Me", "Cf") or "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text, most):
    """What of the text fits into `most` columns."""
    used = 0
    for at, character in enumerate(text):
        used += _width(character)
        if used > most:
            return text[:at]
    return text


def wrap(text, most):
    """The text in lines of at most `most` columns, broken between words; a word that is longer is cut."""
    lines = [""]
    for word in text.split():
        while width(word) > most:
            head = cut(word, most) or word[0]
            lines.append(head)
            word = word[len(head):]
        joined = f"{lines[-1]} {word}".strip()
        if width(joined) <= most:
            lines[-1] = joined
        else:
            lines.append(word)
    return [line for line in lines if line] or [""]


def pad(text, columns_wide):
    return text + " " * max(0, columns_wide - width(text))


def flow(items, most):
    """The items in as many lines of at most `most` columns as they need."""
    lines = []
    for item in items:
        if lines and width(lines[-1]) + 3 + width(item) <= most:
            lines[-1] += "   " + item
        else:
            lines.append(cut(item, most))
    return lines


class Live:
    """Lines at the end of a terminal's output that are drawn again in place; the cursor stays behind the last."""

    def __init__(self):
        self._drawn = []

    def draw(self, lines):
        most = columns() - 1  # a full row would leave the cursor in the next one, in some terminals
        before = self._before()
        self._drawn = [cut(line, most) for line in lines]
        sys.stdout.write(before + "\r\n".join(self._drawn))
        sys.stdout.flush()

    def erase(self):
        sys.stdout.write(self._before())
        self._drawn = []

    def end(self):
        """The lines stay."""
        if self._drawn:
            say()
        self._drawn = []

    def _before(self):
        """To the beginning, and what is there cleared. A terminal that was made narrower has wrapped the lines."""
        rows = sum(_rows(line, columns()) for line in self._drawn)
        # One row by itself: tmux keeps what J clears when it is all of the screen.
        return f"\x1b[{rows - 1}A\r\x1b[J" if rows > 1 else "\r\x1b[K"


def _rows(line, most):
    rows, used = 1, 0
    for character in line:
        used += _width(character)
        if used > most:
            rows, used = rows + 1, _width(character)
    return rows


class Status:
    """One step of long work: its name, elapsed time and progress.

    On a terminal it is a single line that is redrawn; elsewhere a line appears when the step starts,
    every `quiet_seconds` while it lasts, and when it ends. A thread may tick while another writes lines."""

    def __init__(self, title, quiet_seconds=20.0):
        self.title = title
        self._lock = threading.RLock()  # the live line, and that no tick comes after done()
        self._ended = False
        self._start = time.monotonic()
        self._live = Live() if is_terminal() else None
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
        with self._lock:
            now = time.monotonic()
            if self._ended:
                return
            if self._live:
                if now - self._last >= 0.1:
                    self._draw()
            elif now - self._last >= self._quiet:
                self._last = now
                say(f"  {self.title}: {elapsed(self.seconds())} {self._detail}".rstrip())

    def line(self, text):
        """Prints a line that stays, above the live line."""
        with self._lock:
            if self._live:
                self._live.erase()
            say(text)
            if self._live:
                self._draw()

    def done(self, ok=True, note=""):
        with self._lock:
            self._ended = True
            if self._live:
                self._live.erase()
            word = style("ok", "green") if ok else style("FAILED", "red", "bold")
            say(f"{self.title}: {word} ({elapsed(self.seconds())}){' ' + note if note else ''}")

    def _draw(self):
        self._last = time.monotonic()
        self._live.draw([f"{self.title} {elapsed(self.seconds())} {self._detail}"])


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
    widths = [max(width(r[i]) for r in rows if i < len(r)) for i in range(max(map(len, rows)))]
    lines = []
    for number, row in enumerate(rows):
        cells = [pad(c, widths[i]) if i + 1 < len(row) else c for i, c in enumerate(row)]
        lines.append((indent + "  ".join(cells)).rstrip())
        if header and number == 0:
            lines.append(indent + "  ".join("-" * w for w in widths))
    return "\n".join(lines)
