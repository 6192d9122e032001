"""Mantel's test: a second implementation by loops over orders, its level under no relation, a planted relation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr

from hpowh.analyses.landscapes.several.mantel import mantel_tests


def made(rng: np.random.Generator, count: int, strength: float) -> tuple[dict, dict]:
    """Data sets with three meta-features; likeness falls with the distance in the first one, by `strength`."""
    names = [f"d{at}" for at in range(count)]
    table = rng.standard_normal((3, count))
    features = {f"f{row}": dict(zip(names, table[row].tolist(), strict=True)) for row in range(3)}
    own = rng.standard_normal(count)  # what the landscapes have of their own
    likeness = {
        (names[a], names[b]): float(-strength * abs(table[0, a] - table[0, b]) - abs(own[a] - own[b]))
        for a, b in itertools.combinations(range(count), 2)
    }
    return features, {"spearman": likeness}


@pytest.mark.parametrize("seed", range(3))
def test_beside_loops_over_all_orders(seed):
    rng = np.random.default_rng(seed)
    features, likeness = made(rng, 5, 0.5)
    (found,) = mantel_tests(features, likeness)
    names = [f"d{at}" for at in range(5)]
    places = [dict(zip(names, rankdata([values[name] for name in names]), strict=True)) for values in features.values()]
    pairs = list(itertools.combinations(names, 2))
    unlike = [-likeness["spearman"][pair] for pair in pairs]

    def correlation(to: dict[str, str]) -> float:
        distances = [np.mean([abs(place[to[a]] - place[to[b]]) for place in places]) for a, b in pairs]
        return float(spearmanr(distances, unlike).statistic)

    here = correlation({name: name for name in names})
    drawn = [correlation(dict(zip(names, order, strict=True))) for order in itertools.permutations(names)]
    assert found.coefficient == pytest.approx(here)
    assert found.p_value == pytest.approx(np.mean(np.abs(drawn) >= abs(here) - 1e-9))
    assert (found.permutation_count, found.feature_count, found.benchmark_count) == (120, 3, 5)


def rejected(count: int, sets: int, strength: float) -> float:
    rng = np.random.default_rng(7)
    return float(np.mean([mantel_tests(*made(rng, sets, strength))[0].p_value <= 0.05 for _ in range(count)]))


def test_its_level_holds_and_a_planted_relation_is_found():
    """Six data sets, all 720 orders: of 150 studies without a relation at most 12 are called one (more: 3 %)."""
    assert rejected(150, 6, 0.0) <= 12 / 150
    assert rejected(20, 7, 20.0) >= 0.5


@pytest.mark.slow
def test_its_level_with_random_orders():
    """1,000 studies of twelve data sets: between 3.5 and 6.7 % are called a relation."""
    assert 0.035 <= rejected(1000, 12, 0.0) <= 0.067


def test_reasons():
    features, likeness = made(np.random.default_rng(0), 4, 1.0)
    assert "4 data sets are too few" in mantel_tests(features, likeness)[0].reason
    features, likeness = made(np.random.default_rng(0), 6, 1.0)
    assert "no meta-feature" in mantel_tests({"f": dict.fromkeys(features["f0"], 1.0)}, likeness)[0].reason
    del likeness["spearman"]["d0", "d1"]
    assert "not compared" in mantel_tests(features, likeness)[0].reason
    both = {"spearman": made(np.random.default_rng(0), 6, 1.0)[1]["spearman"]}
    both["best_overlap_10"] = both["spearman"]
    found = mantel_tests(features, both)
    assert found[0].adjusted_p_value == pytest.approx(min(1.0, 2 * found[0].p_value))
