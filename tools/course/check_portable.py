"""What only GCC, Clang or a POSIX system knows stays where Windows does not compile it.

MinGW has much of it, so no compiler here would say so: Visual Studio would. Looked at is what Visual Studio would see
of a file: no comments, no strings, no branch of the preprocessor that is for another system. A file that is for
another system as a whole says so with its name (iocp/linux/, *_linux.cc, *_posix.cc) or in course.toml (see there)."""

import re

from . import globs

_WORDS = (
    (r"__attribute__|__builtin_\w+|__extension__|__typeof\w*|__asm__|__thread\b", "is GCC's"),
    (r"__PRETTY_FUNCTION__", "is GCC's; std::source_location is not"),
    (r"__u?int128\w*", "no such type with Visual Studio"),
    (r"(?<![\w.>:])(?:::\s*)?(usleep|sleep|fork|kill|waitpid|bzero|bcopy|pthread_\w+|nanosleep|gettimeofday|clock_gettime|localtime_r|gmtime_r|timegm|strtok_r|strcasecmp|strncasecmp|strndup|"
     r"asprintf|setenv|unsetenv|getpid|isatty|fileno|popen|pclose|mkstemp|mkdtemp|alloca)(?=\s*\()", "is POSIX's"),
    (r"\b(ssize_t|off_t|pid_t|uid_t|gid_t|mode_t|useconds_t|pthread_t|u_int\d\w*)\b", "is POSIX's"),
    (r"\?\s*:(?!:)", "(a conditional without its middle) is GCC's"),
    (r"\bcase\b[^:;]*\.\.\.", "(a range of cases) is GCC's"),
    (r"(?:[=,(]|\breturn)\s*\((?:const\s+|struct\s+)*\w+(?:::\w+)*(?:\s*\[\w*\])?\)\s*\{", "(a compound literal) is C's"),
)
_WORD_RULES = [(re.compile(pattern), reason) for pattern, reason in _WORDS]
# ({ ... }) as an expression: not the arguments of a call, whose name, >, ) or ] stands before.
_STATEMENT = re.compile(r"(?:^|[^\w>)\]\s]|\breturn)\s*\(\s*\{[^{}]*;")
_HEADER = re.compile(r"\s*#\s*include\s*<((?:sys|netinet|arpa|net|linux|sanitizer)/\w+\.h|(?:unistd|poll|pthread|termios|netdb|"
                     r"dirent|dlfcn|spawn|sched|semaphore|strings|getopt|pwd|alloca|ucontext|execinfo|cxxabi)\.h|cxxabi\.h|"
                     r"bits/[\w.+/]+)>")
# `long` has 32 bits on Windows. A Win32 function that takes a long gets one: ioctlsocket(s, static_cast<long>(FIONBIO), ...).
_LONG = re.compile(r"\b(?:unsigned\s+)?long\b(?!\s+(?:long|double)\b)(?<!long long)")
_GIVEN = re.compile(r"static_cast<long>\(FION\w+\)")
_LONG_FORMAT = re.compile(r"%[-+ #0]*[\d*]*(?:\.[\d*]+)?l[diuxX]")
_LONG_LITERAL = re.compile(r"\b(?:0[xX][\da-fA-F']+|0[bB][01']+|\d[\d']*)(?:[uU]?[lL]|[lL][uU])\b")


def portable(repo):
    course = repo.data.get("course", {})
    posix, longs = course.get("posix", {}), course.get("long", {})
    problems, used, found = [], set(), {}
    for stage in repo.present():
        for path in stage.files():
            if not path.endswith((".h", ".cc")) or _by_name(path):
                continue
            text = (stage.path / path).read_text(encoding="utf-8", errors="replace")
            if text not in found:  # a later stage has most files unchanged
                found[text] = list(findings(text))
            for line, what, is_long in found[text]:
                excuse = globs.first_match(posix, path) or (globs.first_match(longs, path) if is_long else None)
                if excuse:
                    used.add(excuse)
                else:
                    problems.append(f"{stage.folder}/{path}:{line}: {what}")
    for table, entries in (("posix", posix), ("long", longs)):
        problems += [f"course.toml: course.{table}: \"{entry}\" excuses nothing" for entry in entries if entry not in used]
    return problems, []


def _by_name(path):
    return path.startswith("iocp/linux/") or path.endswith(("_linux.cc", "_linux.h", "_posix.cc", "_posix.h"))


def findings(text):
    """(line number, what is wrong, is it only about `long`?) of what Visual Studio would see of the file."""
    seen = visible(text)
    code = _blank(seen, strings=True)
    raw = seen.splitlines()
    for number, line in enumerate(code.splitlines(), 1):
        match = _HEADER.match(line)
        if match:
            yield number, f"<{match.group(1)}> is not there with Visual Studio", False
        for pattern, reason in _WORD_RULES:
            for match in pattern.finditer(line):
                yield number, f"{match.group(0)} {reason}", False
        if _LONG.search(_GIVEN.sub("", line)) or _LONG_LITERAL.search(line):
            yield number, "long has 32 bits on Windows: std::int64_t, std::size_t, std::ptrdiff_t, or long long", True
        if _LONG_FORMAT.search(raw[number - 1]):
            yield number, "a format for long, which has 32 bits on Windows", True
    for match in _STATEMENT.finditer(code):
        yield code.count("\n", 0, match.end()) + 1, "({ ... }) is GCC's: a lambda that is called at once is not", False


_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![\w])\'(?:\\.|[^\'\\\n])+\'', re.S)


def _blank(text, strings):
    """The text without comments (and strings), every line where it was."""
    def empty(match):
        token = match.group(0)
        if token.startswith("/"):
            return re.sub(r"[^\n]", " ", token)
        return '""' + "\n" * token.count("\n") if strings else token
    return _TOKEN.sub(empty, text)


_DEFINED = {"_WIN32": True, "_MSC_VER": True, "__cplusplus": True, "__GNUC__": False, "__clang__": False, "__linux__": False,
            "__unix__": False, "__APPLE__": False, "__MINGW32__": False, "__has_feature": False, "__SANITIZE_ADDRESS__": False,
            "__SANITIZE_THREAD__": False, "__cpp_lib_source_location": True}


def visible(text):
    """The text without comments and without what the preprocessor leaves out with Visual Studio, every line where it was.

    A condition on anything else leaves both branches in."""
    lines = _blank(text, strings=False).split("\n")
    first = _kept(lines, _DEFINED)
    never = _names(lines) - _names(first)  # what the file defines for other systems only
    return "\n".join(_kept(lines, dict(_DEFINED, **dict.fromkeys(never, False))))


def _names(lines):
    return {match.group(1) for match in (re.match(r"\s*#\s*define\s+(\w+)", line) for line in lines) if match}


def _kept(lines, defined):
    out, stack = [], []  # stack: [is this branch in, was one before for certain]
    for line in lines:
        match = re.match(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b(.*)", line)
        if match:
            word, rest = match.groups()
            if word in ("if", "ifdef", "ifndef"):
                value = _value(word, rest, defined)
                stack.append([value is not False, value is True])
            elif word == "endif" and stack:
                stack.pop()
            elif stack:
                value = True if word == "else" else _value("if", rest, defined)
                stack[-1] = [value is not False and not stack[-1][1], stack[-1][1] or value is True]
        out.append(line if all(branch for branch, _ in stack) else "")
    return out


def _value(word, condition, defined):
    """True, False, or None when it depends on something else."""
    if word != "if":
        known = defined.get(condition.strip())
        return known if known is None or word == "ifdef" else not known
    names = re.findall(r"defined\s*\(?\s*(\w+)\s*\)?", condition)
    text = re.sub(r"defined\s*(?:\(\s*(\w+)\s*\)|(\w+))", lambda m: str(defined.get(m.group(1) or m.group(2))), condition)
    if not names or re.search(r"[^\s()!&|TrueFalsNon]", text):
        return None
    return _logic(text)


def _logic(text):
    """The value of True, False and None with !, && and || (None: unknown)."""
    worlds = [eval(re.sub(r"!", " not ", text.replace("&&", " and ").replace("||", " or ").replace("None", guess)),
                   {"__builtins__": {}}) for guess in ("True", "False")]
    return worlds[0] if worlds[0] == worlds[1] else None
