"""Importances by every method: beside formulas worked out by hand, and on landscapes of which the answer is known."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.methods.agreement import agreements
from hpowh.analyses.landscapes.methods.importances import METHODS, importances, local_variances, ped_anova
from hpowh.analyses.landscapes.methods.job import agreement_rows, analyse
from hpowh.analyses.landscapes.reading.keys import Selection
from hpowh.warehouse import Warehouse

WEIGHTS = (8.0, 4.0, 2.0, 1.0)


def additive(weights: tuple[float, ...] = WEIGHTS, levels: int = 4) -> np.ndarray:
    grid = np.zeros((levels,) * len(weights))
    for at in np.ndindex(grid.shape):
        grid[at] = sum(weight * level for weight, level in zip(weights, at, strict=True))
    return grid


def test_every_method_finds_the_order_of_an_additive_landscape():
    found = {one.method: one for one in importances(Surface.from_grid(additive()), default=255, seed=0)}
    assert tuple(found) == METHODS
    for method, one in found.items():
        assert one.reason is None, method
        assert np.argsort(-one.values).tolist() == [0, 1, 2, 3], method


def test_values_by_hand():
    """Two levels and three: the best tenth of six losses is one configuration."""
    grid = np.array([[0.0, 1.0, 2.0], [3.0, 5.0, 10.0]])
    surface = Surface.from_grid(grid)
    assert ped_anova(surface) == pytest.approx([(0.5**2 + 0.5**2) / 0.5, ((2 / 3) ** 2 + 2 * (1 / 3) ** 2) * 3])
    assert local_variances(grid, (0, 0)) == pytest.approx([2.25, 2 / 3])
    found = {one.method: one for one in importances(surface, default=5, seed=0)}
    assert found["ablation"].values.sum() == pytest.approx(10.0)  # from 10 to 0, shared out
    ranks = np.arange(1.0, 7.0).reshape(2, 3)
    assert found["fanova"].values[0] == pytest.approx(ranks.mean(axis=1).var() / ranks.var())
    assert found["permutation"].values is None and "6 configurations are too few" in found["permutation"].reason


def test_what_a_method_needs_and_has_not_is_said():
    grid = additive()
    grid.ravel()[np.random.default_rng(0).permutation(256)[:140]] = np.nan  # more than half: no completion
    found = {one.method: one for one in importances(Surface.from_grid(grid), default=255, seed=0)}
    assert {name for name, one in found.items() if one.values is None} == {
        "fanova", "fanova_total", "tunability", "ablation", "local",
    }  # fmt: skip
    assert "needs them all" in found["fanova"].reason
    flat = importances(Surface.from_grid(np.ones((3, 3, 3))), default=0, seed=0)
    assert all(one.reason == "all losses are equal" for one in flat)
    noise = np.random.default_rng(0).standard_normal((4, 4, 4, 4))
    forest = next(
        one for one in importances(Surface.from_grid(noise), default=0, seed=0) if one.method == "permutation"
    )
    assert "no better than their mean" in forest.reason
    alone = {one.method: one for one in importances(Surface.from_grid(additive()), default=None, seed=0)}
    assert "no default" in alone["tunability"].reason and alone["local"].values is not None


@pytest.mark.parametrize("holes", [1, 20])
def test_a_hole_takes_no_method_away(holes: int):
    """What needs the whole grid is of its completions: within 0.02 of the share of the whole, and said."""
    grid = additive() + np.random.default_rng(1).normal(0.0, 0.3, (4, 4, 4, 4))
    whole = {one.method: one.values for one in importances(Surface.from_grid(grid), default=255, seed=0)}
    grid.ravel()[np.random.default_rng(0).permutation(254)[:holes] + 1] = np.nan
    found = {one.method: one for one in importances(Surface.from_grid(grid), default=255, seed=0)}
    for method in ("fanova", "fanova_total", "tunability", "ablation", "local"):
        values = found[method].values
        assert values / values.sum() == pytest.approx(whole[method] / whole[method].sum(), abs=0.02), method
        assert found[method].reason == f"mean of 5 completions, {holes} of 256 configurations imputed"
    assert found["ped_anova"].reason is None


def drawn(rng: np.random.Generator, benchmarks: int, size: int, shared: float) -> dict[int, dict[str, np.ndarray]]:
    """Importances by two methods, with so much of one order in all of them."""
    order = rng.standard_normal(size)
    return {
        at: {name: shared * order + rng.standard_normal(size) for name in ("fanova", "local")}
        for at in range(benchmarks)
    }


def coverage(count: int, shared: float, seed: int) -> tuple[float, float]:
    """Return how often the intervals of both kinds of agreement leave chance (0) out."""
    rng = np.random.default_rng(seed)
    out = np.zeros(2)
    for _ in range(count):
        within, *across = agreements(drawn(rng, 10, 8, shared), ("fanova", "local"), seed=0)
        for at, one in enumerate((within, across[0])):
            out[at] += one.lower > 0 or one.upper < 0
    return tuple(out / count)


def test_unrelated_orders_seldom_pass_for_agreement_and_planted_ones_are_seen():
    within, across = coverage(20, 0.0, 1)
    assert within <= 0.15 and across <= 0.15
    within, across = coverage(10, 2.0, 2)
    assert within >= 0.9 and across >= 0.9


@pytest.mark.slow
def test_unrelated_orders_seldom_pass_for_agreement():
    """400 studies of ten data sets and eight hyperparameters: at most 8 % of the 95 % intervals leave 0 out."""
    within, across = coverage(400, 0.0, 3)
    assert within <= 0.08 and across <= 0.08


def test_two_hyperparameters_and_few_data_sets_are_not_told_as_agreement():
    (pair, *_) = agreements({1: {"fanova": np.array([1.0, 2.0]), "local": np.array([1.0, 2.0])}}, METHODS, seed=0)[-1:]
    assert pair.spearman is None
    rng = np.random.default_rng(0)
    found = agreements(drawn(rng, 3, 5, 1.0), ("fanova", "local"), seed=0)
    assert all(one.lower is None and "3 data sets are too few" in one.reason for one in found)
    assert [one.value_count for one in found] == [3, 3, 3]
    few = agreements(drawn(rng, 6, 2, 1.0), ("fanova", "local"), seed=0)
    assert all(one.spearman is None and "2 hyperparameters" in one.reason for one in few)


@pytest.fixture
def stored(empty_warehouse: Path, tmp_path: Path, fill_warehouse: Callable[..., None]) -> Warehouse:
    shutil.copy(empty_warehouse, tmp_path / "hpowh.duckdb")
    warehouse, rng = Warehouse(tmp_path / "hpowh.duckdb"), np.random.default_rng(4)
    tables = [{"benchmark": f"b{at}", "value": additive() + 0.2 * rng.standard_normal((4,) * 4)} for at in range(6)]
    fill_warehouse(warehouse, "grid", (4,) * 4, (True,) * 4, tables)
    return warehouse


def test_one_command_stores_importances_and_agreements_once(stored: Warehouse):
    ((subject, run, is_new),) = analyse(stored, Selection())
    assert subject == "grid: val_loss valid" and is_new
    assert stored.sql("select count(*), count(value) from result.landscape_method").rows() == [(6 * 8 * 4, 6 * 8 * 4)]
    first = stored.sql("select distinct hyperparameter from result.landscape_method where place = 1").rows()
    assert first == [("h0",)]
    rows = agreement_rows(stored, run)
    assert [row["kind"] for row in rows] == ["methods"] * 28 + ["data sets"] * 8
    # The common default is next to the best configuration, so that games have little but noise to share out.
    whole = [row for row in rows if not {row["method_a"], row["method_b"]} & {"tunability", "ablation"}]
    assert all(row["top_share"] == 1 and row["spearman"] > 0.8 and row["benchmark_count"] == 6 for row in whole)
    assert analyse(stored, Selection()) == [(subject, run, False)]
