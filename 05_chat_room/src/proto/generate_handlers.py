#!/usr/bin/env python3
"""Writes the packet handlers' dispatch code from the .proto files.

For the two directions (C_* client to server, S_* server to client) it makes, from one template each,

  client_packet_handler.h / .cc   used by the server: the packets that come from clients
  server_packet_handler.h / .cc   used by clients: the packets that come from the server

with a declaration Handle_<message> for every message (not defining one is a link error that names it), a
dispatch function from packet id to handler, and MakeSendBuffer for every message of the other direction.

Input is a descriptor set (protoc --include_imports --descriptor_set_out=FILE), so that protobuf's own compiler has
read the .proto files, not a regular expression. The output depends on nothing but the input.
"""

import argparse
import pathlib
import sys
from dataclasses import dataclass

try:
    import jinja2
    from google.protobuf import descriptor_pb2
except ImportError as error:
    sys.exit(f"generate_handlers.py: {error.name} is missing; "
             "on Debian and Ubuntu: apt-get install python3-jinja2 python3-protobuf")

PREFIX = "PACKET_"


@dataclass(frozen=True)
class Packet:
    name: str  # of the message: C_LOGIN
    id: int

    @property
    def enumerator(self) -> str:
        return PREFIX + self.name


class Mistake(Exception):
    """The .proto files do not fit together."""


def read_packets(descriptors: descriptor_pb2.FileDescriptorSet) -> list[Packet]:
    """Pairs the enumerators of PacketId with the messages named C_* and S_*; both ways must be complete."""
    messages: set[str] = set()
    ids: dict[str, int] = {}
    for file in descriptors.file:
        messages.update(m.name for m in file.message_type if m.name.startswith(("C_", "S_")))
        for enum in file.enum_type:
            if enum.name == "PacketId":
                ids.update((v.name, v.number) for v in enum.value if v.number != 0)
    if not ids:
        raise Mistake("no enum PacketId with values was found")

    packets = []
    for name, number in sorted(ids.items(), key=lambda item: item[1]):
        message = name.removeprefix(PREFIX)
        if not name.startswith((PREFIX + "C_", PREFIX + "S_")):
            raise Mistake(f"{name} = {number}: a packet id is called {PREFIX}C_<name> or {PREFIX}S_<name>")
        if message not in messages:
            raise Mistake(f"{name} = {number} has no message {message}")
        if not 0 < number <= 0xFFFF:
            raise Mistake(f"{name} = {number}: the id is a u16 on the wire")
        packets.append(Packet(message, number))
    nameless = messages - {p.name for p in packets}
    if nameless:
        name = min(nameless)
        raise Mistake(f"message {name} has no {PREFIX}{name} in enum PacketId")
    return packets


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--descriptors", type=pathlib.Path, required=True, help="descriptor set of all .proto files")
    parser.add_argument("--templates", type=pathlib.Path, required=True, help="folder of the templates")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder to write to")
    arguments = parser.parse_args()

    descriptors = descriptor_pb2.FileDescriptorSet.FromString(arguments.descriptors.read_bytes())
    try:
        packets = read_packets(descriptors)
    except Mistake as mistake:
        print(f"generate_handlers.py: {mistake}", file=sys.stderr)
        return 1

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(arguments.templates), undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    from_clients = [p for p in packets if p.name.startswith("C_")]
    from_server = [p for p in packets if p.name.startswith("S_")]
    arguments.out.mkdir(parents=True, exist_ok=True)
    for handler, space, session, received, sent in (
            ("ClientPacketHandler", "chat", "GameSession", from_clients, from_server),
            ("ServerPacketHandler", "client", "ServerSession", from_server, from_clients)):
        for suffix in ("h", "cc"):
            stem = "client_packet_handler" if handler.startswith("Client") else "server_packet_handler"
            text = environment.get_template(f"packet_handler.{suffix}.jinja").render(
                handler=handler, space=space, session=session, stem=stem, received=received, sent=sent)
            path = arguments.out / f"{stem}.{suffix}"
            path.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
