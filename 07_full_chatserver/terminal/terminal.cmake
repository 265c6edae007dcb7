# terminal: what a person types and sees (UTF-8, widths, line editing, the console). Knows nothing of chat
# or sockets.
if(WIN32)
  set(console_of_this_system terminal/console_windows.cc)
else()
  set(console_of_this_system terminal/console_posix.cc)
endif()
stage_library(terminal
  terminal/key_reader.cc
  terminal/line_editor.cc
  terminal/line_splitter.cc
  terminal/screen.cc
  terminal/text.cc
  ${console_of_this_system}
  LINK course_utf8proc)
