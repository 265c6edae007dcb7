"""The conformance table of a stage: what the last runs on Linux and under Wine said, item by item.

    python -m course.conformance 01 [--out FILE]

prints the table of the results in build/results; the exit code is that of the stage's conformance_table.py."""

import json
import pathlib
import subprocess
import sys
import tempfile

from .model import Repo, find_root
from .text import TEXT


def _merged(files, folder, name):
    """One result file out of those of several test programs."""
    suites = []
    for file in files:
        suites += json.loads(file.read_text(encoding="utf-8")).get("testsuites", [])
    path = pathlib.Path(folder) / name
    path.write_text(json.dumps({"testsuites": suites}), encoding="utf-8")
    return str(path)


def table(repo, stage):
    """(exit code, text) of the table, or (0, "") when the stage has none."""
    script = stage.path / "tests" / "iocp" / "conformance_table.py"
    if not script.is_file():
        return 0, ""
    command = [sys.executable, str(script)]
    with tempfile.TemporaryDirectory(prefix="course-conformance-") as folder:
        for option, config, prefix in (("linux", "release", ""), ("wine", "windows", "windows.")):
            files = sorted((repo.root / "build" / "results" / config).glob(f"{prefix}stage{stage.number}.*.json"))
            if files:
                command += [f"--{option}", _merged(files, folder, f"{option}.json")]
        out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **TEXT, check=False)
    return out.returncode, out.stdout


def main(argv):
    repo = Repo(find_root())
    code, text = table(repo, repo.find(argv[0]))
    sys.stdout.write(text)
    if argv[1:2] == ["--out"]:
        pathlib.Path(argv[2]).write_text(text, encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
