"""`--mine`: a command works on the student's folder of the stage (work/NN_name) instead of the course's.

Inside a work folder that is what is meant without saying so, unless another stage is named."""

from . import console, work as works
from .errors import UsageError


def add_argument(parser):
    parser.add_argument("--mine", action="store_true", help="your work folder instead of the course's (inside of one this is the default)")


def choose(repo, args, names):
    """The names of the stages; after this they are the student's copies if those are meant."""
    place = works.here(repo)
    named = {repo.find(n).number for n in names}
    inside = place is not None and place.exists and named <= {place.stage.number}
    if not args.mine and not inside:
        return names
    if named:
        chosen = [works.Work(repo, repo.stages[n]).require() for n in sorted(named)]
    else:
        chosen = [works.current(repo)]
    for work in chosen:
        if not (work.path / "CMakeLists.txt").is_file():
            raise UsageError(f"{work.name}/CMakeLists.txt is missing; it is in {work.name}/.course/starter.zip")
    repo.use_work([w.stage for w in chosen])
    args.mine = True
    console.say(console.style("your copy: " + ", ".join(w.name for w in chosen), "dim"))
    return [w.stage.number for w in chosen]
