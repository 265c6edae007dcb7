# db: connections to SQLite and MariaDB, the schema, and the writer with its queue.
include(src/services/storage_libraries.cmake)
set(db_mariadb "")
if(TARGET course_mariadb)
  set(db_mariadb src/services/db/mariadb.cc)
endif()
stage_library(db
  src/services/db/connection.cc
  src/services/db/db_writer.cc
  src/services/db/db_writer_thread.cc
  src/services/db/event.cc
  src/services/db/event_store.cc
  ${db_mariadb}
  src/services/db/parked_rows.cc
  src/services/db/resume.cc
  src/services/db/schema.cc
  src/services/db/sqlite.cc
  src/services/db/writer_queue.cc
  LINK journal reconnect course_sqlite course_log)
if(TARGET course_mariadb)
  target_link_libraries(${STAGE}_db PUBLIC course_mariadb)
endif()
