"""`./course watch NN`: builds what a save needs and runs the task's tests again, on one screen."""

import sys
import time

from . import build, caches, console, doctor, hint_command, keys, language, lock, packages, task_command, watch_files, watch_run, watch_view
from . import work as works
from .errors import CourseError

HELP = "build and test your tasks each time you save, on one screen"
EXAMPLES = """examples:
  ./course watch 04          the next open task first; then whichever task you save
  ./course watch 04.3        begins with this task
  ./course watch 07b         only the tasks of this part
  ./course watch             of the work folder that you are in, or of the last one started
  ./course watch 04 --once   tries the open tasks once and ends (exit code 0: they pass); 04.3 --once: this one

Keys: h one more hint (recorded), n the next open task, r once more, a all tasks, space and b through a long text, q quit.
In a pipe it prints lines and ends with Ctrl-C."""
HELP_KO = "저장할 때마다 과제를 빌드하고 테스트합니다(한 화면)"
EXAMPLES_KO = """예:
  ./course watch 04          다음에 풀 과제부터 시작하고, 그 뒤로는 저장한 과제를 시험합니다
  ./course watch 04.3        이 과제부터
  ./course watch 07b         이 파트의 과제만
  ./course watch             지금 있는 작업 폴더, 아니면 마지막에 시작한 단계
  ./course watch 04 --once   남은 과제를 한 번만 시험하고 끝냅니다(종료 코드 0: 통과). 04.3 --once: 이 과제만

키: h 힌트 하나 더(기록됨), n 다음 과제, r 다시, a 모든 과제, space와 b 긴 글 넘기기, q 끝.
파이프에서는 줄 단위로 출력하고 Ctrl-C로 끝납니다."""

T = language.Texts(
    {"what": "a stage or a task, e.g. 04 or 04.3", "once": "try once and end", "save": "save a file of {name}, and its task is tried; Ctrl-C ends",
     "points": "{got} of {all} points", "why": "why it is so: ./course task {id}"},
    {"what": "단계나 과제, 예: 04 또는 04.3", "once": "한 번만 시험하고 끝냅니다", "save": "{name}의 파일을 저장하면 그 과제를 시험합니다. Ctrl-C로 끝냅니다",
     "points": "{all}점 중 {got}점", "why": "왜 그런가: ./course task {id}"})

KEYS = {"h": "hint", "H": "hint", "n": "next open", "N": "next open", "r": "rerun", "R": "rerun", "a": "all", "A": "all"}
_LOOK = 0.15  # seconds between two looks at the files
_QUIET = 10.0  # seconds without a line, in a pipe


def add_arguments(parser):
    parser.add_argument("what", nargs="?", metavar="stage", help=T("what"))
    parser.add_argument("--once", action="store_true", help=T("once"))
    language.add_argument(parser)


def run(repo, args):
    lang = language.choose(args)
    work, task = _choose(repo, args.what)
    purposes = packages.for_stages(build.native_config("release"), [work.stage], run=True)
    packages.ensure(purposes, args.yes)
    doctor.refuse_old(purposes)
    caches.prepare(repo)
    tree = watch_run.Tree(work)
    with lock.hold(repo, repo.root / "build" / "watch" / f"{work.stage.number}.lock", f"watches stage {work.stage.number}", args.again):
        for line in watch_run.given_tests(work)[0]:
            console.say(line)
        if tree.configured:  # it may be the tree of a folder that was moved
            tree.configure()
        session = Session(work, watch_run.Runner(work, tree, learns=not args.once), lang, task)
        try:
            if args.once:
                return _once(session, [task] if args.what and task and "." in args.what else session.open_tasks())
            return _screen(session) if keys.available() else _lines(session)
        finally:
            session.runner.stop()


def _choose(repo, what):
    if what and "." in what:
        stage, task = works.find_task(repo, what)
        return works.Work(repo, stage).require(), task
    work = works.current(repo, what)
    return work, work.next_open()


class Session:
    """What is tried and what came of it; the same for the screen and for a pipe."""

    def __init__(self, work, runner, lang, task):
        self.work, self.runner, self.lang = work, runner, lang
        self.board = watch_view.Board(work, lang, (sys.stdout.encoding or "").lower().replace("-", "") == "utf8")
        self.board.current = task or work.stage.tasks[0]
        self.board.refresh()
        self.failure = None  # the first of what is being tried
        self.waiting = {}    # {task id: the task that a test of it also needs}
        self.phase, self.said = None, 0.0  # in a pipe: what runs, and when the last line was printed
        self.watcher = watch_files.Watcher(work.path)
        self.digests = self._digests()

    def open_tasks(self):
        return [t for t in self.work.stage.tasks if self.board.marks[t.id] not in ("passed", "given up")]

    def try_(self, tasks):
        tasks = list(tasks)
        if tasks:
            self.board.current, self.failure = tasks[0], None
            self.said = time.monotonic()
            self.runner.start(tasks)

    def saved(self):
        """Tries what was saved: the tasks whose regions are different, else the current one. True when something was."""
        changed = self.watcher.changed()
        if not changed:
            return False
        before, self.digests = self.digests, self._digests()
        self.board.refresh()
        tasks = [t for t in self.work.stage.tasks if t.file in changed and self.digests[t.id] != before[t.id]]
        if tasks and self.board.current in tasks:
            tasks.sort(key=lambda t: t is not self.board.current)
        self.try_(tasks or [self.board.current])
        return True

    def events(self):
        """What has happened, one by one; marks and the record follow."""
        while self.runner.events:
            event = self.runner.events.popleft()
            if event[0] == "phase":
                self.board.marks[event[1].id] = "running"
            elif event[0] == "result":
                self._note(event[1], event[2])
            yield event
            if event[0] == "idle":
                self._try_who_waited()

    def _try_who_waited(self):
        """Those whose tests needed a task that has passed meanwhile."""
        ready = [t for t in self.work.stage.tasks if self.board.marks.get(self.waiting.get(t.id)) == "passed"]
        if ready:
            self.failure = None
            self.runner.start(ready)

    def next_open(self):
        """The open task behind the current one, around the end; the current one when there is no other."""
        tasks = self.work.stage.tasks
        at = tasks.index(self.board.current)
        for task in tasks[at + 1:] + tasks[:at]:
            if self.board.marks[task.id] not in ("passed", "given up"):
                return task
        return self.board.current

    def _note(self, result, digest):
        self.waiting.pop(result.task.id, None)
        if result.kind == "needs":
            self.waiting[result.task.id] = result.spec
        if result.kind == "passed" and digest and digest == self._digest(result.task):
            self.work.state.note_passed(result.task.id, digest)
        mark = self.work.mark(result.task)
        failed = result.kind not in ("passed", "needs") and mark not in ("empty", "broken")
        self.board.marks[result.task.id] = "failed" if failed else mark

    def _digest(self, task):
        try:
            return self.work.digest(task)
        except CourseError:
            return None

    def _digests(self):
        return {t.id: self._digest(t) for t in self.work.stage.tasks}


# -- a screen --------------------------------------------------------------------------------------


def _screen(session):
    board, wanted = session.board, session.board.current
    board.show(watch_view.introduction(session.work, wanted, session.lang))
    session.try_([wanted])
    drawn, looked = None, 0.0
    with keys.Screen(KEYS) as screen:
        while True:
            for event in session.events():
                _show(session, event)
            size = keys.terminal_size()
            picture = board.lines(max(size.columns, 20), max(size.lines, 4)), size
            if picture != drawn:
                screen.draw(picture[0][0], picture[0][1], max(size.lines, 4))
                drawn = picture
            key = screen.poll(0.1)
            if key == "quit":
                return 0
            _press(session, key, size)
            if time.monotonic() - looked >= _LOOK:
                looked = time.monotonic()
                session.saved()


def _show(session, event):
    board = session.board
    if event[0] == "phase":
        board.phase = watch_view.phase_text(event[2], event[1], event[3])
    elif event[0] == "result":
        result = event[1]
        board.phase = watch_view.result_text(result)
        if result.kind == "passed":
            if not session.failure:
                board.show([*result.text.splitlines(), T("why", id=result.task.id)])
        elif not session.failure:
            session.failure, board.current = result, result.task
            board.show(result.text.splitlines())
    elif session.failure:
        board.phase = watch_view.result_text(session.failure)
    elif not session.open_tasks():
        board.phase = watch_view.T("all passed", next=task_command.after(session.work.repo, session.work.stage))


def _press(session, key, size):
    board = session.board
    if key == "hint":
        try:
            board.show(hint_command.lines(session.work, board.current, session.lang))
        except CourseError as e:
            board.show([str(e)])
    elif key == "rerun":
        session.try_([board.current])
    elif key == "all":
        session.try_(session.work.stage.tasks)
    elif key == "next open":
        task = session.next_open()
        board.show(watch_view.introduction(session.work, task, session.lang))
        session.try_([task])
    elif key in ("next", "back"):
        board.page(size.lines, size.columns, 1 if key == "next" else -1)


# -- a pipe ----------------------------------------------------------------------------------------


def _lines(session):
    console.say(T("save", name=session.work.name))
    session.try_([session.board.current])
    while True:
        _say(session)
        time.sleep(_LOOK)
        session.saved()


def _once(session, tasks):
    session.try_(tasks)
    while session.runner.busy or session.runner.events:
        _say(session)
        time.sleep(_LOOK)
    console.say(T("points", got=session.board.points(), all=sum(t.points for t in session.work.stage.tasks)))
    return 0 if all(session.board.marks[t.id] == "passed" for t in tasks) else 1


def _say(session):
    """What has happened, as lines; while one thing lasts, how far it is."""
    for event in session.events():
        session.phase = event if event[0] == "phase" else None
        if event[0] == "phase" and event[2] == "configure":
            _print(session, watch_view.phase_text(event[2], event[1], event[3]))
        elif event[0] == "result":
            result = event[1]
            _print(session, watch_view.result_text(result))
            for line in result.text.splitlines():
                console.say("  " + line)
            if result.kind == "passed":
                console.say("  " + T("why", id=result.task.id))
    if session.phase and time.monotonic() - session.said >= _QUIET:
        _, task, word, detail = session.phase
        _print(session, watch_view.phase_text(word, task, detail))


def _print(session, line):
    console.say(line)
    session.said = time.monotonic()
