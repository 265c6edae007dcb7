"""Clang as a second compiler for Windows: every source file is compiled, without code being made of it, and the
first stage's tests of the port are linked and run under Wine.

A file that a stage has unchanged from the one before is compiled in one of them, as clang-tidy looks at it."""

import concurrent.futures
import json
import os
import re
import shlex
import subprocess

from . import build, check_code, console, ctest, wine

_CONFIG = "windows-clang"
_AGAIN = "./course check windows-clang"
_PRECOMPILED = ("library", "logging", "program", "unit", "stress", "scenario")
_RUN = ("conformance", "port_model")  # unit tests of the first stage


def clang(repo):
    stages = repo.present()
    targets = [f"course_{kind}_pch" for kind in _PRECOMPILED]
    targets += [f"stage{s.number}_handlers" for s in stages if (s.path / "src" / "proto" / "proto.cmake").is_file()]
    targets += [f"stage{stages[0].number}_unit_{name}" for name in _RUN]
    build.prepare(repo, _CONFIG, stages, _AGAIN, strict=True)
    build.make(repo, _CONFIG, _AGAIN, targets)
    commands = _commands(build.tree(repo, _CONFIG))
    cache = check_code.Cache(repo, _CONFIG)
    units = _units(repo, commands)
    wanted = {key: file for key, file in units.items() if key not in cache}
    problems, passed = [], []
    if wanted:
        status = console.Status(f"Clang for Windows on {len(wanted)} files")
        with concurrent.futures.ThreadPoolExecutor(build.jobs()) as pool:
            running = {pool.submit(_compile, repo, file, commands[file]): key for key, file in wanted.items()}
            for future in concurrent.futures.as_completed(running):
                found = future.result()
                problems += found
                passed += [running[future]] if not found else []
                status.update(f"{len(passed)} passed")
        status.done(not problems)
    cache.add(passed)
    notes = [f"{len(passed)} files compiled, {len(units) - len(wanted)} known from before"] if wanted else []
    return sorted(problems) + _run(repo, stages[0]), notes


def _commands(tree):
    """{file: words of the command that compiles it}; a file that several programs have is compiled the first way."""
    found = {}
    for entry in json.loads((tree / "compile_commands.json").read_text(encoding="utf-8")):
        found.setdefault(os.path.realpath(os.path.join(entry["directory"], entry["file"])), shlex.split(entry["command"]))
    return found


def _units(repo, commands):
    """{key: file}: each distinct file once; what is generated, by its content, too."""
    root = os.path.realpath(repo.root)
    tools = [check_code._version(tool) for tool in ("clang++", "x86_64-w64-mingw32-g++-posix")]
    settings = check_code._digest(*tools, (repo.root / "tools" / "cmake" / "clang-windows.cmake").read_bytes())
    distinct = check_code._unique(repo, lambda stage, path: f"{root}/{stage.folder}/{path}" in commands, settings)
    found = {}
    for key, (stage, path) in distinct.items():
        file = f"{root}/{stage.folder}/{path}"
        found[check_code._digest(key, *_options(commands[file]))] = file
    for file in commands:
        if "/generated/" in file and file.startswith(f"{root}/build/"):
            with open(file, "rb") as f:
                found[check_code._digest(settings, os.path.basename(file), f.read())] = file
    return found


def _options(words):
    """The words of a command that are the same in every stage."""
    return [word for word in words if word.startswith("-") and "/" not in word]


def _compile(repo, file, words):
    """The problems that Clang has with the file."""
    place = words.index("-o")
    words = words[:place] + words[place + 2:]
    words[words.index("-c")] = "-fsyntax-only"
    out = subprocess.run(words, cwd=build.tree(repo, _CONFIG), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if out.returncode == 0:
        return []
    root = os.path.realpath(repo.root) + "/"
    lines = out.stdout.decode("utf-8", "replace").replace(root, "").splitlines()
    found = [line for line in lines if re.search(r":\d+: (fatal )?error: ", line)]
    return found or [f"{file.replace(root, '')}: Clang ended with code {out.returncode}: {(lines or ['no output'])[-1]}"]


def _run(repo, stage):
    """The stage's tests of the port, linked by Clang, under Wine."""
    pattern = rf"^stage{stage.number}\.unit\.({'|'.join(_RUN)})$"
    with wine.session(repo, _AGAIN):
        out = subprocess.run(["ctest", "--test-dir", str(build.tree(repo, _CONFIG)), "-R", pattern, "--output-on-failure",
                              "--no-tests=error"], env=dict(os.environ, WINEPREFIX=ctest.wine_prefix(repo)),
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    text = out.stdout.decode("utf-8", "replace")
    log = build.log_file(repo, f"{_CONFIG}-test")
    log.write_text(text, encoding="utf-8")
    if out.returncode == 0:
        return []
    failed = [line.strip() for line in text.splitlines() if "***" in line]
    return [f"under Wine: {line} ({log})" for line in failed or ["ctest failed"]]
