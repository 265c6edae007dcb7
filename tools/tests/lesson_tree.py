"""A made-up course with a lesson: two stages, the second with two steps; what a test changes is a keyword."""

from student_tree import page as task_page
from tree import CourseTree

from course import taskpage

QUEUE = """\
#pragma once
#include "net/node.h"

int Push();
"""
WORKER = """\
#include "net/queue.h"

void Before() {}
// [loop]
void Loop() {
  // <student 02.1>
  Push();
  // </student>
}
// [/loop]
void After() {}
"""
OLD_WORKER = """\
void Before() { old(); }
void Loop() {
  Wait();
}
void After() { old(); }
"""
PAGE = {"en": "# Notes\n\n## The queue, at last\n\n```\n## no heading\n```\n", "ko": "# 노트\n\n## 드디어 큐: 둘\n"}

STEP = {
    "id": '"queue"', "title": '"The queue"', "title_ko": '"큐"', "text": '"Anybody may push."', "text_ko": '"누구나 넣는다."',
    "read": '[{ file = "net/queue.h", why = "the queue itself", why_ko = "큐" }]', "tests": '["unit.queue"]',
    "note": '"notes/en/02.md"', "section": '"The queue, at last"', "section_ko": '"드디어 큐: 둘"',
    "try": '"Push twice."', "try_ko": '"두 번 넣어 보세요."',
}
WORKER_STEP = dict(STEP, id='"worker"', title='"The worker"', title_ko='"워커"', tasks='["02.1"]',
                   read='[{ file = "net/worker.cc:loop", why = "the loop", why_ko = "루프" }]')
FIRST = dict(STEP, id='"server"', read='[{ file = "apps/server.cc", why = "a main", why_ko = "main" }]')
GROUPS = '[course.group]\nprograms = ["apps/"]\nlabs = ["bench/"]\nsupport = ["CMakeLists.txt", "net/"]\nlibrary = ["iocp/"]\ntests = ["tests/"]\n'
TASK = ('[[stage.02.task]]\nid = "02.1"\ntitle = "t"\ntitle_ko = "가"\npoints = 5\nfile = "net/worker.cc"\ntests = ["unit.queue:Q.*"]\n')


def step(values, table="stage.02.step"):
    return f"[[{table}]]\n" + "".join(f"{k} = {v}\n" for k, v in values.items() if v is not None)


class LessonTree(CourseTree):
    stages = ("01", "02")

    def setUp(self):
        super().setUp()
        self.write("01", "net/worker.cc", OLD_WORKER)
        self.write("02", "net/queue.h", QUEUE)
        self.write("02", "net/node.h", "#pragma once\nstruct Node {};\n")
        self.write("02", "net/worker.cc", WORKER)
        self.write_all("apps/server.cc", "int main() {}\n")
        self.write("02", "bench/measure.cc", "int main() { measure(); }\n")
        self.write_all("tests/tests.cmake", "stage_unit_test(queue tests/unit_queue.cc)\n")
        self.write_all("tests/unit_queue.cc", "TEST(Q, Push) {}\n")
        self.write_all("iocp/iocp.h", "#pragma once\n")
        for language, text in PAGE.items():
            file = self.root / "notes" / language / "02.md"
            file.parent.mkdir(parents=True)
            file.write_text(text, encoding="utf-8")
        for language, title in (("en", "t"), ("ko", "가")):
            file = self.root / taskpage.path("02.1", language)
            file.parent.mkdir(parents=True)
            file.write_text(task_page("02.1", title, language).replace("../01.md#x", "../02.md"), encoding="utf-8")
        self.lesson()

    def lesson(self, *steps, head="[course]\nsteps = [1, 6]\n", groups=GROUPS, extra="", first=FIRST):
        """course.toml with these steps of stage 02 (by default a good lesson)."""
        steps = steps or (STEP, WORKER_STEP)
        declared = '[stage.02.new]\n"bench/" = "measures"\n"net/node.h" = "a node"\n'
        self.toml("", head=head + groups)
        file = self.root / "course.toml"
        text = file.read_text(encoding="utf-8").replace('folder = "02_two"\n', 'folder = "02_two"\npoints = 5\n')
        text += declared + TASK + (step(first, "stage.01.step") if first else "") + "".join(s if isinstance(s, str) else step(s) for s in steps) + extra
        file.write_text(text, encoding="utf-8")

    def check(self, *names, code=1):
        got, out = self.course("check", *names)
        self.assertEqual(code, got, out)
        return out
