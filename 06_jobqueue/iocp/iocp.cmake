# The completion port. On Windows it is the operating system's; elsewhere it is built from iocp/linux.
if(WIN32)
  stage_library(iocp iocp/inspect_windows.cc)
else()
  file(GLOB iocp_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/linux/*.cc
       ${CMAKE_CURRENT_LIST_DIR}/linux/win32/*.cc)
  stage_library(iocp ${iocp_sources})
endif()
