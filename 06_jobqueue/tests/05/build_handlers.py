#!/usr/bin/env python3
"""The promises of the handler generator that only a build can prove:

  - a message without a handler does not link, and the linker's message names the handler;
  - editing a .proto makes the handlers anew; with the handler written, the program builds and dispatches;
  - .proto files that do not fit together stop the build with one clear line.

Copies src/proto/ into a small project of its own and builds that.

  build_handlers.py --stage FOLDER --work FOLDER --cmake CMAKE --compiler CXX [--generator NAME]
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys

PROJECT = """
cmake_minimum_required(VERSION 3.22)
project(handlers LANGUAGES CXX)
set(STAGE handlers)
set(CMAKE_BUILD_TYPE Debug)
include(support/cmake/stage.cmake)
stage_library(net src/net/packet.cc src/net/block_pool.cc src/net/cipher.cc)
include(src/proto/proto.cmake)
stage_program(dispatch handlers.cc ${PROTO_SERVER_HANDLERS} LINK proto net)
"""

# Answers with its exit code: what became of the packet whose id is the argument.
PROGRAM = """
#include <cstdlib>
#include "client_packet_handler.h"
namespace chat {
class GameSession {};
bool Handle_C_LOGIN(GameSession&, const Protocol::C_LOGIN&) { return true; }
bool Handle_C_ENTER_GAME(GameSession&, const Protocol::C_ENTER_GAME&) { return true; }
bool Handle_C_CHAT(GameSession&, const Protocol::C_CHAT&) { return true; }
bool Handle_C_LEAVE_GAME(GameSession&, const Protocol::C_LEAVE_GAME&) { return true; }
%s
}  // namespace chat
int main(int, char** argv) {
  chat::GameSession session;
  return static_cast<int>(
      ClientPacketHandler::Dispatch(session, static_cast<std::uint16_t>(std::atoi(argv[1])), {}));
}
"""
SHOUT = "bool Handle_C_SHOUT(GameSession&, const Protocol::C_SHOUT&) { return true; }"

HANDLED, UNKNOWN = 0, 1  # proto::Dispatched


class Failure(Exception):
    pass


def run(*command, ok=True):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
                          errors="replace", check=False)
    if (done.returncode == 0) != ok:
        raise Failure(f"{' '.join(map(str, command))}\nended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def expect(condition, what, details=""):
    if not condition:
        raise Failure(f"{what}\n{details}")
    print("ok:", what, flush=True)


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    if old not in text:
        raise Failure(f"{path.name} has no line {old!r}")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def launcher(work):
    """With ccache the next stage's copy of this test need not compile the same files again."""
    ccache = shutil.which("ccache")
    if ccache is None:
        return []
    os.environ.update(CCACHE_BASEDIR=str(work.resolve()), CCACHE_NOHASHDIR="1")
    return [f"-DCMAKE_CXX_COMPILER_LAUNCHER={ccache}"]


def check(arguments):
    stage, work = arguments.stage, arguments.work
    shutil.rmtree(work, ignore_errors=True)
    for folder in ("support/cmake", "src/proto", "src/net", "iocp"):
        shutil.copytree(stage / folder, work / folder)
    (work / "CMakeLists.txt").write_text(PROJECT, encoding="utf-8")
    source = work / "handlers.cc"
    source.write_text(PROGRAM % "", encoding="utf-8")
    out = work / "build"
    run(arguments.cmake, "-S", work, "-B", out, "-G", arguments.generator, f"-DCMAKE_CXX_COMPILER={arguments.compiler}",
        "-DCMAKE_CXX_FLAGS_DEBUG=", "-DBUILD_TESTING=OFF", "-DCOURSE_WERROR=OFF", "-DCOURSE_PCH=OFF", *launcher(work))
    def build_program(ok):
        return run(arguments.cmake, "--build", out, "--parallel", "2", ok=ok)

    def dispatch(packet):
        return subprocess.run([out / "bin" / "dispatch", str(packet)], check=False).returncode

    build_program(ok=True)
    expect(dispatch(1001) == HANDLED and dispatch(1011) == UNKNOWN, "the project builds and dispatches what it has")

    edit(work / "src/proto/enum.proto", "  PACKET_S_PLAYER_LEFT = 1010;", "  PACKET_S_PLAYER_LEFT = 1010;\n  PACKET_C_SHOUT = 1011;")
    edit(work / "src/proto/protocol.proto", "message C_LOGIN {}", "message C_LOGIN {}\nmessage C_SHOUT {}")
    log = build_program(ok=False)
    expect("undefined reference" in log and "Handle_C_SHOUT" in log,
           "a message without a handler is a link error that names the handler", log)

    source.write_text(PROGRAM % SHOUT, encoding="utf-8")
    build_program(ok=True)
    expect(dispatch(1011) == HANDLED, "with the handler written the new packet is dispatched")

    edit(work / "src/proto/protocol.proto", "message C_SHOUT {}", "")
    log = build_program(ok=False)
    expect("PACKET_C_SHOUT = 1011 has no message C_SHOUT" in log, "an id without a message stops the build", log)
    edit(work / "src/proto/protocol.proto", "message C_LOGIN {}", "message C_LOGIN {}\nmessage C_SHOUT {}\nmessage S_ECHO {}")
    log = build_program(ok=False)
    expect("message S_ECHO has no PACKET_S_ECHO" in log, "a message without an id stops the build", log)
    edit(work / "src/proto/protocol.proto", "message S_ECHO {}", "")
    edit(work / "src/proto/enum.proto", "PACKET_C_SHOUT = 1011", "PACKET_C_SHOUT = 65536")
    log = build_program(ok=False)
    expect("the id is a u16 on the wire" in log, "an id that does not fit stops the build", log)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stage", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True, help="is deleted first")
    parser.add_argument("--cmake", default="cmake")
    parser.add_argument("--compiler", default="c++")
    parser.add_argument("--generator", default="Ninja")
    arguments = parser.parse_args()
    try:
        check(arguments)
    except Failure as failure:
        print("FAILED:", failure)
        return 1
    shutil.rmtree(arguments.work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
