"""check portable: what Visual Studio has not, where Windows compiles it; and what is let be."""

import unittest

from tree import CourseTree

from course import check_portable


class FindingsTest(unittest.TestCase):

    def found(self, text):
        return [f"{line}: {what}" for line, what, _ in check_portable.findings(text)]

    def finds(self, line, word, before="", after=""):
        found = self.found(f"int a;\n{before}{line}\n{after}")
        number = 2 + before.count("\n")
        self.assertEqual(1, len(found), (line, found))
        self.assertTrue(found[0].startswith(f"{number}: ") and word in found[0], found)

    def lets_be(self, text):
        self.assertEqual([], self.found(text), text)

    def test_words(self):
        for line, word in (("int F() __attribute__((noinline));", "__attribute__"), ("__int128 wide;", "__int128"),
                           ("ssize_t n = 0;", "ssize_t"), ("int n = __builtin_popcount(7);", "__builtin_popcount"),
                           ("Say(__PRETTY_FUNCTION__);", "__PRETTY_FUNCTION__"), ("  usleep(5);", "usleep"),
                           ("__thread int x;", "__thread"), ("::usleep(5);", "usleep"), ("  kill(3, 9);", "kill"), ("pthread_t t;", "pthread_t"),
                           ("int a = b ?: c;", "?:"), ("case 1 ... 5:", "case"), ("F((Point){1, 2});", "(Point){"), ("u_int32_t n;", "u_int32_t"), ("__typeof__(a) b;", "__typeof__")):
            self.finds(line, word)
        self.lets_be("std::this_thread::sleep_for(x); Sleep(5); child.kill(); a ? ::b : ::c; case 1: F(...); if (x) {} catch (...) {}\n"
                     "void f(int) {} auto g = [](int) { return 1; }; T h(U) const {} file.fileno(); my_ssize_type t; std::uint32_t u; F::getpid();")

    def test_headers(self):
        for name in ("unistd.h", "sys/socket.h", "poll.h", "netinet/in.h", "pthread.h", "cxxabi.h", "bits/stdc++.h"):
            self.finds(f"#include <{name}>", name)
        self.finds("  #  include <unistd.h>  // why", "unistd.h")
        self.lets_be('#include <spdlog/spdlog.h>\n#include <signal.h>\n#include "poll.h"\n#include <windows.h>\n')

    def test_long(self):
        for line in ("long n = 0;", "unsigned long n = 0;", "f(static_cast<long>(n));", 'printf("%ld", n);', 'printf("%-6lu", n);',
                     "f(10L);", "f(1UL);", "f(0x10L);", "f(0b1uL);", "std::vector<unsigned long> v;"):
            self.finds(line, "32 bits")
        self.lets_be("long long a = 1; unsigned long long b = 2ULL; long double c; int longer; Mac belong;\n"
                     'printf("%lld %llu %zu %d", a, b, c, d);\n'
                     "ioctlsocket(s, static_cast<long>(FIONBIO), &on);\n")

    def test_statement_expressions(self):
        for line in ("int a = ({ int b = 1; b; });", "return ({ F(); 1; });", "F(({ G(); 2; }));", "F(1, ({ G(); 2; }));"):
            self.finds(line, "({ ... })")
        self.lets_be("F({1, 2}); G<int>({3}); H()({4}); a[0]({5}); new X ({6});\nF({[] { return 1; }, 2});\nif (x) ({1, 2});")

    def test_comments_and_strings(self):
        self.lets_be('// ssize_t, long\n/* unistd.h\n__int128 */ const char* a = "ssize_t \\" long";\n'
                     "const char* b = R\"x(__attribute__ long)x\"; char c = '\"'; int n = 1'000'000; // long \"\n")
        self.finds("long n;", "32 bits", before="const char* a = \"/*\";  // \" '\n")

    def test_what_is_for_another_system(self):
        for start in ("#ifndef _WIN32", "#ifdef __linux__", "#if !defined(_WIN32)", "#if defined(__GNUC__)",
                      "#if defined(__linux__) && defined(UNKNOWN)", "#ifdef _WIN32\nint w;\n#else",
                      "#if defined(_WIN32) || !defined(UNKNOWN)\nint w;\n#else", "#ifdef _MSC_VER\nint w;\n#elif 1",
                      "#if defined(__clang__)\nint w;\n#elif defined(__GNUC__)", "#ifdef _WIN32\nint w;\n#elif defined(UNKNOWN)"):
            self.lets_be(f"{start}\n#include <unistd.h>\n#ifdef UNKNOWN\nlong a;\n#endif\nssize_t n;\n#endif\n")
            self.finds("ssize_t n;", "ssize_t", before=f"{start}\n#endif\n")

    def test_what_is_for_windows_or_not_certain(self):
        for start in ("#ifdef _WIN32", "#if defined(_WIN32)", "#if !defined(__linux__)", "#ifdef UNKNOWN", "#ifndef UNKNOWN",
                      "#if UNKNOWN > 3", "#if defined(_WIN32) && defined(UNKNOWN)", "#ifdef __linux__\nint a;\n#else",
                      "#ifdef UNKNOWN\nint a;\n#else", "#ifdef UNKNOWN\nint a;\n#elif defined(_WIN32)"):
            self.finds("ssize_t n;", "ssize_t", before=f"{start}\n", after="#endif\n")

    def test_a_macro_that_only_another_system_has(self):
        define = "#if defined(__SANITIZE_ADDRESS__)\n#define ASAN 1\n#endif\n"
        self.lets_be(define + "#ifdef ASAN\n#include <sanitizer/asan_interface.h>\n#endif\n")
        self.finds("ssize_t n;", "ssize_t", before=define + "#define ASAN 0\n#ifdef ASAN\n", after="#endif\n")


class PortableTest(CourseTree):
    stages = ("01", "02")

    def check(self):
        return check_portable.portable(self.repo())[0]

    def test_which_files(self):
        for name in ("iocp/linux/port.cc", "net/file_posix.cc", "net/usage_linux.cc", "net/usage_linux.h", "net/notes.md"):
            self.write_all(name, "#include <unistd.h>\n")
        self.write_all("net/a.cc", "int a;\n")
        self.assertEqual([], self.check())
        self.write("02", "net/a.cc", "int a;\nssize_t b;\n")
        self.assertEqual(["02_two/net/a.cc:2: ssize_t is POSIX's"], self.check())
        code, out = self.course("check", "portable")
        self.assertEqual(1, code)
        self.assertIn("02_two/net/a.cc:2", out)

    def test_declared_files(self):
        self.write_all("redis/a.cc", "#include <poll.h>\nlong n;\n")
        self.write_all("db/b.cc", "long n;\n")
        self.toml(head='[course]\n[course.posix]\n"redis/" = "Linux only"\n[course.long]\n"db/b.cc" = "the library\'s type"\n')
        self.assertEqual([], self.check())
        self.write("02", "db/b.cc", "ssize_t n;\n")  # excused for long, not for this
        self.assertEqual(["02_two/db/b.cc:1: ssize_t is POSIX's"], self.check())

    def test_an_entry_that_excuses_nothing(self):
        self.write_all("db/b.cc", "int n;\n")
        self.toml(head='[course]\n[course.long]\n"db/b.cc" = "once"\n[course.posix]\n"gone/" = "once"\n')
        self.assertEqual(['course.toml: course.posix: "gone/" excuses nothing', 'course.toml: course.long: "db/b.cc" excuses nothing'],
                         self.check())


if __name__ == "__main__":
    unittest.main()
