"""Say how far the demo is: one line that is rewritten on a terminal, plain lines on a pipe."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TextIO

LINES_APART = 10.0
"""Seconds between two lines of one step on a pipe."""


class Progress:
    """Numbered steps, each with a line when it ends."""

    def __init__(self, step_count: int, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._step_count = step_count
        self._step = 0
        self._title = ""
        self._began = self._said = time.monotonic()

    def step(self, title: str) -> None:
        """Begin the next step."""
        self._step += 1
        self._title = title
        self._began = self._said = time.monotonic()
        if self._is_terminal:
            self._rewrite(f"[{self._step}/{self._step_count}] {title} ...")
        else:
            self._line(f"[{self._step}/{self._step_count}] {title}")

    def update(self, message: str, share: float | None = None) -> None:
        """Show what is being done, and how much of the step is done (0 to 1)."""
        percent = "" if share is None else f" {share:4.0%}"
        if self._is_terminal:
            self._rewrite(f"[{self._step}/{self._step_count}] {self._title}{percent} {message}")
        elif time.monotonic() - self._said >= LINES_APART:
            self._said = time.monotonic()
            self._line(f"     {percent.strip()} {message}".rstrip())

    def done(self, message: str) -> None:
        """End the step with what came of it."""
        seconds = time.monotonic() - self._began
        if self._is_terminal:
            self._line(f"\r\x1b[K[{self._step}/{self._step_count}] {self._title}: {message} ({seconds:.1f} s)")
        else:
            self._line(f"      {message} ({seconds:.1f} s)")

    def stop(self) -> None:
        """Leave the line that is being rewritten, before something else is said."""
        if self._is_terminal:
            self._line("")

    def _rewrite(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        print(f"\r\x1b[K{text[:width]}", end="", file=self._stream, flush=True)

    def _line(self, text: str) -> None:
        print(text, file=self._stream, flush=True)
