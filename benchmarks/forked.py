"""Run hpowh in a forked process: kills and fuzzing need thousands of runs, and imports would be most of them."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

HUNG = -1
"""Exit code of a run that was stopped because it took too long."""


@dataclass(frozen=True)
class Run:
    """How a forked run ended."""

    code: int
    """The exit code; minus the signal's number where one ended it."""
    seconds: float
    said: str
    """What it wrote to standard error."""


def forked(
    work: Callable[[], int],
    said: Path,
    *,
    kill_after: float | None = None,
    timeout: float = 120.0,
    address_space: int | None = None,
) -> Run:
    """Run `work` in a child of this process and return how it ended.

    Args:
        said: where its standard error goes.
        kill_after: send SIGKILL to its process group after so many seconds.
        timeout: stop it after so many seconds.
        address_space: bytes of address space beyond those of this process.
    """
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        _child(work, said, address_space)
    code = _wait(child, began, kill_after, timeout)
    return Run(code, time.perf_counter() - began, said.read_text(encoding="utf-8", errors="replace"))


def _child(work: Callable[[], int], said: Path, address_space: int | None) -> None:
    code = 70
    try:
        os.setpgid(0, 0)
        with said.open("w") as out:
            os.dup2(out.fileno(), 2)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        if address_space is not None:
            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + address_space, used + address_space))
        code = work()
    except BaseException as error:  # noqa: BLE001 - a traceback is what is looked for
        import traceback

        traceback.print_exc()
        code = 71 if isinstance(error, Exception) else 72
    finally:
        sys.stderr.flush()
        os._exit(code)


def _wait(child: int, began: float, kill_after: float | None, timeout: float) -> int:
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        spent = time.perf_counter() - began
        if kill_after is not None and spent >= kill_after:
            _kill(child)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if spent > timeout:
            _kill(child)
            os.waitpid(child, 0)
            return HUNG
        time.sleep(0.001)


def _kill(child: int) -> None:
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(child, signal.SIGKILL)


def command_line(folder: Path, arguments: Sequence[str]) -> Callable[[], int]:
    """Return what runs hpowh's command line within `folder`."""

    def work() -> int:
        from hpowh.warehouse.cli import build
        from hpowh.warehouse.console import run

        os.chdir(folder)
        os.environ["HPOWH_WAREHOUSE"] = str(folder / "hpowh.duckdb")
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        sys.argv = ["hpowh", *arguments]
        return run(build())

    return work
