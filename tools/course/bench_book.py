"""What was measured, as it comes: a JSONL file with one line a single run, so that a stopped run goes on; and the results made of it."""

import csv
import json
import os

from .errors import CourseError, UsageError

FORMAT = 1


class Book:
    """`head` says what the run is; only a run with the same head may go on."""

    def __init__(self, path):
        self.path = path
        self.known = {}     # (key, step) -> line
        self.took = 0.0     # seconds of all known runs
        self.head = None
        self._out = None

    # -- beginning -------------------------------------------------------------------------------

    def start(self, head):
        """A new file; the one before it is kept as NAME.before."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.is_file():
            os.replace(self.path, self.path.with_suffix(".before"))
        self.head = {"format": FORMAT, **head}
        self._out = open(self.path, "w", encoding="utf-8")
        self._write({"head": self.head})

    def resume(self, head):
        """Goes on with the file that is there; the error says what does not fit."""
        if not self.path.is_file():
            raise UsageError("--resume: there is no stopped run (without --resume one begins)")
        whole = self._read()
        for key, value in {"format": FORMAT, **head}.items():
            if key not in ("load", "began") and self.head.get(key) != value:
                raise UsageError(f"--resume: the stopped run has {key} {self.head.get(key)}, this one {value}")
        self._out = open(self.path, "r+", encoding="utf-8")
        self._out.seek(whole)   # half a line, where it was killed while writing
        self._out.truncate()

    def _read(self):
        """Takes what is in the file; the bytes of its whole lines."""
        raw = self.path.read_bytes()
        whole = raw.rfind(b"\n") + 1
        for number, text in enumerate(raw[:whole].decode("utf-8", "replace").splitlines(), 1):
            try:
                line = json.loads(text)
                if number == 1:
                    self.head = dict(line["head"])
                else:
                    self._take(line)
            except (ValueError, KeyError, TypeError):
                raise CourseError(f"{self.path}:{number}: not a line of a run; begin anew without --resume") from None
        if self.head is None:
            raise CourseError(f"{self.path} has no beginning; begin anew without --resume")
        return whole

    def _take(self, line):
        self.known[line["key"], line["step"]] = line
        self.took += float(line["took"])

    # -- going on --------------------------------------------------------------------------------

    def get(self, key, step, rate):
        """The answer of a run that is known, else None."""
        line = self.known.get((key, step))
        return line["answer"] if line and line["rate"] == rate else None

    def add(self, key, step, rate, answer, took):
        line = {"key": key, "step": step, "rate": rate, "took": round(took, 3), "answer": answer}
        self._take(line)
        self._write(line)

    def _write(self, line):
        self._out.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._out.flush()

    def close(self):
        if self._out:
            self._out.close()
            self._out = None


# -- results -------------------------------------------------------------------------------------

_RUN_KEYS = ("measure", "case", "subject", "round", "clients", "rooms", "figures")


def save(data, folder):
    """bench.json and bench.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.json").write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    with open(folder / "bench.csv", "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["measure", "case", "subject", "round", "clients", "rooms", "figure", "value", "at_least", "remark"])
        for run in data["runs"]:
            remark = run.get("error") or run.get("note") or ""
            for figure, value in run["figures"].items() or [("", "")]:
                writer.writerow([*(run[k] for k in _RUN_KEYS[:-1]), figure, value, int(bool(run.get("at_least"))), remark])


def load(path):
    """The JSON object of a result; one line says what is wrong with the file."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{path}: not there") from None
    except (OSError, UnicodeDecodeError) as e:
        raise UsageError(f"{path}: cannot be read ({getattr(e, 'strerror', None) or 'not UTF-8'})") from None
    except ValueError as e:
        raise UsageError(f"{path}: not JSON ({e})") from None
    runs = data.get("runs") if isinstance(data, dict) else None
    good = isinstance(runs, list) and isinstance(data.get("machine"), dict) and isinstance(data.get("seed"), int) and all(
        isinstance(r, dict) and all(k in r for k in _RUN_KEYS) and isinstance(r["figures"], dict)
        and all(isinstance(v, (int, float)) for v in r["figures"].values()) for r in runs)
    if not good or data.get("format") != FORMAT:
        raise UsageError(f"{path}: not a result of ./course bench (format {FORMAT})")
    return data
