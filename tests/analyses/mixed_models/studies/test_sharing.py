"""Runs that share a seed: how alike they are, what is said of it, and the model that compares within seeds."""

from __future__ import annotations

import numpy as np
import pytest

from hpowh.analyses.mixed_models.job import analyse_lmem
from hpowh.analyses.mixed_models.reading.verdicts import verdicts
from hpowh.analyses.mixed_models.studies.job import analyse_presets
from hpowh.analyses.mixed_models.studies.sharing import TOGETHER, sharing, sharing_sentence
from hpowh.warehouse import Warehouse

from ...traces.conftest import fill_runs, run_points
from ..conftest import cells_of, simulate

KEYS = ("benchmark", "seed")
CELLS = "y ~ 1 + (1|algorithm:benchmark:seed)"
DEFAULT = "value ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"


def rows_of(shared: float, seed: int = 0, **options) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    rows = simulate(rng, **options)
    code = [np.unique(rows[name], return_inverse=True)[1] for name in KEYS]
    rows["y"] = rows["y"] + rng.normal(0.0, shared, (50, 50))[code[0], code[1]]
    return rows


def test_the_correlation_is_the_shared_part_of_the_variance():
    found = sharing(cells_of(CELLS, rows_of(2.0, benchmarks=30, seeds=20)), KEYS)
    assert found is not None and found.correlation == pytest.approx(4.0 / 5.0, abs=0.05)
    assert (found.df1, found.df2) == (30 * 19, 30 * 19 * 2)
    # An F test done by hand on one benchmark's table of seeds and algorithms.
    rows = rows_of(1.0, benchmarks=1, algorithms=3, seeds=6)
    table = rows["y"].reshape(3, 6)
    left = table - table.mean(axis=1, keepdims=True)
    shared = 3 * (left.mean(axis=0) ** 2).sum() / 5
    rest = ((left - left.mean(axis=0)) ** 2).sum() / 10
    one = sharing(cells_of(CELLS, rows), KEYS)
    assert one is not None and one.statistic == pytest.approx(shared / rest)


def test_without_anything_shared_it_is_said_as_seldom_as_its_level_has_it():
    found = [sharing(cells_of(CELLS, rows_of(0.0, seed, benchmarks=4, seeds=5)), KEYS) for seed in range(200)]
    p_values = np.array([one.p_value for one in found if one is not None])
    assert len(p_values) == 200
    assert 2 <= (p_values < 0.05).sum() <= 21
    assert sum(sharing_sentence(one) is not None for one in found) <= 2


def test_seeds_of_their_own_share_nothing():
    rows = rows_of(2.0, benchmarks=3, seeds=4)
    own = {name: 100 * i for i, name in enumerate(np.unique(rows["algorithm"]))}
    rows["seed"] = rows["seed"].astype(int) + np.array([own[name] for name in rows["algorithm"]])
    assert sharing(cells_of(CELLS, rows), KEYS) is None


def test_it_is_said_with_the_verdict_and_the_model_that_it_names_finds_what_was_hidden(warehouse: Warehouse):
    rng, points = np.random.default_rng(7), []
    for b in range(8):
        for seed in range(6):
            shared = 20.0 + b + 3.0 * rng.normal()
            for name in "ABC":
                points += run_points(name, f"b{b}", seed, [shared - 0.5 * (name == "A") + 0.2 * rng.normal()])
    fill_runs(warehouse, points, metric="value")
    outcome = analyse_lmem(warehouse, DEFAULT, budget="final", with_residuals=False)
    (verdict,) = verdicts(warehouse, outcome.subject)
    assert TOGETHER in verdict.sentence and not any(claim.better for claim in verdict.claims)
    within = analyse_lmem(warehouse, f"{DEFAULT} + (1|benchmark:seed)", budget="final", with_residuals=False)
    (verdict,) = verdicts(warehouse, within.subject)
    assert TOGETHER not in verdict.sentence
    assert [claim.better for claim in verdict.claims] == ["A", "A", None]
    table = analyse_presets(warehouse, names=["seed"]).tables["lmem_preset"]
    row = table.filter(table["subject"] == "within benchmarks").to_dicts()[0]
    assert row["is_significant"] and "go together" in row["verdict"]
    assert (table["statistic"] >= 0).all()
