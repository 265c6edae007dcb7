"""What is measured: the measures, with whom, in which cases, and how long that takes."""

from .bench_run import Spec
from .errors import UsageError

BUDGET_S = {"quick": 180.0, "full": 3600.0}  # of measuring; building comes before it
ROUNDS = {"quick": 3, "full": 5}
_SECONDS = {"quick": (0.3, 1.0), "full": (0.4, 1.5)}  # warm-up, measured
FIRST_STEPS, LATER_STEPS = {"quick": 7, "full": 9}, {"quick": 4, "full": 4}  # of a search, for the estimate
# Where the search of a rate begins, when it is not where the case says: far below it, an overload takes long to drain.
FIRST_RATE = {"asio-write": 50_000, "asio-gather": 250_000}
_PEERS = ("asio-write", "asio-gather", "asio-room", "uv", "epoll")
_CHAT = (*_PEERS, "05", "06", "07")


class Case:
    """One set of parameters of a measure. `rounds`: at most so many (None: all)."""

    def __init__(self, measure, name, subjects, rounds=None, **parameters):
        self.measure, self.name, self.subjects, self.rounds = measure, name, tuple(subjects), rounds
        self.parameters = parameters

    @property
    def id(self):
        return f"{self.measure.name} {self.name}"

    def spec(self, mode):
        warm_up, seconds = _SECONDS[mode]
        return Spec(**{"warm_up": warm_up, "seconds": seconds, **self.parameters})


class Measure:
    """`figures`: what its table shows, the first one with ratios to `reference`. `kind`: run (once) or search (the highest rate)."""

    def __init__(self, name, kind, reference, figures, en, ko, cases):
        self.name, self.kind, self.reference, self.figures = name, kind, reference, figures
        self.title = {"en": en, "ko": ko}
        self.cases = {mode: [Case(self, *c[:2], **c[2]) for c in several] for mode, several in cases.items()}


def _one_room(clients, **more):
    return {"clients": clients, **more}


def _measures():
    """In the order in which they are measured: when time runs out, the last are short of it."""
    every = []

    def add(name, kind, reference, figures, en, ko, quick, full):
        every.append(Measure(name, kind, reference, figures, en, ko, {"quick": quick, "full": full}))

    add("cpu60k", "run", "epoll", ("cpu_us", "p50_ms", "p99_ms", "p999_ms", "switches"),
        "CPU per delivery at 60,000 deliveries/s, one room", "초당 60,000건을 전달할 때 전달 한 건의 CPU, 룸 하나",
        [("N=400", ("epoll", "asio-gather", "asio-room", "uv", "07"), _one_room(400, rate=60_000))],
        [(f"N={n}", _CHAT, _one_room(n, rate=60_000)) for n in (100, 400, 1000)]
        + [("N=400 limits", ("07-limits",), _one_room(400, rate=60_000))])
    add("cpu400k", "run", "epoll", ("cpu_us", "cores", "p50_ms", "p99_ms", "p999_ms", "switches"),
        "CPU per delivery at 400,000 deliveries/s, one room", "초당 400,000건을 전달할 때 전달 한 건의 CPU, 룸 하나",
        [("N=400", ("07", "07-flush5"), _one_room(400, rate=400_000, rounds=3))],
        [("N=400", ("epoll", "asio-room", "uv", "05", "06", "07", "07-flush5"), _one_room(400, rate=400_000))])
    add("latency", "run", "epoll", ("p99_ms", "p50_ms", "p999_ms", "cores"),
        "Latency in ten rooms of 100", "100명씩 룸 열 개에서의 지연 시간",
        [("10k messages/s", ("epoll", "07"), {"clients": 1000, "rooms": 10, "rate": 1_000_000, "rounds": 3}),
         ("1k messages/s", ("07",), {"clients": 1000, "rooms": 10, "rate": 100_000, "rounds": 3})],
        [(f"{k}k messages/s", ("epoll", "asio-room", "06", "07"), {"clients": 1000, "rooms": 10, "rate": k * 100_000}) for k in (10, 1)])
    add("calls", "run", "epoll", ("calls",),
        "System calls per delivery, one room of 400 (under strace, which slows the server)",
        "전달 한 건의 시스템 호출, 400명 룸 하나 (strace가 서버를 느리게 한다)",
        [("60k", ("07",), _one_room(400, rate=60_000, how="strace", rounds=1))],
        [(name, ("epoll", "06", "07"), _one_room(400, rate=rate, how="strace", rounds=3)) for name, rate in (("60k", 60_000), ("4M", 4_000_000))])
    add("heap", "run", "epoll", ("allocations",),
        "Heap allocations per message, one room of 100", "메시지 하나의 힙 할당, 100명 룸 하나",
        [("150 messages/s", ("07",), _one_room(100, rate=15_000, how="heap", rounds=1))],
        [("150 messages/s", ("epoll", "asio-room", "uv", "05", "06", "07"), _one_room(100, rate=15_000, how="heap", rounds=3)),
         ("4k messages/s", ("epoll", "05", "06", "07"), _one_room(100, rate=400_000, how="heap", rounds=3))])
    add("memory", "run", "epoll", ("session_bytes",),
        "Memory of a session that says nothing (process, by PSS)", "말이 없는 세션 하나의 메모리 (프로세스, PSS)",
        [("logged in", ("07",), {"work": "idle", "clients": 2000, "how": "memory", "rounds": 1, "rooms": 0})],
        [("connected", _CHAT, {"work": "idle", "clients": 5000, "how": "memory", "login": "none", "rounds": 1}),
         ("logged in", _CHAT, {"work": "idle", "clients": 5000, "how": "memory", "rounds": 1, "rooms": 0})])
    add("session", "run", "03-net", ("net_bytes", "port_bytes"),
        "Memory of an idle session in net/ alone (the stages' session_memory)", "net/만의 유휴 세션 메모리 (단계의 session_memory)",
        [("2000 sessions", ("07-net",), {"work": "session", "clients": 2000, "rounds": 1})],
        [("2000 sessions", ("03-net", "04-net", "07-net"), {"work": "session", "clients": 2000, "rounds": 1})])
    add("tables", "run", "07-tables", ("tables_s",),
        "Lobby, rooms and sector grid alone: so many sessions come, walk, talk and go, without a socket",
        "로비, 룸, 섹터 그리드만: 소켓 없이 그만큼의 세션이 들어와 걷고 말하고 나간다", [],
        [(f"{n}", ("07-tables",), {"work": "tables", "clients": n, "rounds": 3}) for n in (1000, 3000, 10_000, 25_000, 50_000)])
    add("rate", "search", "epoll", ("deliveries_per_s", "p99_ms", "cpu_us", "start_ms"),
        "Most deliveries/s held, one room (p99 below 100 ms, nothing lost)", "유지한 최대 초당 전달 수, 룸 하나 (p99 100 ms 미만, 유실 없음)",
        [("N=400", ("epoll", "07"), _one_room(400, rate=2_000_000))],
        [(f"N={n}", (*_CHAT, "07-ram") if n == 400 else _CHAT[1:], _one_room(n, rate=1_000_000)) for n in (400, 100, 1000)]
        + [("N=400 rooms=2", ("07",), {"clients": 800, "rooms": 2, "rate": 1_000_000})])
    add("echo", "search", "epoll-echo", ("deliveries_per_s", "p99_ms", "cpu_us"),
        "Most messages/s echoed", "유지한 최대 초당 에코 수", [],
        [(f"{n} connections", ("epoll-echo", "port-echo"), {"work": "echo", "clients": n, "rate": 20_000, "rounds": 3}) for n in (1, 1000)])
    add("login", "run", "epoll", ("login_s", "auth_s", "logins_per_s", "login_cpu_us"),
        "Log-ins, into rooms of 100 (cheapest hash)", "100명씩 룸에 들어가는 로그인 (가장 싼 해시)",
        [("1000", ("07",), {"work": "login", "clients": 1000, "rooms": 10, "seconds": 0.2, "rounds": 2})],
        [(str(n), ("epoll", "06", "07"), {"work": "login", "clients": n, "rooms": n // 100, "seconds": 0.2, "rounds": 3 if n <= 10_000 else 1})
         for n in (1000, 3000, 10_000, 15_000)])
    add("growth", "run", "epoll", ("cpu_us", "p99_ms"),
        "Cost per delivery at 400,000 deliveries/s over the size of the room", "룸의 크기에 따른 전달 한 건의 비용 (초당 400,000건)", [],
        [(f"N={n}", ("epoll", "06", "07"), _one_room(n, rate=400_000, rounds=3)) for n in (100, 400, 1000, 4000)])
    add("rooms", "run", "epoll", ("cpu_us", "p99_ms"),
        "Cost per delivery at 400,000 deliveries/s over the number of rooms (1,024 clients)",
        "룸의 수에 따른 전달 한 건의 비용 (초당 400,000건, 클라이언트 1,024명)", [],
        [(f"R={r}", ("epoll", "07"), {"clients": 1024, "rooms": r, "rate": 400_000, "rounds": 2}) for r in (1, 8, 64)])
    return every


MEASURES = {m.name: m for m in _measures()}


class Item:
    """A case with one subject in one round."""

    def __init__(self, case, subject, round_number, mode):
        self.case, self.subject, self.round, self.mode = case, subject, round_number, mode

    @property
    def key(self):
        return f"{self.case.id}|{self.subject}|{self.round}"

    def estimate(self, calmer=True):
        """Seconds. A search finds its beginning in the first round; `calmer`: later rounds start from it."""
        one = self.case.spec(self.mode).estimate()
        if self.case.measure.kind != "search":
            return one
        return one * (LATER_STEPS if self.round > 1 and calmer else FIRST_STEPS)[self.mode]


def choose(only):
    """[(measure, {subject} or None)] of --only: measures, subjects, or measure:subject."""
    from . import bench_subjects
    if not only:
        return {name: None for name in MEASURES}
    chosen, subjects = {}, set()
    for word in only:
        measure, _, subject = word.partition(":")
        if measure in MEASURES:
            if subject:
                bench_subjects.find(subject)
                chosen.setdefault(measure, set())
                if chosen[measure] is not None:
                    chosen[measure].add(subject)
            else:
                chosen[measure] = None
        elif not subject and measure.partition("@")[0] in bench_subjects.SUBJECTS:
            subjects.add(measure)
        else:
            raise UsageError(f"--only {word}: neither a measure ({', '.join(MEASURES)}) nor a subject ({', '.join(bench_subjects.SUBJECTS)})")
    if not subjects:
        return chosen
    return {name: (chosen[name] or set()) | subjects if name in chosen and chosen[name] is not None else set(subjects)
            for name in (chosen or MEASURES)}


def items(mode, rounds, only=(), subjects_of=None):
    """All items, round by round; in each round somebody else begins. `subjects_of`: case -> subjects (for a comparison)."""
    found, chosen = [], choose(only)
    for number in range(1, rounds + 1):
        for measure in MEASURES.values():
            if measure.name not in chosen:
                continue
            for case in measure.cases[mode] or (measure.cases["full"] if only else []):
                if number > min(rounds, case.rounds or rounds):
                    continue
                names = list(subjects_of(case) if subjects_of else case.subjects)
                wanted = chosen[measure.name]
                names = [n for n in names if wanted is None or n in wanted or n.partition("@")[0] in wanted]
                turn = (number - 1) % len(names) if names else 0
                found += [Item(case, name, number, mode) for name in names[turn:] + names[:turn]]
    if not found:
        raise UsageError(f"nothing to measure with --only {','.join(only)}")
    return found


def estimate(several):
    return sum(item.estimate() for item in several)
