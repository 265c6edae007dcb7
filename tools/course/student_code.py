"""A student's region looked at before it is compiled: tokens, and what a grader refuses.

A region is refused when it could leave the place that it is put into (unbalanced brackets, preprocessor lines, an open
comment) or uses what no task needs and what could end or deceive the program that tests it. It is a look at tokens: comments
and strings say what they like. It is one fence of several (box.py, the report that has to name every case, the canary)."""

import re

_TOKEN = re.compile(r"""
    (?P<blank>\s+)
  | (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<raw>(?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)")
  | (?P<string>(?:u8|[uUL])?"(?:\\.|[^"\\\n])*")
  | (?P<char>(?:u8|[uUL])?'(?:\\.|[^'\\\n])+')
  | (?P<number>\.?\d(?:[eEpP][+-]|'?[\w.])*)
  | (?P<word>[^\W\d]\w*)
  | (?P<sign>::|->|<=>|<<=|>>=|\.\.\.|[-+*/%&|^=!<>]=|\+\+|--|<<|&&|\|\||.)
""", re.X | re.S)
_CLOSES = {")": "(", "]": "[", "}": "{"}

_ENDS = "it ends the program, and a test has to end by itself"
_STARTS = "it starts or signals other programs"
_FILES = "it opens files, and the report of the tests is one"
_MEMORY = "it reaches into the program's memory or its loader"
_ENVIRONMENT = "it reads or changes the environment"
_TESTS = "it reaches for the tests"
# One reason for each word. Members (`file.open(...)`) and names that the region declares itself are not meant.
_WORDS = {word: reason for reason, words in {
    _ENDS: "exit _exit _Exit quick_exit abort atexit at_quick_exit on_exit set_terminate longjmp siglongjmp _longjmp "
           "ExitProcess TerminateProcess TerminateThread",
    _STARTS: "system popen fork vfork _Fork clone clone3 execl execle execlp execv execve execveat execvp execvpe fexecve "
             "posix_spawn posix_spawnp raise kill killpg tgkill tkill pthread_kill pthread_exit signal sigaction sigprocmask "
             "pthread_sigmask sigqueue CreateProcessA CreateProcessW CreateProcess setsid daemon setrlimit prlimit prctl",
    _FILES: "fopen fopen64 freopen fdopen open open64 openat openat2 creat ofstream ifstream fstream basic_ofstream basic_ifstream "
            "basic_fstream basic_filebuf filebuf wofstream wifstream wfstream filesystem dup dup2 dup3 memfd_create shm_open "
            "opendir unlink rename mkstemp tmpfile",
    _MEMORY: "dlopen dlmopen dlsym dlvsym dl_iterate_phdr ptrace process_vm_readv process_vm_writev mprotect pkey_mprotect mmap "
             "mmap64 mremap munmap syscall userfaultfd VirtualProtect WriteProcessMemory asm _asm extern",
    _ENVIRONMENT: "getenv secure_getenv setenv putenv unsetenv clearenv environ _environ",
    _TESTS: "testing Catch catch2 gtest UnitTest TestPartResult ADD_FAILURE SUCCEED FAIL TEST TEST_F TEST_P TEST_CASE SCENARIO "
            "RUN_ALL_TESTS RecordProperty",
}.items() for word in words.split()}
_STARTING = {"GTEST_": _TESTS, "CATCH_": _TESTS, "INTERNAL_CATCH_": _TESTS, "EXPECT_": _TESTS, "ASSERT_": _TESTS}
_OWN = {"__func__", "__FUNCTION__", "__PRETTY_FUNCTION__", "__FILE__", "__LINE__", "__builtin_expect", "__builtin_unreachable",
        "__int128"}
_NO_TYPES = {"return", "co_return", "throw", "case", "else", "do", "new", "delete", "goto", "sizeof", "typeof", "operator"}


class Token:
    """`at`: where it begins in the text."""

    def __init__(self, kind, text, line, at):
        self.kind, self.text, self.line, self.at = kind, text, line, at

    @property
    def end(self):
        return self.at + len(self.text)


def tokens(text):
    """The tokens of C++ text without blanks and comments; whatever is no token is a sign of its own."""
    found, at, line = [], 0, 1
    while at < len(text):
        match = _TOKEN.match(text, at)
        kind = match.lastgroup if match.lastgroup != "mark" else "raw"
        if kind not in ("blank", "comment"):
            found.append(Token(kind, match.group(0), line, at))
        line += match.group(0).count("\n")
        at = match.end()
    return found


def is_written(lines):
    """Has the student put something in the place of COURSE_TODO?"""
    words = tokens("\n".join(lines))
    return bool(words) and not any(t.text.startswith("COURSE_TODO") for t in words)


def refusal(lines, allowed=()):
    """(line of the region, counted from 1; why it is refused), None when nothing is wrong with it.

    `allowed`: words that the reference's own region has."""
    text = "\n".join(lines)
    for number, line in enumerate(lines, 1):
        if line.endswith("\\") or "??/" in line or "\0" in line:
            return number, "a backslash at the end of a line (or a null character): not needed here"
    found = tokens(text)
    declared = {t.text for n, t in enumerate(found) if t.kind == "word" and _declares(found, n)}
    return _shape(found) or _words(found, declared | set(allowed))


def _shape(found):
    """Can the region leave its place?"""
    stack = []
    for number, token in enumerate(found):
        if token.kind != "sign":
            continue
        pair = token.text + (found[number + 1].text[:1] if number + 1 < len(found) else "")
        if token.text == "#" or pair in ("%:", "??"):
            return token.line, "a preprocessor line: includes and macros stand outside the regions"
        if token.text == "\\":
            return token.line, "a backslash outside of a string"
        if pair in ("<%", "%>", "<:", ":>") and token.text != "::" and not (pair == "<:" and found[number + 1].text == "::"):
            return token.line, f"the digraph {pair}: write the bracket itself"
        if token.text in ('"', "'", "`", "$", "@"):
            return token.line, f"{token.text} that begins nothing: a string or character that is not closed?"
        if token.text == "/" and pair == "/*":
            return token.line, "a comment that is not closed"
        if token.text in "([{":
            stack.append(token)
        elif token.text in _CLOSES:
            if not stack or stack.pop().text != _CLOSES[token.text]:
                return token.line, f"'{token.text}' closes nothing that is open in this region"
    if stack:
        return stack[-1].line, f"'{stack[-1].text}' is not closed in this region"
    return None


def _words(found, allowed):
    for number, token in enumerate(found):
        if token.kind != "word" or token.text in allowed and not _is_global(found, number):
            continue
        if number and found[number - 1].text in (".", "->"):
            continue
        reason = _WORDS.get(token.text) or next((r for start, r in _STARTING.items() if token.text.startswith(start)), None)
        if reason is None and token.text.startswith("__") and token.text not in _OWN:
            reason = "a name that the compiler keeps for itself (attributes, assembly, built-in functions)"
        if reason is None and token.text in ("_Pragma", "gnu", "clang") and (
                token.text == "_Pragma" or number + 1 < len(found) and found[number + 1].text == "::"):
            reason = "an order to the compiler"
        if reason:
            return token.line, f"'{token.text}': {reason}; no task needs it"
    return None


def _is_global(found, number):
    """Does `::` stand in front? Then the region's own declaration is not meant."""
    return number > 0 and found[number - 1].text == "::"


def _declares(found, number):
    """Is the word a variable that is declared here, as `bool open = false;`?"""
    if number == 0 or number + 1 >= len(found):
        return False
    before, after = found[number - 1], found[number + 1]
    return (before.kind == "word" and before.text not in _NO_TYPES and before.text not in _WORDS
            and after.text in ("=", ";", "{", ",", ")", ":"))
