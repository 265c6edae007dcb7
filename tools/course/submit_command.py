"""`./course submit NN`: a zip of the task files and a manifest, nothing else."""

import json
import pathlib

from . import console, language, safe, work as works
from .carry_plan import Version
from .errors import CourseError

HELP = "pack your files of a stage's tasks for the grader"
EXAMPLES = """examples:
  ./course submit 04                 work/submit_04.zip
  ./course submit 04 --to kim.zip    under another name
  ./course submit 07b                work/submit_07b.zip: only this part's tasks

In it are the files of the tasks and manifest.json: per task a digest of your regions, when it was asked for and
passed, and how many hints were used."""
HELP_KO = "과제 파일을 채점용으로 묶습니다"
EXAMPLES_KO = """예:
  ./course submit 04                 work/submit_04.zip
  ./course submit 04 --to kim.zip    다른 이름으로
  ./course submit 07b                work/submit_07b.zip: 이 파트의 과제만

과제 파일과 manifest.json만 들어갑니다. manifest.json에는 과제마다 영역의 해시, 처음 본 때와 통과한 때, 사용한 힌트 수가 있습니다."""

T = language.Texts(
    {"stage": "a stage, e.g. 04 (default: that of your work folder)", "to": "the zip's name (default: work/submit_NN.zip)", "open": "not passed here: {ids}",
     "not written": "not written: {ids}", "done": "{file}: {count} files, {passed} of {all} tasks passed here ({points} points)"},
    {"stage": "단계, 예: 04 (기본값: 작업 폴더의 단계)", "to": "zip 이름 (기본값: work/submit_NN.zip)", "open": "아직 통과하지 않은 과제: {ids}",
     "not written": "쓰지 않은 과제: {ids}", "done": "{file}: 파일 {count}개, 과제 {all}개 중 {passed}개 통과 ({points}점)"})


def add_arguments(parser):
    parser.add_argument("stage", nargs="?", metavar="stage", help=T("stage"))
    parser.add_argument("--to", metavar="FILE", help=T("to"))
    language.add_argument(parser)


def run(repo, args):
    language.choose(args)
    work = works.current(repo, args.stage)
    files, manifest, passed, not_written = {}, _head(work), [], []
    for task in work.stage.tasks:
        entry = manifest["tasks"][task.id] = _entry(work, task)
        if (work.path / task.file).is_file():
            files[task.file] = Version((work.path / task.file).read_bytes())
        mark = work.mark(task)
        if entry["region"] is None:
            console.warn(entry["problem"])
        if mark == "passed":
            passed.append(task)
        elif mark in ("empty", "broken"):
            not_written.append(task.id)
    files["manifest.json"] = Version((json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))
    target = pathlib.Path(args.to) if args.to else repo.root / "work" / f"submit_{work.stage.name}.zip"
    safe.write(target, works.pack(files))
    console.say(T("done", file=target if args.to else target.relative_to(repo.root).as_posix(), count=len(files) - 1,
                  passed=len(passed), all=len(work.stage.tasks), points=sum(t.points for t in passed)))
    rest = [t.id for t in work.stage.tasks if t not in passed and t.id not in not_written]
    for key, ids in (("not written", not_written), ("open", rest)):
        if ids:
            console.say(T(key, ids=", ".join(ids)))
    return 0


def _head(work):
    data = work.state.data
    return {"stage": work.stage.number, "course": data.get("course", ""), "starter": data.get("starter", ""),
            "started": data.get("started", ""), "on_mine": data.get("on_mine", False), "submitted": safe.now(), "tasks": {}}


def _entry(work, task):
    record = work.state.task(task.id)
    entry = {"file": task.file, "region": None, "asked": record.get("asked"), "passed": record.get("passed", {}).get("time"),
             "given_up": record.get("given_up"), "hints": len(record.get("hints", []))}
    try:
        entry["region"] = work.digest(task)
    except CourseError as e:
        entry["problem"] = str(e)
    return entry
