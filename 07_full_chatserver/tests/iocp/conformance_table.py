#!/usr/bin/env python3
"""Prints the conformance table of the port: id | Linux | Wine | note.

usage: conformance_table.py [--linux FILE] [--wine FILE] [--markdown]

FILE is what unit_conformance wrote with --gtest_output=json:FILE on that system. A missing file leaves its
column at "not run". The exit code is 1 when an item failed, or was marked on Linux, else 0.
"""

import argparse
import json
import os
import re
import sys

TITLES = {
    "P1": "concurrency 0 is the number of processors; ignored when associating",
    "P2": "one association per handle, overlapped handles only, until the handle closes",
    "P3": "associating after issuing still routes the packet",
    "P5": "an associated handle keeps the port object alive",
    "P6": "time-out: FALSE, 258, NULL overlapped, the rest untouched",
    "P7": "success: TRUE, last error untouched",
    "P8": "failed I/O: FALSE with its overlapped, NT-status error table",
    "P9": "posted NULL overlapped: TRUE and NULL",
    "P10": "Ex: TRUE with failed entries, count 0 is 87, never waits to fill",
    "P11": "packets FIFO, waiters LIFO, a handed packet cannot be stolen",
    "P12": "released below the concurrency only; blocking frees the slot",
    "P13": "closing the port releases waiters with 735, later calls 6",
    "P15": "immediate success still queues; skip-on-success; early dequeue",
    "P16": "immediate failure queues nothing",
    "P17": "pending: 997, parameters untouched",
    "P18": "Internal is STATUS_PENDING until completion",
    "P19": "hEvent reset at issue, set at completion; low bit: no packet",
    "P20": "FIONBIO and SO_RCVTIMEO do not matter to overlapped calls",
    "P21": "the WSABUF array is captured",
    "P22": "zero buffers 10022; zero length pends until readable",
    "P23": "call order kept, never interleaved",
    "P24": "an overlapped send is never short",
    "P25": "FIN: success with 0 bytes",
    "P26": "RST: 64 while pending, 10054 at issue, latches",
    "P28": "shutdown(SD_RECEIVE) leaves a pending receive alive",
    "P29": "closesocket: one failed packet per pending operation",
    "P30": "the issuing thread may end",
    "P31": "CancelIoEx: exactly one packet follows; 1168 when nothing pends",
    "P32": "AcceptEx on connect or first data, the listener's key",
    "P33": "AcceptEx argument errors",
    "P34": "SO_UPDATE_ACCEPT_CONTEXT before names are known",
    "P35": "closing listener or acceptor aborts the accept",
    "P36": "ConnectEx: bound, first data, refused 1225, connected 10056",
    "P37": "DisconnectEx: 10057, TF_REUSE_SOCKET",
    "P39": "a stale SOCKET is never somebody else's",
    "P40": "files at Offset/OffsetHigh, end of file 38",
    "P41": "a failed AcceptEx leaves its accepting socket as new",
    "P42": "the listener's notification mode decides for AcceptEx",
    "P44": "urgent data does not hold back the stream",
    "P45": "a plain call goes behind what is pending",
    "P46": "CancelIoEx finds an AcceptEx wherever it is",
    "P47": "a packet comes before an APC for a thread of the port",
    "P48": "a worker may wait by event for its own port's I/O",
    "P49": "a new AF_INET6 socket is for IPv6 only",
    "P50": "a port is bound once; a closed server's at once again",
    "P51": "any number of WSABUFs in one call",
    "P52": "AcceptEx without room: 122, the connection stays",
    "P53": "connecting: 10057, 10057, a name, 10022",
    "P56": "the peer's name after both FINs",
    "P57": "connect on an acceptor 10022, after DisconnectEx 10056",
    "P58": "the low two bits of a handle are ignored",
    "P59": "no buffers 10022; a failing call leaves the byte count",
    "P60": "MSG_PEEK and MSG_WAITALL with an OVERLAPPED",
    "P61": "CreateFile's 183, directories, counts, modes",
    "P62": "a socket without the overlapped flag blocks",
    "P63": "an accepted socket inherits the time-outs",
    "P64": "closesocket with sends pending resets",
    "P66": "connect after a failed connect",
    "P67": "a non-blocking connect goes on by itself",
    "P68": "SO_SNDBUF = 0",
    "P69": "FIN behind everything sent, or cancelled",
    "P100": "every type has Windows' size and sign",
    "P101": "system, ticks, memory, addresses as text",
    "P102": "wait for any: the first that is set, none lost",
    "P103": "wait for all: all or nothing",
    "P104": "arguments of waits",
    "P105": "a set object goes before an APC",
    "P106": "a thread's handle is set at its end",
    "P107": "CREATE_SUSPENDED, APCs first",
    "P108": "WSAEVENTs are events",
    "P109": "waits and locks free the place in the port",
    "P110": "critical section: exclusive, recursive",
    "P111": "SRWLOCK: one writer or many readers",
    "P112": "condition variables",
    "P113": "Interlocked: all bits and no more",
    "P114": "SLIST for any threads",
    "P115": "an option in one byte; TCP_NODELAY at SOL_SOCKET",
    "P116": "LINGER has four bytes",
    "P117": "ioctlsocket touches four bytes",
    "P118": "SIO_KEEPALIVE_VALS",
    "P119": "ReadFile, WriteFile, CloseHandle on a SOCKET",
    "P120": "socket(), WSAAccept, SO_UPDATE_CONNECT_CONTEXT",
    "P121": "AcceptEx writes the addresses only",
    "P124": "GetOverlappedResultEx has a limit",
    "P125": "completion routines",
    "P126": "CancelIo: this thread's operations",
    "P127": "the handle itself is set, or skipped",
    "P128": "SO_CONNECT_TIME",
    "P129": "select with an array of SOCKETs",
    "P130": "WSAPoll",
    "P131": "a datagram comes with its sender",
    "P132": "a long datagram is cut, an empty one is one",
    "P136": "waitable timers",
    "P135": "UDP: nobody there, SIO_UDP_CONNRESET",
    "P134": "TransmitFile: head, file, tail",
    "P133": "UDP: bound, connected, closed",
    "P140": "accept without a length leaves the name",
    "P141": "AcceptEx into a UDP socket: 10022 at the call",
    "P142": "SO_REUSEADDR: shared by those who both say so",
    "P143": "WSAIoctl tells the bytes it wrote",
    "P144": "GetOverlappedResult without a file waits for the event",
    "P145": "UDP: shutdown and names without a peer",
    "P146": "ConnectEx takes its first data at the call",
    "P147": "a timer has one APC, taken back by cancel, set and close",
    "P148": "WSAIoctl with an OVERLAPPED is told like an operation",
}


class Column:
    """What one system's run said, by item."""

    def __init__(self, path):
        self.run = bool(path) and os.path.exists(path)
        self.tests = {}  # id -> [(name, failed, marks)]
        if self.run:
            with open(path, encoding="utf-8") as file:
                self._read(json.load(file))

    def _read(self, report):
        for suite in report.get("testsuites", []):
            for test in suite.get("testsuite", []):
                name = test["name"]
                match = re.match(r"(P\d+)_", name)
                item = match.group(1) if match else suite["name"]
                marks = [test[key] for key in ("wine_differs", "only_our_port") if key in test]
                failed = bool(test.get("failures")) or test.get("status") != "RUN"
                self.tests.setdefault(item, []).append((name, failed, marks))

    def cell(self, item):
        if not self.run:
            return "not run"
        tests = self.tests.get(item)
        if not tests:  # only the items of the list have to be tested on both systems
            return "no test" if item in TITLES else "-"
        failed = sum(1 for _, bad, _ in tests if bad)
        marked = sum(1 for _, bad, marks in tests if marks and not bad)
        if failed:
            return f"FAIL {failed}/{len(tests)}"
        if marked:
            return f"marked {marked}/{len(tests)}"
        return f"ok {len(tests)}"

    def failed(self, item):
        return [name for name, bad, _ in self.tests.get(item, []) if bad]

    def marks(self, item):
        found = []
        for _, _, marks in self.tests.get(item, []):
            found += [mark for mark in marks if mark not in found]
        return found


def order(item):
    return (0, int(item[1:]), "") if re.fullmatch(r"P\d+", item) else (1, 0, item)


def rows(linux, wine):
    items = sorted(set(TITLES) | set(linux.tests) | set(wine.tests), key=order)
    for item in items:
        notes = [TITLES.get(item, "")]
        for column in (linux, wine):
            notes += [re.sub(r"^P\d+: ", "", mark) for mark in column.marks(item)]
            notes += [f"failed: {name}" for name in column.failed(item)]
        yield item, linux.cell(item), wine.cell(item), [note for note in notes if note]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--linux", help="result file of the Linux run")
    parser.add_argument("--wine", help="result file of the run under Wine")
    parser.add_argument("--markdown", action="store_true", help="a table for the notes")
    arguments = parser.parse_args()
    linux, wine = Column(arguments.linux), Column(arguments.wine)

    table = list(rows(linux, wine))
    if arguments.markdown:
        print("| id | Linux | Wine | note |\n|---|---|---|---|")
        for item, left, right, notes in table:
            print(f"| {item} | {left} | {right} | {'<br>'.join(notes)} |")
    else:
        print(f"{'id':<7} {'Linux':<12} {'Wine':<12} note")
        print(f"{'-' * 7} {'-' * 12} {'-' * 12} {'-' * 60}")
        for item, left, right, notes in table:
            print(f"{item:<7} {left:<12} {right:<12} {notes[0] if notes else ''}")
            for note in notes[1:]:
                print(f"{'':<33} - {note}")

    bad = [row[0] for row in table
           if any(cell.startswith(("FAIL", "no test")) for cell in row[1:3])
           or row[1].startswith("marked")]
    if bad:
        print(f"\nnot as promised: {', '.join(bad)}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
