"""The course command: one module per command, see __main__.py for the list."""
