"""`./course start NN`: a work folder of the stage, its tasks' regions emptied."""

import hashlib
import shutil
import subprocess

from . import console, language, onward, packages, safe, starter
from .errors import UsageError
from .state import State
from .work import Work, pack

HELP = "begin a stage: a folder of your own in work/, with the tasks still to be written"
EXAMPLES = """examples:
  ./course start 03              makes work/03_recv_reassembly; then: ./course task, ./course watch 03
  ./course start 04 --on-mine    and brings along what you wrote in work/03_recv_reassembly
  ./course start 03 --force      begins anew; the folder as it is goes to work/03_.../.course/backup

A folder that is there is never overwritten. Hints that were asked for and solutions that were shown stay on the record."""
HELP_KO = "단계 시작: work/ 아래에 내 폴더를 만들고 과제 자리를 비워 둡니다"
EXAMPLES_KO = """예:
  ./course start 03              work/03_recv_reassembly를 만듭니다. 다음은 ./course task, ./course watch 03
  ./course start 04 --on-mine    work/03_recv_reassembly에 쓴 것을 가져와 시작합니다
  ./course start 03 --force      처음부터 다시 합니다. 지금 폴더는 work/03_.../.course/backup에 보관됩니다

이미 있는 폴더는 절대 덮어쓰지 않습니다. 힌트를 본 기록과 정답을 본 기록은 그대로 남습니다."""

T = language.Texts(
    {"stage": "the stage, e.g. 03", "on mine": "bring along what you wrote in the stage before",
     "force": "begin anew although the folder is there; it is kept as a backup",
     "there": "{name} is there already; nothing was changed. To go on: ./course task; to begin anew (a backup is kept): ./course start {number} --force",
     "no tasks": "stage {number} has no tasks",
     "part": "a work folder holds a whole stage: ./course start {number}; a part's tasks by their numbers then: ./course task {part}.1, ./course watch {part}",
     "parts": "{parts}: {points} points each",
     "first": "stage {number} is the first: there is nothing before it to bring along",
     "made": "{name} is made: {count} tasks, {points} points",
     "kept": "the folder as it was: {kept}",
     "open": "  {id}  {points:>3}  {title}  ({file})",
     "next": "Next: open {name} in your editor, then\n  ./course task            what is to be done first\n  ./course watch {number}        builds and tests each time you save",
     "yours": "from {name}:",
     "carried": "  yours      {ids}",
     "unwritten": "  reference  {ids} (not written there, so it is as in the course)",
     "merged": "  merged     {files} (your changes outside of the tasks)",
     "added": "  added      {files}",
     "gone": "  gone       {id}: stage {number} has no place for it ({file}); yours stays in {name}",
     "conflict": "  CONFLICT   {id}: stage {number} has changed this region, and so have you: {file}:{line}; keep what is right between <<<<<<< and >>>>>>>",
     "aside": "  ASIDE      {file}: {why}; yours lies in {place}",
     "both": "stage {number} has a file of this name, too, and keeps its own",
     "no such file": "stage {number} has no such file any more",
     "binary": "not text, and changed on both sides; stage {number}'s is in place",
     "marks": "the marks of the regions are not whole, so stage {number}'s is in place",
     "outside": "outside of the tasks you and stage {number} have changed the same lines; there stage {number}'s are in place"},
    {"stage": "단계, 예: 03", "on mine": "앞 단계에서 내가 쓴 것을 가져옵니다",
     "force": "폴더가 있어도 처음부터 다시 시작합니다. 지금 폴더는 보관됩니다",
     "there": "{name} 폴더가 이미 있어서 아무것도 바꾸지 않았습니다. 이어서 하기: ./course task, 처음부터 다시(보관본을 남김): ./course start {number} --force",
     "no tasks": "단계 {number}에는 과제가 없습니다",
     "part": "작업 폴더는 단계 하나를 통째로 담습니다: ./course start {number}. 파트의 과제는 그다음에 번호로: ./course task {part}.1, ./course watch {part}",
     "parts": "{parts}: 파트마다 {points}점",
     "first": "단계 {number}이 첫 단계라 가져올 것이 없습니다",
     "made": "{name} 폴더를 만들었습니다: 과제 {count}개, {points}점",
     "kept": "전에 있던 폴더: {kept}",
     "open": "  {id}  {points:>3}  {title}  ({file})",
     "next": "다음: 편집기로 {name} 폴더를 열고\n  ./course task            먼저 할 과제\n  ./course watch {number}        저장할 때마다 빌드하고 테스트",
     "yours": "{name}에서:",
     "carried": "  내 코드    {ids}",
     "unwritten": "  참조 코드  {ids} (쓰지 않은 과제라 강의의 코드를 둡니다)",
     "merged": "  병합       {files} (과제 밖에서 바꾼 부분)",
     "added": "  추가       {files}",
     "gone": "  없음       {id}: 단계 {number}에는 그 자리가 없습니다({file}). 내 코드는 {name}에 그대로 있습니다",
     "conflict": "  충돌       {id}: 단계 {number}에서도 바뀐 영역입니다: {file}:{line}. <<<<<<< 와 >>>>>>> 사이에서 맞는 쪽을 남기십시오",
     "aside": "  따로 둠    {file}: {why}. 내 파일: {place}",
     "both": "단계 {number}에도 같은 이름의 파일이 있어 그쪽을 두었습니다",
     "no such file": "단계 {number}에는 이제 없는 파일입니다",
     "binary": "텍스트가 아니고 양쪽에서 바뀌어 단계 {number}의 것을 두었습니다",
     "marks": "영역 표시가 온전하지 않아 단계 {number}의 것을 두었습니다",
     "outside": "과제 밖의 같은 줄을 단계 {number}에서도 바꾸어, 그 부분은 단계 {number}의 것을 두었습니다"})


def add_arguments(parser):
    parser.add_argument("stage", metavar="stage", help=T("stage"))
    parser.add_argument("--on-mine", action="store_true", help=T("on mine"))
    parser.add_argument("--force", action="store_true", help=T("force"))
    language.add_argument(parser)


def run(repo, args):
    lang = language.choose(args)
    stage = repo.find_part(args.stage)
    if stage.part:
        raise UsageError(T("part", number=stage.number, part=stage.part))
    if not stage.tasks:
        raise UsageError(T("no tasks", number=stage.number))
    work = Work(repo, stage)
    if work.path.exists() and not args.force:
        raise UsageError(T("there", name=work.name, number=stage.number))
    before = _before(repo, stage) if args.on_mine else None
    if before:
        packages.ensure(["git"], args.yes)
    given = starter.files(repo, stage)
    carried = onward.carry(before, stage, given) if before else None
    kept = _make(work, given, carried)
    console.say(T("made", name=work.name, count=len(stage.tasks), points=sum(t.points for t in stage.tasks)))
    if stage.parts:
        console.say(T("parts", parts=", ".join(stage.parts), points=stage.points))
    if kept:
        console.say(T("kept", kept=kept.relative_to(repo.root).as_posix()))
    for task in stage.tasks:
        console.say(T("open", id=task.id, points=task.points, title=task.name(lang), file=task.file))
    if carried:
        console.say()
        _report(work, carried)
    console.say()
    console.say(T("next", name=work.name, number=stage.number))
    return 0


def _before(repo, stage):
    numbers = list(repo.stages)
    at = numbers.index(stage.number)
    if at == 0:
        raise UsageError(T("first", number=stage.number))
    return Work(repo, repo.stages[numbers[at - 1]]).require()


def _make(work, given, carried):
    """The folder, made beside its place and moved there when it is whole. Returns where what was there is now."""
    files = carried.files if carried else given
    new = work.path.with_name(f".{work.stage.folder}.new")
    shutil.rmtree(new, ignore_errors=True)
    try:
        for path, version in files.items():
            safe.write(new / path, version.data, version.executable, at_once=False)
        for path, version in (carried.aside if carried else {}).items():
            safe.write(_aside(new, carried) / path, version.data, version.executable, at_once=False)
        archive = pack(given)
        safe.write(new / ".course" / "starter.zip", archive)
        state = State(new / ".course")
        state.data.update(stage=work.stage.number, started=safe.now(), on_mine=carried is not None, course=version_of(work.repo),
                          starter=hashlib.sha256(archive).hexdigest())
        if work.exists:
            state.restarted(work.state.data)
        state.save()
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return _put(work, new)


def _put(work, new):
    """Moves only: at every moment both folders are whole, and what was there has a name."""
    if not work.path.exists():
        new.replace(work.path)
        return None
    old = next(p for p in (work.path.with_name(f"{work.stage.folder}.before{n}") for n in ("", *range(2, 1000))) if not p.exists())
    work.path.replace(old)
    new.replace(work.path)
    if (old / ".course" / "backup").is_dir():  # the older ones, too
        (old / ".course" / "backup").replace(work.course / "backup")
    kept = safe.backup_folder(work.course)
    kept.parent.mkdir(exist_ok=True)
    old.replace(kept)
    return kept


def version_of(repo):
    """The commit of the course; "" where there is no git."""
    git = shutil.which("git")
    if not git or not (repo.root / ".git").exists():
        return ""
    out = subprocess.run([git, "rev-parse", "HEAD"], cwd=repo.root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return out.stdout.decode("ascii", "replace").strip() if out.returncode == 0 else ""


def _aside(folder, carried):
    return folder / ".course" / f"from_{carried.before.stage.number}"


def _report(work, carried):
    number, name = carried.stage.number, carried.before.name
    console.say(T("yours", name=name))
    if carried.carried:
        console.say(T("carried", ids=", ".join(sorted({i for i, _ in carried.carried}))))
    if carried.unwritten:
        console.say(T("unwritten", ids=", ".join(sorted(set(carried.unwritten)))))
    for key, files in (("merged", carried.merged), ("added", carried.added)):
        if files:
            console.say(T(key, files=", ".join(files)))
    for task, file in carried.gone:
        console.say(T("gone", id=task, file=file, number=number, name=name))
    for task, file, line in carried.conflicts:
        console.say(T("conflict", id=task, number=number, file=f"{work.name}/{file}", line=line))
    place = _aside(work.path, carried).relative_to(work.repo.root).as_posix()
    for file, reason in carried.why_aside:
        why = T("no such file" if reason == "gone" else reason, number=number)
        console.say(T("aside", file=file, why=why, place=f"{place}/{file}"))
