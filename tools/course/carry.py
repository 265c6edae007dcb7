"""`./course carry STAGE`: takes an edit made in one stage through all later stages."""

import base64
import hashlib
import json
import os
import subprocess

from . import carry_plan as plan
from . import console, globs
from .errors import CourseError, UsageError
from .text import decode

HELP = "carry an edit made in one stage forward through all later stages (three-way merge)"
EXAMPLES = """examples:
  ./course carry 02                 what was edited in stage 02 since the last commit goes to 03..07
  ./course carry 02 --from HEAD~1   the edit is already committed: take everything since HEAD~1
  ./course carry 02 net/ cmake/     only what changed in these folders
  ./course carry 02 -n              only say what would happen
  ./course carry --continue         after the conflict markers were resolved
  ./course carry --abort            put every file back as it was before the carry

Stage by stage, each file is merged with base = the old version of the stage before, theirs = its new
version, ours = this stage's version. A file that a later stage no longer has is not brought back."""


def add_arguments(parser):
    parser.add_argument("stage", nargs="?", help="the stage that was edited, e.g. 02")
    parser.add_argument("paths", nargs="*", metavar="path", help="only these files of the stage (folder/ or glob)")
    parser.add_argument("--from", dest="base", default="HEAD", metavar="REV",
                        help="the commit before the edit (default HEAD: the edit is not committed yet)")
    parser.add_argument("-n", "--dry-run", action="store_true", help="change nothing, only say what would happen")
    parser.add_argument("--continue", dest="go_on", action="store_true", help="go on after resolving conflicts")
    parser.add_argument("--abort", action="store_true", help="undo a carry that stopped at conflicts")


def run(repo, args):
    carry = Carry(repo, dry_run=args.dry_run)
    if args.go_on or args.abort:
        if args.stage:
            raise UsageError("--continue and --abort take no stage")
        return carry.abort() if args.abort else carry.resume()
    if not args.stage:
        raise UsageError("which stage was edited? e.g. ./course carry 02")
    return carry.start(repo.find(args.stage), args.base, args.paths)


def _pack(version):
    if version is None:
        return None
    return {"data": base64.b64encode(version.data).decode("ascii"), "executable": version.executable}


def _unpack(data):
    return None if data is None else plan.Version(base64.b64decode(data["data"]), data["executable"])


class Carry:
    """One carry, from the source stage to the last one. Its state survives a stop at conflicts."""

    def __init__(self, repo, dry_run=False):
        self.repo = repo
        self.dry_run = dry_run
        self.git_dir = self._git("rev-parse", "--absolute-git-dir").decode().strip()
        self.state_file = os.path.join(self.git_dir, "course-carry", "state.json")
        self.backups = {}    # path -> Version or None, as before the carry
        self.conflicts = []  # {stage, change, ours, kind}
        self.report = []     # (stage number, path, what happened)
        self.warnings = []
        self.overlay = {}    # path -> Version or None: what a dry run would have written

    # -- the three ways in -----------------------------------------------------------------------

    def start(self, source, base, paths=()):
        if os.path.exists(self.state_file) and not self.dry_run:
            raise CourseError("a carry is under way; finish it with ./course carry --continue or --abort")
        later = self.repo.after(source)
        if not later:
            console.say(f"{source.folder} has no later stage: nothing to carry")
            return 0
        changes = self.changes_since(source, base)
        if paths:
            wanted = [p[len(source.folder) + 1:] if p.startswith(source.folder + "/") else p for p in paths]
            wanted += [p.rstrip("/") + "/" for p in wanted]
            changes = [c for c in changes if globs.first_match(wanted, c.path) or globs.first_match(wanted, c.source_path)]
        if not changes:
            console.say(f"{source.folder}: nothing changed since {base}"
                        + ("; already committed? use --from, e.g. --from HEAD~1" if base == "HEAD" else ""))
            return 0
        for change in changes:
            self.forward(change, source, later)
        return self.finish()

    def resume(self):
        self._load()
        pending, self.conflicts = self.conflicts, []
        unresolved = [c for c in pending if self._still_marked(c)]
        if unresolved:
            lines = "\n".join("  " + self._full(c["stage"], c["change"].path) for c in unresolved)
            raise CourseError(f"conflict markers are still in\n{lines}")
        for conflict in pending:
            stage, change, ours = conflict["stage"], conflict["change"], conflict["ours"]
            resolved = self._read(stage, change.path)
            if conflict["kind"] == "removed":
                if resolved is not None:
                    self.report.append((stage.number, change.path, "kept by decision"))
                    continue
            self.report.append((stage.number, change.path, "resolved"))
            onward = plan.Change(change.path, ours, resolved, change.old_path)
            self.forward(onward, stage, self.repo.after(stage))
        return self.finish()

    def abort(self):
        self._load()
        for path, version in self.backups.items():
            self._write_path(path, version)
        self._clear()
        console.say(f"carry undone: {len(self.backups)} files are as before")
        return 0

    # -- the work --------------------------------------------------------------------------------

    def changes_since(self, stage, base):
        """What changed in the stage's folder since `base`, renames joined."""
        old = self._tree(base, stage.folder)
        changes, seen = [], set()
        self.repo.refresh()
        for path in stage.lesson_files():
            seen.add(path)
            new = self._read(stage, path)
            if new is None:
                continue
            sha, executable = old.get(path, (None, False))
            if sha is None:
                changes.append(plan.Change(path, None, new))
            elif _blob_sha(new.data) != sha or new.executable != executable:
                changes.append(plan.Change(path, plan.Version(self._blob(sha), executable), new))
        for path, (sha, executable) in old.items():
            if path not in seen and not globs.first_match(self.repo.own_files, path):
                changes.append(plan.Change(path, plan.Version(self._blob(sha), executable), None))
        return plan.pair_renames(changes)

    def forward(self, change, source, later):
        """Takes one file's change from `source` through the stages of `later`."""
        before = source
        for stage in later:
            change = self._follow_declared_rename(change, stage)
            onward, what = self._apply(change, before, stage)
            self.report.append((stage.number, change.path, what))
            if onward is None:
                return
            before, change = stage, onward

    def _apply(self, change, before, stage):
        """Brings one change into one stage. Returns the change for the next stage (None: stop)."""
        source_path = change.source_path
        ours = self._read(stage, source_path)
        target = self._read(stage, change.path) if change.old_path else ours
        if change.old_path and ours is None and target is not None:
            change, ours = plan.Change(change.path, change.base, change.new), target  # renamed there already
        elif change.old_path and ours is not None and target is not None:
            return self._conflict(stage, change, target, "exists", f"CONFLICT: {source_path} exists there too")
        if change.new is None:
            return self._apply_removal(change, stage, ours)
        if ours is None:
            return self._apply_to_missing(change, stage)
        labels = (f"{stage.folder} (this stage)", f"{before.folder} before the edit", f"{before.folder} (the edit)")
        merged, conflict = plan.merge(change.base, change.new, ours, labels)
        self._write(stage, change.path, merged)
        if change.old_path and change.old_path != change.path:
            self._write(stage, change.old_path, None)
        if conflict:
            return self._conflict(stage, change, ours, "merge", "CONFLICT")
        if merged == ours and not change.old_path:
            return change, "already there"
        if change.base is not None and ours == change.base:
            what = "copied"
        else:
            what = "merged"
        if change.old_path:
            what = f"renamed from {change.old_path}, {what}"
        return plan.Change(change.path, ours, merged, change.old_path), what

    def _apply_removal(self, change, stage, ours):
        if ours is None:
            return change, "already gone"
        if ours == change.base:
            self._write(stage, change.path, None)
            return plan.Change(change.path, ours, None), "removed"
        return self._conflict(stage, change, ours, "removed", "CONFLICT: removed before, changed here")

    def _apply_to_missing(self, change, stage):
        path = change.source_path
        if globs.first_match(stage.removed, path) or globs.first_match(stage.removed, change.path):
            return None, "stops here (this stage removed it)"
        if change.base is not None:
            self.warnings.append(f"{stage.folder} has no {path} and course.toml does not say that it removed it; "
                                 "not brought back")
            return None, "stops here (missing, not declared)"
        self._write(stage, change.path, change.new)
        return plan.Change(change.path, None, change.new), "added"

    def _conflict(self, stage, change, ours, kind, what):
        self.conflicts.append({"stage": stage, "change": change, "ours": ours, "kind": kind})
        return None, what

    def _follow_declared_rename(self, change, stage):
        for new, entry in stage.renamed.items():
            if entry.get("from") == change.path and self._read(stage, new) is not None:
                return plan.Change(new, change.base, change.new)
        return change

    # -- the end ---------------------------------------------------------------------------------

    def finish(self):
        rows = [(number, path, what) for number, path, what in sorted(self.report)]
        console.say(console.table(rows, header=("stage", "file", "what happened")))
        for warning in self.warnings:
            console.warn(warning)
        if self.dry_run:
            console.say("dry run: nothing was changed")
            return 1 if self.conflicts else 0
        if not self.conflicts:
            self._clear()
            return 0
        self._save()
        console.say()
        console.say("A person must decide:")
        for c in self.conflicts:
            console.say(f"  {self._full(c['stage'], c['change'].path)}{self._advice(c)}")
        console.say("then ./course carry --continue   (or ./course carry --abort)")
        return 1

    def _advice(self, conflict):
        if conflict["kind"] == "removed":
            return "   (delete it, or keep it and declare it in course.toml)"
        if conflict["kind"] == "exists":
            return f"   (bring the edit of {conflict['change'].old_path} into it by hand)"
        if conflict["ours"] and plan.is_binary(conflict["ours"].data):
            return "   (not text: put the right version there)"
        return "   (resolve the markers)"

    def _still_marked(self, conflict):
        version = self._read(conflict["stage"], conflict["change"].path)
        return version is not None and plan.has_markers(version.data)

    # -- files and state -------------------------------------------------------------------------

    def _full(self, stage, path):
        return f"{stage.folder}/{path}"

    def _read(self, stage, path):
        full = self._full(stage, path)
        if full in self.overlay:
            return self.overlay[full]
        return self._read_path(full)

    def _read_path(self, full):
        file = self.repo.root / full
        if not file.is_file() or file.is_symlink():
            return None
        return plan.Version(file.read_bytes(), os.access(file, os.X_OK))

    def _write(self, stage, path, version):
        full = self._full(stage, path)
        current = self._read(stage, path)
        if current == version:
            return
        if self.dry_run:
            self.overlay[full] = version
            return
        self.backups.setdefault(full, current)
        self._write_path(full, version)

    def _write_path(self, full, version):
        file = self.repo.root / full
        if version is None:
            file.unlink(missing_ok=True)
            folder = file.parent
            while folder != self.repo.root and not any(folder.iterdir()):
                folder.rmdir()
                folder = folder.parent
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(version.data)
        mode = file.stat().st_mode
        file.chmod(mode | 0o111 if version.executable else mode & ~0o111)

    def _save(self):
        os.makedirs(os.path.dirname(self.state_file), exist_ok=True)
        state = {
            "backups": {path: _pack(v) for path, v in self.backups.items()},
            "conflicts": [{"stage": c["stage"].number, "kind": c["kind"], "ours": _pack(c["ours"]),
                           "path": c["change"].path, "old_path": c["change"].old_path,
                           "base": _pack(c["change"].base), "new": _pack(c["change"].new)}
                          for c in self.conflicts],
        }
        with open(self.state_file, "w", encoding="utf-8") as f:
            json.dump(state, f)

    def _load(self):
        try:
            with open(self.state_file, encoding="utf-8") as f:
                state = json.load(f)
        except FileNotFoundError:
            raise CourseError("no carry is under way") from None
        self.backups = {path: _unpack(v) for path, v in state["backups"].items()}
        self.conflicts = [{"stage": self.repo.stages[c["stage"]], "kind": c["kind"], "ours": _unpack(c["ours"]),
                           "change": plan.Change(c["path"], _unpack(c["base"]), _unpack(c["new"]), c["old_path"])}
                          for c in state["conflicts"]]

    def _clear(self):
        if os.path.exists(self.state_file):
            os.remove(self.state_file)

    # -- git -------------------------------------------------------------------------------------

    def _git(self, *args):
        out = subprocess.run(["git", *args], cwd=self.repo.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             check=False)
        if out.returncode != 0:
            raise CourseError(f"git {args[0]}: {decode(out.stderr).strip()}")
        return out.stdout

    def _tree(self, revision, folder):
        """path -> (blob, executable) of the folder at that commit."""
        out = self._git("ls-tree", "-rz", f"{revision}^{{tree}}", folder + "/").decode("utf-8", "surrogateescape")
        found = {}
        for entry in filter(None, out.split("\0")):
            meta, path = entry.split("\t", 1)
            mode, kind, sha = meta.split()
            if kind == "blob" and mode != "120000":
                found[path[len(folder) + 1:]] = (sha, mode == "100755")
        return found

    def _blob(self, sha):
        return self._git("cat-file", "blob", sha)


def _blob_sha(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
