"""How much memory DuckDB may take where the system gives a process less than the machine has (`ulimit -v`).

DuckDB's own default is a share of the machine's memory or of its container's; of a process's limit it knows nothing,
and ends where it could have written to disk.
"""

from __future__ import annotations

import sys
from pathlib import Path

MAPPED = {"pyarrow": 350 * 2**20, "polars": 380 * 2**20, "scipy": 200 * 2**20, "numba": 170 * 2**20}
"""Address space that a library takes when it is loaded, most of it never touched."""
LEFT_TO_DUCKDB = 0.5
"""Share of the address space that is not taken yet; the rest is for Arrow, for NumPy and for the threads' stacks."""
LEAST = 64 * 2**20
"""With less DuckDB cannot work."""


def room() -> int | None:
    """Return the bytes that DuckDB may take under the process's limit of address space; None where it has no limit."""
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


def setting() -> dict[str, str]:
    """Return DuckDB's setting where the process has a limit, for a connection that has none of its own."""
    here = room()
    return {} if here is None else {"memory_limit": f"{here} B"}
