"""Incomplete blocks: tests that use them, and what each algorithm costs."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from hpowh.analyses.rankings.blocks import make_blocks
from hpowh.analyses.rankings.frequentist import friedman
from hpowh.analyses.rankings.incomplete import arranged, cost_sentence, costs, durbin, skillings_mack
from hpowh.analyses.rankings.job import analyse_rankings
from hpowh.warehouse import Warehouse

from .test_rankings import load

N = np.nan


def test_skillings_and_macks_own_example():
    """Assembly times (Skillings & Mack 1981; the R package of that name prints 15.493 and 0.00144)."""
    times = np.array(
        [
            [3.2, 3.1, 4.3, 3.5, 3.6, 4.5, N, 4.3, 3.5],
            [4.1, 3.9, 3.5, 3.6, 4.2, 4.7, 4.2, 4.6, N],
            [3.8, 3.4, 4.6, 3.9, 3.7, 3.7, 3.4, 4.4, 3.7],
            [4.2, 4.0, 4.8, 4.0, 3.9, N, N, 4.9, 3.9],
        ]
    ).T
    found = skillings_mack(times)
    assert (found.statistic, found.p_value) == pytest.approx((15.493, 0.00144), abs=5e-4)


def test_durbin_on_conovers_ice_creams():
    """Conover (1999), p. 391: seven varieties, each judge tastes three; T1 = 12, p = 0.062."""
    ranks = np.array(
        [
            [2, 3, N, 1, N, N, N], [N, 3, 1, N, 2, N, N], [N, N, 2, 1, N, 3, N], [N, N, N, 1, 2, N, 3],
            [3, N, N, N, 1, 2, N], [N, 3, N, N, N, 1, 2], [3, N, 1, N, N, N, 2],
        ]
    )  # fmt: skip
    found = durbin(ranks)
    assert (found.statistic, found.p_value) == pytest.approx((12.0, 0.06197), abs=1e-5)
    # In a balanced incomplete design without ties the two are one test.
    assert skillings_mack(ranks).statistic == pytest.approx(12.0)


@pytest.mark.parametrize("seed", range(4))
def test_with_complete_blocks_all_three_are_friedmans(seed: int):
    losses = np.random.default_rng(seed).standard_normal((8, 4))
    block, algorithm = zip(*product([f"b{i}" for i in range(8)], "ABCD"), strict=True)
    expected = friedman(make_blocks(block, algorithm, losses.ravel().tolist())).statistic
    assert skillings_mack(losses).statistic == pytest.approx(expected)
    assert durbin(losses).statistic == pytest.approx(expected)


def test_undefined_statistics_have_a_reason():
    losses = np.array([[1.0, 2.0, N, N], [2.0, 1.0, N, N], [N, N, 1.0, 2.0], [N, N, 2.0, 1.0]])
    assert "connect" in str(skillings_mack(losses).reason)
    assert "balanced" in str(durbin(losses).reason)
    assert np.isnan(durbin(np.array([[1.0, N], [N, 1.0]])).p_value)


def rejections(replicates: int) -> float:
    """Return how often Skillings-Mack rejects at 5 % where nothing differs and a third of the values is missing."""
    rng, count = np.random.default_rng(1), 0
    for _ in range(replicates):
        losses = rng.standard_normal((15, 4))
        losses[rng.random(losses.shape) < 0.3] = N
        count += skillings_mack(losses).p_value < 0.05
    return count / replicates


def test_skillings_mack_holds_its_level():
    assert 0.02 < rejections(400) < 0.08


@pytest.mark.slow
def test_skillings_mack_holds_its_level_closely():
    assert abs(rejections(10_000) - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 10_000) + 0.01


def test_who_costs_how_many_blocks():
    losses = [1.0, 2.0, N, 1.0, 2.0, 3.0, 1.0, N, N, 1.0, 2.0, N]
    block, algorithm = zip(*product(("b1", "b2", "b3", "b4"), "ABC"), strict=True)
    names, matrix = arranged(block, algorithm, losses)
    dear = costs(names, matrix)
    assert [(c.algorithm, c.missing, c.alone, c.complete, c.complete_without) for c in dear] == [
        ("C", 3, 2, 1, 3),
        ("B", 1, 0, 1, 1),
        ("A", 0, 0, 1, 1),
    ]
    assert cost_sentence(dear, 4) == (
        "1 of 4 blocks hold all algorithms: C is missing in 3 (in 2 alone: without it 3 are complete); "
        "B is missing in 1."
    )
    assert cost_sentence(costs("AB", np.ones((2, 2))), 2) is None


def test_incomplete_blocks_are_used_and_their_cost_is_said(warehouse: Warehouse, tmp_path: Path):
    rng = np.random.default_rng(4)
    lines = [
        f"{a},b{b},{s},1,{'' if a == 'C' and b < 6 else round(i + rng.random(), 4)}"
        for i, a in enumerate("ABC")
        for b in range(9)
        for s in range(2)
    ]
    load(warehouse, tmp_path, lines)
    outcome = analyse_rankings(warehouse, response="value")
    said = " ".join(outcome.warnings)
    assert "3 of 9 blocks hold all algorithms: C is missing in 6 (in 6 alone: without it 9 are complete)" in said
    tests = {row["test"]: row for row in outcome.tables["ranking_test"].to_dicts()}
    assert tests["skillings_mack"]["block_count"] == 9
    assert tests["friedman"]["block_count"] == 3
    assert tests["skillings_mack"]["p_value"] < tests["friedman"]["p_value"]
    assert "balanced" in tests["durbin"]["reason"]
    failures = outcome.tables["ranking_failure"]
    assert failures["policy"].unique().sort().to_list() == ["exclude", "impute", "last"]
    by_policy = {(r["policy"], r["first"], r["second"]): r for r in failures.to_dicts()}
    assert by_policy["exclude", "A", "C"]["verdict"] == "no difference seen"
    assert by_policy["last", "A", "C"]["verdict"] == "A better"
    assert "A and C: the verdict hangs on what failed runs count" in said
