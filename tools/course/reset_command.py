"""`./course reset NN.x`: a task as it was at the start; what was there is kept."""

from . import console, language, regions, safe, work as works

HELP = "put a task's regions back as they were at the start (a backup is kept)"
EXAMPLES = """examples:
  ./course reset 04.3          its regions only; the rest of the file stays
  ./course reset 04.3 --file   the whole file, when its marks are broken"""
HELP_KO = "과제의 영역을 처음 상태로 되돌립니다(지금 것은 보관)"
EXAMPLES_KO = """예:
  ./course reset 04.3          영역만. 파일의 나머지는 그대로 둡니다
  ./course reset 04.3 --file   표시가 깨졌을 때 파일 전체"""

T = language.Texts(
    {"task": "a task, e.g. 04.3", "file": "the whole file, as it was at the start", "same": "{id} is as it was at the start: nothing to do",
     "done": "{place} is as it was at the start; what was there: {kept}", "new": "{place} is there again"},
    {"task": "과제, 예: 04.3", "file": "파일 전체를 처음 상태로", "same": "{id}은(는) 처음 상태 그대로입니다",
     "done": "{place}을(를) 처음 상태로 되돌렸습니다. 지금까지 있던 것: {kept}", "new": "{place}을(를) 되살렸습니다"})


def add_arguments(parser):
    parser.add_argument("task", help=T("task"))
    parser.add_argument("--file", action="store_true", help=T("file"))
    language.add_argument(parser)


def run(repo, args):
    language.choose(args)
    stage, task = works.find_task(repo, args.task)
    work = works.Work(repo, stage).require()
    first, place = work.starter_text(task), f"{work.name}/{task.file}"
    file = work.path / task.file
    if args.file:
        text = first
    else:
        work.regions(task)  # says what is wrong with the marks
        begin = regions.contents(first, task.id)
        text = regions.filled(work.text(task), lambda found, which, inside: begin[which] if found == task.id else inside)
    if not file.exists():
        safe.write(file, text.encode("utf-8", "surrogateescape"))
        console.say(T("new", place=place))
        return 0
    if text == work.text(task):
        console.say(T("same", id=task.id))
        return 0
    kept = safe.keep(work.path, task.file)
    safe.write(file, text.encode("utf-8", "surrogateescape"))
    console.say(T("done", place=place, kept=kept.relative_to(repo.root).as_posix()))
    return 0
