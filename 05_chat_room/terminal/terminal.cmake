# terminal: what a person types and sees (UTF-8, widths, line editing). Knows nothing of chat or sockets.
stage_library(terminal terminal/text.cc terminal/key_reader.cc terminal/line_editor.cc LINK course_utf8proc)
