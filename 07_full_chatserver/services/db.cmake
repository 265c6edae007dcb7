# db: connections to SQLite and MariaDB, the schema, and the writer with its queue.
include(services/storage_libraries.cmake)
set(db_mariadb "")
if(TARGET course_mariadb)
  set(db_mariadb services/db/mariadb.cc)
endif()
stage_library(db
  services/db/connection.cc
  services/db/db_writer.cc
  services/db/db_writer_thread.cc
  services/db/event.cc
  services/db/event_store.cc
  ${db_mariadb}
  services/db/parked_rows.cc
  services/db/resume.cc
  services/db/schema.cc
  services/db/sqlite.cc
  services/db/writer_queue.cc
  LINK journal course_sqlite course_log)
if(TARGET course_mariadb)
  target_link_libraries(${STAGE}_db PUBLIC course_mariadb)
endif()
