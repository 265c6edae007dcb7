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

TITLES_KO = {  # for the Korean page of the promises
    "P1": "한도 0은 프로세서 수. 연결할 때는 무시된다",
    "P2": "연결은 한 번, overlapped 핸들만, 핸들을 닫을 때까지",
    "P3": "작업을 건 뒤에 연결해도 패킷은 포트로 온다",
    "P5": "연결된 핸들이 포트 객체를 살려 둔다",
    "P6": "시간이 다 되면 FALSE, 258, NULL overlapped, 나머지는 그대로",
    "P7": "성공이면 TRUE, 마지막 오류는 그대로",
    "P8": "실패한 I/O는 FALSE와 그 overlapped, 오류는 NT 상태의 표대로",
    "P9": "직접 넣은 NULL overlapped는 TRUE와 NULL",
    "P10": "Ex: 실패한 항목이 있어도 TRUE, 개수 0은 87, 채우려고 기다리지 않는다",
    "P11": "패킷은 FIFO, 기다리는 스레드는 LIFO, 건네진 패킷은 가로채지 못한다",
    "P12": "한도보다 적게 달릴 때만 풀어 준다. 블로킹하면 자리가 빈다",
    "P13": "포트를 닫으면 기다리던 호출은 735, 그 뒤의 호출은 6",
    "P15": "바로 성공해도 패킷이 온다. 성공 때 건너뛰기, 이른 꺼내기",
    "P16": "바로 실패하면 패킷이 없다",
    "P17": "걸림: 997, 매개변수는 그대로",
    "P18": "끝날 때까지 Internal은 STATUS_PENDING",
    "P19": "hEvent는 걸 때 꺼지고 끝날 때 켜진다. 맨 아래 비트: 패킷 없음",
    "P20": "FIONBIO와 SO_RCVTIMEO는 overlapped 호출과 상관없다",
    "P21": "WSABUF 배열은 호출 때 복사된다",
    "P22": "버퍼 0개는 10022, 길이 0은 읽을 것이 생길 때까지 걸려 있다",
    "P23": "부른 순서대로, 섞이지 않는다",
    "P24": "overlapped 송신은 모자라게 끝나지 않는다",
    "P25": "FIN: 0바이트 성공",
    "P26": "RST: 걸려 있으면 64, 걸 때는 10054, 계속 남는다",
    "P28": "shutdown(SD_RECEIVE)은 걸린 수신을 끝내지 않는다",
    "P29": "closesocket: 걸린 작업마다 실패한 패킷 하나",
    "P30": "작업을 건 스레드가 끝나도 된다",
    "P31": "CancelIoEx: 패킷은 꼭 하나. 걸린 것이 없으면 1168",
    "P32": "AcceptEx는 연결 때나 첫 데이터 때, 키는 리스너의 것",
    "P33": "AcceptEx의 매개변수 오류",
    "P34": "SO_UPDATE_ACCEPT_CONTEXT를 해야 이름을 안다",
    "P35": "리스너나 받을 소켓을 닫으면 accept가 중단된다",
    "P36": "ConnectEx: 바인드, 첫 데이터, 거절 1225, 이미 연결 10056",
    "P37": "DisconnectEx: 10057, TF_REUSE_SOCKET",
    "P39": "묵은 SOCKET은 남의 것이 되지 않는다",
    "P40": "파일은 Offset/OffsetHigh의 자리에서, 끝은 38",
    "P41": "실패한 AcceptEx는 받을 소켓을 새것으로 남긴다",
    "P42": "AcceptEx의 알림 방식은 리스너의 것을 따른다",
    "P44": "긴급 데이터가 스트림을 막지 않는다",
    "P45": "보통 호출은 걸려 있는 작업 뒤에 선다",
    "P46": "CancelIoEx는 AcceptEx를 어디에 있든 찾는다",
    "P47": "포트의 스레드에게는 패킷이 APC보다 먼저다",
    "P48": "워커는 자기 포트의 I/O를 이벤트로 기다려도 된다",
    "P49": "새 AF_INET6 소켓은 IPv6만 받는다",
    "P50": "포트 번호는 한 번만 바인드된다. 닫은 서버의 것은 곧바로 다시 된다",
    "P51": "한 호출에 WSABUF는 몇 개라도 된다",
    "P52": "AcceptEx의 자리가 모자라면 122, 연결은 남는다",
    "P53": "연결하는 중: 10057, 10057, 이름 있음, 10022",
    "P56": "양쪽 FIN 뒤의 상대 이름",
    "P57": "받을 소켓의 connect는 10022, DisconnectEx 뒤에는 10056",
    "P58": "핸들의 아래 두 비트는 무시된다",
    "P59": "버퍼가 없으면 10022. 실패한 호출은 바이트 수를 그대로 둔다",
    "P60": "OVERLAPPED와 함께 쓴 MSG_PEEK, MSG_WAITALL",
    "P61": "CreateFile의 183, 폴더, 개수, 방식",
    "P62": "overlapped 플래그가 없는 소켓은 블로킹한다",
    "P63": "받은 소켓은 제한 시간을 물려받는다",
    "P64": "송신이 걸린 채 closesocket하면 RST",
    "P66": "실패한 connect 뒤의 connect",
    "P67": "논블로킹 connect는 스스로 이어진다",
    "P68": "SO_SNDBUF = 0",
    "P69": "FIN은 보낸 것 모두의 뒤에. 아니면 취소된다",
    "P100": "모든 타입의 크기와 부호가 Windows와 같다",
    "P101": "시스템, 틱, 메모리, 글자로 쓴 주소",
    "P102": "하나라도 기다리기: 처음 켜진 것, 잃는 것 없이",
    "P103": "모두 기다리기: 전부 아니면 없음",
    "P104": "기다리는 호출의 매개변수",
    "P105": "켜진 객체가 APC보다 먼저다",
    "P106": "스레드의 핸들은 스레드가 끝날 때 켜진다",
    "P107": "CREATE_SUSPENDED, APC가 먼저",
    "P108": "WSAEVENT도 이벤트다",
    "P109": "기다림과 락은 포트의 자리를 내놓는다",
    "P110": "크리티컬 섹션: 한 스레드만, 겹쳐 잡을 수 있다",
    "P111": "SRWLOCK: 쓰는 스레드 하나 또는 읽는 스레드 여럿",
    "P112": "조건 변수",
    "P113": "Interlocked: 모든 비트를, 그것만",
    "P114": "SLIST는 어느 스레드에서나",
    "P115": "1바이트로 준 옵션, SOL_SOCKET의 TCP_NODELAY",
    "P116": "LINGER는 4바이트다",
    "P117": "ioctlsocket은 4바이트를 만진다",
    "P118": "SIO_KEEPALIVE_VALS",
    "P119": "SOCKET에 쓰는 ReadFile, WriteFile, CloseHandle",
    "P120": "socket(), WSAAccept, SO_UPDATE_CONNECT_CONTEXT",
    "P121": "AcceptEx는 주소 칸만 쓴다",
    "P124": "GetOverlappedResultEx의 제한 시간",
    "P125": "완료 루틴",
    "P126": "CancelIo: 이 스레드가 건 작업만",
    "P127": "핸들 자체가 켜지거나, 건너뛰거나",
    "P128": "SO_CONNECT_TIME",
    "P129": "SOCKET 배열로 하는 select",
    "P130": "WSAPoll",
    "P131": "데이터그램은 보낸 주소와 함께 온다",
    "P132": "긴 데이터그램은 잘리고, 빈 것도 하나다",
    "P136": "대기 타이머",
    "P135": "UDP: 받는 쪽이 없을 때, SIO_UDP_CONNRESET",
    "P134": "TransmitFile: 앞, 파일, 뒤",
    "P133": "UDP: 바인드, 연결, 닫기",
    "P140": "길이를 주지 않은 accept는 이름을 쓰지 않는다",
    "P141": "UDP 소켓으로 받는 AcceptEx: 부를 때 10022",
    "P142": "SO_REUSEADDR: 양쪽이 다 켜야 함께 쓴다",
    "P143": "WSAIoctl은 쓴 바이트 수를 알려 준다",
    "P144": "파일 없는 GetOverlappedResult는 이벤트를 기다린다",
    "P145": "UDP: 상대 없는 shutdown과 이름",
    "P146": "ConnectEx는 첫 데이터를 부를 때 가져간다",
    "P147": "타이머의 APC는 하나. 취소, 다시 걸기, 닫기가 거둬 간다",
    "P148": "OVERLAPPED를 준 WSAIoctl은 작업처럼 알려진다",
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
