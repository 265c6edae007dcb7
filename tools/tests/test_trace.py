"""./course trace: what it takes from a trace, the page, its words for what is wrong; and the recorded runs in the repository."""

import base64
import gzip
import json
import os
import pathlib
import re
import shutil
import tempfile
import unittest

import trace_busy
from tree import CourseTree

from course import build, doctor, packages, trace_file, trace_page, trace_peer, trace_runs
from course.model import Repo, find_root

NODE = shutil.which("node")
REPO = Repo(find_root())
RUNS = trace_runs.all_runs(REPO)

WORKERS = 3  # each with a name
TRACE = trace_busy.text(300, workers=WORKERS, sockets=5)
EVENTS = len(TRACE.splitlines()) - 2

# A program whose trace is what stands in FILE; ends by itself or as it is told.
PROGRAM = """#!/bin/sh
trap 'exit 0' INT
if [ -e '{file}' ]; then cat '{file}' > "$IOCP_TRACE"; fi
{then}
"""


class InAFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="course-trace-")
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "trace.json"


class FileTest(InAFolder):
    def read(self, text, **options):
        self.path.write_text(text, encoding="utf-8")
        return trace_file.read(self.path, **options)

    def test_what_the_viewer_needs_is_kept_with_times_from_0(self):
        lines = ['{"name":"process_name","ph":"M","pid":1,"args":{"name":"completion port"}}',
                 '{"name":"thread_name","ph":"M","pid":1,"tid":2,"args":{"name":"\\"일꾼\\" 1"}}',
                 '{"name":"port created","ph":"i","s":"t","pid":1,"tid":1,"ts":1000.5,"args":{"port":"0x1","concurrency":2}}',
                 '{"name":"ReleasedThreads","ph":"B","pid":1,"tid":2,"ts":1001.0}',
                 '{"name":"port closed","ph":"i","s":"t","pid":1,"tid":1,"ts":1003.25,"args":{"port":"0x1"}}']
        found = self.read('{"traceEvents":[\n' + ",\n".join(lines) + "\n]}\n")
        self.assertEqual((2, 0, False, True), (found.moments, found.left_out, found.torn, found.closed))
        self.assertEqual([{"name": "thread_name", "ph": "M", "tid": 2, "args": {"name": '"일꾼" 1'}},
                          {"name": "port created", "ph": "i", "tid": 1, "args": {"port": "0x1", "concurrency": 2}, "ts": 0.0},
                          {"name": "port closed", "ph": "i", "tid": 1, "args": {"port": "0x1"}, "ts": 2.75}],
                         json.loads(found.text())["traceEvents"])

    def test_a_torn_file_is_read_as_far_as_it_goes(self):
        text = trace_busy.text(400)
        whole = self.read(text)
        torn = self.read(text[:len(text) * 2 // 3])
        self.assertTrue(torn.torn)
        self.assertFalse(whole.torn)
        self.assertLess(200, torn.moments)
        self.assertEqual(whole.events[:len(torn.events)], torn.events)

    def test_the_beginning_of_a_large_trace_is_taken(self):
        text = trace_busy.text(1000)
        found = self.read(text, most=300)
        self.assertEqual((300, text.count('"ph":"i"') - 300), (found.moments, found.left_out))

    def test_something_else_has_no_events(self):
        self.assertEqual(0, self.read("\x00\x01 no trace").moments)


@unittest.skipUnless(os.name == "posix", "on Windows the port writes no trace")
class CommandTest(CourseTree):
    stages = ("01",)

    def setUp(self):
        super().setUp()
        self.write("01", "apps/apps.cmake", "stage_program(tour apps/tour.cc)\n")
        shutil.copytree(REPO.root / "tools" / "site", self.root / "tools" / "site")
        for file in (REPO.find("01").path / "iocp" / "linux").glob("*.cc"):
            self.write("01", f"iocp/linux/{file.name}", file.read_text(encoding="utf-8"))
        self.commit()
        for module, name, value in ((packages, "ensure", lambda *_: None), (doctor, "refuse_old", lambda *_: None),
                                    (build, "build", lambda *_: None), (build, "program", lambda *_: self.root / "tour")):
            self.addCleanup(setattr, module, name, getattr(module, name))
            setattr(module, name, value)
        self.page = self.root / "build" / "trace" / "01-tour.html"

    def program(self, trace, then=""):
        file = self.root / "given.json"
        if trace is not None:
            file.write_text(trace, encoding="utf-8")
        (self.root / "tour").write_text(PROGRAM.format(file=file, then=then), encoding="utf-8")
        (self.root / "tour").chmod(0o755)

    def trace(self, *more, code=0):
        got, said = self.course("trace", "--no-open", "01", "tour", *more)
        self.assertEqual(code, got, said)
        return said

    def shown(self):
        """The events within the page."""
        data = re.search(r'id="trace-data">([^<]*)<', self.page.read_text(encoding="utf-8")).group(1)
        return json.loads(gzip.decompress(base64.b64decode(data)))["traceEvents"]

    def test_a_page_that_needs_nothing_else(self):
        self.program(TRACE)
        said = self.trace("--", "--auto")
        self.assertIn(self.page.as_uri(), said)
        self.assertEqual(EVENTS, len(self.shown()))
        text = self.page.read_text(encoding="utf-8")
        self.assertEqual([], re.findall(r'\b(?:src|href)="(?!data:)[^"]*"|url\(|@import', text))
        self.assertTrue("<title>./course trace 01 tour -- --auto</title>" in text)

    def test_text_of_the_run_cannot_end_the_script(self):
        self.program(TRACE)
        self.trace("--", "</script><!--<script>alert(1)</script>")
        text = self.page.read_text(encoding="utf-8")
        self.assertEqual(len(trace_page.SCRIPTS) + 2, text.count("</script>"))
        self.assertEqual(0, text.count("<!--"))

    def test_no_event(self):
        self.program('{"traceEvents":[\n{"name":"process_name","ph":"M","pid":1,"args":{}}\n]}\n', "exit 3")
        self.assertIn("tour made no event of a port", self.trace(code=1))

    def test_no_file(self):
        self.program(None)
        self.assertIn("tour wrote no trace (it ended with code 0)", self.trace(code=1))
        self.assertFalse(self.page.exists())

    def test_killed(self):
        self.program(TRACE, "kill -9 $$")
        self.assertIn("tour was killed: up to 64 KiB of its last events", self.trace(code=137))
        self.assertEqual(EVENTS, len(self.shown()))

    def test_torn(self):
        self.program(TRACE[:-200])
        self.assertIn("the trace's end is torn off", self.trace())

    def test_too_many(self):
        self.program(TRACE)
        self.assertIn(f"takes the first 50 events and leaves out {EVENTS - WORKERS - 50}", self.trace("--events", "50"))
        self.assertIn("--events: a number from 1 on", self.trace("--events", "0", code=2))

    def test_it_is_ended_in_time(self):
        self.program(TRACE, "while :; do sleep 0.05; done")
        self.trace("--for", "2s")

    def test_what_is_not_there(self):
        self.program(TRACE)
        code, said = self.course("trace", "01", "other")
        self.assertEqual(2, code)
        self.assertIn("stage 01 has no program 'other' (there are: tour)", said)
        self.assertIn("which program?", self.course("trace", "01")[1])
        self.assertIn("there is no recorded run 'other'", self.course("trace", "--recorded", "other")[1])
        file = self.root / "file"
        file.write_text("", encoding="utf-8")
        self.assertIn("cannot be written", self.trace("--out", str(file / "x.html"), code=1))


class CodeTest(unittest.TestCase):
    def test_every_function_beside_a_step_is_there_in_every_stage(self):
        for stage in REPO.present():
            for name, found in trace_page.code(REPO, stage).items():
                lines = (stage.path / found["file"]).read_text(encoding="utf-8").splitlines()
                self.assertEqual(found["text"].splitlines()[0], lines[found["line"] - 1], name)
                self.assertTrue(found["text"].endswith("\n}"), name)

    def test_every_kind_of_step_has_its_code(self):
        text = (trace_page.viewer(REPO) / "words.js").read_text(encoding="utf-8")
        kinds = dict(re.findall(r'(\w+): "(\w+)"', re.search(r"const CODE = \{(.*?)\};", text, re.S).group(1)))
        known = json.loads((trace_page.viewer(REPO) / "code.json").read_text(encoding="utf-8"))
        self.assertEqual(set(), set(kinds.values()) - set(known))
        for lang in ("ko", "en"):
            said = re.search(rf"const {lang} = \{{(.*?)\n  \}};", text, re.S).group(1)
            steps = re.findall(r"\b(\w+): \(d?\) =>", re.search(r"steps: \{(.*?)\n    \},", said, re.S).group(1))
            self.assertEqual(set(kinds), set(steps), lang)


class RunsTest(unittest.TestCase):
    def test_each_tells_its_story_in_both_languages(self):
        self.assertLess(1, len(RUNS))
        for run in RUNS:
            for told in (run.story["title"], run.story["about"], *run.story["points"]):
                self.assertTrue(told["ko"] and told["en"], run.name)
                self.assertRegex(told["ko"], "[가-힣]", run.name)
            self.assertLess(run.trace.stat().st_size, trace_runs.MOST_BYTES, run.name)
        orders = [run.story["order"] for run in RUNS]
        self.assertEqual(sorted(set(orders)), orders)

    @unittest.skipUnless(NODE, "node is not installed")
    def test_each_keeps_the_rules_and_has_all_that_its_story_tells(self):
        for run in RUNS:
            seen = [run.seen] if run.seen else []
            self.assertEqual([], trace_runs.check(REPO, NODE, run.trace, run.path, *seen), run.name)

    def taken(self, name):
        run = next(r for r in RUNS if r.name == name)
        return [e["args"]["thread"] for e in json.loads(run.text())["traceEvents"] if e["name"] == "packet taken"]

    def test_with_low_load_one_worker_does_it_all(self):
        self.assertLess(6, len(self.taken("lifo")))
        self.assertEqual(1, len(set(self.taken("lifo"))))

    def test_a_ring_whose_free_space_is_two_pieces_is_received_into_by_one_call(self):
        run = next(r for r in RUNS if r.name == "ring-wrap")
        issued = [e["args"] for e in json.loads(run.text())["traceEvents"] if e["name"] == "operation issued" and e["args"]["kind"] == "recv"]
        self.assertIn((2, 6203), [(a["buffers"], a["length"]) for a in issued])

    def sends_between(self, name, first, then):
        """The buffers of each send issued between packets `first` and `then` of wakeup_lab being queued."""
        events = json.loads(next(r for r in RUNS if r.name == name).text())["traceEvents"]
        said = {e["args"]["bytes"]: i for i, e in enumerate(events) if e["name"] == "packet queued" and e["args"]["key"] == "0x1"}
        return [e["args"]["buffers"] for e in events[said[first]:said.get(then)]
                if e["name"] == "operation issued" and e["args"]["kind"] == "send"]

    def test_a_lost_wake_up_leaves_the_packet_to_the_next_one(self):
        self.assertEqual(([1], [], [2]), tuple(self.sends_between("wakeup-lost", n, n + 1) for n in (1, 2, 3)))
        self.assertEqual(([1], [1], [1]), tuple(self.sends_between("wakeup-kept", n, n + 1) for n in (1, 2, 3)))

    def senders(self, name, least):
        """Whether a thread that is ever in a list of the port issued them, for each send of `least` bytes or more."""
        events = json.loads(next(r for r in RUNS if r.name == name).text())["traceEvents"]
        workers = {e["args"]["thread"] for e in events if e["name"] == "thread moved"}
        return [e["tid"] in workers for e in events
                if e["name"] == "operation completed" and e["args"]["kind"] == "send" and e["args"]["bytes"] >= least]

    def test_chat_is_sent_by_workers_under_a_lock_and_by_others_with_an_actor(self):
        lock, actor = self.senders("lock", 47), self.senders("actor", 47)  # what was said; answers to log-ins are shorter
        self.assertLessEqual(3, min(len(lock), len(actor)))
        self.assertTrue(all(lock), lock)
        self.assertFalse(any(actor), actor)

    def test_the_state_is_held_to_what_the_program_saw(self):
        self.assertTrue(any(run.seen for run in RUNS))


class PeerTest(unittest.TestCase):
    def test_frames_are_those_of_the_golden_vectors(self):
        lines = (REPO.find("03").path / "tests" / "03" / "vectors.txt").read_text(encoding="utf-8").splitlines()
        found = [[f.strip() for f in l[6:].split("|")] for l in lines if l.startswith("frame ")]
        same = [f for f in found if (f[1], f[2]) == ("a9", "5c")]  # the keys that the recording uses
        self.assertLess(0, len(same))
        for _, _, _, kind, number, body, wire in same:
            self.assertEqual(wire, trace_peer.frame(int(kind), int(number), bytes.fromhex(body.replace("-", ""))).hex())

    def test_a_stream_is_cut_where_it_is_told(self):
        pieces = trace_peer.pieces_of({"frames": [[1, 100], [1, 0]], "cut": [60, 5]})
        self.assertEqual([60, 5, 111 + 11 - 65], [len(p) for p in pieces])
        self.assertEqual(trace_peer.frame(1, 1, bytes(100)) + trace_peer.frame(1, 2, b""), b"".join(pieces))
        self.assertEqual([b"4\x07", b"\x00"], trace_peer.pieces_of({"pieces": ["3407", "00"]}))
        self.assertEqual([], trace_peer.pieces_of({"links": 2}))


@unittest.skipUnless(NODE, "node is not installed")
class ModelTest(InAFolder):
    """tools/site/viewer/model.js, with check.js."""

    def wrong(self, text, *more):
        self.path.write_text(text, encoding="utf-8")
        return trace_runs.check(REPO, NODE, self.path, *more)

    def changed(self, change):
        """The busy trace with one event changed: the 400th of those that `change` returns."""
        lines = [json.loads(l.rstrip(",")) for l in trace_busy.text(6000).splitlines()[1:-1]]
        found = [n for n, l in enumerate(lines) if change(dict(l, args=dict(l["args"]))) is not None]
        at = found[min(400, len(found) - 1)]
        lines[at] = change(lines[at])
        return '{"traceEvents":[\n' + ",\n".join(json.dumps(l) for l in lines) + "\n]}\n"

    def test_a_busy_trace_agrees(self):
        for seed in range(3):
            self.assertEqual([], self.wrong(trace_busy.text(5000, seed, workers=3 + seed, limit=1 + seed)))

    def test_what_does_not_agree_is_found(self):
        def queue(event):
            if event["name"] == "packet queued":
                event["args"]["queue"] += 1
                return event

        def place(event):
            if event["name"] == "thread moved" and event["args"]["from"] == "ReleasedThreads":
                event["args"]["from"] = "PausedThreads"
                return event

        def key(event):
            if event["name"] == "packet taken":
                event["args"]["key"] = "0xfff"
                return event

        for change, word in ((queue, "queue"), (place, "thread"), (key, "queue")):
            self.assertRegex("\n".join(self.wrong(self.changed(change))), f"event \\d+: {word} does not agree")

    def test_a_port_that_wakes_the_oldest_is_found(self):
        text = (RUNS[0].trace).read_text(encoding="utf-8")
        a, c = '"thread":2', '"thread":4'
        swapped = text.replace(a, "?").replace(c, a).replace("?", c)  # but they went to sleep in the old order
        lines, other = text.splitlines(), swapped.splitlines()
        first = next(n for n, line in enumerate(lines) if "packet taken" in line)
        self.assertIn("the thread that is woken is not the newest", "\n".join(self.wrong("\n".join(lines[:first] + other[first:]))))

    def test_a_state_that_the_program_did_not_see_is_found(self):
        run = next(r for r in RUNS if r.seen)
        seen = json.loads(run.seen.read_text(encoding="utf-8"))
        seen[5]["seen"]["waiting_threads"].reverse()
        seen[5]["seen"]["released_threads"].append("D")
        file = self.path.with_name("seen.json")
        file.write_text(json.dumps(seen), encoding="utf-8")
        self.assertRegex("\n".join(self.wrong(run.text(), run.path, file)), "what the program saw at its step 6 is nowhere")

    def test_a_story_that_cannot_be_told_is_found(self):
        story = self.path.with_name("story.json")
        story.write_text(json.dumps({"points": [{"at": {"event": "packet queued", "key": "0xabc"}}]}), encoding="utf-8")
        self.assertIn("point 1", "\n".join(self.wrong(RUNS[0].text(), story)))


if __name__ == "__main__":
    unittest.main()
