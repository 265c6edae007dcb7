"""Where C++ text can be changed a little, and into what.

Only inside of function bodies, and not in comments, texts, preprocessor lines, assertions, log statements, constants
(constexpr), template arguments, sizeof and case labels."""

import collections
import re

from .mutate_source import NO_OPERAND, Source

OPERATORS = {
    "comparison": "< and <=, > and >=, == and !=",
    "logic": "&& and ||, a dropped !, true and false",
    "off-by-one": "a number one larger, + and -, ++ and --",
    "statement": "a dropped call, assignment or early return",
    "arguments": "two neighbouring arguments swapped",
    "lock": "a lock that is not taken, a dropped lock() or unlock()",
    "order": "a weaker memory order (only ThreadSanitizer sees it: --with tsan)",
}
# One change: text[first:last] becomes `plain`. `shape` says how it can be switched (mutate_schema.py): "value", "statement",
# "order", "guard" (a lock object).
Point = collections.namedtuple("Point", "operator first last plain shape")

_COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
_SWAPS = {**{a: ("comparison", b) for a, b in _COMPARISONS.items()}, "&&": ("logic", "||"), "||": ("logic", "&&"),
          "+": ("off-by-one", "-"), "-": ("off-by-one", "+"), "+=": ("off-by-one", "-="), "-=": ("off-by-one", "+=")}
_WEAKER = {"acquire": ("relaxed",), "release": ("relaxed",), "acq_rel": ("acquire", "release"), "seq_cst": ("relaxed",)}
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F']+|\d[\d']*)([uUlL]*|ms|us|ns|s)")
_UNEVALUATED = {"sizeof", "alignof", "decltype", "noexcept", "alignas", "typeid", "assert", "static_assert", "offsetof"}
_LOGS = {"Log", "printf", "puts", "fprintf"}
_LOG_STARTS = ("spdlog ::", "std :: cout", "std :: cerr", "std :: clog", "std :: printf", "std :: fprintf", "std :: puts")
_TYPES = {"const", "auto", "static", "constexpr", "unsigned", "signed", "int", "bool", "char", "long", "short", "float", "double", "struct",
          "enum", "thread_local", "volatile", "typename", "void", "class", "union"}
_GUARDS = {"lock_guard", "scoped_lock", "unique_lock"}
_LOCKING = re.compile(r"(un)?lock|(Acquire|Release)SRWLock\w+|(Enter|Leave)CriticalSection")


def find(text):
    """[Point] of the text, in order."""
    finder = _Finder(Source(text))
    for opening in finder.source.bodies(0, len(finder.source.tokens)):
        finder.body(opening)
    return sorted(finder.points, key=lambda p: (p.first, -p.last))


class _Finder:
    def __init__(self, source):
        self.source, self.points = source, []
        self._late_return = False  # may a `return x;` be dropped: does another one end the function?

    def add(self, operator, first, last, plain, shape="value"):
        tokens = self.source.tokens
        self.points.append(Point(operator, tokens[first].at, tokens[last].end, plain, shape))

    # -- statements ----------------------------------------------------------------------------------

    def body(self, opening):
        """A function's."""
        before, self._late_return = self._late_return, self._ends_with_return(opening)
        self.block(opening)
        self._late_return = before

    def _ends_with_return(self, opening):
        s, start, k = self.source, opening + 1, opening + 1
        last = start
        while k < s.match[opening]:
            if k == start:
                last = k
            if s.word(k) in ("(", "[", "{"):
                closing = s.match[k]
                if s.word(k) == "{" and s.word(closing + 1) not in (";", ",", ")", ".", "("):
                    start = closing + 1
                k = closing
            elif s.word(k) == ";":
                start = k + 1
            k += 1
        return s.word(last) in ("return", "throw")

    def block(self, opening):
        k, high = opening + 1, self.source.match[opening]
        while k < high:
            k = self.statement(k, high)

    def statement(self, k, high):
        """Returns the token behind it."""
        s, word = self.source, self.source.word(k)
        if word == "{":
            self.block(k)
            return s.match[k] + 1
        if word == ";":
            return k + 1
        if word == "[" and s.word(k + 1) == "[":  # an attribute
            return s.match[k] + 1
        if word in ("case", "default"):
            while s.word(k) != ":":
                k += 1
            return k + 1
        if word in ("if", "while", "switch", "for"):
            return self._control(k, high)
        if word == "do":
            k = self.statement(k + 1, high)
            self.expression(k + 2, s.match[k + 1])
            return s.match[k + 1] + 2
        if word == "try":
            k = self.statement(k + 1, high)
            while s.word(k) == "catch":
                k = self.statement(s.match[k + 1] + 1, high)
            return k
        end = s.end_of_statement(k, high)
        if word in ("return", "throw", "co_return"):
            if word == "return" and (end == k + 1 or self._late_return) and end + 1 < high:
                self.add("statement", k, end, ";", "statement")
            self.expression(k + 1, end)
        elif word in ("break", "continue"):
            if s.word(end + 1) != "}":
                self.add("statement", k, end, ";", "statement")
        elif word not in ("using", "typedef", "static_assert", "goto", "struct", "class", "enum", "union"):
            self._simple(k, end)
        return end + 1

    def _control(self, k, high):
        s, word, constant = self.source, self.source.word(k), False
        if s.word(k + 1) == "constexpr":
            constant, k = True, k + 1
        opening, closing = k + 1, s.match[k + 1]
        if not constant:
            first = opening + 1
            for part in self._parts(first, closing):
                if part > first:
                    self._piece(first, part)
                first = part + 1
        k = closing + 1
        while s.word(k) == "[":  # [[likely]]
            k = s.match[k] + 1
        k = self.statement(k, high)
        if word == "if" and s.word(k) == "else":
            k = self.statement(k + 1, high)
        return k

    def _parts(self, k, high):
        """Ends of what stands between the semicolons, and of the declaration of a range-for."""
        found, question = [], 0
        while k < high:
            word = self.source.word(k)
            if word in ("(", "[", "{"):
                k = self.source.match[k]
            question += word == "?"
            if word == ";" or word == ":" and not question:
                found.append(k)
            elif word == ":":
                question -= 1
            k += 1
        return found + [high]

    def _piece(self, first, end):
        """One of the three pieces of a for, or a condition: an expression, perhaps with a declaration before it."""
        if self.source.word(first) not in ("constexpr", "using"):
            self.expression(first, end)

    def _simple(self, k, end):
        """A declaration or an expression, `;` at `end`."""
        s = self.source
        start = " ".join(s.word(n) for n in range(k, min(k + 3, end)))
        if start.startswith(_LOG_STARTS) or s.word(k) in _LOGS or s.word(k) in _UNEVALUATED:
            return
        if start.startswith(("( void )", "static_cast < void")) or "constexpr" in (s.word(k), s.word(k + 1)):
            return
        if self._declares(k, end):
            self._guard(k, end)
            self.expression(k, end)
            return
        called = next((n for n in range(k, end) if s.word(n) == "("), end)
        locking = _LOCKING.fullmatch(s.word(called - 1)) is not None
        self.add("lock" if locking else "statement", k, end, ";", "statement")
        self.expression(k, end)

    def _declares(self, k, end):
        s = self.source
        if s.word(k) in _TYPES:
            return True
        if s.tokens[k].kind != "word" or s.word(k) in NO_OPERAND | {"this"}:
            return False
        while s.word(k + 1) == "::" or s.is_angle(k + 1) and s.word(k + 1) == "<":
            k = k + 2 if s.word(k + 1) == "::" else s.match[k + 1]
        while s.word(k + 1) in ("*", "&", "&&", "const"):
            k += 1
        return k + 2 <= end and s.tokens[k + 1].kind == "word" and s.word(k + 1) not in NO_OPERAND and s.word(k + 2) in (
            "=", "(", "{", ";", ",", "[")

    def _guard(self, k, end):
        """std::lock_guard lock(mutex_);"""
        s = self.source
        name = next((n for n in range(k, end) if s.word(n) in _GUARDS), None)
        opening = next((n for n in range(k, end) if s.word(n) in ("(", "{")), None)
        if name is None or opening is None or s.match[opening] != end - 1:
            return
        # A condition variable, or unlock(), demands that the lock is held: dropping it only ends the program.
        needed = s.word(name) == "unique_lock" and any(
            s.word(n) == s.word(opening - 1) for n in range(end, min(len(s.tokens), end + 400)))
        if not needed:
            self.add("lock", k, end, ";", "guard")

    # -- expressions ---------------------------------------------------------------------------------

    def expression(self, low, high):
        s, k = self.source, low
        while k < high:
            word = s.word(k)
            if word == "[" and not s.is_operand_end(k - 1):
                k = self._lambda(k, high) if s.word(k + 1) != "[" else s.match[k]
            elif word in _UNEVALUATED and s.word(k + 1) == "(":
                k = s.match[k + 1]
            elif s.is_angle(k) and word == "<":
                k = s.match[k]
                if s.word(k + 1) == "(":
                    self._call(s.match[k] - 1, k + 1)
            else:
                self._token(k, low, high)
            k += 1

    def _lambda(self, k, high):
        s, k = self.source, self.source.match[k] + 1
        if s.word(k) == "(":
            k = s.match[k] + 1
        while k < high and s.word(k) not in ("{", ";"):
            k += 1
        if s.word(k) != "{":
            return k
        self.body(k)
        return s.match[k]

    def _token(self, k, low, high):
        s, token = self.source, self.source.tokens[k]
        if token.kind == "number":
            self._number(k)
        elif token.kind == "word":
            self._word(k)
        elif token.text in _SWAPS and s.level(k) is not None:
            operator, other = _SWAPS[token.text]
            first, last = s.left(k, low), s.right(k, high)
            texts = any(s.tokens[n].kind in ("string", "raw") for n in (k - 1, k + 1))
            if first < k < last + 1 and not (texts and other in "+-"):
                self.add(operator, first, last, f"{s.between(first, k - 1)} {other} {s.between(k + 1, last)}")
        elif token.text == "!" and not s.is_operand_end(k - 1):
            last = s.unary_end(k)
            self.add("logic", k, last, s.between(k + 1, last))
        elif token.text in ("++", "--"):
            other = "--" if token.text == "++" else "++"
            if s.is_operand_end(k - 1) and s.tokens[k - 1].end == token.at:
                first = s.postfix_start(k - 1)
                self.add("off-by-one", first, k, s.between(first, k - 1) + other)
            else:
                last = s.unary_end(k)
                self.add("off-by-one", k, last, other + s.between(k + 1, last))

    def _number(self, k):
        s, match = self.source, _NUMBER.fullmatch(self.source.word(k))
        if match is None or s.word(k - 1) == "[" and s.word(k + 1) == "]" and s.word(k + 2) in ("=", "{", ";"):
            return  # the size of an array that is declared
        digits = match.group(1).replace("'", "")
        value = int(digits, 16 if digits[:2].lower() == "0x" else 8 if len(digits) > 1 and digits[0] == "0" else 10) + 1
        self.add("off-by-one", k, k, (f"{value:#x}" if digits[:2].lower() == "0x" else str(value)) + match.group(2))

    def _word(self, k):
        s, word = self.source, self.source.word(k)
        if word in ("true", "false"):
            if s.word(k - 2) == "while" and s.word(k + 1) == ")" or s.word(k - 1) == s.word(k + 1) == ";":
                return  # while (true): without its loop the function may have no end, and the compiler may think anything
            self.add("logic", k, k, "false" if word == "true" else "true")
        elif word.startswith("memory_order_") and s.word(k - 2) == "std":
            for weaker in _WEAKER.get(word[len("memory_order_"):], ()):
                self.add("order", k - 2, k, f"std::memory_order_{weaker}", "order")
        elif s.word(k + 1) == "(":
            self._call(k, k + 1)

    def _call(self, name, opening):
        """name(a, b, c): the neighbours swapped."""
        s, closing = self.source, self.source.match[opening]
        before = s.tokens[name - 1] if name else None
        declared = before is not None and (before.kind == "word" and before.text not in NO_OPERAND or s.is_angle(name - 1)
                                           or before.text in ("*", "&") and before.end == s.tokens[name].at and s.is_operand_end(name - 2))
        if s.word(name) in NO_OPERAND or s.word(name).isupper() or declared:
            return
        arguments = s.arguments(opening)
        first = s.postfix_start(name)
        for n, ((a, b), (c, d)) in enumerate(zip(arguments, arguments[1:])):
            one, two = s.between(a, b), s.between(c, d)
            if one == two or not self._may_swap(a, b) or not self._may_swap(c, d):
                continue
            plain = s.text[s.tokens[first].at:s.tokens[a].at] + two + s.text[s.tokens[b].end:s.tokens[c].at] + one
            self.add("arguments", first, closing, plain + s.text[s.tokens[d].end:s.tokens[closing].end])

    def _may_swap(self, first, last):
        """Not what never has the type of its neighbour: functions, memory orders, nullptr, texts."""
        s = self.source
        return not (s.word(first) in ("[", "nullptr", "{") or s.word(first + 2).startswith("memory_order_") and first + 2 == last
                    or s.tokens[first].kind in ("string", "raw"))
