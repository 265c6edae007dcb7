"""C++ text as tokens with their brackets and operands: no parser, but enough to say where an expression begins and ends.

It leans on the course's format (clang-format): a binary operator has a blank on both sides, the angle bracket of a template
has none before it."""

import re

from . import student_code

_PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)
_LEVELS = (("*", "/", "%"), ("+", "-"), ("<<", ">>"), ("<=>",), ("<", "<=", ">", ">="), ("==", "!="), ("&",), ("^",), ("|",), ("&&",),
           ("||",), ("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="))
LEVEL = {sign: level for level, signs in enumerate(_LEVELS) for sign in signs}  # the smaller, the tighter
# Words that are no operand: what stands behind them begins an expression.
NO_OPERAND = {"return", "co_return", "throw", "case", "else", "do", "new", "delete", "goto", "if", "while", "for", "switch", "catch",
              "operator", "co_await", "co_yield", "constexpr", "typename", "using", "and", "or", "not"}
_PREFIX = ("!", "~", "*", "&", "-", "+", "++", "--")


class Source:
    def __init__(self, text):
        self.text = text
        self.tokens = _shifts(student_code.tokens(_PREPROCESSOR.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)))
        self.match = {}
        self._brackets()
        self._angles()

    def word(self, k):
        """The text of a token; "" outside of the text."""
        return self.tokens[k].text if 0 <= k < len(self.tokens) else ""

    def between(self, first, last):
        """The text from token `first` to token `last`, both included."""
        return self.text[self.tokens[first].at:self.tokens[last].end]

    # -- brackets ----------------------------------------------------------------------------------

    def _brackets(self):
        stack = []
        for k, token in enumerate(self.tokens):
            if token.kind != "sign":
                continue
            if token.text in ("(", "[", "{"):
                stack.append(k)
            elif token.text in (")", "]", "}") and stack:
                self.match[k] = stack.pop()
                self.match[self.match[k]] = k
        for k in stack:  # half a text: nothing behind it is looked at
            self.match[k] = len(self.tokens)

    def _angles(self):
        """The brackets of templates."""
        for k, token in enumerate(self.tokens):
            before = self.tokens[k - 1] if k else None
            if token.text != "<" or k in self.match or before is None or before.kind != "word" or before.text == "operator":
                continue
            if before.end != token.at and before.text != "template":
                continue
            depth, j = 0, k
            while j < len(self.tokens) and self.word(j) not in (";", "{", ")", "]", "}", "&&", "||"):
                if self.word(j) in ("(", "["):
                    j = self.match[j]
                depth += {"<": 1, ">": -1}.get(self.word(j), 0)
                if depth == 0:
                    self.match[k], self.match[j] = j, k
                    break
                j += 1

    def is_angle(self, k):
        return self.word(k) in ("<", ">") and k in self.match

    # -- functions ---------------------------------------------------------------------------------

    def bodies(self, k, high):
        """The { of each function, in namespaces and classes, too."""
        head = k
        while k < high:
            word = self.word(k)
            if word in ("(", "[") or self.is_angle(k) and word == "<":
                k = self.match[k]
            elif word == ";" or word == ":" and self.word(k - 1) in ("public", "private", "protected"):
                head = k + 1
            elif word == "{":
                kind = self._brace(head, k)
                if kind == "scope":
                    yield from self.bodies(k + 1, self.match[k])
                elif kind == "body":
                    yield k
                k = self.match[k]
                head = k + 1 if kind != "value" else head
            k += 1

    def _brace(self, head, k):
        """What the { after these tokens opens: "scope", "body", or a "value" (also what is no code: an enum)."""
        words, j = [], head
        while j < k:  # what stands outside of brackets
            if self.word(j) == "alignas":
                j = self.match[j + 1]
            else:
                words.append(self.word(j))
                if self.word(j) in ("(", "[", "{") or self.is_angle(j) and self.word(j) == "<":
                    j = self.match[j]
            j += 1
        if "enum" in words or "consteval" in words or "=" in words and "operator" not in words:
            return "value"
        if "namespace" in words or "extern" in words and "(" not in words or {"class", "struct", "union"} & set(words[:4]):
            return "scope"
        if "(" not in words:
            return "value"
        # A member in the list of a constructor: a_{1}
        return "value" if ":" in words[words.index("("):] and self.tokens[k - 1].kind == "word" else "body"

    # -- operands ----------------------------------------------------------------------------------

    def is_operand_end(self, k):
        if not 0 <= k < len(self.tokens):
            return False
        token = self.tokens[k]
        if token.kind == "sign":
            return token.text in (")", "]", "}") or self.is_angle(k) and token.text == ">"
        return token.text not in NO_OPERAND

    def level(self, k):
        """How tightly the binary operator binds; None when the token is none."""
        token = self.tokens[k]
        if token.kind != "sign" or token.text not in LEVEL or self.is_angle(k) or not 0 < k < len(self.tokens) - 1:
            return None
        spaced = self.tokens[k - 1].end < token.at and token.end < self.tokens[k + 1].at
        return LEVEL[token.text] if spaced and self.is_operand_end(k - 1) and self.word(k - 1) != "operator" else None

    def left(self, k, low):
        """The first token of the left operand of the binary operator k; none before `low`."""
        level, j = self.level(k), k - 1
        while j >= low:
            word = self.word(j)
            if word in (")", "]", "}") or self.is_angle(j):
                j = self.match[j]
                if j < low:
                    break
            elif word in ("(", "[", "{", ";", ",", "?", ":") or word in NO_OPERAND and word not in ("new", "delete"):
                break
            elif (self.level(j) or 0) > level:
                break
            j -= 1
        return j + 1

    def right(self, k, high):
        """The last token of its right operand, before `high`."""
        level, j = self.level(k), k + 1
        while j < high:
            word = self.word(j)
            if word in ("(", "[", "{") or self.is_angle(j):
                j = self.match[j]
            elif word in (")", "]", "}", ";", ",", "?", ":"):
                break
            else:
                other = self.level(j)
                if other is not None and other >= level and not (level == LEVEL["="] == other):
                    break
            j += 1
        return j - 1

    def postfix_start(self, k):
        """The first token of the chain a.b->c::d<T>(...)[...] that ends with token k."""
        while True:
            if self.word(k) in (")", "]", "}") or self.is_angle(k):
                k = self.match[k]
                before = self.tokens[k - 1] if k else None
                if before is None or not self.is_operand_end(k - 1) or before.kind == "sign" and self.word(k) == "{":
                    break
                k -= 1
            elif self.word(k - 1) in (".", "->", "::"):
                k -= 2 if self.is_operand_end(k - 2) else 1
                if self.word(k) == "::":
                    break
            else:
                break
        return k - 1 if self.word(k - 1) == "new" else k

    def unary_end(self, k):
        """The last token of the operand of the prefix operator k."""
        k += 1
        while self.word(k) in _PREFIX:
            k += 1
        if self.word(k) == "(":
            k = self.match[k]
        while True:
            after = self.word(k + 1)
            if after in (".", "->", "::"):
                k += 2
            elif after in ("(", "[") or self.is_angle(k + 1) and after == "<":
                k = self.match[k + 1]
            elif after in ("++", "--"):
                k += 1
            else:
                return k

    def arguments(self, opening):
        """[(first token, last token)] of the arguments between the brackets."""
        found, first, k, closing = [], opening + 1, opening + 1, self.match[opening]
        while k < closing:
            if self.word(k) in ("(", "[", "{") or self.is_angle(k):
                k = self.match[k]
            elif self.word(k) == ",":
                found.append((first, k - 1))
                first = k + 1
            k += 1
        return found + ([(first, closing - 1)] if first < closing else [])

    def end_of_statement(self, k, high):
        """The `;` that ends what begins with token k."""
        while k < high and self.word(k) != ";":
            k = self.match[k] if self.word(k) in ("(", "[", "{") else k
            k += 1
        return min(k, high)


def _shifts(tokens):
    """The two signs of a >> with blanks around it as one."""
    found = []
    for token in tokens:
        last = found[-1] if found else None
        if last is not None and token.text == last.text == ">" and last.end == token.at and len(found) > 1 and found[-2].end < last.at:
            found[-1] = student_code.Token("sign", ">>", last.line, last.at)
        else:
            found.append(token)
    return found
