"""A trace that the port has written (IOCP_TRACE): read, cut to what the viewer needs, and bounded.

The port writes one event a line and completes the file at each flush, so a killed program leaves a file that ends early;
a flush that was itself interrupted leaves a torn line."""

import json

from .errors import CourseError

MOST_EVENTS = 200_000
_NAMES = ("port created", "port closed", "device associated", "device removed", "packet queued", "packet taken", "thread moved",
          "operation issued", "operation completed")


class Trace:
    """`events`: those of the five structures and the threads' names; `left_out`: how many did not fit; `torn`: the file's end is missing."""

    def __init__(self, events, left_out, torn):
        self.events, self.left_out, self.torn = events, left_out, torn

    @property
    def moments(self):
        return sum(e["ph"] == "i" for e in self.events)

    @property
    def closed(self):
        """Were all ports closed? A program that was killed leaves them open."""
        made = sum(e["name"] == "port created" for e in self.events)
        return made == sum(e["name"] == "port closed" for e in self.events)

    def text(self):
        """The file for the viewer: an event a line, times from 0."""
        start = next((e["ts"] for e in self.events if "ts" in e), 0)
        lines = [json.dumps(_bare(e, start), ensure_ascii=False, separators=(",", ":")) for e in self.events]
        return '{"traceEvents":[\n' + ",\n".join(lines) + "\n]}\n"


def _bare(event, start):
    bare = {name: event[name] for name in ("name", "ph", "tid", "args") if name in event}
    if "ts" in event:
        bare["ts"] = round(event["ts"] - start, 3)
    return bare


def read(path, most=MOST_EVENTS):
    """The first `most` events: what comes later means nothing without what came before."""
    events, moments, left_out, torn, last = [], 0, 0, False, ""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                last = line.strip().rstrip(",") or last
                if not last.startswith('{"name"') or '"ph":"i"' not in last and '"thread_name"' not in last:
                    continue
                try:
                    event = json.loads(last)
                except ValueError:
                    torn = True
                    continue
                if event["name"] == "thread_name":
                    events.append(event)
                elif event["name"] not in _NAMES:
                    continue
                elif moments == most:
                    left_out += 1
                else:
                    moments += 1
                    events.append(event)
    except OSError as error:
        raise CourseError(f"the trace {path} cannot be read: {error.strerror}") from None
    return Trace(events, left_out, torn or last != "]}")
