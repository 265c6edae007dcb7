"""What a target of a build tree is made from, so that copies of it in later stages need not be built.

The stages are copies: most test programs of stage 05 are those of stage 04, made from the same sources, libraries and
options. CMake tells what it knows of each target (its file API); what the sources include is read from the sources.
Two targets with the same fingerprint give the same program; the tests of the later one would repeat the earlier's."""

import hashlib
import json
import os
import re

_CODE = (".cc", ".h", ".cpp", ".hpp")
_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"', re.M)
_STAGE_TARGET = re.compile(r"stage(\d\d)_(\w+)")


def ask(repo, config):
    """Before CMake runs: it is to say what the targets are."""
    query = repo.tree(config) / ".cmake" / "api" / "v1" / "query" / "codemodel-v2"
    query.parent.mkdir(parents=True, exist_ok=True)
    query.touch()


class Model:
    """The targets of a configured tree and their fingerprints."""

    def __init__(self, repo, config):
        self.root = repo.root
        self.tree = repo.tree(config)
        self.stages = {s.number: s for s in repo.stages.values()}
        self.targets = self._read()
        self._by_id = {t["id"]: t for t in self.targets.values()}
        self._prints = {}
        self._files = {}    # path -> (digest, [names it includes])
        self._folders = {}  # stage number -> digest of what generates code there

    def _read(self):
        reply = self.tree / ".cmake" / "api" / "v1" / "reply"
        index = max(reply.glob("index-*.json"), key=lambda p: p.name, default=None)
        if index is None:
            return {}
        entry = json.loads(index.read_text(encoding="utf-8"))["reply"].get("codemodel-v2")
        model = json.loads((reply / entry["jsonFile"]).read_text(encoding="utf-8"))
        targets = {}
        for reference in model["configurations"][0]["targets"]:
            target = json.loads((reply / reference["jsonFile"]).read_text(encoding="utf-8"))
            targets[target["name"]] = target
        return targets

    def tests(self):
        """[(target, stage number, name without the stage)] of the test programs, by stage."""
        found = []
        for name, target in self.targets.items():
            match = _STAGE_TARGET.fullmatch(name)
            if match and target["type"] == "EXECUTABLE" and match.group(2).startswith(("unit_", "scenario_")):
                found.append((name, match.group(1), match.group(2)))
        return sorted(found, key=lambda f: (f[1], f[0]))

    def stage_targets(self):
        """All that the stages build: programs, tests, and what has a rule of its own."""
        return [name for name, target in self.targets.items()
                if _STAGE_TARGET.fullmatch(name) and target["type"] in ("EXECUTABLE", "UTILITY")]

    def members(self, collection):
        """What a collecting target (course_sanitized, course_benches) stands for."""
        target = self.targets.get(collection, {})
        return {self._by_id[d["id"]]["name"] for d in target.get("dependencies", []) if d["id"] in self._by_id}

    def sources(self, name):
        """Paths of all that goes into a target's program: its sources, those of its libraries, and what they include."""
        targets, wanted, queue, roots = set(), [name], [], []
        while wanted:
            current = wanted.pop()
            if current not in targets:
                targets.add(current)
                target = self.targets[current]
                queue += [os.path.join(self.root, s["path"]) for s in target.get("sources", []) if "compileGroupIndex" in s]
                roots += [i["path"] for g in target.get("compileGroups", []) for i in g.get("includes", []) if i["path"] not in roots]
                wanted += [n for n in self.members(current) if self.targets[n]["type"] in ("STATIC_LIBRARY", "OBJECT_LIBRARY")]
        seen = set()
        while queue:
            path = os.path.normpath(queue.pop())
            if path in seen or not os.path.isfile(path):
                continue
            seen.add(path)
            queue += [os.path.join(r, n) for n in self._file(path)[1] for r in (os.path.dirname(path), *roots)]
        return seen

    # --- fingerprints -----------------------------------------------------------------------------

    def fingerprint(self, name):
        """The same for two targets that give the same program and start the same programs; with their data."""
        if name not in self._prints:
            self._prints[name] = ""  # static libraries may depend on each other
            self._prints[name] = self._fingerprint(self.targets[name])
        return self._prints[name]

    def _fingerprint(self, target):
        number = _STAGE_TARGET.match(target["name"])
        stage = self.stages[number.group(1)] if number else None
        digest = hashlib.sha256()

        def note(text):
            digest.update(self._plain(text, stage).encode("utf-8", "surrogateescape") + b"\0")

        note(target["type"] + " " + re.sub(r"^stage\d\d_", "", target["name"]))
        roots, code, generated = [], [], False
        for group in target.get("compileGroups", []):
            for kind in ("compileCommandFragments", "defines", "includes"):
                for part in group.get(kind, []):
                    note(f"{kind} {part.get('fragment', part.get('define', part.get('path')))}")
            roots += [i["path"] for i in group.get("includes", []) if i["path"] not in roots]
        for part in target.get("link", {}).get("commandFragments", []):
            note("link " + part["fragment"])
        for source in target.get("sources", []):
            generated |= source.get("isGenerated", False)
            if "compileGroupIndex" in source and not source.get("isGenerated"):
                code += self._united(os.path.join(self.root, source["path"]))
        if stage is not None:
            text, unknown, reads_data = self.read(stage, code, roots)
            digest.update(text)
            if generated or unknown:
                digest.update(self._generators(stage))
            if reads_data:
                digest.update(self._data(stage))
        for name in sorted(self._by_id[d["id"]]["name"] for d in target.get("dependencies", []) if d["id"] in self._by_id):
            if self._by_id[self.targets[name]["id"]]["type"] != "UTILITY":
                digest.update(self.fingerprint(name).encode())
        return digest.hexdigest()

    def _united(self, path):
        """The source, or those that it only collects: which of them are compiled together does not change the program."""
        folder, _, rest = os.path.relpath(path, self.tree).replace(os.sep, "/").partition("/united/")
        stage = next((s for s in self.stages.values() if rest and s.path.name == folder), None)
        return [os.path.join(stage.path, name) for name in self._file(path)[1]] if stage else [path]

    def _plain(self, text, stage):
        """Without what says which stage or which tree it is; what is made once per tree lies in the first stage's folder."""
        text = re.sub(r"[^\s;]*/(?=(?:CMakeFiles/|lib)course_)", "@shared/", text)
        if stage is not None:
            text = text.replace(str(stage.path), "@stage").replace(stage.folder, "@stage")
            text = text.replace(f"stage{stage.number}_", "").replace(f"stage{stage.number}.", "")
        return text.replace(str(self.tree), "@tree").replace(str(self.root), "@root")

    def read(self, stage, files, roots=()):
        """(digest of the files and all they include, does it include something that is not there: generated code, does
        it look for the stage's data?)"""
        digest, unknown, reads_data = hashlib.sha256(), False, False
        queue, seen = sorted(files), set()
        while queue:
            path = queue.pop()
            if path in seen:
                continue
            seen.add(path)
            content, included, data = self._file(path)
            digest.update(self._plain(os.path.relpath(path, stage.path), stage).encode("utf-8", "surrogateescape") + b"\0" + content)
            reads_data |= data
            for name in included:
                found = next((p for p in (os.path.normpath(os.path.join(r, name))
                                          for r in (os.path.dirname(path), *roots, stage.path)) if os.path.isfile(p)), None)
                if found is None or os.path.relpath(found, stage.path).startswith(".."):
                    unknown = True
                else:
                    queue.append(found)
        return digest.digest(), unknown, reads_data

    def _file(self, path):
        if path not in self._files:
            with open(path, "rb") as f:
                text = f.read()
            self._files[path] = (hashlib.sha256(text).digest(), [n.decode("utf-8", "surrogateescape")
                                                                 for n in _INCLUDE.findall(text)],
                                 b"COURSE_STAGE_DIR" in text)
        return self._files[path]

    def _generators(self, stage):
        """Messages, templates, pages: what the build makes code from."""
        if stage.number not in self._folders:
            self._folders[stage.number] = digest_of(
                stage, [p for p in stage.files() if not p.endswith((*_CODE, ".md", "CMakeLists.txt", "cmake/lesson.cmake"))
                        and (not p.endswith(".cmake") or p.startswith(("src/proto/", "support/cmake/")))
                        and not p.startswith(("tests/", "conf/"))])
        return self._folders[stage.number]

    def _data(self, stage):
        return digest_of(stage, [p for p in stage.files() if p.startswith(("tests/", "conf/")) and not p.endswith((*_CODE, ".cmake"))])

    # --- tests that are no programs of their own ----------------------------------------------------

    def inputs_fingerprint(self, stage, inputs):
        """Of a test that declares what it is made from: files and folders of the stage, COURSE_TEST_INPUTS."""
        files = [p for p in stage.files() if any(p == i or p.startswith(i.rstrip("/") + "/") for i in inputs)]
        text, _, _ = self.read(stage, [str(stage.path / p) for p in files if p.endswith(_CODE)])
        return text.hex() + digest_of(stage, [p for p in files if not p.endswith(_CODE)]).hex()


def digest_of(stage, paths):
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.encode("utf-8", "surrogateescape") + b"\0")
        digest.update(hashlib.sha256((stage.path / path).read_bytes()).digest())
    return digest.digest()


def target_of(test_name):
    """"stage05.unit.chat" is the target stage05_unit_chat."""
    return test_name.replace(".", "_")


def repeats(model, tests):
    """{name of a target or test: the earlier one} of what later stages have unchanged. `tests`: those that this run
    wants; no other can stand for a later one."""
    seen, found = {}, {}
    labels = {target_of(t.tree_name): tuple(l for l in t.labels if not re.fullmatch(r"stage\d\d", l)) for t in tests}
    for name, _, short in model.tests():
        if name not in labels:
            continue
        key = (short, labels[name], model.fingerprint(name))
        if key in seen:
            found[name] = seen[key]
        else:
            seen[key] = name
    for test in sorted(tests, key=lambda t: (t.stage, t.name)):
        if not test.inputs:
            continue
        key = (test.short, model.inputs_fingerprint(model.stages[test.stage], test.inputs))
        name = target_of(test.tree_name)
        if key in seen:
            found[name] = seen[key]
        else:
            seen[key] = name
    return found
