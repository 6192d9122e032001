"""Landscapes of which only a part was evaluated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hpowh.analyses.landscapes import incomplete
from hpowh.analyses.landscapes.characterise import Characterisation, Options, characterise
from hpowh.analyses.landscapes.incomplete import STRUCTURAL
from hpowh.analyses.landscapes.surface import Surface

OPTIONS = Options(has_network=False, is_bounded=True)


def sample(surface: Surface, count: int, seed: int) -> Surface:
    pick = np.sort(np.random.default_rng(seed).choice(surface.size, count, replace=False))
    return Surface.make(surface.space, surface.ranks[pick], surface.loss[pick])


def column(result: Characterisation, name: str) -> dict[str, float | str | None]:
    table = result.tables["landscape_metric"]
    at = list(table["name"]).index(name)
    return {key: values[at] for key, values in table.items()}


@pytest.fixture(scope="module")
def whole(real_table: Callable[[str], Surface]) -> Surface:
    return real_table("hpobench/vehicle")


def test_seventy_per_cent_are_estimated_with_intervals_that_hold_the_whole(whole: Surface) -> None:
    options = Options(has_network=False, has_importance=False, is_bounded=True)
    truth = characterise(whole, options)
    part = characterise(sample(whole, 21_000, 1), options)
    for name in ("assortativity_rank", "neutrality", "loss_median", "loss_skewness", "near_best_10", "gradient"):
        row = column(part, name)
        assert row["lower"] < row["value"] < row["upper"]  # type: ignore[operator]
        assert row["lower"] < truth.value(name) < row["upper"], name  # type: ignore[operator]
    assert part.value("n_lo") is not None
    assert "evaluated configurations only" in part.warnings[0]


def test_a_sweep_of_a_thousand_says_what_it_can_and_why_not_the_rest(real_table: Callable[[str], Surface]) -> None:
    surface = sample(real_table("hpolib/protein_structure"), 1000, 2)
    result = characterise(surface, Options())
    for name in STRUCTURAL:
        row = column(result, name)
        assert row["value"] is None
        assert "1.61% of the configurations were evaluated" in str(row["reason"])
    row = column(result, "assortativity_rank")
    assert row["pair_count"] == result.value("n_edges")
    assert row["pair_count"] > 30  # type: ignore[operator]
    assert row["lower"] < 0.907 < row["upper"]  # type: ignore[operator]
    assert result.value("lon_2_nodes") is None
    importance = result.tables["landscape_importance"]
    assert importance["method"][0].startswith("random forest")
    ranks = [i for i, scope in enumerate(importance["scope"]) if scope == "ranks"]
    assert "out-of-bag R2 = 0." in importance["method"][ranks[0]]
    assert importance["tunability_shapley"][0] is None
    assert importance["reason"][0]


def test_too_few_pairs_give_no_pair_metric(whole: Surface) -> None:
    result = characterise(sample(whole, 60, 3), OPTIONS)
    row = column(result, "assortativity_rank")
    assert row["value"] is None
    assert "at least 30 are needed" in str(row["reason"])
    assert result.value("loss_median") is not None


def test_intervals_cover_at_about_their_level(whole: Surface) -> None:
    """Over repeated samples the 95 % interval of the median holds the truth in nearly all."""
    truth = float(np.median(whole.loss))
    held = 0
    for seed in range(40):
        row = column(characterise(sample(whole, 300, seed), Options(has_importance=False)), "loss_median")
        held += row["lower"] <= truth <= row["upper"]  # type: ignore[operator]
    assert 34 <= held <= 40


def test_a_pair_counts_as_often_as_both_its_ends(brute: Any) -> None:
    """One bootstrap replicate, written out: every directed pair repeated by the product of its ends' draws."""
    grid = np.random.default_rng(3).random((4, 5))
    surface = Surface.from_grid(grid)
    weight = np.random.default_rng(4).integers(0, 4, 20)
    pairs = [(a, b) for a, near in brute(surface).near.items() for b in near for _ in range(weight[a] * weight[b])]
    first, second = (surface.loss[[pair[i] for pair in pairs]] for i in (0, 1))
    found = incomplete._over_pairs(surface, 0.2)(weight.astype(float))
    assert found["neutrality"] == pytest.approx(np.mean(np.abs(first - second) <= 0.2))
    assert found["gradient"] == pytest.approx(np.mean(np.abs(first - second)))
    assert found["assortativity_loss"] == pytest.approx(np.corrcoef(first, second)[0, 1])


def test_the_same_seed_gives_the_same_interval(whole: Surface) -> None:
    surface = sample(whole, 3000, 0)
    rows = [column(characterise(surface, Options(has_importance=False, seed=s)), "neutrality") for s in (1, 1, 2)]
    assert rows[0] == rows[1]
    assert rows[0]["value"] == rows[2]["value"]
    assert rows[0]["lower"] != rows[2]["lower"]
