# proto: the messages (protoc) and the packet handlers (generate_handlers.py), made anew when a .proto file, a
# template or the generator changes.
#
#   messages                     library: *.pb.cc
#   proto                        library: parsing and serialising, used by the generated handlers
#   PROTO_SERVER_HANDLERS        generated source for whoever defines Handle_C_* (the server)
#   PROTO_CLIENT_HANDLERS        generated source for whoever defines Handle_S_* (each client program)
#   PROTO_<AUTH|MONITOR>_<SERVER|CLIENT>_HANDLERS   the same for the other services
include(support/cmake/protobuf.cmake)

set(PROTO_DIR ${CMAKE_CURRENT_SOURCE_DIR}/src/proto)
set(PROTO_OUT ${CMAKE_CURRENT_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${PROTO_OUT})
set(PROTO_FILES enum struct protocol auth monitor)

set(proto_inputs ${PROTO_FILES})
list(TRANSFORM proto_inputs PREPEND ${PROTO_DIR}/)
list(TRANSFORM proto_inputs APPEND .proto)
set(proto_sources ${PROTO_FILES})
list(TRANSFORM proto_sources PREPEND ${PROTO_OUT}/)
list(TRANSFORM proto_sources APPEND .pb.cc)
set(proto_headers ${proto_sources})
list(TRANSFORM proto_headers REPLACE "cc$" "h")

add_custom_command(
  OUTPUT ${proto_sources} ${proto_headers} ${PROTO_OUT}/descriptors.pb
  COMMAND ${PROTOC} --proto_path=${PROTO_DIR} --cpp_out=${PROTO_OUT} --include_imports
          --descriptor_set_out=${PROTO_OUT}/descriptors.pb ${proto_inputs}
  DEPENDS ${proto_inputs}
  COMMENT "protoc: messages of ${STAGE}" VERBATIM)

add_library(${STAGE}_messages STATIC ${proto_sources})
target_include_directories(${STAGE}_messages SYSTEM PUBLIC ${PROTO_OUT})
target_link_libraries(${STAGE}_messages PUBLIC course_protobuf)

set(PROTO_SERVER_HANDLERS ${PROTO_OUT}/client_packet_handler.cc)
set(PROTO_CLIENT_HANDLERS ${PROTO_OUT}/server_packet_handler.cc)
set(handler_outputs ${PROTO_SERVER_HANDLERS} ${PROTO_CLIENT_HANDLERS})
foreach(service auth monitor)
  string(TOUPPER ${service} upper)
  set(PROTO_${upper}_SERVER_HANDLERS ${PROTO_OUT}/${service}_client_packet_handler.cc)
  set(PROTO_${upper}_CLIENT_HANDLERS ${PROTO_OUT}/${service}_server_packet_handler.cc)
  list(APPEND handler_outputs ${PROTO_${upper}_SERVER_HANDLERS} ${PROTO_${upper}_CLIENT_HANDLERS})
endforeach()
set(handler_headers ${handler_outputs})
list(TRANSFORM handler_headers REPLACE "cc$" "h")
add_custom_command(
  OUTPUT ${handler_outputs} ${handler_headers}
  COMMAND ${COURSE_PYTHON} ${PROTO_DIR}/generate_handlers.py --descriptors ${PROTO_OUT}/descriptors.pb
          --templates ${PROTO_DIR}/templates --out ${PROTO_OUT}
  DEPENDS ${PROTO_OUT}/descriptors.pb ${PROTO_DIR}/generate_handlers.py
          ${PROTO_DIR}/templates/packet_handler.h.jinja ${PROTO_DIR}/templates/packet_handler.cc.jinja
  COMMENT "generate_handlers.py: packet handlers of ${STAGE}" VERBATIM)
add_custom_target(${STAGE}_handlers DEPENDS ${handler_outputs})

stage_library(proto src/proto/dispatch.cc LINK messages net)
add_dependencies(${STAGE}_proto ${STAGE}_handlers)
