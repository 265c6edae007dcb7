"""One build tree per configuration for all stages: build/<configuration>."""

import concurrent.futures
import os
import re
import shutil

from . import caches, closure, console, packages, process
from .errors import CourseError, UsageError
from .text import TEXT

# configuration -> what it is; each is a preset of CMakePresets.json
CONFIGS = {
    "release": "optimised, as the lectures measure it",
    "debug": "no optimisation, assertions of the port on",
    "asan": "AddressSanitizer and UndefinedBehaviorSanitizer",
    "tsan": "ThreadSanitizer",
    "windows": "cross build with mingw-w64, run under Wine",
    "windows-clang": "the same with Clang",
    "msvc": "Visual Studio with vcpkg (written, not machine-checked)",
}
PRESETS = {"windows": "windows-cross"}
CROSS = ("windows", "windows-clang")
_PROGRESS = re.compile(r"^\[(\d+)/(\d+)\]")


def tree(repo, config):
    return repo.tree(config)


def log_file(repo, name):
    folder = repo.root / "build" / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{'mine-' if repo.mine else ''}{name}.log"


def native_config(config):
    """On Windows the release configuration is the msvc preset's tree."""
    return "msvc" if os.name == "nt" and config == "release" else config


def jobs():
    """Parallel compile jobs: one per core, less when memory is short (about 1 GiB each)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // (1 << 30)
    except (ValueError, OSError, AttributeError):
        memory = cores
    return max(1, min(cores, memory))


def ccache_env(repo):
    """Settings that let ccache answer for precompiled headers and for copies of a file in later stages."""
    return {
        "CCACHE_BASEDIR": str(repo.root),
        "CCACHE_NOHASHDIR": "1",
        "CCACHE_SLOPPINESS": "pch_defines,time_macros,include_file_mtime,include_file_ctime",
        # Precompiled headers have 90 MB each: hashed once, not for each file that uses them. And what a file
        # includes is learnt from compiling it, not from preprocessing it once more before.
        "CCACHE_INODECACHE": "1",
        "CCACHE_DEPEND": "1",
    }


def configure(repo, config, stages, again, strict=False):
    """Runs CMake for the configuration, so that exactly `stages` are in the tree. `strict`: warnings are errors."""
    folder = tree(repo, config)
    log = log_file(repo, f"{config}-configure")
    log.unlink(missing_ok=True)
    numbers = ";".join(s.number for s in stages)
    command = ["cmake", "--preset", PRESETS.get(config, config), f"-DCOURSE_STAGES={numbers}"]
    if repo.mine:
        command[3:3] = ["-B", str(folder), "-DCOURSE_FOLDER=work"]
    if strict:  # and otherwise as it was, so that nothing is compiled anew
        command.append("-DCOURSE_WERROR=ON")
    if os.name != "nt" and config != "windows-clang":  # that is for looking: hardly anything is compiled into a program
        command.append(f"-DCMAKE_CXX_COMPILER_LAUNCHER={repo.root / 'tools' / 'cmake' / 'stage-compile'}")
    if config in CROSS:
        command.append(f"-DCOURSE_WINDOWS_LIBS={caches.windows_libraries()}")
    if config == "windows-clang":  # file by file
        command.append("-DCOURSE_UNITE=OFF")
    if config == "msvc":  # the features of vcpkg.json have the names of the purposes
        features = [p for p in packages.for_stages(config, stages) if p.startswith("stage")]
        command.append(f"-DVCPKG_MANIFEST_FEATURES={';'.join(features)}")
    if config in ("asan", "tsan", *CROSS):
        command.append("-DCOURSE_FUZZERS=OFF")  # the fuzzers bring their own sanitizers; release has them
    stale = folder / "CMakeCache.txt"
    if stale.is_file() and f"CMAKE_HOME_DIRECTORY:INTERNAL={repo.root.as_posix()}\n" not in stale.read_text(**TEXT):
        console.say(f"{folder.relative_to(repo.root).as_posix()} belongs to another folder: made anew")
        shutil.rmtree(folder)
    closure.ask(repo, config)
    status = console.Status(f"{config}: configure")
    result = process.run_logged(command, log, status, env=ccache_env(repo), cwd=repo.root)
    status.done(result.code == 0)
    if result.code != 0:
        relevant = [l for l in result.tail if l.strip()][-15:]
        process.fail(result, f"configuring {config}", relevant, again)


def windows_libraries(repo, stages, again):
    """Libraries that the distribution does not have for Windows are built from its source packages, once.

    Fetching and configuring leave cores idle, so they are made side by side, first those that configure longest."""
    libraries = packages.windows_libraries(stages)[::-1]
    script = repo.root / "tools" / "windows-libs" / "build.sh"
    logs = {library: log_file(repo, f"windows-{library}") for library in libraries}
    for log in logs.values():
        log.unlink(missing_ok=True)
    status = console.Status("windows: libraries")
    with concurrent.futures.ThreadPoolExecutor(jobs()) as pool:
        running = {pool.submit(process.run_logged, [str(script), library, "--jobs", str(jobs())], logs[library],
                               cwd=repo.root): library for library in libraries}
        try:
            left = set(running)
            while left:
                status.update(", ".join(library for future, library in running.items() if future in left))
                _, left = concurrent.futures.wait(left, 0.5, concurrent.futures.FIRST_COMPLETED)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            process.stop_all()
            raise
    failed = [(future.result(), library) for future, library in running.items() if future.result().code != 0]
    status.done(not failed)
    for result, library in failed:
        process.fail(result, f"building {library} for Windows", result.tail[-10:], again)


def prepare(repo, config, stages, again, strict=False):
    """What has to be there before the configuration can be built: its libraries, and its build files."""
    if config == "msvc" and os.name != "nt":
        raise UsageError("the msvc configuration builds on Windows only; here: --config windows")
    caches.prepare(repo)
    if config in CROSS:
        windows_libraries(repo, stages, again)
    configure(repo, config, stages, again, strict)


def make(repo, config, again, targets=()):
    """Builds in a prepared tree; ends the command when that fails. Returns (seconds, CPU seconds)."""
    log = log_file(repo, f"{config}-build")
    log.unlink(missing_ok=True)
    status = console.Status(f"{config}: build")

    def on_line(line):
        match = _PROGRESS.match(line)
        if match:
            status.update(f"{match.group(1)}/{match.group(2)} {line[match.end():].strip()}")

    env = dict(ccache_env(repo), NINJA_STATUS="[%f/%t] ")
    command = ["cmake", "--build", str(tree(repo, config)), "--parallel", str(jobs())]
    if config == "msvc":
        command += ["--config", "Release"]
        targets = ["ALL_BUILD" if target == "all" else target for target in targets]
    if targets:
        command += ["--target", *targets]
    cpu = children_cpu()
    result = process.run_logged(command, log, status, on_line, env=env, cwd=repo.root)
    status.done(result.code == 0)
    if result.code != 0:
        process.fail(result, f"building {config}", first_error(result.tail), again)
    return status.seconds(), children_cpu() - cpu


def build(repo, config, stages, again, targets=()):
    """Both."""
    prepare(repo, config, stages, again)
    return make(repo, config, again, targets)


def children_cpu():
    """Seconds of processor time that ended child processes have taken."""
    times = os.times()
    return times.children_user + times.children_system


def first_error(lines, most=25):
    """The lines around the first compiler, linker or ninja error."""
    lines = [l for l in lines if not _PROGRESS.match(l)]
    for number, line in enumerate(lines):
        if re.search(r"\b(error|undefined reference|multiple definition)\b", line):
            return lines[max(0, number - 3):number + most - 3]
    return lines[-most:]


def program(repo, config, stage, name):
    """The path of a program in the stage's bin folder."""
    config = native_config(config)
    bin_folder = tree(repo, config) / stage.folder / "bin"
    for candidate in (bin_folder / name, bin_folder / f"{name}.exe", bin_folder / "Release" / f"{name}.exe"):
        if candidate.is_file():
            return candidate
    raise CourseError(f"stage {stage.number} has no program {name}")
