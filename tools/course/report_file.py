"""The report that a test program writes: GoogleTest's or Catch2's XML, read as {case: how it went}."""

import os
import stat
import xml.etree.ElementTree as xml

_MOST = 16 << 20


def read(kind, path, without=""):
    """({case: "passed", "failed" or "skipped"}, the failures as text, but those of the case `without`);
    (None, "") when there is no report to be read."""
    try:
        root = xml.fromstring(_plain(path))
    except (OSError, xml.ParseError, ValueError):
        return None, ""
    return _gtest(root) if kind == "unit" else _catch(root, without)


def _plain(path):
    """What is in the file: a program under test may have put anything there, a pipe that never ends for one."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as f:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST:
            raise ValueError("no report")
        text = f.read()
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise ValueError("no report")
    return text


def _gtest(root):
    """Its failures also stand in what the program prints, with all around them: not repeated here."""
    cases = {}
    for suite in root.iter("testsuite"):
        for case in suite.findall("testcase"):
            name = f"{suite.get('name')}.{case.get('name')}"
            if case.find("failure") is not None or name in cases:
                cases[name] = "failed"
            elif case.get("result") == "completed" and case.get("status") == "run":
                cases[name] = "passed"
            else:
                cases[name] = "skipped"
    return cases, ""


def _catch(root, without):
    cases, text = {}, []
    for case in root.iter("TestCase"):
        result = case.find("OverallResult")
        name = case.get("name")
        if result is None or result.get("success") != "true" or name in cases:
            cases[name] = "failed"
            text += [f"{name}", *_failures(case, "  "), ""] if name != without else []
        else:
            cases[name] = "skipped" if result.get("skips", "0") != "0" else "passed"
    return cases, "\n".join(text)


def _failures(node, indent):
    """The failed assertions below the node, each with the sections it stands in and what was noted before it."""
    lines, told = [], []
    for child in node:
        text = (child.text or "").strip()
        if child.tag == "Section":
            inside = _failures(child, indent + "  ")
            if inside:
                lines += [f"{indent}{child.get('name')}", *inside]
        elif child.tag in ("Info", "Warning"):
            told.append(text)
        elif child.tag == "Expression":
            if child.get("success") != "true":
                lines += [f"{indent}{line}" for note in told for line in note.splitlines()]
                lines += _expression(child, indent)
            told = []
        elif child.tag in ("Failure", "FatalErrorCondition", "Exception"):
            lines += [f"{indent}{line}" for note in told for line in note.splitlines()]
            lines.append(f"{indent}{child.get('filename', '')}:{child.get('line', '')}: {child.tag}: {text}")
            told = []
    return lines


def _expression(node, indent):
    original = (node.findtext("Original") or "").strip()
    expanded = (node.findtext("Expanded") or "").strip()
    lines = [f"{indent}{node.get('filename', '')}:{node.get('line', '')}: {node.get('type', '')}( {original} )"]
    if expanded != original:
        lines.append(f"{indent}  with expansion: {expanded}")
    for tag in ("Exception", "FatalErrorCondition"):
        for child in node.findall(tag):
            lines.append(f"{indent}  {tag}: {(child.text or '').strip()}")
    return lines
