"""A made-up trace of a busy server that keeps the port's rules, as large as one wants."""

import json
import random

LISTS = ("WaitingThreads", "ReleasedThreads", "PausedThreads")


class BusyPort:
    """A port with `limit`; its workers serve receives of its sockets and sometimes block."""

    def __init__(self, seed, workers=8, sockets=200, limit=4):
        self.random, self.limit, self.lines, self.time = random.Random(seed), limit, [], 0.0
        self.queue, self.lists = [], {name: [] for name in LISTS}
        self.workers = list(range(2, workers + 2))
        self.pending = {}
        for worker in self.workers:
            self.lines.append({"name": "thread_name", "ph": "M", "pid": 1, "tid": worker, "args": {"name": f"worker {worker - 1}"}})
        self.event("port created", 1, concurrency=limit)
        self.sockets = [f"0x{0x1000010 + 8 * n:x}" for n in range(sockets)]
        for n, socket in enumerate(self.sockets):
            self.event("device associated", 1, device=socket, key=f"0x{n + 1:x}")
            self.issue(1, n)
        for worker in self.workers:
            self.move(worker, worker, "none", "WaitingThreads")

    def event(self, name, actor, **args):
        self.time += self.random.uniform(1, 30)
        if not name.startswith("operation"):
            args = {"port": "0x1000000", **args}
        self.lines.append({"name": name, "ph": "i", "s": "t", "pid": 1, "tid": actor, "ts": round(self.time, 3), "args": args})

    def move(self, actor, thread, before, after):
        if before != "none":
            self.lists[before].remove(thread)
        if after != "none":
            self.lists[after].insert(0, thread)
        self.event("thread moved", actor, thread=thread, **{"from": before, "to": after})

    def issue(self, actor, n):
        self.pending[n] = f"0x{0x55e400000000 + 0x100 * n:x}"
        self.event("operation issued", actor, device=self.sockets[n], kind="recv", overlapped=self.pending[n])

    def arrive(self, actor):
        if not self.pending:
            return
        n = self.random.choice(list(self.pending))
        packet = (f"0x{n + 1:x}", self.pending.pop(n), n)
        size = self.random.randrange(8, 1400)
        self.event("operation completed", actor, device=self.sockets[n], kind="recv", overlapped=packet[1], status="0x00000000", bytes=size)
        self.queue.append(packet)
        self.event("packet queued", actor, key=packet[0], overlapped=packet[1], bytes=size, status="0x00000000", queue=len(self.queue))
        self.balance(actor)

    def balance(self, actor):
        while self.queue and self.lists["WaitingThreads"] and len(self.lists["ReleasedThreads"]) < self.limit:
            thread = self.lists["WaitingThreads"][0]
            self.take(actor, thread)
            self.move(actor, thread, "WaitingThreads", "ReleasedThreads")

    def take(self, actor, thread):
        key, overlapped, n = self.queue.pop(0)
        self.event("packet taken", actor, thread=thread, key=key, overlapped=overlapped, queue=len(self.queue))
        self.held = {**getattr(self, "held", {}), thread: n}

    def turn(self, thread):
        if self.held.get(thread) is not None:
            self.issue(thread, self.held.pop(thread))
        self.move(thread, thread, "ReleasedThreads", "none")
        if self.queue and len(self.lists["ReleasedThreads"]) < self.limit:
            self.take(thread, thread)
            self.move(thread, thread, "none", "ReleasedThreads")
        else:
            self.move(thread, thread, "none", "WaitingThreads")
            self.balance(thread)

    def run(self, events):
        while len(self.lines) < events:
            choice = self.random.random()
            running, paused = self.lists["ReleasedThreads"], self.lists["PausedThreads"]
            if choice < .45 or not running:
                self.arrive(self.random.choice(running or self.lists["WaitingThreads"] or [1]))
            elif choice < .93:
                self.turn(self.random.choice(running))
            elif choice < .965 and len(running) > 1:
                thread = self.random.choice(running)
                self.move(thread, thread, "ReleasedThreads", "PausedThreads")
                self.balance(thread)
            elif paused:
                thread = self.random.choice(paused)
                self.move(thread, thread, "PausedThreads", "ReleasedThreads")
        return self


def text(events, seed=1, **options):
    lines = BusyPort(seed, **options).run(events).lines
    return '{"traceEvents":[\n' + ",\n".join(json.dumps(e, separators=(",", ":")) for e in lines) + "\n]}\n"
