"""`./course bench compare A B`: two results, or two commits built in worktrees and measured in turn."""

import subprocess

from . import bench_book, bench_build, bench_plan, bench_stats, bench_subjects, bench_table
from .errors import CourseError, UsageError
from .model import Repo
from .text import TEXT

MORE_IS_BETTER = ("deliveries_per_s", "logins_per_s")
BETTER, WORSE, SAME = "better", "worse", "no difference at this noise"
# What changes with a change of the server, in the order of the plan.
MEASURES = ("cpu60k", "cpu400k", "latency", "heap", "memory", "rate", "login")


def word(figure, low, high, more=False):
    """What the interval of B / A says. `more`: the generator was the limit of one of them."""
    if more or low <= 1 <= high:
        return SAME
    return BETTER if (low > 1) == (figure in MORE_IS_BETTER) else WORSE


def rows(before, after):
    """[[measure, case, subject, figure, A, B, B / A, word]]: the first figure of each case, and others that differ."""
    a, b, out = bench_table.Table(before), bench_table.Table(after), []
    for measure in a.measures():
        for case in a.cases(measure):
            for subject in a.subjects(measure, case):
                one, two = a.cell(measure.name, case, subject), b.cell(measure.name, case, subject)
                if two is None:
                    continue
                for number, figure in enumerate(measure.figures):
                    row = _row(measure, one, two, figure, before["seed"])
                    if row and (number == 0 or row[-1] != SAME):
                        out.append(row)
    return out


def _row(measure, one, two, figure, seed):
    head = [measure.name, one.case, one.subject, bench_table.heading(figure, "en"), one.text(figure), two.text(figure)]
    old, new = one.values(figure), two.values(figure)
    if not old or not new:
        return [*head, "", two.error or one.error or "not measured in both"] if figure == measure.figures[0] else None
    found = bench_stats.ratio_interval(new, old, seed)
    if found is None:
        return [*head, "", SAME if old == new else "A is 0"]
    if min(len(old), len(new)) < 3:
        return [*head, bench_table.interval(found), f"{min(len(old), len(new))} rounds say nothing"] if figure == measure.figures[0] else None
    unsure = figure == "deliveries_per_s" and (one.at_least or two.at_least)
    return [*head, bench_table.interval(found), word(figure, *found[1:], unsure)]


def unlike(before, after):
    """What makes two results hard to compare, as sentences."""
    out = [f"{key}: {before['machine'].get(key)} and {after['machine'].get(key)}" for key in ("cpu", "cores", "kernel", "compiler")
           if before["machine"].get(key) != after["machine"].get(key)]
    return out + ([f"measured as {before['mode']} and as {after['mode']}"] if before["mode"] != after["mode"] else [])


def split(data, first, second):
    """The result of two commits as two results of the same subjects."""
    def half(name):
        runs = [{**run, "subject": run["subject"].partition("@")[0]} for run in data["runs"] if run["subject"].endswith(f"@{name}")]
        return {**data, "runs": runs}
    return half(first), half(second)


# -- two commits ---------------------------------------------------------------------------------


def revision(repo, name):
    """The commit's short name; None when git knows no such commit."""
    out = subprocess.run(["git", "rev-parse", "--verify", "--quiet", "--short=10", f"{name}^{{commit}}"], cwd=repo.root, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=False, **TEXT)
    return out.stdout.strip() if out.returncode == 0 else None


def worktree(repo, commit):
    """The commit checked out below build/; it stays there, so that the next comparison builds nothing."""
    folder = repo.root / "build" / "worktrees" / commit
    if not (folder / "course.toml").is_file():
        folder.parent.mkdir(parents=True, exist_ok=True)
        for command in (["git", "worktree", "prune"], ["git", "worktree", "add", "--force", "--detach", str(folder), commit]):
            done = subprocess.run(command, cwd=repo.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **TEXT)
            if done.returncode:
                lines = done.stdout.strip().splitlines() or ["git worktree failed"]
                raise CourseError(f"commit {commit} cannot be checked out below build/: {lines[-1]}")
    return Repo(folder)


def subjects_of(commits):
    """For bench_plan.items: the stages among a case's subjects, once for each commit."""
    return lambda case: [f"{name}@{commit}" for name in case.subjects if bench_subjects.SUBJECTS[name].stage for commit in commits]


def items(mode, rounds, only, commits):
    """Of the measures in which a change of a stage shows, or of what --only says."""
    wanted = list(only)
    if not any(w.partition(":")[0] in bench_plan.MEASURES for w in wanted):
        wanted = [*MEASURES, *wanted]
    found = bench_plan.items(mode, rounds, wanted, subjects_of(commits))
    return [i for i in found if i.case.measure.cases[mode]] if not only else found


def build(repo, names, commits, again):
    """{commit: its repository}, with the programs built."""
    repos = {commit: worktree(repo, commit) for commit in commits}
    for one in repos.values():
        bench_build.programs(one, sorted({n.partition("@")[0] for n in names}), again)
    bench_build.peers(repo, again)
    return repos


def finder(repos):
    """Like bench_subjects.find, with the programs of the commit's worktree."""
    def find(name):
        subject = bench_subjects.find(name)
        subject.repo = repos[name.partition("@")[2]]
        return subject
    return find


def load_pair(first, second):
    pair = [bench_book.load(path) for path in (first, second)]
    if not rows(*pair):
        raise UsageError(f"{first} and {second} have measured nothing in common")
    return pair
