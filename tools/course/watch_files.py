"""Which files of a folder were saved: looked at again and again, which works everywhere and costs some milliseconds."""

import os
import pathlib

from .model import IGNORED_FOLDERS


class Watcher:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self._seen = self._look()
        self._pending = set()

    def changed(self):
        """The paths that were saved since the last answer; empty while editors are still at it.

        An editor writes in pieces, or under another name that it then moves: an answer comes when nothing has changed
        between two looks."""
        now = self._look()
        fresh = {p for p in now.keys() | self._seen.keys() if now.get(p) != self._seen.get(p)}
        self._seen = now
        self._pending |= fresh
        if fresh:
            return set()
        done, self._pending = self._pending, set()
        return {p for p in done if p in now or not _temporary(p)}

    def _look(self):
        found, folders = {}, [""]
        while folders:
            folder = folders.pop()
            try:
                with os.scandir(self.folder / folder) as entries:
                    for entry in entries:
                        name = f"{folder}/{entry.name}" if folder else entry.name
                        if entry.is_dir(follow_symlinks=False):
                            if entry.name not in IGNORED_FOLDERS:
                                folders.append(name)
                        elif not _temporary(name):
                            status = entry.stat()
                            found[name] = status.st_mtime_ns, status.st_size, status.st_ino
            except OSError:
                pass  # gone while we looked: the next look tells
        return found


def _temporary(path):
    """What editors keep beside a file while they are at it."""
    name = path.rsplit("/", 1)[-1]
    return name.startswith((".", "#")) or name.endswith(("~", ".swp", ".tmp", ".new", ".orig")) or name == "4913"
