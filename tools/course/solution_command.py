"""`./course solution NN.x`: the course's own code for a task, after a pass or to whoever gives up."""

from . import console, language, regions, starter, task_command, taskpage, work as works
from .errors import CourseError, UsageError

HELP = "the course's own code for a task, after you have passed it (or with --give-up)"
EXAMPLES = """examples:
  ./course solution 04.3              after the pass
  ./course solution 04.3 --give-up    before; that is recorded, and stays so"""
HELP_KO = "과제에 대한 강의의 코드. 통과한 뒤에(또는 --give-up으로) 볼 수 있습니다"
EXAMPLES_KO = """예:
  ./course solution 04.3              통과한 뒤에
  ./course solution 04.3 --give-up    통과하기 전에. 기록되며 지워지지 않습니다"""

T = language.Texts(
    {"task": "a task, e.g. 04.3", "give up": "show it although the task has not passed; recorded",
     "not yet": "{id} has not passed yet: ./course watch {number} tries it, ./course hint {id} helps; to see the answer anyway (recorded): ./course solution {id} --give-up",
     "not here": "the course's code for {id} is not in this copy of the course (a hand-out)", "recorded": "given up: recorded",
     "lines": "{file}, lines {first} to {last}"},
    {"task": "과제, 예: 04.3", "give up": "통과하지 않았어도 보여 줍니다. 기록됩니다",
     "not yet": "{id}은(는) 아직 통과하지 않았습니다. 시험: ./course watch {number}, 도움: ./course hint {id}, 그래도 정답을 보려면(기록됨): ./course solution {id} --give-up",
     "not here": "이 배포본에는 {id}의 코드가 들어 있지 않습니다", "recorded": "정답을 본 것으로 기록했습니다",
     "lines": "{file}, {first}~{last}줄"})


def add_arguments(parser):
    parser.add_argument("task", help=T("task"))
    parser.add_argument("--give-up", action="store_true", help=T("give up"))
    language.add_argument(parser)


def run(repo, args):
    lang = language.choose(args)
    stage, task = works.find_task(repo, args.task)
    work = works.Work(repo, stage).require()
    text = work.reference(task)
    if not here(repo, stage, task, text):
        raise CourseError(T("not here", id=task.id))
    open_ = work.state.passed(task.id) or work.state.given_up(task.id)
    if not open_ and not args.give_up:
        raise UsageError(T("not yet", id=task.id, number=stage.number))
    page = taskpage.read(repo, task, lang)
    if not open_:
        work.state.note_given_up(task.id)
        console.say(T("recorded"))
    lines = text.splitlines()
    for found, first, last in regions.student(text)[0]:
        if found == task.id:
            console.say(console.style(T("lines", file=f"{stage.folder}/{task.file}", first=first, last=last), "bold"))
            console.say("\n".join(lines[first - 1:last]))
            console.say()
    for line in [*task_command.section(page, "why", lang, min(console.columns(), 100))][1:]:
        console.say(line)
    return 0


def here(repo, stage, task, text):
    """Is the answer in this copy of the course? In a hand-out the region is empty, or faulty and without its patch."""
    from . import exhibits
    if task.is_bug:
        return exhibits.path(repo, stage, task.exhibit).is_file()
    return not all(map(starter.is_empty, regions.contents(text, task.id)))
