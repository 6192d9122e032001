"""CPU seconds of the neighbourhood and pair views beside the landscape engine; decision 0008 quotes them.

python benchmarks/engine_beside_views.py demo/hpowh.duckdb
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.edges import neighbour_pairs
from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.reading.keys import Key, read_keys, read_space
from hpowh.analyses.landscapes.reading.rows import read_ahead, read_surface, rows_of
from hpowh.warehouse import Warehouse
from hpowh.warehouse.ingest import Request, find_source, ingest

NEIGHBOURS = """
select configuration_id, neighbour_id, position from mart.neighbour
where search_space_id = $space and configuration_id < neighbour_id
  and configuration_id in (from evaluated) and neighbour_id in (from evaluated)
"""
EDGES = """
select configuration_id, neighbour_id, difference from mart.landscape_edge
where search_space_id = $space and benchmark_id = $benchmark and metric_id = $metric and split = $split
  and fidelity is not distinct from $fidelity
"""
PAIRS = """
select first_benchmark_id, second_benchmark_id, first_loss, second_loss from mart.benchmark_pair
where search_space_id = $space and metric_id = $metric and split = $split and fidelity is not distinct from $fidelity
"""

FIDELITIES = """
select configuration_id, lower_fidelity, higher_fidelity, lower_loss, higher_loss from mart.fidelity_pair
where search_space_id = 1 and benchmark_id = 1 and metric_id = 1 and split = 'valid'
"""
"""All pairs of fidelities of one landscape."""


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Return the least CPU time, of all threads, of some calls."""

    def spent() -> float:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime

    found = []
    for _ in range(times):
        before = spent()
        work()
        found.append(spent() - before)
    return min(found)


def neighbours(warehouse: Warehouse, key: Key, space: Space, ranks: NDArray[np.int64]) -> None:
    """Print what the neighbour pairs of some configurations cost."""
    warehouse.connection.register("evaluated", pa.table({"id": ranks}))
    view = seconds(lambda: warehouse.sql(NEIGHBOURS, {"space": key.search_space_id}).numpy())
    engine = seconds(lambda: neighbour_pairs(space, ranks))
    print(f"{key.search_space}: neighbours of {ranks.size:,}: view {view:.3f} s, engine {engine:.3f} s")


def landscapes(warehouse: Warehouse, key: Key, space: Space, alike: list[Key]) -> None:
    """Print what a landscape's edges cost, and what it costs to have all benchmarks of a space side by side."""
    view = seconds(lambda: warehouse.sql(EDGES, key.parameters).numpy())
    engine = seconds(lambda: neighbour_pairs(space, read_surface(warehouse, key, space).ranks))
    print(f"{key.search_space}: a landscape's edges: view {view:.3f} s, engine {engine:.3f} s")
    values = {name: value for name, value in key.parameters.items() if name != "benchmark"}
    view = seconds(lambda: warehouse.sql(PAIRS, values).numpy())
    engine = seconds(lambda: list(read_ahead(warehouse, alike, {key.search_space_id: space})))
    print(f"{key.search_space}: {len(alike)} benchmarks in pairs: view {view:.3f} s, engine {engine:.3f} s")


def fidelities(folder: Path, count: int, size: int = 30_000) -> None:
    """Print what it costs to have a drawn landscape's fidelities side by side: the demo has one fidelity."""
    path = folder / f"{count}.duckdb"
    with Warehouse.create(path) as warehouse:
        source = folder / f"{count}.csv"
        warehouse.connection.sql(
            f"select a, b, f as fidelity, sin(a) + b / 100 + 1 / f + hash(a * b * f) % 1000 / 1e5 as loss "
            f"from range({size // 100}) as x(a), range(100) as y(b), range(1, {count + 1}) as z(f)"
        ).write_csv(str(source))
        options = {"space": "drawn", "benchmark": "drawn", "direction": "min"}
        ingest(warehouse, find_source("grid"), Request(str(source), "drawn", {"loss": "metric"}, options))
        keys = read_keys(rows_of(warehouse))
        assert len(keys) == count, keys
        space = read_space(rows_of(warehouse), keys[0].search_space_id)
        assert len(warehouse.sql(FIDELITIES).rows()) == size * count * (count - 1) // 2
        view = seconds(lambda: warehouse.sql(FIDELITIES).numpy())
        engine = seconds(lambda: list(read_ahead(warehouse, keys, {keys[0].search_space_id: space})))
    print(f"{size:,} configurations, {count} fidelities in pairs: view {view:.3f} s, engine {engine:.3f} s")


def main() -> None:
    """Print the comparisons on a drawn landscape and on the demo's warehouse, search space by search space."""
    with TemporaryDirectory() as folder:
        for count in (2, 4, 10):
            fidelities(Path(folder), count)
    path = Path("demo/hpowh.duckdb")
    if not path.is_file():
        print("  skipped: run `make demo` first, this measures demo/hpowh.duckdb")
        return
    with Warehouse(path) as warehouse:
        keys = read_keys(rows_of(warehouse))
        for space_id in sorted({key.search_space_id for key in keys}):
            mine = [key for key in keys if key.search_space_id == space_id]
            key, space = mine[0], read_space(rows_of(warehouse), space_id)
            surface = read_surface(warehouse, key, space)
            for share in (0.5, 0.1):
                size = int(share * surface.ranks.size)
                chosen = np.random.default_rng(0).choice(surface.ranks, size, replace=False)
                neighbours(warehouse, key, space, np.sort(chosen))
            landscapes(warehouse, key, space, [other for other in mine if other.comparable == key.comparable])


if __name__ == "__main__":
    main()
