"""What a landscape cannot be computed from."""

from __future__ import annotations


class LandscapeError(ValueError):
    """The input is no landscape: its message says what is wrong; `hint` says what to do next."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        # By default an exception is pickled with its first argument only; workers send theirs whole.
        return type(self), (self.message, self.hint)


class TooLargeError(LandscapeError):
    """The grid or its graph would not fit into memory; says its size and the way out."""
