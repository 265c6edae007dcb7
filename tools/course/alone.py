"""A stage folder copied elsewhere builds and passes by itself.

    python -m course.alone 03

copies the folder (and nothing else of the repository) to build/alone/03/src, builds it there with the plain
CMake commands of its README and runs its tests but the slow and the stress ones."""

import os
import pathlib
import shutil
import subprocess
import sys

from . import build
from .model import Repo, find_root


def copy(repo, stage, purpose="alone"):
    """The stage's files in a folder of their own; returns (source folder, build folder, compiler launcher)."""
    base = repo.root / "build" / purpose / stage.number
    # The same name for every stage: then ccache's answers for an earlier stage's copy serve for the next one's.
    source = base / "src" / "00_stage"
    shutil.rmtree(source.parent, ignore_errors=True)
    for path in stage.files():
        target = source / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(stage.path / path, target)
    # The compiler launcher finds the stage by its own place: two folders above.
    launcher = base / "src" / "tools" / "cmake" / "stage-compile"
    launcher.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(pathlib.Path(__file__).parents[1] / "cmake" / "stage-compile", launcher)
    return source, base / "tree", launcher


def main(argv):
    repo = Repo(find_root())
    stage = repo.find(argv[0])
    source, tree, launcher = copy(repo, stage)
    environment = dict(os.environ, **build.ccache_env(repo))
    environment["CCACHE_BASEDIR"] = str(repo.root)
    for command in (["cmake", "-S", str(source), "-B", str(tree), "-G", "Ninja", f"-DCMAKE_CXX_COMPILER_LAUNCHER={launcher}"],
                    ["cmake", "--build", str(tree), "--parallel", str(build.jobs())],
                    # One test after the other: the other folders are at it beside this one.
                    ["ctest", "--test-dir", str(tree), "--output-on-failure", "-LE", "slow|stress"]):
        print("$ " + " ".join(command), flush=True)
        code = subprocess.run(command, env=environment, check=False).returncode
        if code != 0:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
