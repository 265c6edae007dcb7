"""`./course build`: builds stages without running anything."""

from . import build, console, doctor, lock, mine, packages
from .errors import UsageError

HELP = "build stages"
EXAMPLES = """examples:
  ./course build                      every stage, release
  ./course build 02 --config tsan     stage 02 with ThreadSanitizer
  ./course build --config windows     the Windows programs (mingw-w64)
  ./course build --mine 02            your copy, work/02_...

The trees are build/release, build/asan, ...; the programs are in build/<configuration>/<stage>/bin."""


def add_arguments(parser):
    parser.add_argument("stages", nargs="*", metavar="stage", help="stages, e.g. 02 (default: all)")
    parser.add_argument("--config", default="release", choices=list(build.CONFIGS), help="default: release")
    mine.add_argument(parser)
    parser.add_argument("--target", action="append", default=[], help="only this CMake target (may repeat)")


def run(repo, args):
    stages = repo.select(mine.choose(repo, args, args.stages))
    if not stages:
        raise UsageError("no stage is here yet")
    purposes = packages.for_stages(args.config, stages)
    packages.ensure(purposes, args.yes)
    doctor.refuse_old(purposes)
    config = build.native_config(args.config)
    with lock.building(repo, args.again):
        build.build(repo, config, stages, args.again, args.target or ["all", "course_benches"])
    for stage in stages:
        console.say(f"  {repo.tree(config).relative_to(repo.root).as_posix()}/{stage.folder}/bin")
    return 0
