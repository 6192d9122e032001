"""Fresh interpreters with hpowh loaded, which do what they are told, limited, timed or killed.

Kills and fuzzing need thousands of runs, and imports would be most of them. A fork of a process that has loaded DuckDB
and Arrow would be cheaper still, but both have threads, and a forked child waits for them for ever.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HUNG = -1000
"""Exit code of a run that was stopped because it took too long."""
RAISED = 71
"""Exit code of a run that ended with an exception."""
BEAT = 1.0
"""Seconds between two looks at a process that may hang."""
SLOW = 20
"""On a machine that is busy with other things a process may need so many times its seconds of the processor."""
POLL = 0.0005
"""Seconds between two looks at a process that will be killed."""
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Run:
    """How a run ended."""

    code: int
    """What the function returned; minus the signal's number where one ended the process."""
    seconds: float
    said: str
    """What it wrote to standard error."""


class Worker:
    """One interpreter; it ends with the first run that is killed or hangs, and `is_alive` says so."""

    def __init__(self, said: Path, *, address_space: int | None = None) -> None:
        """Start it.

        Args:
            said: a file for the standard error of its runs.
            address_space: bytes of address space beyond those that it has when everything is loaded.
        """
        self._said = said
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.workers", str(said), str(address_space or 0)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        _yield_as_we_do(self._process.pid)
        self.is_alive = True
        self.run_count = 0

    def ready(self) -> None:
        """Wait until everything is loaded."""
        self.run("benchmarks.workers:nothing", timeout=600.0)

    def run(
        self,
        function: str,
        *arguments: Any,
        timeout: float = 600.0,
        kill_after: float | None = None,
        watch: str = "",
        by_processor: bool = False,
    ) -> Run:
        """Call `module:function` with arguments that are JSON, and return how that ended.

        Args:
            timeout: stop it when it has had so many seconds of the processor, or SLOW times as many by the clock:
                what hangs must not depend on what else the machine does.
            kill_after: send SIGKILL to the process group after so many seconds,
            watch: counted from the moment that something in this folder appears, goes, grows or shrinks,
            by_processor: or of the processor's time, not of the clock's.
        """
        assert self.is_alive and self._process.stdin is not None and self._process.stdout is not None
        self.run_count += 1
        began, used = time.perf_counter(), self._used()
        before = _sizes(watch) if watch else {}
        self._process.stdin.write(json.dumps([function, arguments]).encode() + b"\n")
        self._process.stdin.flush()
        code = None
        start = began
        while not self._answers(POLL if kill_after is not None else BEAT):
            now = time.perf_counter()
            if self._used() - used > timeout or now - began > SLOW * timeout:
                code = HUNG
                break
            if watch and start == began:
                if _sizes(watch) == before:
                    continue
                start = now
            spent = self._used() - used if by_processor else now - start
            if kill_after is not None and spent >= kill_after:
                code = -signal.SIGKILL
                break
        if code is not None:
            self.end()
        elif line := self._process.stdout.readline():
            code = int(line)
        else:
            self.is_alive = False
            code = self._process.wait()
        return Run(code, time.perf_counter() - began, self._said.read_text(encoding="utf-8", errors="replace"))

    def _answers(self, seconds: float) -> bool:
        return bool(select.select([self._process.stdout], [], [], seconds)[0])

    def _used(self) -> float:
        """Return the seconds of the processor that it has had."""
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """Kill it, and whatever it started."""
        if self.is_alive:
            self.is_alive = False
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()


def _yield_as_we_do(process: int) -> None:
    """Give the leader of a new session our priority among sessions, among which Linux shares the processors."""
    with suppress(OSError):
        mine = Path("/proc/self/autogroup").read_text(encoding="ascii").rpartition(" ")[2]
        Path(f"/proc/{process}/autogroup").write_text(mine, encoding="ascii")


def _sizes(folder: str) -> dict[str, int]:
    found = {}
    for entry in os.scandir(folder):
        try:
            found[entry.name] = entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            continue
    return found


def in_memory() -> str | None:
    """Return a folder that is kept in memory, where the system has one: a killed process loses nothing of it."""
    place = Path("/dev/shm")  # noqa: S108 - only this user's own new folders are made there
    return str(place) if os.access(place, os.W_OK) else None


def nothing() -> int:
    """Return 0: the worker is ready."""
    return 0


def command(folder: str, arguments: Sequence[str]) -> int:
    """Run hpowh's command line within a folder and return its exit code."""
    from hpowh.warehouse.console import run

    os.chdir(folder)
    os.environ["HPOWH_WAREHOUSE"] = str(Path(folder) / "hpowh.duckdb")
    os.environ["XDG_STATE_HOME"] = str(Path(folder) / "state")
    sys.argv = ["hpowh", *arguments]
    return run(_application())


@cache
def _application() -> Any:
    from hpowh.warehouse.cli import build

    return build()


def _called(function: str, arguments: Sequence[Any]) -> int:
    module, _, name = function.partition(":")
    try:
        return int(getattr(importlib.import_module(module), name)(*arguments))
    except SystemExit as end:
        return int(end.code or 0)
    except BaseException:  # noqa: BLE001 - a traceback is what is looked for
        import traceback

        traceback.print_exc()
        return RAISED


def _serve(said: Path, address_space: int) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    os.dup2(out, 2)
    import polars  # noqa: F401
    import pyarrow.dataset  # noqa: F401

    import hpowh.warehouse.cli  # noqa: F401

    if address_space:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + address_space, used + address_space))
    for line in sys.stdin:
        os.ftruncate(out, 0)
        function, arguments = json.loads(line)
        code = _called(function, arguments)
        sys.stderr.flush()
        answers.write(f"{code}\n")
        answers.flush()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]))
