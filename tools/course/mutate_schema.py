"""All changes of a file in one text, each behind a switch: one compilation serves hundreds of mutants.

    a < b        (course_mutant(17) ? (a <= b) : (a < b))
    Wake();      { if (!course_mutant(18)) { Wake(); } }

A change inside of another one's original text is switched there; no line moves but by the #include at the beginning."""

import collections
import re

HEADER = "course_mutant.h"
_INCLUDE = f'#include "{HEADER}"\n'
_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.S)
_GUARD = re.compile(r"(?:const\s+)?(?:std::)?\w+\s*(?:<[^;]*?>)?\s+(\w+)\s*[({](.*)[)}]\s*;", re.S)

# Where a change stands in the switched text: `own`: its text; `all`: with what is switched there.
Place = collections.namedtuple("Place", "number own all")


class Schema:
    """`points`: {number: Point}. `text`: with the switches. `left_out`: numbers that cross another one."""

    def __init__(self, text, points):
        self._text, self._out, self._at = text, [], 0
        self.places, self.left_out = [], []
        root = _Node(0, len(text), "value")
        self._nest(root, points)
        self._put(_INCLUDE)
        self._inside(root)
        self.text = "".join(self._out)
        self._lines = [0] + [m.end() for m in re.finditer("\n", self.text)]

    def blamed(self, line, column):
        """(numbers, are they wrong by themselves?) of the changes that an error at this place of the text comes from."""
        at = self._lines[line - 1] + column - 1 if 0 < line <= len(self._lines) else -1
        own = [p.number for p in self.places if p.own[0] <= at < p.own[1]]
        if own:
            return own, True
        around = [p for p in self.places if p.all[0] <= at < p.all[1]]
        smallest = min((p.all[1] - p.all[0] for p in around), default=0)
        return [p.number for p in around if p.all[1] - p.all[0] == smallest], False

    def on_line(self, line):
        """The numbers of all changes on the line."""
        first = self._lines[line - 1] if 0 < line <= len(self._lines) else len(self.text)
        end = self._lines[line] if line < len(self._lines) else len(self.text)
        return [p.number for p in self.places if p.all[0] < end and p.all[1] > first]

    # -- nesting -------------------------------------------------------------------------------------

    def _nest(self, root, points):
        ranges = {}
        for number, point in points.items():
            ranges.setdefault((point.first, -point.last, point.shape != "statement"), []).append((number, point))
        stack = [root]
        for (first, last, _), members in sorted(ranges.items()):
            while stack[-1].last <= first:
                stack.pop()
            if stack[-1].last < -last:
                self.left_out += [number for number, _ in members]
                continue
            node = _Node(first, -last, members[0][1].shape, members)
            stack[-1].children.append(node)
            stack.append(node)

    # -- writing -------------------------------------------------------------------------------------

    def _put(self, text):
        self._out.append(text)
        self._at += len(text)

    def _inside(self, node):
        at = node.first
        for child in node.children:
            self._put(self._text[at:child.first])
            self._switch(child)
            at = child.last
        self._put(self._text[at:node.last])

    def _switch(self, node):
        start, own = self._at, {}
        number = node.members[0][0]
        if node.shape == "guard":
            name, arguments = _GUARD.fullmatch(self._text[node.first:node.last]).groups()
            self._put(f"const course_mutants::Guard {name}({number}, {arguments});")
        elif node.shape == "statement":
            self._put(f"{{ if (!course_mutant({number})) {{ ")
            self._inside(node)
            self._put(" } }")
        else:
            self._put("(")
            for number, point in node.members:
                self._put(f"course_mutant({number}) ? (")
                before = self._at
                self._put(flat(point.plain))
                own[number] = (before, self._at)
                self._put(") : ")
            self._put("(")
            self._inside(node)
            self._put("))")
        for number, _ in node.members:
            self.places.append(Place(number, own.get(number, (0, 0)), (start, self._at)))


class _Node:
    def __init__(self, first, last, shape, members=()):
        self.first, self.last, self.shape, self.members, self.children = first, last, shape, list(members), []


def flat(text):
    """In one line, without comments."""
    return re.sub(r"\s*\n\s*", " ", _COMMENT.sub(lambda m: m.group(0) if m.group(0)[0] == '"' else "", text))


def plainly(text, point):
    """The text with this one change."""
    return text[:point.first] + point.plain + text[point.last:]


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def lines_around(text, point):
    """(first, end) of the whole lines that the change stands in."""
    first = text.rfind("\n", 0, point.first) + 1
    end = text.find("\n", max(point.first, point.last - 1))
    return first, len(text) if end < 0 else end
