#!/usr/bin/env python3
"""Writes the seeds of the fuzzer's corpus: a few streams that reach every branch at once.

usage: make_corpus.py DIRECTORY. The golden frames (tests/vectors.txt) become raw streams; small scripts
become streams that the fuzzer's own encoder turns into valid frames.
"""
import pathlib
import sys

here = pathlib.Path(__file__).resolve().parent
target = pathlib.Path(sys.argv[1])
target.mkdir(parents=True, exist_ok=True)
for line in (here.parent / "tests" / "vectors.txt").read_text(encoding="utf-8").splitlines():
    if line.startswith(("frame ", "refuse ")):
        fields = [field.strip() for field in line.split("|")]
        name = fields[0].split(" ", 1)[1]
        data = bytes.fromhex(fields[-1])
        if len(data) <= 128:
            (target / f"raw-{name}").write_bytes(bytes([7, 127, len(data) % 5, 2]) + data)
for name, script in {
    "one": b"\x04\x10\x03move",
    "several": b"\x04\x10\x03move\x00\x22\x05\x02\x33\x01ab\x10\xff\x0112345678901234567",
    "gap": b"\x01\x10\x03a\xff\x01\x02" + b"z" * 63,
    "long": bytes([63, 9, 1]) + bytes(range(63)) + bytes([63, 8, 1]) + bytes(63),
}.items():
    (target / f"frames-{name}").write_bytes(bytes([3, 100, 17, 3]) + script)
