"""Run every benchmark, or those named: `python -m benchmarks [start ingest …]`; `mutate MODULE …` tests the tests."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

SUPPORT = {"__init__", "__main__", "alternate", "inputs", "more_inputs", "mutate", "mutations", "workers"}


def names() -> list[str]:
    """Return the names of all benchmarks."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in SUPPORT)


def run() -> int:
    """Run the benchmarks named on the command line, all by default."""
    if sys.argv[1:2] == ["mutate"]:
        return int(importlib.import_module("benchmarks.mutate").main(sys.argv[2:]))
    wanted = sys.argv[1:] or names()
    unknown = set(wanted) - set(names())
    if unknown:
        print(f"No benchmark {', '.join(sorted(unknown))}; there are {', '.join(names())}.", file=sys.stderr)
        return 2
    for name in wanted:
        print(f"\n== {name}", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(run())
