# journal: records on disk before anybody hears of them.
if(WIN32)
  set(journal_file_ops src/services/journal/file_ops_windows.cc)
else()
  set(journal_file_ops src/services/journal/file_ops_posix.cc)
endif()
stage_library(journal
  src/services/journal/file_ops.cc
  ${journal_file_ops}
  src/services/journal/folder_lock.cc
  src/services/journal/history.cc
  src/services/journal/journal.cc
  src/services/journal/journal_read.cc
  src/services/journal/journal_sync.cc
  src/services/journal/record.cc
  src/services/journal/segment.cc)
