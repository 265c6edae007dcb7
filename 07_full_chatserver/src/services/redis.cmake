# redis: session keys in Redis. Without hiredis (on Windows) the server has the memory store only.
option(COURSE_WITH_REDIS "Session keys in Redis" ON)
set(COURSE_HAS_REDIS OFF)
if(COURSE_WITH_REDIS AND NOT WIN32)
  find_path(HIREDIS_INCLUDE_DIR hiredis/async.h)
  find_library(HIREDIS_LIBRARY hiredis)
  if(HIREDIS_INCLUDE_DIR AND HIREDIS_LIBRARY)
    set(COURSE_HAS_REDIS ON)
  else()
    message(STATUS "${STAGE}: no hiredis (Debian: libhiredis-dev); login.store = \"memory\" only")
  endif()
endif()
if(COURSE_HAS_REDIS)
  stage_library(redis
    src/services/redis/name_lookup.cc
    src/services/redis/redis_client.cc
    src/services/redis/redis_key_store.cc
    src/services/redis/redis_link.cc
    src/services/redis/redis_names.cc
    src/services/redis/redis_options.cc
    src/services/redis/redis_thread.cc
    src/services/redis/redis_trouble.cc
    src/services/redis/wake_pipe.cc
    LINK login_key reconnect course_log ${HIREDIS_LIBRARY})
  target_include_directories(${STAGE}_redis SYSTEM PUBLIC ${HIREDIS_INCLUDE_DIR})
  target_compile_definitions(${STAGE}_redis PUBLIC COURSE_HAS_REDIS=1)
endif()
