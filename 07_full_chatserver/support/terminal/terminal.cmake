# terminal: what a person types and sees (UTF-8, widths, line editing, the console). Knows nothing of chat
# or sockets.
if(WIN32)
  set(console_of_this_system support/terminal/console_windows.cc)
else()
  set(console_of_this_system support/terminal/console_posix.cc)
endif()
stage_library(terminal
  support/terminal/key_reader.cc
  support/terminal/line_editor.cc
  support/terminal/line_splitter.cc
  support/terminal/screen.cc
  support/terminal/text.cc
  ${console_of_this_system}
  LINK course_utf8proc)
