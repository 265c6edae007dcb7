#!/usr/bin/env python3
"""Makes tests/03/vectors.txt, the golden frames of the wire protocol.

A second implementation, written from the protocol page alone and byte by byte, so that two programs that
share no code must agree on every frame. `vectors.py` prints the file, `vectors.py --check FILE` compares.
Standard library only.
"""
import random
import sys

CODE = 52


def encode(plain, key, rand):
    out, d, e = bytearray(), 0, 0
    for i, byte in enumerate(plain):
        d = byte ^ ((d + rand + i + 1) % 256)
        e = d ^ ((e + key + i + 1) % 256)
        out.append(e)
    return bytes(out)


def decode(run, key, rand):
    out, d_before, e_before = bytearray(), 0, 0
    for i, e in enumerate(run):
        d = e ^ ((e_before + key + i + 1) % 256)
        out.append(d ^ ((d_before + rand + i + 1) % 256))
        d_before, e_before = d, e
    return bytes(out)


def frame(payload, key, rand, code=CODE, length=None, checksum_error=0):
    checksum = (sum(payload) + checksum_error) % 256
    length = len(payload) if length is None else length
    header = bytes([code]) + length.to_bytes(2, "little") + bytes([rand])
    run = bytes([checksum]) + payload
    coded = encode(run, key, rand)
    assert decode(coded, key, rand) == run
    return header + coded


def payload(kind, sequence, body):
    return kind.to_bytes(2, "little") + sequence.to_bytes(4, "little") + body


def hexed(data):
    return data.hex() if data else "-"


def lines():
    dice = random.Random(52)
    yield "# Golden frames of the wire protocol. Made by tests/03/vectors.py: do not edit by hand."
    yield "#"
    yield "# frame  name | fixed key | rand key | type | sequence | body | bytes on the wire"
    yield "# refuse name | fixed key | reason | bytes on the wire"
    yield "#"
    yield "# Keys, bodies and bytes are hexadecimal, type and sequence decimal, '-' is an empty body. A frame line is"
    yield "# a session of its own: its sequence is taken as right. A refuse line is a whole stream, from sequence 1."

    def good(name, key, rand, kind, sequence, body):
        wire = frame(payload(kind, sequence, body), key, rand)
        return f"frame {name} | {key:02x} | {rand:02x} | {kind} | {sequence} | {hexed(body)} | {wire.hex()}"

    yield good("empty-body", 0xA9, 0x00, 1007, 1, b"")
    yield good("move-east", 0xA9, 0x5C, 3, 1, b"\x02")
    yield good("move-rand-ff", 0xA9, 0xFF, 3, 2, b"\x00")
    yield good("echo-hello", 0xA9, 0x31, 1, 1, b"hello")
    yield good("echo-korean", 0xA9, 0x77, 1, 3, "안녕하세요".encode())
    yield good("put-player", 0xA9, 0x10, 4, 0, (7).to_bytes(4, "little") + (3).to_bytes(2, "little") * 2)
    yield good("sequence-max", 0xA9, 0x80, 2, 0xFFFFFFFF, b"\x80\x00\xff")
    yield good("type-max", 0xA9, 0x01, 65535, 0x01020304, bytes(range(16)))
    yield good("key-zero", 0x00, 0x00, 1, 1, b"keys of zero")
    yield good("key-ff", 0xFF, 0xFF, 1, 1, b"keys of ff")
    yield good("zeros", 0xA9, 0x42, 1, 9, bytes(64))
    yield good("ones", 0xA9, 0x42, 1, 10, b"\xff" * 64)
    # Around a block of 64 bytes and around the point where i + 1 wraps to zero.
    for size in (51, 52, 56, 57, 58, 59, 121, 122, 247, 248, 249, 250, 251, 505):
        yield good(f"size-{size}", 0xA9, dice.randrange(256), 1, size, dice.randbytes(size))
    for i in range(12):
        body = dice.randbytes(dice.randrange(0, 90))
        yield good(f"random-{i}", dice.randrange(256), dice.randrange(256), dice.randrange(65536),
                   dice.randrange(1 << 32), body)
    yield good("limit-4096", 0xA9, 0x5A, 1, 1, dice.randbytes(4096 - 6))

    def bad(name, reason, wire):
        return f"refuse {name} | a9 | {reason} | {wire.hex()}"

    move = payload(3, 1, b"\x01")
    yield bad("code-zero", "bad packet code", b"\x00")
    yield bad("code-http", "bad packet code", b"GET / HTTP/1.1\r\n")
    yield bad("code-53", "bad packet code", frame(move, 0xA9, 7, code=53))
    yield bad("length-0", "bad length", frame(b"", 0xA9, 7, length=0))
    yield bad("length-5", "bad length", frame(move[:5], 0xA9, 7))
    yield bad("length-0-early", "bad length", b"\x34\x00\x00")
    yield bad("length-4097", "packet too long", frame(move, 0xA9, 7, length=4097))
    yield bad("length-65535-early", "packet too long", b"\x34\xff\xff")
    yield bad("checksum-plus-1", "bad checksum", frame(move, 0xA9, 7, checksum_error=1))
    flipped = bytearray(frame(move, 0xA9, 7))
    flipped[-1] ^= 0x40
    yield bad("one-bit-flipped", "bad checksum", bytes(flipped))
    yield bad("other-fixed-key", "bad checksum", frame(move, 0xAA, 7))
    yield bad("sequence-0", "bad sequence", frame(payload(3, 0, b"\x01"), 0xA9, 7))
    yield bad("sequence-2-first", "bad sequence", frame(payload(3, 2, b"\x01"), 0xA9, 7))
    first, second = frame(move, 0xA9, 7), frame(payload(3, 2, b"\x00"), 0xA9, 8)
    yield bad("sequence-repeat", "bad sequence", first + first)
    yield bad("sequence-gap", "bad sequence", first + frame(payload(3, 3, b"\x00"), 0xA9, 8))
    yield bad("garbage-after-valid", "bad packet code", first + second + b"\xde\xad\xbe\xef")


def main():
    text = "\n".join(lines()) + "\n"
    if len(sys.argv) == 3 and sys.argv[1] == "--check":
        with open(sys.argv[2], encoding="utf-8", newline="") as file:
            if file.read() != text:
                print(f"{sys.argv[2]} is not what vectors.py makes", file=sys.stderr)
                return 1
        return 0
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
