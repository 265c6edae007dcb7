"""Builds what is measured: the stages' programs in build/release, the peers and the generator in build/bench."""

from . import bench_subjects, build, console, packages, process
from .errors import CourseError


def stages_of(repo, names):
    numbers = sorted({bench_subjects.find(n).stage for n in names} - {""})
    return [repo.find(number) for number in numbers]


def purposes(repo, names):
    return ["git", *packages.for_stages("release", stages_of(repo, names) or [repo.newest()]), "bench", "bench-calls"]


def everything(repo, names, again):
    """The programs of the subjects `names` and tools/bench."""
    programs(repo, names, again)
    peers(repo, again)


def programs(repo, names, again):
    stages = stages_of(repo, names)
    targets = sorted({bench_subjects.find(n).target for n in names} - {""})
    if targets:
        build.build(repo, "release", stages, again, targets)


def peers(repo, again):
    """Its own small CMake project: it compiles stage 07's frame, cipher and messages, and needs no stage to be built."""
    source, tree = repo.root / "tools" / "bench", repo.root / "build" / "bench"
    if not (source / "CMakeLists.txt").is_file():
        raise CourseError("tools/bench/CMakeLists.txt is missing: without peers and load generator nothing can be measured")
    log = build.log_file(repo, "bench-build")
    log.unlink(missing_ok=True)
    for what, command in (("configure", ["cmake", "-S", str(source), "-B", str(tree), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                                         f"-DCMAKE_CXX_COMPILER_LAUNCHER={repo.root / 'tools' / 'cmake' / 'stage-compile'}"]),
                          ("build", ["cmake", "--build", str(tree), "--parallel", str(build.jobs())])):
        status = console.Status(f"bench: {what}")
        result = process.run_logged(command, log, status, env=build.ccache_env(repo), cwd=repo.root)
        status.done(result.code == 0)
        if result.code != 0:
            process.fail(result, f"bench: {what}", build.first_error(result.tail, 15), again)
