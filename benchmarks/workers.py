"""Processes with hpowh loaded, which do what they are told, limited, timed or killed.

Kills and fuzzing need thousands of runs, and imports would be most of them. So each worker is a fork of the campaign,
which loads what an earlier worker has loaded (`take_over`). DuckDB, Arrow and Polars are loaded there and not used: a
child that is forked while threads of theirs are at work waits for ever.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import select
import signal
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
POLL = 0.001
"""Seconds between two looks at a process that will be killed."""
WITHOUT_THREADS = (
    "alembic.command", "alembic.runtime.migration", "jinja2", "numpy", "pydantic", "rich.console", "rich.table",
    "scipy.optimize", "scipy.sparse.linalg", "scipy.stats", "sqlalchemy", "typer", "yaml",
)  # fmt: skip
"""What is loaded once, before the first fork."""


@dataclass(frozen=True)
class Run:
    """How a run ended."""

    code: int
    """What the function returned; minus the signal's number where one ended the process."""
    seconds: float
    said: str
    """What it wrote to standard error."""
    changed: float = 0.0
    """Seconds until the first change in the folder that was watched; 0 where none was seen."""
    processor: float = 0.0
    """Seconds of the processor: on a busy machine a small part of those of the clock."""


class Worker:
    """One interpreter; it ends with the first run that is killed or hangs, and `is_alive` says so."""

    def __init__(self, said: Path, *, address_space: int | None = None) -> None:
        """Start it.

        Args:
            said: a file for the standard error of its runs.
            address_space: bytes of address space beyond those that it has when everything is loaded.
        """
        self._said = said
        _load_what_has_no_threads()
        asks, self._asked = os.pipe()
        self._answer, answers = os.pipe()
        self._process = os.fork()
        if not self._process:
            _become_worker(asks, answers, said, address_space or 0)
        os.close(asks)
        os.close(answers)
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
        assert self.is_alive
        self.run_count += 1
        began, used = time.perf_counter(), self._used()
        before = _sizes(watch) if watch else {}
        with suppress(BrokenPipeError):  # it has died, and its end is told below
            os.write(self._asked, json.dumps([function, arguments]).encode() + b"\n")
        code = None
        start = began
        while not self._answers(POLL if watch or kill_after is not None else BEAT):
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
        spent = self._used() - used
        if code is not None:
            self.end()
        elif line := os.read(self._answer, 100):
            code = int(line)
        else:
            code = self._ended()
        said = self._said.read_text(encoding="utf-8", errors="replace")
        return Run(code, time.perf_counter() - began, said, start - began, spent)

    def take_over(self) -> None:
        """Load in the campaign what this worker has loaded, so that the next ones are forks that have it."""
        names = Path(f"{self._said}-modules")
        self.run("benchmarks.workers:tell_modules", str(names))
        for name in names.read_text(encoding="utf-8").splitlines():
            with suppress(Exception):  # a module of a condition that holds there alone
                importlib.import_module(name)

    def _answers(self, seconds: float) -> bool:
        return bool(select.select([self._answer], [], [], seconds)[0])

    def _used(self) -> float:
        """Return the seconds of the processor that it has had."""
        try:
            fields = Path(f"/proc/{self._process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """Kill it, and whatever it started."""
        if self.is_alive:
            with suppress(ProcessLookupError):
                os.killpg(self._process, signal.SIGKILL)
            with suppress(ProcessLookupError):  # it may not lead a group yet
                os.kill(self._process, signal.SIGKILL)
            self._ended()

    def _ended(self) -> int:
        """Wait for its end and return its exit code."""
        self.is_alive = False
        code = os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])
        os.close(self._asked)
        os.close(self._answer)
        return code


@cache
def _load_what_has_no_threads() -> None:
    for name in ("HPOWH_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS"):
        os.environ.setdefault(name, "1")
    for name in WITHOUT_THREADS:
        importlib.import_module(name)
    tasks = Path("/proc/self/task")
    assert not tasks.exists() or len(list(tasks.iterdir())) == 1, "a fork would wait for threads that it does not have"


def _become_worker(asks: int, answers: int, said: Path, address_space: int) -> None:
    """Serve in a forked process until there is nothing more to do; never return."""
    try:
        os.setsid()
        _yield_as_before()
        for own in {int(entry.name) for entry in Path("/dev/fd").iterdir()} - {0, 1, 2, asks, answers}:
            with suppress(OSError):
                os.close(own)
        _serve(asks, answers, said, address_space)
    except BaseException:  # noqa: BLE001 - nothing may run on in the fork
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
        os._exit(RAISED)
    os._exit(0)


def _yield_as_before() -> None:
    """Keep, as the leader of a new session, the parent's priority among sessions, which share Linux's processors."""
    with suppress(OSError):
        before = Path(f"/proc/{os.getppid()}/autogroup").read_text(encoding="ascii").rpartition(" ")[2]
        Path("/proc/self/autogroup").write_text(before, encoding="ascii")


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


def tell_modules(path: str) -> int:
    """Write the names of all modules that are loaded into a file, in the order of their loading."""
    Path(path).write_text("\n".join(name for name in list(sys.modules) if name != "__main__"), encoding="utf-8")
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


def _serve(asks: int, answers: int, said: Path, address_space: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    os.dup2(out, 2)
    import polars  # noqa: F401
    import pyarrow.dataset  # noqa: F401

    import hpowh.warehouse.cli  # noqa: F401

    if address_space:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + address_space, used + address_space))
    with os.fdopen(asks) as lines:
        for line in lines:
            os.ftruncate(out, 0)
            function, arguments = json.loads(line)
            code = _called(function, arguments)
            sys.stderr.flush()
            os.write(answers, f"{code}\n".encode())
