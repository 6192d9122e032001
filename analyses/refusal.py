"""What an analysis refuses, before anybody has a warehouse: what is wrong, and what to do next."""

from __future__ import annotations


class RefusalError(ValueError):
    """The input is refused: `message` says what is wrong, `hint` what to do next. Each family has its own kind."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        # By default an exception is pickled with its first argument only; workers send theirs whole.
        return type(self), (self.message, self.hint)
