# Libraries that the chat stages add to support/cmake/dependencies.cmake:
#   course_protobuf     protobuf's C++ runtime; PROTOC is its compiler
#   course_utf8proc     Unicode tables: widths, grapheme clusters, UTF-8 checks
#   COURSE_PYTHON       an interpreter that can import jinja2 and protobuf (the handler generator)
# Cross builds for Windows take static libraries made by tools/windows-libs/build.sh; the compiler protoc is the
# native one of the same version.

find_program(PROTOC protoc)
if(NOT PROTOC)
  message(FATAL_ERROR "protoc is missing (Debian and Ubuntu: protobuf-compiler)")
endif()

if(NOT TARGET course_protobuf)
  add_library(course_protobuf INTERFACE)
  if(CMAKE_CROSSCOMPILING)
    course_windows_library(course_protobuf protobuf libprotobuf.a)
  else()
    find_package(Protobuf REQUIRED)
    target_link_libraries(course_protobuf INTERFACE protobuf::libprotobuf)
  endif()
endif()

if(NOT TARGET course_utf8proc)
  add_library(course_utf8proc INTERFACE)
  if(CMAKE_CROSSCOMPILING)
    course_windows_library(course_utf8proc utf8proc libutf8proc.a)
    target_compile_definitions(course_utf8proc INTERFACE UTF8PROC_STATIC)
  else()
    find_path(UTF8PROC_INCLUDE_DIR utf8proc.h REQUIRED)
    find_library(UTF8PROC_LIBRARY NAMES utf8proc utf8proc_static REQUIRED)
    target_include_directories(course_utf8proc SYSTEM INTERFACE ${UTF8PROC_INCLUDE_DIR})
    target_link_libraries(course_utf8proc INTERFACE ${UTF8PROC_LIBRARY})
  endif()
endif()

# The first python3 of the PATH may be one without the distribution's modules.
if(NOT COURSE_PYTHON)
  foreach(candidate python3 /usr/bin/python3 python py)
    execute_process(COMMAND ${candidate} -c "import jinja2, google.protobuf"
                    RESULT_VARIABLE result OUTPUT_QUIET ERROR_QUIET)
    if(result EQUAL 0)
      set(COURSE_PYTHON ${candidate} CACHE STRING "Python with jinja2 and protobuf")
      break()
    endif()
  endforeach()
  if(NOT COURSE_PYTHON)
    message(FATAL_ERROR "no Python with the modules jinja2 and protobuf "
                        "(Debian and Ubuntu: python3-jinja2 python3-protobuf)")
  endif()
endif()
