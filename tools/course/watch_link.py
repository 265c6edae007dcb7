"""The short way to a test program after a save: only what is really in it is compiled.

A header of a layer is included by every file of that layer, and a test program waits for the whole library although it
takes two files of it. Which ones, the linker tells once. From then on just those are compiled and linked, as long as no
other is needed; the program is the same that the long way makes. Where this does not work out (another linker, the
first time, new files) the long way is gone."""

import collections
import re
import shlex
import shutil
import subprocess
import tempfile

from .text import TEXT

# One program: its objects and those that it takes from archives; the words that link them, without the archives.
Recipe = collections.namedtuple("Recipe", "program objects words stamp")

_MEMBER = re.compile(r"\(?([^()\s]+\.a)\)?[( ]?([^()\s]+\.o)\)?$")  # (libx.a)y.o, and newer: libx.a(y.o)


class Short:
    def __init__(self, tree):
        self.tree = tree
        self._recipes = {}

    def recipe(self, target):
        """What is known of the target; None when it has to be learnt (anew)."""
        found = self._recipes.get(target)
        return found if found and found.stamp == self._stamp() else None

    def objects(self, targets):
        """What to compile for the targets, or None: the long way."""
        found = [self.recipe(t) for t in targets]
        return list(dict.fromkeys(o for r in found for o in r.objects)) if found and all(found) else None

    def link(self, targets):
        """Links what was compiled; False: something else is needed now, the long way."""
        for target in targets:
            recipe = self.recipe(target)  # the build files may have changed on the way
            if recipe is None or subprocess.run(recipe.words, cwd=self.tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                                check=False).returncode != 0:
                self._recipes.pop(target, None)
                return False
        return True

    def learn(self, target):
        """After the long way: asks ninja how the target is linked, and the linker what it takes."""
        if self.recipe(target) or not shutil.which("ninja"):
            return
        stamp = self._stamp()
        words = self._link_words(target)
        if not words:
            return
        program = words[words.index("-o") + 1]
        archives = [w for w in dict.fromkeys(words) if w.endswith(".a") and not w.startswith("/")]
        members = {}
        for archive in archives:
            members[archive] = {}
            for path in self._inputs(archive):
                members[archive].setdefault(path.rsplit("/", 1)[-1], []).append(path)
        taken = self._taken(words, members)
        if taken is None or any(i.startswith("bin/") for i in self._inputs(program)):
            return  # it starts other programs, which are not objects
        own = [w for w in words if w.endswith(".o")]
        rest = [w for w in words if w not in archives]
        at = rest.index(own[-1]) + 1
        self._recipes[target] = Recipe(program, own + taken, rest[:at] + taken + rest[at:], stamp)

    def _link_words(self, target):
        lines = self._ninja("-t", "commands", target).splitlines()
        match = re.fullmatch(r": && (.*) && :", lines[-1]) if lines else None
        words = shlex.split(match.group(1)) if match else []
        return words if "-o" in words and any(w.endswith(".o") for w in words) and "&&" not in words else None

    def _inputs(self, output):
        """What ninja makes this from, all kinds of dependencies alike."""
        out = self._ninja("-t", "query", output)
        return [line.strip().lstrip("| ").strip() for line in out.partition("  outputs:")[0].splitlines()[2:]]

    def _taken(self, words, members):
        """The objects that the linker takes from the archives; None when they cannot be told apart."""
        with tempfile.TemporaryDirectory(prefix="course-link-") as folder:
            asked = list(words)
            asked[asked.index("-o") + 1] = f"{folder}/program"
            out = subprocess.run([*asked, "-Wl,-t,-t"], cwd=self.tree, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, **TEXT, check=False)
        if out.returncode != 0:
            return None
        taken, seen = [], set()
        for line in out.stdout.splitlines():
            seen.add(line.strip())
            match = _MEMBER.match(line.strip())
            if match and match.group(1) in members:
                paths = members[match.group(1)].get(match.group(2), [])
                if len(paths) != 1:
                    return None  # two files of the same name
                taken += paths
        return list(dict.fromkeys(taken)) if seen.issuperset(members) else None

    def _ninja(self, *arguments):
        return subprocess.run(["ninja", *arguments], cwd=self.tree, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, **TEXT, check=False).stdout

    def _stamp(self):
        try:
            return (self.tree / "build.ninja").stat().st_mtime_ns
        except OSError:
            return None
