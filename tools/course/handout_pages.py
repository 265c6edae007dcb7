"""The pages of a hand-out: its own README in both languages, and the notes without what comes later."""

import re

from . import taskpage

_WITHHELD = {"en": "Your teacher has this text.", "ko": "이 글은 선생님에게 있습니다."}

README = """\
# {title}

Stage {number} of a course on completion-port (IOCP) servers. The stages before it are here whole; in `{folder}/` the tasks are still to be written.

```
./course doctor            what this machine has and lacks
./course start {number}          a folder of your own: work/{folder}
./course task              what is to be done first (./course task {first}: this one)
./course watch {number}          builds and tests each time you save
./course submit {number}         a zip of your task files, for your teacher
```

`./course hint {first}` helps in three steps, `./course status` says where you are. Only what stands between `// <student ...>` and `// </student>`
is yours, and only that is graded; each task has its points when all of its tests pass.

{tasks}
## The stages

<!-- stages: written by ./course check readme --fix -->
<!-- /stages -->

## Building and testing by hand

```
./course test {number}           builds the stage as it is here and runs its tests (those of the tasks fail)
./course read {number}           the stage step by step
./course diff {number}           what it adds to the stage before
```

[notes/en/](notes/en/) and [notes/ko/](notes/ko/) are the lecture notes. License: [MIT](LICENSE). [한국어](README.ko.md)
"""
README_KO = """\
# {title}

완료 포트(IOCP) 서버 강의의 {number}단계입니다. 앞 단계는 모두 완성되어 있고, `{folder}/`에는 여러분이 쓸 과제 자리가 비어 있습니다.

```
./course doctor            이 컴퓨터에 있는 것과 없는 것
./course start {number}          내 폴더를 만듭니다: work/{folder}
./course task              먼저 할 과제 (./course task {first}: 이 과제)
./course watch {number}          저장할 때마다 빌드하고 테스트합니다
./course submit {number}         제출할 zip: 과제 파일만 담습니다
```

`./course hint {first}`는 힌트를 세 단계로 보여 주고, `./course status`는 지금 어디까지 왔는지 알려 줍니다. `// <student ...>`와 `// </student>`
사이만 여러분의 코드이며, 채점도 그 부분만 합니다. 과제의 테스트가 모두 통과하면 그 과제의 점수를 받습니다.

{tasks}
## 단계

<!-- stages: written by ./course check readme --fix -->
<!-- /stages -->

## 직접 빌드하고 테스트하기

```
./course test {number}           이 단계를 그대로 빌드해서 테스트합니다(과제의 테스트는 실패합니다)
./course read {number}           단계를 차례로 읽습니다
./course diff {number}           앞 단계에 더해진 것
```

강의 노트: [notes/ko/](notes/ko/), [notes/en/](notes/en/). 라이선스: [MIT](LICENSE). [English](README.md)
"""
CLASSROOM = """\
# Feedback on each push: the tasks in work/{folder}, by the tests that were handed out. It is no grade: whoever can change this
# file and the tests can make it green. Points are given by ./course grade in the teacher's own checkout.
name: tasks
on: [push, workflow_dispatch]
permissions:
  contents: read
jobs:
  tasks:
    runs-on: ubuntu-24.04
    timeout-minutes: 40
    steps:
      - uses: actions/checkout@v4
      - run: ./course watch {number} --once --yes
"""
SETUP = """\
#!/usr/bin/env bash
# Gradescope runs this once, when it makes the image: what the stage needs, and the grader's own copy of it, built.
set -e
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y python3 git bubblewrap
cd /autograder/source/course
./course grade {what} --prepare --yes
"""
RUN = """\
#!/usr/bin/env bash
# For each submission: what the student handed in lies in /autograder/submission.
cd /autograder/source/course || exit 1
exec ./course grade {what} --yes --from /autograder/submission --format gradescope --out /autograder/results/results.json
"""


def readmes(handout):
    stage = handout.stage
    found = {}
    for path, text, language in (("README.md", README, "en"), ("README.ko.md", README_KO, "ko")):
        rows = ["| | | |", "|---|---|---|"] + [f"| {t.id} | {t.name(language)} | {t.points} |" for t in stage.tasks]
        title = stage.title_ko if language == "ko" and stage.title_ko else stage.title
        found[path] = text.format(number=stage.number, folder=stage.folder, title=f"{stage.number} {title}", first=stage.tasks[0].id,
                                  tasks="\n".join(rows) + "\n")
    return found


def note(handout, path, text, links):
    """A page of the notes, or a lesson card, as it is handed out."""
    language = "ko" if path.startswith("notes/ko/") else "en"
    if "/tasks/" in path:
        earlier = path.rsplit("/", 1)[1][:2] < handout.stage.number
        if not (earlier and handout.answers):
            text = without_why(text, language)
    elif path.startswith("notes/slides/"):
        language = path.split("/")[2]
        text = _without_exhibits(handout, text, language)
    return links.page(path, text)


def without_why(text, language):
    """The page of a task without the text that is shown after the pass: that gives the answer's reason away."""
    heading = re.escape(taskpage.SECTIONS["why"][language])
    return re.sub(rf"(^## {heading}\n).*?(?=^## |\Z)", rf"\1\n{_WITHHELD[language]}\n", text, flags=re.M | re.S)


def _without_exhibits(handout, text, language):
    """A deck without the slide about this stage's exhibit, which says what the mistake is: the task stands there."""
    ids = {t.exhibit: t.id for t in handout.stage.tasks if t.is_bug}

    def shown(slide):
        exhibit = re.search(rf"\]\([^()\s]*/museum/{handout.stage.number}-([^()\s]*)\.md\)", slide)
        if not exhibit or exhibit.group(1) not in ids:
            return slide
        task = ids[exhibit.group(1)]
        title, note = re.search(r"^## [^:\n]*", slide, re.M).group(0), re.search(r"<!--\s*\d+\s*(?:min|분):", slide).group(0)
        return f"\n{title}\n\n[{task}](../../{language}/tasks/{task}.md)\n\n{note} {task} -->\n"

    return "\n---\n".join(map(shown, text.split("\n---\n")))
