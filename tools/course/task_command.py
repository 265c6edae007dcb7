"""`./course task [NN.x]`: the page of a task."""

from . import console, language, page_text, taskpage, work as works
from .errors import CourseError

HELP = "what a task asks for; without a name the next one that is open"
EXAMPLES = """examples:
  ./course task            the next open task of your work folder
  ./course task 04.3       this one; after the pass also why it is so
  ./course task 04.3 --lang ko"""
HELP_KO = "과제가 요구하는 것. 이름을 주지 않으면 아직 풀지 않은 다음 과제"
EXAMPLES_KO = """예:
  ./course task            작업 폴더에서 다음에 풀 과제
  ./course task 04.3       이 과제. 통과한 뒤에는 왜 그런지도 보여 줍니다
  ./course task 04.3 --lang en"""

T = language.Texts(
    {"task": "a task, e.g. 04.3 (default: the next open one)", "points": "{points} points", "all done": "every task of stage {number} has passed or was given up; next: {next}",
     "open": "Open {place}", "bug": "Find the bug: the region holds a mistake. The scenario fails; find out why, and repair it.",
     "tests": "Proved by: {tests}", "hints": "Hints: {left} of 3 left (./course hint {id})", "try": "Try it: ./course watch {number}",
     "start": "No work folder yet: ./course start {number}", "solution": "The course's own code: ./course solution {id}",
     "passed": "passed", "changed": "passed, changed since", "given up": "given up", "written": "written, not passed yet", "empty": "not written yet", "broken": "marks broken"},
    {"task": "과제, 예: 04.3 (기본값: 다음에 풀 과제)", "points": "{points}점", "all done": "단계 {number}의 과제를 모두 통과했거나 정답을 보았습니다. 다음: {next}",
     "open": "열 곳: {place}", "bug": "버그 찾기: 이 영역에는 실수가 하나 들어 있습니다. 시나리오가 실패하는 까닭을 찾아 고치십시오.",
     "tests": "확인하는 테스트: {tests}", "hints": "힌트: 3개 중 {left}개 남음 (./course hint {id})", "try": "시험: ./course watch {number}",
     "start": "작업 폴더가 아직 없습니다: ./course start {number}", "solution": "강의의 코드: ./course solution {id}",
     "passed": "통과", "changed": "통과 뒤에 바뀜", "given up": "정답을 봄", "written": "작성함, 아직 통과하지 않음", "empty": "아직 쓰지 않음", "broken": "표시가 깨짐"})


def add_arguments(parser):
    parser.add_argument("task", nargs="?", help=T("task"))
    language.add_argument(parser)


def run(repo, args):
    lang = language.choose(args)
    if args.task:
        stage, task = works.find_task(repo, args.task)
        work = works.Work(repo, stage)
    else:
        work = works.current(repo)
        stage, task = work.stage, work.next_open()
        if task is None:
            console.say(T("all done", number=stage.number, next=after(repo, stage)))
            return 0
    page = taskpage.read(repo, task, lang)
    for line in shown(work, task, page, lang):
        console.say(line)
    if work.exists:
        work.state.note_asked(task.id)
    return 0


def after(repo, stage):
    """The command for what comes after the stage."""
    later = [s for s in repo.after(stage) if s.tasks]
    return f"./course start {later[0].number} --on-mine" if later else "./course status"


def shown(work, task, page, lang):
    wide = min(console.columns(), 100)
    mark = work.mark(task) if work.exists else "empty"
    yield from (console.style(line, "bold") for line in console.wrap(f"{task.id} {task.name(lang)}", wide))
    yield console.style(f"{T('points', points=task.points)}, {T(mark)}", "dim")
    if task.is_bug:
        yield from ["", *console.wrap(T("bug"), wide)]
    keys = [*taskpage.SHOWN] + (["why"] if mark in ("passed", "changed", "given up") else [])
    for key in keys:
        yield from section(page, key, lang, wide)
    yield ""
    yield from footer(work, task, wide)


def section(page, key, lang, wide):
    yield ""
    yield console.style(taskpage.SECTIONS[key][lang], "bold")
    yield from page_text.lines(page.sections[key], wide, page.name.rsplit("/", 1)[0])


def footer(work, task, wide):
    yield from console.wrap(T("tests", tests=", ".join(task.tests)), wide)
    if not work.exists:
        yield T("start", number=work.stage.number)
        return
    yield T("open", place=place(work, task))
    yield T("hints", left=max(0, 3 - work.state.hints(task.id)), id=task.id)
    if work.state.passed(task.id) or work.state.given_up(task.id):
        yield T("solution", id=task.id)
    else:
        yield T("try", number=work.stage.number)


def place(work, task):
    """work/04_x/net/y.h:12, as editors and terminals take it."""
    try:
        return f"{work.name}/{task.file}:{work.line(task)}"
    except CourseError:
        return f"{work.name}/{task.file}"
