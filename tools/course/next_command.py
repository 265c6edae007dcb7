"""`./course next`: where to go on."""

from . import console, language, task_command, work as works

HELP = "where to go on: the next open task, its place and the commands for it"
EXAMPLES = """examples:
  ./course next          of the work folder that you are in, or of the last one started
  ./course next 04       of this stage"""
HELP_KO = "이어서 할 것: 다음 과제와 열 곳, 쓸 명령"
EXAMPLES_KO = """예:
  ./course next          지금 있는 작업 폴더, 아니면 마지막에 시작한 단계
  ./course next 04       이 단계"""

T = language.Texts(
    {"stage": "a stage, e.g. 04", "read": "Read it: ./course task {id}"},
    {"stage": "단계, 예: 04", "read": "과제 읽기: ./course task {id}"})


def add_arguments(parser):
    parser.add_argument("stage", nargs="?", metavar="stage", help=T("stage"))
    language.add_argument(parser)


def run(repo, args):
    lang = language.choose(args)
    work = works.current(repo, args.stage)
    task = work.next_open()
    if task is None:
        console.say(task_command.T("all done", number=work.stage.number, next=task_command.after(repo, work.stage)))
        return 0
    console.say(console.style(f"{task.id} {task.name(lang)}", "bold"))
    console.say(f"{task_command.T('points', points=task.points)}, {task_command.T(work.mark(task))}")
    console.say(T("read", id=task.id))
    for line in task_command.footer(work, task, console.columns()):
        console.say(line)
    return 0
