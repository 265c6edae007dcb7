"""What Linux says about a running server: /proc, and the table of `strace -c`.

Parsing is apart from reading, so that it can be tested with recorded texts."""

import os
import re
import struct
import time

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class Snapshot:
    """CPU seconds and context switches up to now; `softirq` is that of the kernel's ksoftirqd threads (None: not to be seen)."""

    def __init__(self, at, cpu, softirq, switches):
        self.at, self.cpu, self.softirq, self.switches = at, cpu, softirq, switches

    def until(self, later):
        """{figure: growth} up to a later snapshot, and the time between them."""
        softirq = None if self.softirq is None or later.softirq is None else later.softirq - self.softirq
        return {"seconds": later.at - self.at, "cpu": later.cpu - self.cpu, "softirq": softirq,
                "switches": later.switches - self.switches}


# -- parsing -------------------------------------------------------------------------------------


def cpu_of_stat(text):
    """utime + stime of /proc/PID/stat in seconds: all threads, ended ones too. (A name may hold blanks and brackets.)"""
    fields = text.rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def cpu_of_schedstat(text):
    """Seconds on a processor of a .../schedstat, to the nanosecond."""
    return int(text.split()[0]) / 1e9


def switches_of_status(text):
    """Voluntary and other context switches of one thread."""
    return sum(int(n) for n in re.findall(r"^(?:non)?voluntary_ctxt_switches:\s+(\d+)$", text, re.M))


def memory_of_rollup(text):
    """{"pss": bytes, "rss": bytes} of /proc/PID/smaps_rollup."""
    found = dict(re.findall(r"^(Rss|Pss):\s+(\d+) kB$", text, re.M))
    return {key.lower(): int(value) * 1024 for key, value in found.items()}


def steal_of_stat(text):
    """(stolen, all) of the first line of /proc/stat, in ticks."""
    fields = [int(n) for n in text.split("\n", 1)[0].split()[1:9]]
    return (fields[7] if len(fields) > 7 else 0), sum(fields)


def calls_of_strace(text):
    """{system call: how often} of what `strace -c` has printed; None when there is no such table."""
    found, inside = {}, False
    for line in text.splitlines():
        if re.match(r"^-+( -+)+\s*$", line):
            if inside:
                break  # below it is the sum
            inside = True
        elif inside:
            fields = line.split()
            # % time, seconds, usecs/call, calls, [errors,] name
            if len(fields) in (5, 6) and fields[3].isdigit():
                found[fields[-1]] = found.get(fields[-1], 0) + int(fields[3])
    return found if inside else None


# -- reading -------------------------------------------------------------------------------------


def _read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        return None


def _threads(pid):
    try:
        return [f"/proc/{pid}/task/{name}" for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []


def snapshot(pid, kernel=()):
    """Of a process; `kernel`: the pids of ksoftirqd.

    The threads' schedstat, because utime and stime count in hundredths of a second, which is 1 % of what some runs take; where
    the kernel keeps none, those."""
    at, threads = time.monotonic(), _threads(pid)
    texts = [text for text in (_read(f"{t}/schedstat") for t in threads) if text]
    cpu = sum(map(cpu_of_schedstat, texts))
    if not cpu:
        text = _read(f"/proc/{pid}/stat")
        cpu = cpu_of_stat(text) if text else 0.0
    softirq = [cpu_of_schedstat(text) for text in (_read(f"/proc/{k}/schedstat") for k in kernel) if text]
    switches = sum(switches_of_status(_read(f"{t}/status") or "") for t in threads)
    return Snapshot(at, cpu, sum(softirq) if softirq else None, switches)


def kernel_threads():
    """The pids of ksoftirqd/N: what the kernel does for the sockets when the interrupt's time is over."""
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit() and (_read(f"/proc/{name}/comm") or "").startswith("ksoftirqd/"):
            found.append(int(name))
    return found


def memory(pid):
    return memory_of_rollup(_read(f"/proc/{pid}/smaps_rollup") or "")


def stolen():
    return steal_of_stat(_read("/proc/stat") or "cpu 0 0 0 0 0 0 0 0")


def load():
    """Of the last minute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def heap_counter(path):
    """The running total that heap_count.so keeps in its file; None while there is none."""
    try:
        with open(path, "rb") as f:
            raw = f.read(8)
    except OSError:
        return None
    return struct.unpack("<Q", raw)[0] if len(raw) == 8 else None
