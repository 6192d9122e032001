"""Comparisons of landscapes: known pairs, other libraries, and what cannot be compared."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.several.similarity import compare, compare_all, prepare


def measures(a: np.ndarray, b: np.ndarray) -> dict[str, float | None]:
    one, two = (prepare(Surface.from_grid(np.asarray(x, dtype=float))) for x in (a, b))
    return {m.name: m.value for m in compare(one, two)}


RNG = np.random.default_rng(4)
GRID = RNG.random((4, 5, 3))


def test_a_landscape_with_itself() -> None:
    found = measures(GRID, GRID)
    for name in ("spearman", "kendall", "importance_agreement"):
        assert found[name] == pytest.approx(1)
    assert {found[n] for n in ("shake_up", "regret", "regret_share_better", "optimum_distance")} == {0.0}
    assert {found[f"{side}_overlap_{p}"] for side in ("best", "worst") for p in (1, 5, 10, 25)} == {1.0}


def test_a_landscape_turned_over() -> None:
    found = measures(GRID, -GRID)
    assert found["spearman"] == pytest.approx(-1)
    assert found["kendall"] == pytest.approx(-1)
    assert found["best_overlap_25"] == 0
    assert found["regret_share_better"] == pytest.approx(59 / 60)
    assert found["shake_up"] == pytest.approx(0.5, abs=0.01)


def test_correlations_equal_scipys_with_ties() -> None:
    a, b = (RNG.integers(0, 9, (4, 5, 3)).astype(float) for _ in range(2))
    found = measures(a, b)
    assert found["spearman"] == pytest.approx(stats.spearmanr(a.ravel(), b.ravel()).statistic)
    assert found["kendall"] == pytest.approx(stats.kendalltau(a.ravel(), b.ravel()).statistic)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 200), levels=st.sampled_from([1, 2, 5, 40, 10_000]))
def test_compiled_kendall_is_scipys(seed: int, n: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    one, two = (prepare(Surface.from_grid(rng.integers(0, levels, n).astype(float))) for _ in range(2))
    plain, compiled = ({m.name: m.value for m in compare(one, two, compiled=flag)}["kendall"] for flag in (False, True))
    assert compiled == (None if plain is None else pytest.approx(plain, abs=1e-12))


def test_the_nearest_two_of_several_tied_optima() -> None:
    """Levels of an ordinal count one by one, a category as one move: from (0, 0) to (3, 2) it is 3 + 1."""
    a, b = np.ones((2, 4, 3)), np.ones((2, 4, 3))
    a[0, 0, 0] = 0
    b[0, 3, 2] = b[1, 3, 0] = 0
    one, two = (prepare(Surface.from_grid(x, [False, True, False])) for x in (a, b))
    assert {m.name: m.value for m in compare(one, two)}["optimum_distance"] == 4


def test_regret_and_overlap_by_hand() -> None:
    a = np.array([0.0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    b = np.array([4.0, 0, 1, 3, 2, 5, 9, 8, 7, 6])
    found = measures(a, b)
    assert found["regret"] == 4
    assert found["regret_relative"] == pytest.approx(4 / 4.5)
    assert found["regret_share_better"] == pytest.approx(0.4)
    assert found["optimum_distance"] == 1
    assert found["best_overlap_10"] == 0
    # The best quarter (of 2.5, rounded to even, 2): {0, 1} and {1, 2}.
    assert found["best_overlap_25"] == pytest.approx(1 / 3)
    assert found["shake_up"] == pytest.approx((4 + 1 + 1 + 0 + 2 + 0 + 3 + 1 + 1 + 3) / 100)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), levels=st.sampled_from([2, 6, 1000]), shift=st.sampled_from([-7.0, 0.0, 3.0]))
def test_regrets_overlaps_and_distances_by_definition(seed: int, levels: int, shift: float) -> None:
    """The best loss is anywhere, ties are common; every number from lists, without the landscapes' own orders."""
    rng = np.random.default_rng(seed)
    a, b = (rng.integers(0, levels, (4, 3, 2)) + shift for _ in range(2))
    one, two = (prepare(Surface.from_grid(x.astype(float), [True, False, True])) for x in (a, b))
    found = {m.name: m.value for m in compare(one, two)}
    losses = list(zip(a.ravel().tolist(), b.ravel().tolist(), strict=True))
    best = [y for x, y in losses if x == min(x for x, _ in losses)]
    regret = sum(best) / len(best) - b.min()
    assert found["regret"] == pytest.approx(regret)
    way = np.median(b) - b.min()
    assert found["regret_relative"] == (None if way == 0 else pytest.approx(regret / way))
    assert found["regret_share_better"] == pytest.approx(np.mean([sum(y < z for _, y in losses) / 24 for z in best]))
    ranks = [stats.rankdata(x.ravel()) for x in (a, b)]
    assert found["shake_up"] == pytest.approx(np.abs(ranks[0] - ranks[1]).mean() / 24)
    for percent in (1, 5, 10, 25):
        keep = max(1, round(24 * percent / 100))
        for side, sign in (("best", 1), ("worst", -1)):
            sets = []
            for values in zip(*losses, strict=True):
                limit = sorted(sign * v for v in values)[keep - 1]
                sets.append({i for i, v in enumerate(values) if sign * v <= limit})
            wanted = len(sets[0] & sets[1]) / len(sets[0] | sets[1])
            assert found[f"{side}_overlap_{percent}"] == pytest.approx(wanted)
    places = [np.argwhere(x == x.min()).tolist() for x in (a, b)]
    moves = [abs(p[0] - q[0]) + (p[1] != q[1]) + abs(p[2] - q[2]) for p in places[0] for q in places[1]]
    assert found["optimum_distance"] == min(moves)


def test_regret_goes_one_way_and_the_rest_both() -> None:
    other = GRID + RNG.random(GRID.shape)
    rows = compare_all(["a", "b"], [Surface.from_grid(GRID), Surface.from_grid(other)])
    there = {m.name: m.value for a, _, m in rows if a == "a"}
    back = {m.name: m.value for a, _, m in rows if a == "b"}
    assert there.keys() == back.keys()
    expected = measures(other, GRID)
    assert back == {name: pytest.approx(value) for name, value in expected.items()}


def test_only_common_configurations_count() -> None:
    a, b = GRID.copy(), GRID.copy()
    a[0], b[:, 0] = np.nan, np.nan
    one, two = prepare(Surface.from_grid(a)), prepare(Surface.from_grid(b))
    found = {m.name: m for m in compare(one, two)}
    assert found["spearman"].pair_count == 3 * 4 * 3
    assert found["spearman"].value == pytest.approx(1)
    # Each is complete over the levels that it has; of a thin one nothing is known.
    assert found["importance_agreement"].value is not None
    thin = {m.name: m for m in compare(prepare(Surface.from_grid(np.where(RNG.random(a.shape) < 0.3, a, np.nan))), two)}
    assert thin["importance_agreement"].value is None
    assert thin["importance_agreement"].reason


def test_a_constant_landscape_has_no_correlation() -> None:
    found = {m.name: m for m in compare(prepare(Surface.from_grid(GRID)), prepare(Surface.from_grid(GRID * 0)))}
    for name in ("spearman", "kendall", "regret_relative", "importance_agreement"):
        assert found[name].value is None
        assert found[name].reason


def test_landscapes_of_different_spaces_are_refused() -> None:
    with pytest.raises(LandscapeError, match="different search spaces"):
        compare(prepare(Surface.from_grid(GRID)), prepare(Surface.from_grid(GRID[:3])))
    with pytest.raises(LandscapeError, match="different search spaces"):
        compare(prepare(Surface.from_grid(GRID)), prepare(Surface.from_grid(GRID, False)))


def test_landscapes_without_a_common_configuration_are_refused() -> None:
    a, b = GRID.copy(), GRID.copy()
    a[:2], b[2:] = np.nan, np.nan
    with pytest.raises(LandscapeError, match="in common"):
        compare(prepare(Surface.from_grid(a)), prepare(Surface.from_grid(b)))
