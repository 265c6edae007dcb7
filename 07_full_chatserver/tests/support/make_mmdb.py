#!/usr/bin/env python3
"""Writes a small MaxMind database (format 2.0: https://maxmind.github.io/MaxMind-DB/) of countries.

    make_mmdb.py OUT.mmdb NETWORK=CC ...      for example 203.0.113.0/24=KR 2001:db8::/32=US

For tests: real files come from MaxMind and others. IPv4 networks go below ::/96, as the format says.
"""
import ipaddress
import struct
import sys
import time

RECORD_BITS = 24


def encode(value):
    """A value of the data section: string, map, list, or (bits, number)."""
    if isinstance(value, str):
        data = value.encode()
        return control(2, len(data)) + data
    if isinstance(value, dict):
        return control(7, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())
    if isinstance(value, list):
        return control(11, len(value)) + b"".join(encode(v) for v in value)
    bits, number = value
    kind = {16: 5, 32: 6, 64: 9}[bits]
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return control(kind, len(data)) + data


def control(kind, size):
    if size > 28 + 255:
        raise ValueError("too large for this writer")
    low, more = (size, b"") if size < 29 else (29, bytes([size - 29]))
    if kind <= 7:
        return bytes([kind << 5 | low]) + more
    return bytes([low, kind - 7]) + more  # extended type


def network_bits(text):
    network = ipaddress.ip_network(text)
    number, length = int(network.network_address), network.prefixlen
    if network.version == 4:
        length += 96
    return [(number >> (127 - i)) & 1 for i in range(length)]


def build(entries):
    """The search tree and the data section."""
    nodes = [[None, None]]  # each side: None, ("node", n) or ("data", offset)
    data, offsets = b"", {}
    for text, code in entries:
        if code not in offsets:
            offsets[code] = len(data)
            data += encode({"country": {"iso_code": code, "names": {"en": code}}})
        bits = network_bits(text)
        node = 0
        for i, bit in enumerate(bits):
            if i == len(bits) - 1:
                if nodes[node][bit] is not None:
                    raise ValueError(f"{text} overlaps another network")
                nodes[node][bit] = ("data", offsets[code])
                break
            if nodes[node][bit] is None:
                nodes.append([None, None])
                nodes[node][bit] = ("node", len(nodes) - 1)
            elif nodes[node][bit][0] == "data":
                raise ValueError(f"{text} lies inside another network")
            node = nodes[node][bit][1]
    tree = b""
    for sides in nodes:
        for side in sides:
            if side is None:
                value = len(nodes)  # nothing known
            elif side[0] == "node":
                value = side[1]
            else:
                value = len(nodes) + 16 + side[1]
            tree += struct.pack(">I", value)[1:]
    return len(nodes), tree, data


def main(arguments):
    if len(arguments) < 2 or any("=" not in a for a in arguments[1:]):
        sys.exit(__doc__)
    count, tree, data = build([a.split("=", 1) for a in arguments[1:]])
    meta = encode({
        "binary_format_major_version": (16, 2), "binary_format_minor_version": (16, 0),
        "build_epoch": (64, int(time.time())), "database_type": "Course-Country",
        "description": {"en": "made by make_mmdb.py"}, "ip_version": (16, 6), "languages": ["en"],
        "node_count": (32, count), "record_size": (16, RECORD_BITS)})
    with open(arguments[0], "wb") as out:
        out.write(tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + meta)


if __name__ == "__main__":
    main(sys.argv[1:])
