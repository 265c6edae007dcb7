# journal: records on disk before anybody hears of them.
if(WIN32)
  set(journal_file_ops services/journal/file_ops_windows.cc)
else()
  set(journal_file_ops services/journal/file_ops_posix.cc)
endif()
stage_library(journal
  services/journal/file_ops.cc
  ${journal_file_ops}
  services/journal/folder_lock.cc
  services/journal/history.cc
  services/journal/journal.cc
  services/journal/journal_read.cc
  services/journal/journal_sync.cc
  services/journal/record.cc
  services/journal/segment.cc)
