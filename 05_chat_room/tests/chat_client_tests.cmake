# The person's side: terminal, chat_client, and a client in another language.
stage_unit_test(terminal tests/unit_terminal.cc LINK terminal)
