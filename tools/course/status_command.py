"""`./course status`: what has passed, and what is next."""

from . import console, language, lesson, task_command, work as works

HELP = "what you have passed, and what is next"
EXAMPLES = """examples:
  ./course status        every stage that was started
  ./course status 04     one stage
  ./course status 07b    one part of stage 07"""
HELP_KO = "통과한 과제와 다음에 할 것"
EXAMPLES_KO = """예:
  ./course status        시작한 모든 단계
  ./course status 04     한 단계만
  ./course status 07b    07단계의 한 파트만"""

T = language.Texts(
    {"stage": "a stage, e.g. 04 (default: all that were started)", "head": "{number} {title}: {got} of {all} points", "hints": "{n} hints", "hint": "1 hint",
     "none": "no stage was started yet; the first: ./course start {number}", "next": "next: {command}", "not started": "not started: {numbers}"},
    {"stage": "단계, 예: 04 (기본값: 시작한 모든 단계)", "head": "{number} {title}: {all}점 중 {got}점", "hints": "힌트 {n}개", "hint": "힌트 1개",
     "none": "아직 시작한 단계가 없습니다. 첫 단계: ./course start {number}", "next": "다음: {command}", "not started": "시작하지 않음: {numbers}"})


def add_arguments(parser):
    parser.add_argument("stage", nargs="?", metavar="stage", help=T("stage"))
    language.add_argument(parser)


def run(repo, args):
    lang = language.choose(args)
    stages = [s for s in repo.present() if s.tasks]
    if args.stage:
        wanted = [works.current(repo, args.stage)]
    else:
        wanted = [w for w in (works.Work(repo, s) for s in stages) if w.exists]
    if not wanted:
        console.say(T("none", number=stages[0].number if stages else "01"))
        return 0
    for work in wanted:
        for line in shown(repo, work, lang):
            console.say(line)
    rest = [s.number for s in stages if not works.Work(repo, s).exists]
    if rest and not args.stage:
        console.say(T("not started", numbers=", ".join(rest)))
    console.say(T("next", command=next_command(repo, wanted[0] if args.stage else works.current(repo))))
    return 0


def shown(repo, work, lang):
    """The stage's tasks under its name; where they belong to parts, each part's under the part's name."""
    stage = work.stage
    pieces = [works.Work(repo, stage.of_parts([p])) for p in stage.parts] or [work]
    if len(pieces) > 1:
        yield _head(work, stage.title_ko if lang == "ko" else stage.title)
    titles = {p.id: p.title[lang] for p in lesson.of(stage).parts} if stage.parts else {}
    for piece in pieces:
        yield _head(piece, titles.get(piece.stage.part) or (stage.title_ko if lang == "ko" else stage.title))
        yield console.table([_row(piece, t, lang) for t in piece.stage.tasks])


def _head(work, title):
    return console.style(T("head", number=work.stage.name, title=title, got=points(work), all=sum(t.points for t in work.stage.tasks)), "bold")


def points(work):
    return sum(t.points for t in work.stage.tasks if work.mark(t) == "passed")


def _row(work, task, lang):
    hints = work.state.hints(task.id)
    told = T("hint") if hints == 1 else T("hints", n=hints) if hints else ""
    return task.id, f"{task.points:>3}", task.name(lang), task_command.T(work.mark(task)), told


def next_command(repo, work):
    task = work.next_open()
    return f"./course task {task.id}" if task else task_command.after(repo, work.stage)
