"""How long and with how much memory a user's query may run, and how much there is."""

from __future__ import annotations

import ctypes
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hpowh.warehouse.errors import HpowhError, UsageError

if TYPE_CHECKING:
    import duckdb

BEAT = 0.1
"""Seconds between two looks."""
GRACE = 3.0
"""Seconds that DuckDB has to heed an interruption; some of its functions do not look for one."""
BESIDE = 1 << 30
"""Bytes beyond the limit that the process may grow by: texts and results are not in DuckDB's own account."""
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(k|m|g|t)i?b", re.I)


class LimitError(HpowhError):
    """A query ran too long or took too much memory, and was stopped."""


@dataclass(frozen=True)
class Limits:
    """What one query may take."""

    timeout: float = 300.0
    """Seconds; 0 is without end."""
    memory: str = "2GB"
    """DuckDB's own share; beyond it rows go to a private folder on the disk."""

    @property
    def bytes(self) -> int:
        """The memory as a number. Raises UsageError where it is no size."""
        found = _SIZE.fullmatch(self.memory.strip())
        if found is None or not float(found[1]):
            raise UsageError(f"--memory {self.memory}: not understood.", "Write a size, such as 2GB or 500MB.")
        return int(float(found[1]) * 1000 ** ("kmgt".index(found[2].lower()) + 1))


class Watch:
    """Interrupts a connection whose query takes too long or too much, from a thread of its own."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, limits: Limits, on_stuck: Callable[[str], None] | None = None
    ) -> None:
        """Watch nothing yet.

        Args:
            on_stuck: called from the thread with a sentence when the query does not heed the interruption.
        """
        self._connection, self._limits, self._on_stuck = connection, limits, on_stuck
        self._started = time.monotonic()
        self._running = 0
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._base = resident() or 0
        self.reason = ""
        """Why the query was interrupted; empty where it was not."""

    def begin(self) -> None:
        """A new query begins: its time counts from here."""
        self._started, self.reason = time.monotonic(), ""
        self._base = resident() or 0
        if self._thread is None:
            self._thread = threading.Thread(target=self._look, name="hpowh-limits", daemon=True)
            self._thread.start()

    @contextmanager
    def running(self) -> Iterator[None]:
        """DuckDB is at work; an interruption by this watch becomes a LimitError."""
        import duckdb

        self._running += 1
        try:
            yield
        except duckdb.InterruptException:
            if self.reason:
                raise LimitError(self.reason, HINT) from None
            raise
        finally:
            self._running -= 1

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _look(self) -> None:
        interrupted_at: float | None = None
        while not self._stopped.wait(BEAT):
            reason = self._excess() if self._running else ""
            if not reason:
                interrupted_at = None
                continue
            self.reason = self.reason or reason
            self._connection.interrupt()
            interrupted_at = interrupted_at or time.monotonic()
            if self._on_stuck is not None and time.monotonic() - interrupted_at > GRACE:
                self._on_stuck(f"{self.reason} {HINT}")

    def _excess(self) -> str:
        if self._limits.timeout and time.monotonic() - self._started > self._limits.timeout:
            return f"The query was stopped after {self._limits.timeout:g} s."
        now = resident()
        if now is not None and now - self._base > self._limits.bytes + BESIDE:
            return f"The query was stopped: it took more memory than {self._limits.memory}."
        return ""


HINT = "Ask for less, or give more: --timeout SECONDS (0: no end), --memory SIZE."


def resident() -> int | None:
    """Return the bytes of memory that this process holds, or None where the system does not say so."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return None
    import resource

    return int(pages) * resource.getpagesize()


MAPPED = {"pyarrow": 350 * 2**20, "polars": 380 * 2**20, "scipy": 200 * 2**20, "numba": 170 * 2**20}
"""Address space that a library takes when it is loaded, most of it never touched."""
LEFT_TO_DUCKDB = 0.5
"""Share of the address space that is not taken yet; the rest is for Arrow, for NumPy and for the threads' stacks."""
LEAST = 64 * 2**20
"""With less DuckDB cannot work."""


def room() -> int | None:
    """Return the bytes that DuckDB may take where the system gives a process less than the machine has (`ulimit -v`).

    DuckDB's own default is a share of the machine's memory or of its container's: of a process's limit it knows nothing
    and ends where it could write to disk. None where there is no such limit.
    """
    try:
        import resource
    except ImportError:  # another system than a Unix
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    try:
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        taken = 0
    coming = sum(size for name, size in MAPPED.items() if name not in sys.modules)
    return max(LEAST, int(LEFT_TO_DUCKDB * (limit - taken - coming)))


def limited(most: int) -> str:
    """Return DuckDB's setting `memory_limit` for `most` bytes, or for what the process may have where that is less."""
    here = room()
    return f"{most if here is None else min(most, here)} B"


def memory_setting() -> dict[str, str]:
    """Return DuckDB's setting where the process has a limit, for a connection that has none of its own."""
    here = room()
    return {} if here is None else {"memory_limit": f"{here} B"}


TIGHT = 4 * 2**30
"""Bytes of address space: with less, threads are not worth what they reserve for themselves."""
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS")
M_ARENA_MAX = -8
"""The GNU C library's number of a setting: how many heaps there may be, of which each reserves 64 MB for a thread."""


def be_frugal() -> None:
    """Let libraries reserve little where a process has little address space; before they are loaded.

    Arrow's own allocator and each thread of NumPy, Polars and Numba reserve far more than they touch. What the
    environment says already is left alone.
    """
    try:
        import resource
    except ImportError:  # another system than a Unix
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY or limit > TIGHT:
        return
    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
