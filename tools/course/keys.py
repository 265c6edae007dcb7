"""A screen of its own and keys one by one, on POSIX and on Windows; both put back on every way out."""

import os
import select
import sys
import time

try:
    import termios
    import tty
except ImportError:  # Windows
    termios = None
    import msvcrt

from . import console

_NAMES = {" ": "next", "\r": "next", "\n": "next", "f": "next", "j": "next", "b": "back", "k": "back", "\x7f": "back", "\b": "back",
          "n": "next step", "p": "step before", "q": "quit", "Q": "quit", "\x03": "quit", "\x04": "quit", "": "quit"}
# What the keys of the cursor send, in both of a terminal's modes.
_ESCAPES = {"[B": "next", "OB": "next", "[6~": "next", "[A": "back", "OA": "back", "[5~": "back",
            "[C": "next step", "OC": "next step", "[D": "step before", "OD": "step before"}
_WINDOWS = {"P": "next", "Q": "next", "H": "back", "I": "back", "M": "next step", "K": "step before"}


def available():
    """Is there a person on both ends?"""
    return console.is_terminal() and sys.stdin.isatty()


def terminal_size():
    try:
        return os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        return os.terminal_size((80, 24))


class Screen:
    """`names`: what a character asks for, where that differs from reading page by page."""

    def __init__(self, names=None):
        self._names = {**_NAMES, **(names or {})}

    def __enter__(self):
        self._input = sys.stdin.fileno()
        if termios is None:
            _understand_escapes()
        if termios:
            self._before = termios.tcgetattr(self._input)
            tty.setcbreak(self._input)
        self._write("\x1b[?1049h\x1b[?25l")  # the other screen, no cursor
        return self

    def __exit__(self, *_):
        self._write("\x1b[?25h\x1b[?1049l")
        if termios:
            termios.tcsetattr(self._input, termios.TCSADRAIN, self._before)

    def draw(self, lines, status, rows):
        text = "\r\n".join(line + "\x1b[K" for line in lines)
        self._write(f"\x1b[H{text}\x1b[J\x1b[{rows};1H" + console.style(status, "dim") + "\x1b[K")

    def key(self, size):
        """What was asked for; None when the terminal has got another size."""
        while True:
            if terminal_size() != size:
                return None
            name = self.poll(0.25)
            if name:
                return name

    def poll(self, seconds):
        """What was asked for within this time, or None."""
        return self._windows_key(seconds) if termios is None else self._posix_key(seconds)

    def _posix_key(self, seconds):
        if not select.select([self._input], [], [], seconds)[0]:
            return None
        pressed = os.read(self._input, 1).decode("utf-8", "replace")
        if pressed != "\x1b":
            return self._names.get(pressed)
        sequence = ""  # the rest of a cursor key comes at once; Escape alone has none
        while len(sequence) < 4 and select.select([self._input], [], [], 0.05)[0]:
            sequence += os.read(self._input, 1).decode("utf-8", "replace")
            if sequence in _ESCAPES:
                return _ESCAPES[sequence]
        return None if sequence else "quit"

    def _windows_key(self, seconds):
        deadline = time.monotonic() + seconds
        while not msvcrt.kbhit():
            if time.monotonic() >= deadline:
                return None
            time.sleep(0.02)
        pressed = msvcrt.getwch()
        if pressed in ("\x00", "\xe0"):
            return _WINDOWS.get(msvcrt.getwch())
        return "quit" if pressed == "\x1b" else self._names.get(pressed)

    @staticmethod
    def _write(text):
        sys.stdout.write(text)
        sys.stdout.flush()


def _understand_escapes():
    """Windows' old console prints escape sequences as they are until it is asked to understand them."""
    import ctypes
    kernel = ctypes.windll.kernel32
    handle, mode = kernel.GetStdHandle(-11), ctypes.c_uint32()
    if kernel.GetConsoleMode(handle, ctypes.byref(mode)):
        kernel.SetConsoleMode(handle, mode.value | 4)  # ENABLE_VIRTUAL_TERMINAL_PROCESSING
