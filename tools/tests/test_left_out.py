"""What is not built because an earlier stage has it, and what is said of tests that did not run."""

import json
import unittest

from tree import FOLDERS, CourseTree

from course import closure, ctest, skips
from course.errors import CourseError


class ClosureTest(CourseTree):
    """A made-up answer of CMake's file API: a library, a test and a program that a scenario starts, in three stages."""

    stages = ("01", "02", "03")

    def setUp(self):
        super().setUp()
        self.write_all("net/a.h", "#include \"net/b.h\"\nint A();\n")
        self.write_all("net/b.h", "int B();\n")
        self.write_all("net/a.cc", "#include \"net/a.h\"\nint A() { return B(); }\n")
        self.write_all("tests/unit_a.cc", "#include \"net/a.h\"\nint main() { return A(); }\n")
        self.write_all("tests/scenario_s.cc", "int main() {}\n")
        self.write_all("apps/server.cc", "int main() {}\n")
        self.write_all("fuzz/f.cc", "#include \"net/b.h\"\n")

    def target(self, number, name, kind, source, needs=(), options="-O2", generated=False):
        folder = FOLDERS[number]
        full = f"stage{number}_{name}"
        return {"name": full, "id": full + "::@x", "type": kind,
                "compileGroups": [{"compileCommandFragments": [{"fragment": options}],
                                   "includes": [{"path": str(self.root / folder)}], "defines": [{"define": "X=1"}]}],
                "link": {"commandFragments": [{"fragment": f"{folder}/libstage{number}_net.a"},
                                              {"fragment": "01_one/libcourse_main.a"}]},
                "sources": [{"path": f"{folder}/{source}", "compileGroupIndex": 0, "isGenerated": generated}],
                "dependencies": [{"id": f"stage{number}_{n}::@x"} for n in needs]}

    def model(self, change=lambda number, targets: None):
        reply = self.root / "build/release/.cmake/api/v1/reply"
        reply.mkdir(parents=True, exist_ok=True)
        targets = []
        for number in self.stages:
            mine = [self.target(number, "net", "STATIC_LIBRARY", "net/a.cc"),
                    self.target(number, "unit_a", "EXECUTABLE", "tests/unit_a.cc", ["net"]),
                    self.target(number, "server", "EXECUTABLE", "apps/server.cc", ["net"]),
                    self.target(number, "scenario_s", "EXECUTABLE", "tests/scenario_s.cc", ["server"])]
            change(number, mine)
            targets += mine
        for target in targets:
            (reply / f"{target['name']}.json").write_text(json.dumps(target))
        (reply / "model.json").write_text(json.dumps(
            {"configurations": [{"targets": [{"jsonFile": t["name"] + ".json"} for t in targets]}]}))
        (reply / "index-1.json").write_text(json.dumps({"reply": {"codemodel-v2": {"jsonFile": "model.json"}}}))
        return closure.Model(self.repo(), "release")

    def entry(self, number, name, labels=(), environment=()):
        properties = {"LABELS": [f"stage{number}", *labels], "ENVIRONMENT": list(environment)}
        return ctest.Test(f"stage{number}.{name}", [name], properties, "release")

    def repeats(self, tests=None, **options):
        if tests is None:
            tests = [self.entry(n, name) for n in self.stages for name in ("unit.a", "scenario.s")]
        return closure.repeats(self.model(**options), list(tests))

    def test_only_what_this_run_wants_can_stand_for_a_later_one(self):
        """A filter, or a label that keeps the earlier one from running."""
        self.assertEqual({}, self.repeats([self.entry("02", "unit.a")]))
        self.assertEqual({"stage03_unit_a": "stage02_unit_a"},
                         self.repeats([self.entry(n, "unit.a") for n in ("02", "03")]))
        self.assertEqual({}, self.repeats([self.entry("01", "unit.a", ["slow"]), self.entry("02", "unit.a")]))

    def test_copies_are_built_once(self):
        self.assertEqual({"stage02_unit_a": "stage01_unit_a", "stage03_unit_a": "stage01_unit_a",
                          "stage02_scenario_s": "stage01_scenario_s", "stage03_scenario_s": "stage01_scenario_s"},
                         self.repeats())

    def test_a_header_of_a_header_counts(self):
        self.write("02", "net/b.h", "long B();\n")
        found = self.repeats()
        self.assertNotIn("stage02_unit_a", found)
        self.assertEqual("stage01_unit_a", found["stage03_unit_a"])

    def test_a_scenario_is_another_when_the_program_it_starts_is(self):
        self.write("03", "apps/server.cc", "int main() { return 1; }\n")
        found = self.repeats()
        self.assertNotIn("stage03_scenario_s", found)
        self.assertIn("stage03_unit_a", found)

    def test_options_and_libraries_count(self):
        def change(number, targets):
            if number == "02":
                targets[0]["compileGroups"][0]["compileCommandFragments"][0]["fragment"] = "-O0"
            if number == "03":
                targets[1]["link"]["commandFragments"].append({"fragment": "-lextra"})
        found = self.repeats(change=change)
        self.assertNotIn("stage02_unit_a", found)
        self.assertNotIn("stage03_unit_a", found)

    def test_the_data_that_a_test_reads_counts(self):
        self.write_all("tests/unit_a.cc", "#include \"net/a.h\"\nconst char* where = \"COURSE_STAGE_DIR\";\n")
        self.write_all("tests/vectors.txt", "34\n")
        self.write("03", "tests/vectors.txt", "35\n")
        found = self.repeats()
        self.assertIn("stage02_unit_a", found)
        self.assertNotIn("stage03_unit_a", found)

    def test_files_compiled_as_one_are_what_they_include(self):
        """The file that includes them lies in each stage's part of the build tree."""
        for number in self.stages:
            united = self.root / "build" / "release" / FOLDERS[number] / "united"
            united.mkdir(parents=True)
            (united / "unit_a.cc").write_text('#include "tests/unit_a.cc"\n#include "tests/more.cc"\n', encoding="utf-8")
        self.write_all("tests/more.cc", "int more;\n")
        self.write("03", "tests/more.cc", "int less;\n")

        def change(number, targets):
            targets[1]["sources"][0]["path"] = f"build/release/{FOLDERS[number]}/united/unit_a.cc"
        found = self.repeats(change=change)
        self.assertEqual("stage01_unit_a", found["stage02_unit_a"])
        self.assertNotIn("stage03_unit_a", found)

    def test_which_files_are_compiled_together_changes_nothing(self):
        """What a stage's lesson reads is compiled alone there, and together with the rest in the others."""
        self.write_all("tests/more.cc", "int more;\n")
        united = self.root / "build" / "release" / FOLDERS["02"] / "united"
        united.mkdir(parents=True)
        (united / "unit_a.cc").write_text('#include "tests/more.cc"\n#include "tests/unit_a.cc"\n', encoding="utf-8")

        def change(number, targets):
            sources = targets[1]["sources"]
            if number == "02":
                sources[0]["path"] = f"build/release/{FOLDERS[number]}/united/unit_a.cc"
            else:
                sources.append(dict(sources[0], path=f"{FOLDERS[number]}/tests/more.cc"))
        found = self.repeats(change=change)
        self.assertEqual("stage01_unit_a", found["stage02_unit_a"])
        self.assertEqual("stage01_unit_a", found["stage03_unit_a"])

    def test_generated_code_is_what_generates_it(self):
        self.write_all("tests/unit_a.cc", "#include \"made.pb.h\"\n")
        self.write_all("proto/made.proto", "message A {}\n")
        self.write("02", "proto/made.proto", "message B {}\n")
        found = self.repeats()
        self.assertNotIn("stage02_unit_a", found)
        self.assertEqual("stage01_unit_a", found["stage03_unit_a"])

    def test_tests_that_name_their_inputs(self):
        tests = [self.entry(n, "fuzz.f", ["fuzz"], ["COURSE_TEST_INPUTS=fuzz/f.cc"]) for n in self.stages]
        self.write("03", "net/b.h", "int B(int);\n")
        found = self.repeats(tests)
        self.assertEqual("stage01_fuzz_f", found["stage02_fuzz_f"])
        self.assertNotIn("stage03_fuzz_f", found)

    def test_without_an_answer_everything_is_built(self):
        model = closure.Model(self.repo(), "release")
        self.assertEqual({}, closure.repeats(model, []))


class SkipsTest(CourseTree):
    stages = ("01",)

    def collect(self, *outputs, configured=""):
        junit = self.root / "junit.xml"
        cases = "".join(f'<testcase name="t{n}" status="run"><system-out>{o}</system-out></testcase>'
                        for n, o in enumerate(outputs))
        junit.write_text(f"<testsuite>{cases}</testsuite>")
        logs = self.root / "build" / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        (logs / "release-configure.log").write_text(configured)
        return skips.collect(self.repo(), junit, ["release"])

    def test_cases_and_scenarios_by_reason(self):
        found = self.collect("[ RUN      ] A.B\n/x/a.cc:12: Skipped\nchromium is not installed\n\n[  SKIPPED ] A.B (0 ms)\n"
                             "[ RUN      ] A.C\n/x/a.cc:12: Skipped\nchromium is not installed\n\n[  SKIPPED ] A.C (0 ms)\n",
                             "warning:\n  skipped: no redis-server\n", "[  PASSED  ] 3 tests.\n")
        self.assertEqual(["chromium is not installed", "no redis-server"], [s.why for s in found])
        self.assertEqual({"t0": 2}, found[0].tests)
        self.assertEqual(["chromium", "redis-server"], [s.package for s in found])

    def test_those_of_the_command_itself(self):
        found = self.collect("test_a (__main__.A.test_a) ... skipped 'needs clang-tidy'\ntest_b (__main__.A.test_b) ... ok\n")
        self.assertEqual([("needs clang-tidy", "clang-tidy")], [(s.why, s.package) for s in found])

    def test_what_cmake_did_without(self):
        found = self.collect(configured="-- stage03: no libFuzzer (Debian: clang); the fuzzer is not built\n"
                                        "-- stage04: no libFuzzer (Debian: clang); the fuzzer is not built\n-- Done\n")
        self.assertEqual(["no libFuzzer (Debian: clang); the fuzzer is not built"], [s.why for s in found])
        self.assertEqual(["release.stage03", "release.stage04"], sorted(found[0].tests))

    def test_a_complete_run_fails_on_a_skip(self):
        left_out = self.collect("a.cc:1: Skipped\nmmdblookup is not installed\n[  SKIPPED ] A.B\n")
        self.assertTrue(skips.report(left_out, strict=False))
        self.assertFalse(skips.report(left_out, strict=True))

    def test_rights_are_no_fault_of_the_run(self):
        left_out = self.collect("a.cc:1: Skipped\nmounting is not permitted here\n[  SKIPPED ] A.B\n")
        self.assertTrue(skips.report(left_out, strict=True))
        self.assertEqual([], self.collect("all went well"))

    def test_what_the_windows_build_does_without(self):
        for test, good in (("windows.stage07.unit.db", True), ("stage07.unit.db", False)):
            skip = skips.Skip("this build has no MariaDB client")
            skip.tests[test] = 1
            self.assertEqual(good, skips.report([skip], strict=True))

    def test_a_missing_report_is_no_crash(self):
        self.assertEqual([], skips.collect(self.repo(), self.root / "none.xml", []))
        self.assertRaises(CourseError, self.repo().find, "09")


if __name__ == "__main__":
    unittest.main()
