"""The command line within the test's own process: starting Python and importing takes longer than most commands."""

from __future__ import annotations

import gc
import io
import os
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

import typer

from hpowh.warehouse import planning
from hpowh.warehouse.cli import build
from hpowh.warehouse.console import run


@cache
def app() -> typer.Typer:
    """The command line, assembled once."""
    return build()


class Terminal(io.TextIOWrapper):
    """A pipe's end: what is written can be read as text."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="", write_through=True)

    def text(self) -> str:
        """Return all that was written, as a pipe opened for text gives it."""
        self.flush()
        return self.buffer.getvalue().decode().replace("\r\n", "\n")


def within(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command in this process, in a folder and with an environment; return what a process of its own would."""
    before = Path.cwd(), dict(os.environ), sys.argv, sys.stdin, list(sys.path), planning.PLANNED.get()
    out, err = Terminal(), Terminal()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["hpowh", *arguments]
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
    code: Any = 0
    try:
        with redirect_stdout(out), redirect_stderr(err):
            try:
                code = run(app())
            except SystemExit as leave:
                code = leave.code if isinstance(leave.code, int) else int(leave.code is not None)
            except Exception:  # noqa: BLE001 - as Python itself shows what nobody caught
                traceback.print_exc()
                code = 1
    finally:
        os.chdir(before[0])
        os.environ.clear()
        os.environ.update(before[1])
        sys.argv, sys.stdin, sys.path[:] = before[2], before[3], before[4]
        planning.PLANNED.set(before[5])
        if code:
            gc.collect()  # a connection that an error's traceback still holds would keep the file
    return subprocess.CompletedProcess(list(arguments), code, out.text(), err.text())
