"""Errors that end the command with one clear line."""

FAILED = 1
USAGE = 2


class CourseError(Exception):
    """Something went wrong that the user must know; `code` becomes the exit code."""

    def __init__(self, message, code=FAILED):
        super().__init__(message)
        self.code = code


class UsageError(CourseError):
    """The command was asked for something that does not exist or makes no sense."""

    def __init__(self, message):
        super().__init__(message, USAGE)
