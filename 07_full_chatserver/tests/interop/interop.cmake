# A client in another language: Python and protobuf, from the wire protocol and the .proto files alone.
# (Native builds: the Python of a build machine does not reach into Wine.)
if(BUILD_TESTING AND NOT CMAKE_CROSSCOMPILING)
  set(interop_out ${CMAKE_CURRENT_BINARY_DIR}/interop)
  set(interop_modules ${PROTO_FILES})
  list(TRANSFORM interop_modules PREPEND ${interop_out}/)
  list(TRANSFORM interop_modules APPEND _pb2.py)
  file(MAKE_DIRECTORY ${interop_out})
  add_custom_command(
    OUTPUT ${interop_modules}
    COMMAND ${PROTOC} --proto_path=${PROTO_DIR} --python_out=${interop_out} ${proto_inputs}
    DEPENDS ${proto_inputs}
    COMMENT "protoc: Python modules of ${STAGE}" VERBATIM)
  add_custom_target(${STAGE}_interop ALL DEPENDS ${interop_modules})

  add_test(NAME ${STAGE}.scenario.interop
           COMMAND ${COURSE_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/tests/interop/interop_test.py)
  set_tests_properties(${STAGE}.scenario.interop PROPERTIES
    LABELS "${STAGE};scenario" TIMEOUT 180
    ENVIRONMENT "COURSE_BIN_DIR=${CMAKE_RUNTIME_OUTPUT_DIRECTORY};COURSE_STAGE_DIR=${CMAKE_CURRENT_SOURCE_DIR};PYTHONPATH=${interop_out};PYTHONDONTWRITEBYTECODE=1")
endif()
