"""Rank tests of many blocks and of many algorithms: seconds of the processor for `rankings` and `tiers`, and memory.

    python -m benchmarks.rankings [--small]

Targets: 900 blocks of 8 algorithms in 5 seconds, 30 blocks of 120 algorithms in 20.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from hpowh.analyses.rankings.job import analyse_rankings, analyse_tiers
from hpowh.warehouse import Warehouse
from hpowh.warehouse.ingest import Request, find_source, ingest

SIZES = ((900, 8), (30, 120))
SMALL = ((60, 4),)


def loaded(folder: Path, blocks: int, algorithms: int) -> Warehouse:
    """Return a warehouse with one run an algorithm and benchmark; a quarter of the algorithms is better."""
    draw = np.random.default_rng(0)
    path = folder / f"{blocks}x{algorithms}.csv"
    lines = ["algorithm,benchmark,seed,budget,value"]
    for b in range(blocks):
        level = draw.normal()
        for a in range(algorithms):
            lines.append(f"a{a},b{b},0,1,{level - 0.5 * (a % 4 == 0) + draw.normal():.6f}")
    path.write_text("\n".join(lines), encoding="utf-8")
    warehouse = Warehouse.create(folder / f"{blocks}x{algorithms}.duckdb")
    ingest(warehouse, find_source("runs"), Request(str(path), "x", {}, {"direction": "min"}, None))
    return warehouse


def main() -> None:
    """Print the seconds of each analysis."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rankings")
    parser.add_argument("--small", action="store_true")
    chosen, _ = parser.parse_known_args()
    print("| blocks | algorithms | rankings, s | tiers, s |")
    print("|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for blocks, algorithms in SMALL if chosen.small else SIZES:
            warehouse, seconds = loaded(Path(folder), blocks, algorithms), []
            for analyse in (analyse_rankings, analyse_tiers):
                begun = time.process_time()
                analyse(warehouse, response="value")
                seconds.append(time.process_time() - begun)
            print(f"| {blocks} | {algorithms} | {seconds[0]:.1f} | {seconds[1]:.1f} |", flush=True)


if __name__ == "__main__":
    main()
