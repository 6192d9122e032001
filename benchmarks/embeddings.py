"""How long it takes to lay 62,208 configurations out in a plane, whole process, from the command to the stored tables.

    python -m benchmarks.embeddings

The landscape has FCNet's shape (9 hyperparameters, 62,208 configurations, 378,432 neighbour pairs) and made-up losses:
effects of each hyperparameter and of a few pairs, with noise. There is no peer: the limit is two minutes. Needs the
extra `embedding`. The first run of a fresh installation also compiles UMAP's loops, once; it is printed apart.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.alternate import one

SHAPE, ORDINAL = (2, 2, 4, 3, 3, 6, 2, 6, 6), (False, False, True, True, True, True, False, True, True)
ROUNDS = 3


def losses() -> np.ndarray:
    """Return a rugged landscape with a trend: every hyperparameter, three pairs, noise."""
    rng = np.random.default_rng(7)
    grid = np.zeros(SHAPE)
    for axis, size in enumerate(SHAPE):
        grid += rng.normal(size=size).reshape([-1 if i == axis else 1 for i in range(len(SHAPE))])
    for a, b in ((2, 5), (3, 8), (4, 7)):
        grid += rng.normal(size=(SHAPE[a], SHAPE[b])).reshape(
            [size if i in (a, b) else 1 for i, size in enumerate(SHAPE)]
        )
    return grid + 0.3 * rng.normal(size=SHAPE)


def make_warehouse(path: Path) -> None:
    """Write the landscape into a new warehouse."""
    import pyarrow as pa

    from hpowh.warehouse import Warehouse

    grid = losses()
    with Warehouse.create(path).writing() as con:
        con.execute("insert into core.search_space values (1, 'fcnet-shaped', 'f', ?, 1)", [grid.size])
        con.execute("insert into core.benchmark values (1, 'made-up')")
        con.execute("insert into core.metric values (1, 'val_loss', 'min', null, null, null)")
        stride = grid.size
        for position, (size, is_ordinal) in enumerate(zip(SHAPE, ORDINAL, strict=True)):
            stride //= size
            kind = "ordinal" if is_ordinal else "categorical"
            row = [position, f"h{position}", kind, size, stride]
            con.execute("insert into core.hyperparameter values (1, ?, ?, ?, 'int', 'linear', ?, ?)", row)
        con.register("made", pa.table({"rank": np.arange(grid.size), "value": grid.ravel()}))
        con.execute(
            "insert into core.evaluation select 1, rank, 1, null, 0, null, 1, 'valid', value, null, 'ok', 1 from made"
        )
        con.unregister("made")


def main() -> None:
    """Run the command several times, each with another seed, so that nothing is remembered."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hpowh.duckdb"
        make_warehouse(path)
        command = [sys.executable, "-m", "hpowh.warehouse", "analyse", "embed", "--warehouse", str(path)]
        times, _, peaks = zip(*(one([*command, "--random-seed", str(seed)]) for seed in range(ROUNDS + 1)), strict=True)
    print(f"  first run                    {times[0]:.1f} s")
    print(
        f"  62,208 configurations, k=16  median {statistics.median(times[1:]):.1f} s "
        f"(min {min(times[1:]):.1f}, max {max(times[1:]):.1f}), peak {max(peaks):,.0f} MB; the limit is 120 s"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
