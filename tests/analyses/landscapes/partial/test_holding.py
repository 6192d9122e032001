"""Do intervals of completed landscapes hold on parts of public tables, in which nothing is a Gaussian field?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.characterise import Characterisation, Options, characterise

TABLES = (
    "hpobench/credit_g",
    "hpobench/segment",
    "hpobench/australian",
    "hpolib/naval_propulsion",
    "hpolib/slice_localization",
    "nasbench201/imagenet",
    "nasbench201/cifar10",
)
"""Interactions, heavy tails (hpolib) and ties (hpobench). How wide intervals are was settled on others."""
CELLS = 800
OPTIONS = Options(has_network=False, default=0)


def part_of(table: Surface, rng: np.random.Generator) -> Surface:
    """Return a random smaller grid of a table: some levels of each axis, about 700 cells."""
    shape = list(table.space.shape)
    while np.prod(shape) > CELLS:
        axis = rng.choice(len(shape), p=np.array(shape) / sum(shape))
        shape[axis] = max(2, shape[axis] - 1)
    levels = [np.sort(rng.choice(n, k, replace=False)) for n, k in zip(table.space.shape, shape, strict=True)]
    grid = table.loss.reshape(table.space.shape)[np.ix_(*levels)]
    return Surface.from_grid(np.ascontiguousarray(grid), table.space.ordinal)


def holding(whole: Surface, coverage: float, seed: int) -> Iterator[tuple[str, bool]]:
    """Yield each metric and share that has an interval, and whether it holds the whole's number."""
    kept = np.sort(np.random.default_rng([seed, 7]).choice(whole.size, round(coverage * whole.size), replace=False))
    truth = characterise(whole, OPTIONS)
    found = characterise(Surface.make(whole.space, kept, whole.loss[kept]), OPTIONS)
    for name, low, high in columns(found, "landscape_metric", "name", "lower", "upper"):
        true = truth.value(name) if name in truth.tables["landscape_metric"]["name"] else None
        if low is not None and true is not None:
            yield name, low - 1e-9 <= true <= high + 1e-9
    for kind in ("main", "total"):
        ends = columns(found, "landscape_importance", "scope", f"{kind}_lower", f"{kind}_upper")
        shares = truth.tables["landscape_importance"][f"{kind}_share"]
        for (scope, low, high), true in zip(ends, shares, strict=True):
            if low is not None and true is not None:
                yield f"{scope}_{kind}_share", low - 1e-9 <= true <= high + 1e-9


def columns(found: Characterisation, table: str, *names: str) -> list[tuple]:
    return list(zip(*(found.tables[table][name] for name in names), strict=True))


def simulated(
    real_table: Callable[[str], Surface], coverage: float, draws: int, tables: tuple[str, ...] = TABLES
) -> list[tuple[str, str, bool]]:
    """Return table, metric and whether the interval holds, over draws of smaller grids and of their holes."""
    held = []
    for name in tables:
        for seed in range(draws):
            whole = part_of(real_table(name), np.random.default_rng([seed, 11]))
            if whole.ordered[0] < whole.ordered[-1]:
                held += [(name, metric, is_held) for metric, is_held in holding(whole, coverage, seed)]
    return held


def test_intervals_on_parts_of_two_tables_hold(real_table: Callable[[str], Surface]):
    """Of some 75 intervals a draw, that all hang on one set of holes; they held 0.76 of the time at half of FCNet."""
    held = simulated(real_table, 0.5, 2, ("hpolib/slice_localization", "hpobench/segment"))
    assert np.mean([one for *_, one in held]) >= 0.85


@pytest.mark.slow
@pytest.mark.parametrize("coverage", [0.5, 0.6, 0.75, 0.9, 0.99])
def test_intervals_on_parts_of_public_tables_hold(real_table: Callable[[str], Surface], coverage: float):
    """Over 105 draws at each coverage."""
    held = simulated(real_table, coverage, 15)
    assert np.mean([one for *_, one in held]) >= 0.93
