#!/usr/bin/env bash
# Cross-builds protobuf's C++ library for Windows (mingw-w64, static) from the distribution's own source
# package, so that it is exactly the version of the native protoc that generates the code.
#
#   tools/protobuf-windows/build.sh [--prefix DIR] [--jobs N]
#
# Prints the installation prefix as its last line. The result is kept in a cache folder; the second run
# is instant. Nothing on the system is changed: the source entries apt needs are made in a temporary
# folder from the system's own. Needs: dpkg-dev cmake ninja-build g++-mingw-w64-x86-64-posix.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
toolchain=$here/../cmake/mingw-w64.cmake
jobs=$(nproc)
prefix=

while [ $# -gt 0 ]; do
  case $1 in
    --prefix) prefix=${2:?--prefix needs a folder}; shift 2 ;;
    --jobs) jobs=${2:?--jobs needs a number}; shift 2 ;;
    -h|--help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "build.sh: unknown argument '$1' (try --help)" >&2; exit 2 ;;
  esac
done

fail() { echo "protobuf for Windows: $*" >&2; exit 1; }

for tool in protoc dpkg-source apt-get cmake ninja x86_64-w64-mingw32-g++-posix; do
  command -v $tool >/dev/null || fail "$tool is missing; install protobuf-compiler dpkg-dev cmake ninja-build g++-mingw-w64-x86-64-posix"
done

version=$(dpkg-query -W -f '${source:Version}' protobuf-compiler)
[ -n "$version" ] || fail "cannot tell the version of the installed protobuf-compiler"
prefix=${prefix:-${XDG_CACHE_HOME:-$HOME/.cache}/iocp-course/protobuf-windows/$version}

if [ -f "$prefix/.complete" ]; then
  echo "$prefix"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/parts" "$work/lists/partial" "$work/source"

# deb -> deb-src, for both spellings of apt's sources.
for file in /etc/apt/sources.list.d/*.sources; do
  [ -f "$file" ] && sed -E 's/^Types:.*/Types: deb-src/' "$file" > "$work/parts/$(basename "$file")"
done
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  [ -f "$file" ] && sed -nE 's/^deb(-src)?[[:space:]]/deb-src /p' "$file" > "$work/parts/$(basename "$file" .list).list"
done
apt_options=(-qq -o "Dir::Etc::sourcelist=/dev/null" -o "Dir::Etc::sourceparts=$work/parts"
             -o "Dir::State::lists=$work/lists" -o "APT::Sandbox::User=$(id -un)")

echo "protobuf for Windows: fetching the source package $version" >&2
apt-get "${apt_options[@]}" update >&2 || fail "apt-get update of the source lists failed"
(cd "$work/source" && apt-get "${apt_options[@]}" source --only-source "protobuf=$version" >"$work/fetch.log" 2>&1) ||
  { cat "$work/fetch.log" >&2; fail "no source package protobuf=$version"; }
source=$(find "$work/source" -mindepth 1 -maxdepth 1 -type d -name 'protobuf-*')
[ -n "$source" ] || fail "the source package did not unpack"

echo "protobuf for Windows: building with $jobs jobs (a few minutes, once)" >&2
launcher=()
command -v ccache >/dev/null && launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
cmake -S "$source" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release "${launcher[@]}" \
  -DCMAKE_TOOLCHAIN_FILE="$toolchain" -DCMAKE_INSTALL_PREFIX="$prefix" \
  -Dprotobuf_BUILD_TESTS=OFF -Dprotobuf_BUILD_PROTOC_BINARIES=OFF -Dprotobuf_WITH_ZLIB=OFF \
  -Dprotobuf_BUILD_SHARED_LIBS=OFF > "$work/configure.log" 2>&1 || { tail -20 "$work/configure.log" >&2; fail "configure failed"; }
cmake --build "$work/build" -j "$jobs" > "$work/build.log" 2>&1 || { tail -30 "$work/build.log" >&2; fail "build failed"; }
rm -rf "$prefix"
cmake --install "$work/build" > "$work/install.log" 2>&1 || { tail -20 "$work/install.log" >&2; fail "install failed"; }
touch "$prefix/.complete"
echo "$prefix"
