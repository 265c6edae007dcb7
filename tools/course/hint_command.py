"""`./course hint NN.x`: one more hint at each call, from a question to nearly the answer."""

from . import console, language, task_command, taskpage, work as works

HELP = "one more hint for a task; how many were asked for is recorded"
EXAMPLES = """examples:
  ./course hint 04.3           the next of three hints
  ./course hint 04.3 --again   those that were shown already, none more"""
HELP_KO = "과제의 힌트를 하나 더 보여 줍니다. 몇 개를 보았는지 기록됩니다"
EXAMPLES_KO = """예:
  ./course hint 04.3           세 힌트 가운데 다음 것
  ./course hint 04.3 --again   이미 본 힌트만 다시 봅니다"""

T = language.Texts(
    {"task": "a task, e.g. 04.3", "again": "those that were shown already", "left": "({left} left; recorded)", "none left": "(none left)",
     "all": "all three hints of {id} were shown; once more:", "none": "no hint of {id} was asked for yet", "more": "Given up? ./course solution {id} --give-up"},
    {"task": "과제, 예: 04.3", "again": "이미 본 힌트만", "left": "(남은 힌트 {left}개, 기록됨)", "none left": "(남은 힌트 없음)",
     "all": "{id}의 힌트 셋을 모두 보았습니다. 다시 보여 줍니다:", "none": "{id}의 힌트는 아직 보지 않았습니다", "more": "포기하려면 ./course solution {id} --give-up"})


def add_arguments(parser):
    parser.add_argument("task", help=T("task"))
    parser.add_argument("--again", dest="shown", action="store_true", help=T("again"))
    language.add_argument(parser)


def run(repo, args):
    lang = language.choose(args)
    stage, task = works.find_task(repo, args.task)
    work = works.Work(repo, stage).require()
    for line in lines(work, task, lang, args.shown):
        console.say(line)
    return 0


def lines(work, task, lang, again=False):
    """What to show. Asks for one more hint, and records that, unless `again` or all were shown."""
    page = taskpage.read(work.repo, task, lang)
    wide, seen = min(console.columns(), 100), work.state.hints(task.id)
    most = len(taskpage.HINTS)
    if again or seen >= most:
        out = [] if again else [T("all", id=task.id)]
        for key in taskpage.HINTS[:seen]:
            out += [*task_command.section(page, key, lang, wide)]
        return out + ([""] + [T("more", id=task.id)] if seen >= most else []) or [T("none", id=task.id)]
    out = [*task_command.section(page, taskpage.HINTS[seen], lang, wide)][1:]  # read first: what cannot be shown does not count
    work.state.note_hint(task.id)
    left = most - seen - 1
    return out + ["", console.style(T("left", left=left) if left else T("none left"), "dim")]
