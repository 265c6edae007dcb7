"""What Visual Studio builds with: vcpkg.json by vcpkg's written rules, a port for each library that CMake looks for there,
and the preset."""

import json
import pathlib
import re
import unittest

from tree import Repo

from course import build, packages

REPO = pathlib.Path(__file__).resolve().parents[2]

# vcpkg's rules of a manifest: names, and the keys that its objects may have.
IDENTIFIER = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
RESERVED = {"prn", "aux", "nul", "con", "core", "default"} | {f"{word}{n}" for word in ("lpt", "com") for n in range(1, 10)}
MANIFEST = {"name", "version", "version-string", "version-semver", "version-date", "port-version", "description", "homepage",
            "documentation", "license", "maintainers", "summary", "supports", "dependencies", "default-features", "features",
            "overrides", "builtin-baseline", "configuration"}
DEPENDENCY = {"name", "features", "default-features", "host", "platform", "version>="}
FEATURE = {"description", "dependencies", "supports", "license"}
OVERRIDE = {"name", "version", "version-string", "version-semver", "version-date", "port-version"}

# What CMake looks for -> the port that brings it.
PORTS = {"CLI11": "cli11", "spdlog": "spdlog", "GTest": "gtest", "Catch2": "catch2", "Protobuf": "protobuf", "protoc": "protobuf",
         "utf8proc": "utf8proc", "utf8proc.h": "utf8proc", "SQLite3": "sqlite3", "sodium": "libsodium",
         "sodium.h": "libsodium", "toml++/toml.h": "tomlplusplus"}
NO_PORT = {"Threads", "clang++"}  # comes with CMake; only where there is libFuzzer, and no must


def mistakes(manifest):
    """What vcpkg would refuse."""
    found = []

    def keys(what, thing, allowed, needed=()):
        found.extend(f"{what}: {key}?" for key in thing if key not in allowed and not key.startswith("$"))
        found.extend(f"{what}: no {key}" for key in needed if key not in thing)

    def name(what, text):
        if not IDENTIFIER.fullmatch(text) or text in RESERVED:
            found.append(f"{what}: {text} is no name")

    def dependencies(what, entries):
        for entry in entries:
            entry = {"name": entry} if isinstance(entry, str) else entry
            keys(what, entry, DEPENDENCY, ("name",))
            name(what, entry.get("name", ""))
            for feature in entry.get("features", []):
                name(what, feature)
            if "version>=" in entry:
                versioned(what, entry["version>="])

    def versioned(what, text):
        if not re.fullmatch(r"[^#]+(#\d+)?", text):
            found.append(f"{what}: {text} is no version")
        if "builtin-baseline" not in manifest:
            found.append(f"{what}: a version needs a builtin-baseline")

    keys("manifest", manifest, MANIFEST)
    name("name", manifest.get("name", ""))
    if sum(key in manifest for key in ("version", "version-string", "version-semver", "version-date")) != 1:
        found.append("manifest: one version")
    if not re.fullmatch(r"\d+(\.\d+)*(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?", manifest.get("version", "0")):
        found.append("manifest: version")
    if not re.fullmatch(r"[0-9a-f]{40}", manifest.get("builtin-baseline", "")):
        found.append("manifest: builtin-baseline is a commit, 40 hexadecimal digits")
    dependencies("dependencies", manifest.get("dependencies", []))
    for feature, entry in manifest.get("features", {}).items():
        name("features", feature)
        keys(feature, entry, FEATURE, ("description",))
        found.extend(f"{feature}: no comments among the features" for _ in [1] if feature.startswith("$"))
        dependencies(feature, entry.get("dependencies", []))
    for feature in manifest.get("default-features", []):
        if feature not in manifest.get("features", {}):
            found.append(f"default-features: {feature}")
    for entry in manifest.get("overrides", []):
        keys("overrides", entry, OVERRIDE, ("name",))
        name("overrides", entry.get("name", ""))
        versioned("overrides", entry.get("version", "0"))
    return found


def port_names(entries):
    return {entry if isinstance(entry, str) else entry["name"] for entry in entries}


def looked_for(text):
    """What CMake looks for with Visual Studio: find_package and find_program names, find_library's first or find_path's."""
    names, stack = [], []  # stack: is this branch taken there
    text = re.sub(r"#[^\n]*", "", text)
    for match in re.finditer(r"\b(if|elseif|else|endif|find_package|find_path|find_library|find_program)\s*\(((?:[^()]|\([^()]*\))*)\)", text):
        word, rest = match.group(1), " ".join(match.group(2).split())
        if word == "if":
            stack.append(not _never(rest))
        elif word == "endif":
            stack.pop()
        elif word in ("else", "elseif"):
            stack[-1] = True  # in any case: so a library too many can be named, but none is missed
        elif all(stack):
            parts = [p for p in rest.split() if p not in ("NAMES", "REQUIRED", "QUIET")]
            names.append(parts[0] if word == "find_package" else parts[1])
    return names


def _never(condition):
    return re.search(r"\bNOT WIN32\b|\bUNIX\b|\bLINUX\b", condition) is not None or \
        re.search(r"(?<!NOT )\bCMAKE_CROSSCOMPILING\b", condition) is not None


class ManifestTest(unittest.TestCase):

    def setUp(self):
        self.manifest = json.loads((REPO / "vcpkg.json").read_text(encoding="utf-8"))

    def test_vcpkgs_rules(self):
        self.assertEqual([], mistakes(self.manifest))

    def test_the_rules_find_mistakes(self):
        good = json.dumps(self.manifest)
        for old, new in (('"fmt"', '"Fmt"'), ('"fmt"', '"fmt_lib"'), ('"fmt"', '{"version>=": "9"}'), ('"fmt"', '{"name": "fmt", "versions": 1}'),
                         ('"fmt"', '{"name": "fmt", "version>=": "9#a"}'), ('"description": "stage 07"', '"text": "stage 07"'),
                         (self.manifest["builtin-baseline"], "2024.06.15"), ('"builtin-baseline"', '"baseline"'),
                         ('"version": "1"', '"version": "one"'), ('"name": "iocp-course"', '"name": "con"'),
                         ('"stage07"', '"Stage07"'), ('"fmt"', '"-fmt"')):
            self.assertIn(old, good)
            self.assertNotEqual([], mistakes(json.loads(good.replace(old, new))), (old, new))

    def test_features_are_the_purposes(self):
        features = sorted(self.manifest["features"])
        self.assertEqual(sorted(p for p in packages.PURPOSES if p.startswith("stage")), features)

    def test_a_port_for_everything_that_is_looked_for(self):
        """Each stage finds what it looks for in the features that are asked for with it, and nothing is asked for in vain."""
        used = {}
        for stage in Repo(REPO).present():
            there = port_names(self.manifest["dependencies"])
            for feature, entry in self.manifest["features"].items():
                if feature <= f"stage{stage.number}":
                    there |= port_names(entry["dependencies"])
            for path in stage.files():
                if path.endswith((".cmake", "CMakeLists.txt")):
                    for name in looked_for((stage.path / path).read_text(encoding="utf-8")):
                        if name not in NO_PORT:
                            self.assertIn(name, PORTS, f"{stage.folder}/{path}")
                            self.assertIn(PORTS[name], there, f"{stage.folder}/{path}: {name}")
                            used.setdefault(PORTS[name], stage.number)
        wanted = {port: "01" for port in port_names(self.manifest["dependencies"])}
        for feature, entry in self.manifest["features"].items():
            wanted.update({port: feature[-2:] for port in port_names(entry["dependencies"])})
        del wanted["fmt"]  # spdlog's; stage 07 formats with it, too
        self.assertEqual(wanted, used, "each port with the stage that first looks for it")

    def test_what_is_looked_for(self):
        text = ("find_package(A QUIET)\nif(NOT WIN32)\n find_package(B)\nendif()\nif(CMAKE_CROSSCOMPILING)\n find_package(C)\nelse()\n"
                " find_library(D NAMES d libd REQUIRED)\n if(X AND NOT WIN32 AND Y)\n  find_path(E e.h)\n endif()\nendif()\n"
                "if(NOT CMAKE_CROSSCOMPILING)\n find_program(F f) # find_package(G)\nendif()\nif(H AND UNIX)\n find_path(I i.h)\nendif()")
        self.assertEqual(["A", "d", "f"], looked_for(text))


class PresetTest(unittest.TestCase):

    def setUp(self):
        presets = json.loads((REPO / "CMakePresets.json").read_text(encoding="utf-8"))
        self.kinds = {kind: {p["name"]: p for p in presets[kind]} for kind in ("configurePresets", "buildPresets", "testPresets")}

    def test_visual_studio(self):
        preset = self.kinds["configurePresets"]["msvc"]
        variables = preset["cacheVariables"]
        self.assertEqual("$env{VCPKG_ROOT}/scripts/buildsystems/vcpkg.cmake", variables["CMAKE_TOOLCHAIN_FILE"])
        manifest = json.loads((REPO / "vcpkg.json").read_text(encoding="utf-8"))
        self.assertEqual(sorted(manifest["features"]), variables["VCPKG_MANIFEST_FEATURES"].split(";"))
        self.assertEqual("Windows", preset["condition"]["rhs"])

    def test_every_configuration_has_its_preset(self):
        for config in build.CONFIGS:
            name = build.PRESETS.get(config, config)
            preset = self.kinds["configurePresets"][name]
            folder = preset.get("binaryDir", "${sourceDir}/build/${presetName}").replace("${presetName}", name)
            self.assertEqual(f"${{sourceDir}}/build/{config}", folder)
            self.assertIn(name, self.kinds["buildPresets"])

    def test_the_compilers_options(self):
        options = r"/W4 /permissive- /utf-8 /Zc:__cplusplus"
        for stage in Repo(REPO).present():
            self.assertIn(options, (stage.path / "support" / "cmake" / "stage.cmake").read_text(encoding="utf-8"), stage.folder)
        self.assertIn(options, (REPO / "CONTRIBUTING.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
