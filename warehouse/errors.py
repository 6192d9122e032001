"""Errors that a user can act on: what went wrong, where, and what to do next."""

from __future__ import annotations

from unicodedata import category

EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_LOCKED, EXIT_INTERRUPTED = 0, 1, 2, 3, 130

LONGEST = 2000
"""Characters of a message; a cell of ten megabytes may stand in one."""


_ODD = ("Cc", "Cf", "Zl", "Zp", "Cs")
"""Unicode's categories of what is no letter, sign or space: controls, formats (bidirectional ones too), lone halves."""


def one_line(text: str, keep: str = "") -> str:
    r"""Return a text with control characters written out (`\n`, `\x1b`): names from data may hold any.

    Args:
        keep: characters that stay all the same.
    """
    if text.isprintable():
        return text
    return "".join(
        letter.encode("unicode_escape").decode() if category(letter) in _ODD and letter not in keep else letter
        for letter in text
    )


class HpowhError(Exception):
    """Something failed for a reason the user can understand; `hint` says what to do next."""

    exit_code = EXIT_FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        message = message if len(message) <= LONGEST else f"{message[:LONGEST]}… ({len(message):,} characters)"
        self.message, self.hint = one_line(message), one_line(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(HpowhError):
    """The call cannot mean anything: a wrong option, column or name."""

    exit_code = EXIT_USAGE


class WarehouseLockedError(HpowhError):
    """Another process has the warehouse open in a way that excludes this one."""

    exit_code = EXIT_LOCKED


class NotAWarehouseError(HpowhError):
    """The file is missing, is no DuckDB file, or is one without the warehouse's tables."""


class VersionError(HpowhError):
    """The warehouse was made by an older or a newer version of the program."""


class IngestError(HpowhError):
    """A source cannot be loaded; nothing of it was stored."""
