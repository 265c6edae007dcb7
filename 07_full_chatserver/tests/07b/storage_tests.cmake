# Configuration, journal, database, accounts.
stage_unit_test(config
  tests/07e/unit_config.cc
  tests/07e/unit_config_paths.cc
  LINK config)

stage_unit_test(journal
  tests/07b/unit_journal.cc
  tests/07b/unit_journal_sync.cc
  tests/07b/unit_record.cc
  LINK journal
  LABELS stress)

stage_unit_test(account
  tests/07a/unit_account.cc
  LINK account)

stage_library(storage_test_support
  tests/support/database_support.cc
  LINK db course_gtest_main)

# Real SQLite and, where it is installed, a real MariaDB of their own.
stage_unit_test(db
  tests/07b/unit_db.cc
  tests/07b/unit_db_limits.cc
  tests/07b/unit_db_older.cc
  tests/07b/unit_db_writer.cc
  LINK storage_test_support
  LABELS stress
  TIMEOUT 300)

# Kill tests: SIGKILL, so not on Windows.
if(NOT WIN32 AND BUILD_TESTING)
  stage_program(storage_child
    tests/support/storage_child.cc
    LINK db)
  stage_unit_test(db_kill
    tests/07b/unit_db_kill.cc
    LINK storage_test_support
    LABELS stress
    TIMEOUT 300)
  add_dependencies(${STAGE}_unit_db_kill ${STAGE}_storage_child)
endif()
