# Clang as a second compiler for 64-bit Windows: its code, with the headers and libraries of mingw-w64 (posix threads).
include(${CMAKE_CURRENT_LIST_DIR}/mingw-w64.cmake)
set(CMAKE_C_COMPILER clang)
set(CMAKE_CXX_COMPILER clang++)
set(CMAKE_C_COMPILER_TARGET x86_64-w64-windows-gnu)
set(CMAKE_CXX_COMPILER_TARGET x86_64-w64-windows-gnu)
# Clang looks for the standard library where a MinGW of its own would have it; Debian's lies beside GCC.
execute_process(COMMAND x86_64-w64-mingw32-g++-posix -print-file-name=include
                OUTPUT_VARIABLE course_gcc OUTPUT_STRIP_TRAILING_WHITESPACE)
get_filename_component(course_gcc ${course_gcc} DIRECTORY)
# That library keeps thread_local variables in GCC's emulated way, and needs winpthread, which GCC links by itself.
string(JOIN " " CMAKE_CXX_FLAGS_INIT -femulated-tls -stdlib++-isystem ${course_gcc}/include/c++
       -cxx-isystem ${course_gcc}/include/c++/x86_64-w64-mingw32)
string(APPEND CMAKE_EXE_LINKER_FLAGS_INIT " -fuse-ld=lld -B${course_gcc} -L${course_gcc}")
set(CMAKE_CXX_STANDARD_LIBRARIES_INIT "-lpthread")
