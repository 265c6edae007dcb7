"""The one screen of `./course watch`, as lines; and the same for a pipe."""

from . import console, language, task_command

T = language.Texts(
    {"points": "{got} of {all} points", "keys": "h hint  n next  r rerun  a all  q quit", "scroll": "lines {a}-{b} of {all}: space on, b back",
     "idle": "waits: save a file of {name}", "configure": "{id}: reads the build files ...", "build": "{id}: builds {detail}", "run": "{id}: runs {detail}",
     "passed": "{id} passed ({seconds:.1f} s); n goes on", "build failed": "{id}: does not compile", "test failed": "{id}: {spec} failed ({seconds:.1f} s)",
     "needs": "{id}: good so far; a test of it also needs {spec}, which is not written yet", "trouble": "{id}: cannot be tried", "all passed": "every task has passed: {next}", "open": "open {place}",
     "test back": "{file} was missing: it is back as it was at the start", "test edited": "{file} was edited: grading takes the course's own"},
    {"points": "{all}점 중 {got}점", "keys": "h 힌트  n 다음  r 다시  a 전부  q 끝", "scroll": "{all}줄 중 {a}~{b}: space 다음, b 앞",
     "idle": "대기 중: {name}의 파일을 저장하면 시작합니다", "configure": "{id}: 빌드 파일을 읽는 중 ...", "build": "{id}: 빌드 중 {detail}", "run": "{id}: {detail} 실행 중",
     "passed": "{id} 통과 ({seconds:.1f}초). n: 다음 과제", "build failed": "{id}: 컴파일되지 않음", "test failed": "{id}: {spec} 실패 ({seconds:.1f}초)",
     "needs": "{id}: 여기까지는 맞습니다. 남은 테스트에는 {spec}도 필요한데 아직 쓰지 않았습니다", "trouble": "{id}: 시험할 수 없음", "all passed": "모든 과제를 통과했습니다: {next}", "open": "열 곳: {place}",
     "test back": "{file} 파일이 없어서 처음 상태로 되살렸습니다", "test edited": "{file} 파일이 바뀌었습니다. 채점에는 강의의 원본을 씁니다"})

MARKS = {"passed": ("✓", "+"), "failed": ("✗", "x"), "running": ("…", "~"), "empty": ("·", "."), "written": ("○", "o"), "changed": ("?", "?"),
         "given up": ("-", "-"), "broken": ("!", "!")}
_COLOURS = {"passed": "green", "failed": "red", "broken": "red", "running": "yellow", "changed": "yellow"}


class Board:
    """What the screen shows. `marks`: {task id: mark}; `body`: lines below the tasks, already folded by nobody."""

    def __init__(self, work, lang, unicode=True):
        self.work, self.lang, self.unicode = work, lang, unicode
        self.current = None
        self.marks = {}
        self.phase = T("idle", name=work.name)
        self.body = []
        self.top = 0

    def refresh(self):
        for task in self.work.stage.tasks:
            self.marks[task.id] = self.work.mark(task)

    def show(self, lines):
        self.body, self.top = list(lines), 0

    def points(self):
        return sum(t.points for t in self.work.stage.tasks if self.marks.get(t.id) == "passed")

    # -- as lines --------------------------------------------------------------------------------

    def lines(self, wide, rows):
        """(lines, last line): no more than rows - 1, none wider than `wide` - 1 columns."""
        room, most = max(rows - 1, 1), max(wide - 1, 10)
        head = self._head(most, rows)
        body = [piece for line in self.body for piece in folded(line, most)]
        free = max(room - len(head), 0)
        self.top = max(0, min(self.top, len(body) - free))
        shown = body[self.top:self.top + free]
        last = " " + T("keys")
        if len(body) > free:
            where = T("scroll", a=self.top + 1, b=self.top + len(shown), all=len(body))
            both = f"{last}   {where}"
            last = both if console.width(both) <= most else last
        return (head + shown)[:room], console.cut(last, most)

    def page(self, rows, wide, step):
        """Scrolls by a screen."""
        self.top += step * max(rows - 2 - len(self._head(max(wide - 1, 10), rows)), 1)

    def _head(self, most, rows):
        total = sum(t.points for t in self.work.stage.tasks)
        name, points = self.work.name, T("points", got=self.points(), all=total)
        title = console.cut(f"{name}  {points}", most) if console.width(name) + 2 + console.width(points) <= most else console.cut(points, most)
        out = [console.style(title, "bold")]
        tasks = self.work.stage.tasks
        if rows >= len(tasks) + 12:
            out += [self._task(t, most) for t in tasks]
        else:  # a low terminal: the failure matters more
            out += console.flow([(">" if t is self.current else "") + self._mark(t) + t.id for t in tasks], most)
        return out + [console.style(line, "bold") for line in console.wrap(self.phase, most)]

    def _mark(self, task):
        return MARKS[self.marks.get(task.id, "empty")][0 if self.unicode else 1]

    def _task(self, task, most):
        mark = self.marks.get(task.id, "empty")
        line = console.cut(f"{'>' if task is self.current else ' '} {self._mark(task)} {task.id} {task.points:>3}  {task.name(self.lang)}", most)
        return console.style(line, _COLOURS[mark]) if mark in _COLOURS else line


def folded(line, most):
    """A line in pieces of at most `most` columns."""
    line = line.expandtabs().rstrip()
    pieces = []
    while console.width(line) > most:
        head = console.cut(line, most) or line[0]
        pieces.append(head)
        line = line[len(head):]
    return pieces + [line]


def phase_text(word, task, detail):
    return T(word, id=task.id, detail=detail).rstrip()


def result_text(result):
    key = {"passed": "passed", "build": "build failed", "test": "test failed", "needs": "needs", "trouble": "trouble"}[result.kind]
    return T(key, id=result.task.id, spec=result.spec, seconds=result.seconds)


def introduction(work, task, lang):
    """What stands there when a task is chosen and nothing has run."""
    return [f"{task.id} {task.name(lang)}", T("open", place=task_command.place(work, task)), f"./course task {task.id}"]
