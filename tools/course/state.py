"""What is recorded about a student's work: work/NN_name/.course/state.json.

{"stage": "04", "started": TIME, "on_mine": false, "course": COMMIT, "starter": DIGEST,
 "tasks": {"04.1": {"asked": TIME, "hints": [TIME], "passed": {"time": TIME, "region": SHA256}, "given_up": TIME}}}"""

import json

from . import console, language, safe

T = language.Texts(
    {"broken": "{file} cannot be read ({why}): kept as {kept}; hints and passes begin anew"},
    {"broken": "{file}을 읽을 수 없습니다({why}). {kept}(으)로 옮겨 두고 힌트와 통과 기록을 새로 시작합니다"})


def _is_record(task):
    return isinstance(task, dict) and isinstance(task.get("hints", []), list) and isinstance(task.get("passed", {}), dict)


class State:
    def __init__(self, folder):
        self.file = folder / "state.json"
        self._stamp, self.data = None, {}
        self._refresh()

    def _refresh(self):
        """A hint may be asked for in another terminal while a watch is running: what it wrote counts."""
        try:
            status = self.file.stat()
            stamp = status.st_mtime_ns, status.st_size, status.st_ino
        except FileNotFoundError:
            stamp = None
        if stamp is not None and stamp != self._stamp:
            self._stamp, self.data = stamp, self._read()

    def _read(self):
        try:
            data = json.loads(self.file.read_text(encoding="utf-8"))
            if not isinstance(data, dict) or not all(map(_is_record, data.get("tasks", {}).values())):
                raise ValueError("not what the course wrote")
            return data
        except FileNotFoundError:
            return {}
        except (ValueError, AttributeError) as e:
            kept = self.file.with_name(f"state.broken-{safe.now().replace(':', '-')}.json")
            self.file.replace(kept)
            console.warn(T("broken", file=self.file, why=e, kept=kept.name))
            return {}

    def task(self, task_id):
        self._refresh()
        return self.data.setdefault("tasks", {}).setdefault(task_id, {})

    def save(self):
        safe.write(self.file, (json.dumps(self.data, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))
        self._refresh()

    # -- what happened ---------------------------------------------------------------------------

    def hints(self, task_id):
        """How many hints were asked for."""
        return len(self.task(task_id).get("hints", []))

    def passed(self, task_id):
        return "passed" in self.task(task_id)

    def given_up(self, task_id):
        return "given_up" in self.task(task_id)

    def note_asked(self, task_id):
        self._once(task_id, "asked", safe.now())

    def note_hint(self, task_id):
        self.task(task_id).setdefault("hints", []).append(safe.now())
        self.save()

    def note_given_up(self, task_id):
        self._once(task_id, "given_up", safe.now())

    def note_passed(self, task_id, region):
        """The first pass counts; what passed is remembered, so that a later change shows."""
        before = self.task(task_id).get("passed", {})
        if before.get("region") != region:
            self.task(task_id)["passed"] = {"time": before.get("time", safe.now()), "region": region}
            self.save()

    def _once(self, task_id, key, value):
        if key not in self.task(task_id):
            self.task(task_id)[key] = value
            self.save()

    def restarted(self, before):
        """After `start --force`: what was asked and given up stays on the record, what passed does not."""
        kept = {i: {k: v for k, v in t.items() if k != "passed"} for i, t in before.get("tasks", {}).items()}
        self.data["tasks"] = {i: t for i, t in kept.items() if t}
