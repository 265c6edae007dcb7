#!/usr/bin/env bash
# Cross-builds a library for Windows (mingw-w64, static) from the distribution's own source package, so that
# it is the version that native builds use.
#
#   tools/windows-libs/build.sh LIBRARY [--root DIR] [--jobs N]     LIBRARY: fmt, spdlog, catch2 (3), protobuf,
#                                                                       utf8proc, sqlite, libsodium
#
# Prints the installation prefix as its last line: DIR/LIBRARY/VERSION. The result is kept; the second run is
# instant. Nothing on the system is changed: the source entries that apt needs are made in a temporary folder
# from the system's own. Needs: dpkg-dev cmake ninja-build g++-mingw-w64-x86-64-posix; make; tcl for sqlite;
# autoconf automake libtool for libsodium.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
toolchain=$here/../cmake/mingw-w64.cmake
root=${XDG_CACHE_HOME:-${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}/.cache}/iocp-course/windows-libs
jobs=$(nproc)
library=

usage() { echo "build.sh: $* (try --help)" >&2; exit 2; }

while [ $# -gt 0 ]; do
  case $1 in
    --root) root=${2:?--root needs a folder}; shift 2 ;;
    --jobs) jobs=${2:?--jobs needs a number}; shift 2 ;;
    -h|--help) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) usage "unknown option '$1'" ;;
    *) [ -z "$library" ] || usage "one library at a time"; library=$1; shift ;;
  esac
done

# Per library: the native package whose source it is, and the options of its build (CMake's, or configure's).
options=()
build=cmake
tools=(dpkg-source apt-get cmake ninja x86_64-w64-mingw32-g++-posix)
case $library in
  fmt)
    package=libfmt-dev
    options=(-DFMT_TEST=OFF -DFMT_DOC=OFF -DBUILD_SHARED_LIBS=OFF) ;;
  spdlog)
    package=libspdlog-dev
    options=(-DSPDLOG_FMT_EXTERNAL=ON -DSPDLOG_BUILD_EXAMPLE=OFF -DSPDLOG_BUILD_TESTS=OFF -DSPDLOG_BUILD_SHARED=OFF)
    fmt=$("$0" fmt --root "$root" --jobs "$jobs")
    options+=("-Dfmt_DIR=$fmt/lib/cmake/fmt") ;;
  catch2)  # from generation 3 on; generation 2 is one header
    package=catch2
    options=(-DBUILD_TESTING=OFF -DCATCH_INSTALL_DOCS=OFF -DCATCH_INSTALL_EXTRAS=OFF -DBUILD_SHARED_LIBS=OFF) ;;
  protobuf)
    package=protobuf-compiler
    options=(-Dprotobuf_BUILD_TESTS=OFF -Dprotobuf_BUILD_PROTOC_BINARIES=OFF -Dprotobuf_WITH_ZLIB=OFF
             -Dprotobuf_BUILD_SHARED_LIBS=OFF) ;;
  utf8proc)
    package=libutf8proc-dev
    options=(-DBUILD_SHARED_LIBS=OFF -DUTF8PROC_ENABLE_TESTING=OFF) ;;
  sqlite)
    package=libsqlite3-dev
    build=amalgamation
    tools+=(make tclsh) ;;
  libsodium)
    package=libsodium-dev
    build=configure
    tools+=(make autoreconf libtoolize)
    # Static programs have no room for the shared helper library of mingw's stack protector and fortify.
    options=(--disable-shared --enable-static --disable-ssp CFLAGS="-O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=0") ;;
  "") usage "which library?" ;;
  *) usage "no recipe for '$library'" ;;
esac

fail() { echo "$library for Windows: $*" >&2; exit 1; }

for tool in "${tools[@]}"; do
  command -v "$tool" >/dev/null ||
    fail "$tool is missing; install dpkg-dev cmake ninja-build g++-mingw-w64-x86-64-posix make tcl autoconf automake libtool"
done

version=$(dpkg-query -W -f '${source:Version}' "$package" 2>/dev/null) || fail "install $package first (its version is built)"
source_package=$(dpkg-query -W -f '${source:Package}' "$package")
prefix=$root/$library/${version#*:}  # without the epoch: a colon in a path is trouble for lists of dependencies

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

echo "$library for Windows: fetching the source package $source_package $version" >&2
apt-get "${apt_options[@]}" update >&2 || fail "apt-get update of the source lists failed"
(cd "$work/source" && apt-get "${apt_options[@]}" source --only-source "$source_package=$version" >"$work/fetch.log" 2>&1) ||
  { cat "$work/fetch.log" >&2; fail "no source package $source_package=$version"; }
source=$(find "$work/source" -mindepth 1 -maxdepth 1 -type d)
[ -n "$source" ] || fail "the source package did not unpack"

echo "$library for Windows: building with $jobs jobs (once)" >&2
host=x86_64-w64-mingw32
build_with_cmake() {
  local launcher=()
  command -v ccache >/dev/null && launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  cmake -S "$source" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release "${launcher[@]}" "${options[@]}" \
    -DCMAKE_TOOLCHAIN_FILE="$toolchain" -DCMAKE_INSTALL_PREFIX="$prefix" > "$work/configure.log" 2>&1 ||
    { tail -20 "$work/configure.log" >&2; fail "configure failed"; }
  cmake --build "$work/build" -j "$jobs" > "$work/build.log" 2>&1 || { tail -30 "$work/build.log" >&2; fail "build failed"; }
  rm -rf "$prefix"
  cmake --install "$work/build" > "$work/install.log" 2>&1 || { tail -20 "$work/install.log" >&2; fail "install failed"; }
}

build_with_configure() {
  (cd "$source" && { [ -x configure ] || autoreconf -fi; } && ./configure --host=$host CC=$host-gcc-posix --prefix="$prefix" "${options[@]}") \
    > "$work/configure.log" 2>&1 || { tail -20 "$work/configure.log" >&2; fail "configure failed"; }
  make -C "$source" -j "$jobs" > "$work/build.log" 2>&1 || { tail -30 "$work/build.log" >&2; fail "build failed"; }
  rm -rf "$prefix"
  make -C "$source" install > "$work/install.log" 2>&1 || { tail -20 "$work/install.log" >&2; fail "install failed"; }
}

# SQLite as one file, sqlite3.c, which the source package makes with the build machine's own tools.
build_amalgamation() {
  mkdir -p "$work/build"
  (cd "$work/build" && "$source/configure" --disable-shared --disable-tcl --disable-readline && make sqlite3.c sqlite3.h) \
    > "$work/configure.log" 2>&1 || { tail -20 "$work/configure.log" >&2; fail "making sqlite3.c failed"; }
  $host-gcc-posix -O2 -DSQLITE_THREADSAFE=1 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_DQS=0 -c "$work/build/sqlite3.c" \
    -o "$work/build/sqlite3.o" > "$work/build.log" 2>&1 || { tail -30 "$work/build.log" >&2; fail "build failed"; }
  rm -rf "$prefix"
  mkdir -p "$prefix/include" "$prefix/lib"
  $host-gcc-ar-posix rcs "$prefix/lib/libsqlite3.a" "$work/build/sqlite3.o"
  cp "$work/build/sqlite3.h" "$prefix/include/"
}

case $build in
  cmake) build_with_cmake ;;
  configure) build_with_configure ;;
  amalgamation) build_amalgamation ;;
esac
touch "$prefix/.complete"
echo "$prefix"
