"""Thin samples of large spaces: what pairs tell, against whole tables and against landscapes of known shares."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor

from hpowh.analyses.evaluate.spaces import Dimension, sample
from hpowh.analyses.evaluate.spaces import Space as SampledSpace
from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.characterise import Options, characterise
from hpowh.analyses.landscapes.one.fanova import decompose
from hpowh.analyses.landscapes.one.surrogate import encode
from hpowh.analyses.landscapes.one.trees import forest_decomposition
from hpowh.analyses.landscapes.partial.sampled import pairs_of, portrait

NAMES = ("neutrality", "gradient", "assortativity_loss", "assortativity_rank", "interaction_sign",
         "interaction_reciprocal")  # fmt: skip


def design(shape: tuple[int, ...], ordinal: tuple[bool, ...], count: int, seed: int, how: str = "pairs") -> np.ndarray:
    dimensions = tuple(
        Dimension(name=f"h{i}", levels=tuple(range(size)), kind="ordinal" if flag else "categorical", value_type="int")
        for i, (size, flag) in enumerate(zip(shape, ordinal, strict=True))
    )
    return np.sort(np.array(sample(SampledSpace(dimensions), how, count, seed)))


SHAPE, ORDINAL = (5, 4, 6, 3, 5, 4), (True, False, True, True, True, False)


def table() -> Surface:
    """Main effects of six axes, two interactions, and noise."""
    rng = np.random.default_rng(0)
    grid = 0.3 * rng.normal(size=SHAPE) + 0.7 * rng.normal(size=(5, 4, 1, 1, 1, 1))
    grid += 0.7 * rng.normal(size=(1, 1, 6, 3, 1, 1))
    for axis, size in enumerate(SHAPE):
        grid += (1 + axis) / 4 * rng.normal(size=[size if j == axis else 1 for j in range(6)])
    return Surface.from_grid(grid, ORDINAL)


def covering(draws: int) -> tuple[dict[str, float], dict[str, float]]:
    """Return how often each interval holds the whole table's number, and the mean error in standard errors."""
    whole = table()
    truth = characterise(whole, Options(has_network=False, epsilon=0.2))
    shares = truth.tables["landscape_importance"]["total_share"]
    held: dict[str, list[bool]] = {}
    error: dict[str, list[float]] = {}
    for seed in range(draws):
        ranks = design(SHAPE, ORDINAL, 1200, seed)
        found = portrait(Surface.make(whole.space, ranks, whole.loss[ranks]), 0.2, seed=seed)
        known = {name: (found.metrics[name], truth.value(name)) for name in NAMES}
        known |= {f"total {axis}": (one, shares[axis]) for axis, one in found.total.items()}
        for name, (one, true) in known.items():
            held.setdefault(name, []).append(one.lower <= true <= one.upper)
            error.setdefault(name, []).append(one.value - true)
    bias = {name: abs(np.mean(errors)) / (np.std(errors) / np.sqrt(draws)) for name, errors in error.items()}
    return {name: float(np.mean(one)) for name, one in held.items()}, bias


def test_pairs_estimate_the_whole_table() -> None:
    """A few draws: at least nine in ten of all intervals hold, and no estimate is off in one direction."""
    held, bias = covering(4)
    assert len(held) == len(NAMES) + 6
    assert np.mean(list(held.values())) >= 0.88
    assert max(bias.values()) < 12


@pytest.mark.slow
def test_intervals_from_pairs_hold_at_about_their_level() -> None:
    """Of 100 intervals that hold with 0.95, fewer than 87 hold once in a thousand; means are within five errors."""
    held, bias = covering(100)
    assert min(held.values()) >= 0.87
    assert max(bias.values()) < 5


@pytest.mark.parametrize(
    ("axes", "count", "seed", "within"), [(9, 900, 1, 0.2), pytest.param(12, 3000, 0, 0.06, marks=pytest.mark.slow)]
)
def test_millions_of_cells_are_described_from_a_thousand(axes: int, count: int, seed: int, within: float) -> None:
    """5^9 (5^12) cells, f = sum of a_j x_j plus b x_0 x_1 with centred levels: shares and their totals are known."""
    shape, slopes, pair = (5,) * axes, np.array([3.0, 2, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0, 0, 0])[:axes], 1.5
    ranks = design(shape, (True,) * axes, count, seed)
    space = Space.of(shape)
    level = np.stack([space.levels(ranks, axis) for axis in range(axes)], axis=1) - 2.0
    surface = Surface.make(space, ranks, level @ slopes + pair * level[:, 0] * level[:, 1])
    result = characterise(surface, Options(is_bounded=False))
    variance = 2.0 * (slopes**2).sum() + 4.0 * pair**2  # a level's variance is 2
    truth = (2.0 * slopes**2 + np.array([4.0 * pair**2] * 2 + [0] * (axes - 2))) / variance
    rows = result.tables["landscape_importance"]
    for axis in range(axes):
        assert rows["total_share"][axis] == pytest.approx(truth[axis], abs=within)
        assert rows["total_lower"][axis] - within / 3 <= truth[axis] <= rows["total_upper"][axis] + within / 3
        assert rows["main_share"][axis] is not None
    metrics = result.tables["landscape_metric"]
    at = {name: i for i, name in enumerate(metrics["name"])}
    for name in ("assortativity_rank", "neutrality", "gradient", "interaction_sign"):
        i = at[name]
        if metrics["lower"][i] is None:
            assert metrics["value"][i] in (0.0, 1.0), name  # none or all are so, in every replicate
        else:
            assert metrics["lower"][i] <= metrics["value"][i] <= metrics["upper"][i], name
    assert result.value("n_lo") is None
    assert "Jansen" in rows["method"][0] and "random forest, out-of-bag R2" in rows["method"][0]


def test_a_random_sample_without_neighbours_has_no_portrait() -> None:
    shape = (5,) * 12
    ranks = design(shape, (True,) * 12, 500, 0, "random")
    found = portrait(Surface.make(Space.of(shape), ranks, np.arange(500.0)), 0.1, seed=0)
    assert found.metrics == {} and found.total == {}
    assert "fewer than 15 evaluated neighbours" in str(found.why)


def test_pairs_are_all_that_differ_in_one_hyperparameter() -> None:
    whole = table()
    ranks = np.sort(np.random.default_rng(1).choice(whole.size, 300, replace=False))
    found = pairs_of(Surface.make(whole.space, ranks, whole.loss[ranks]))
    levels = np.array(np.unravel_index(ranks, SHAPE)).T
    expected = {}
    for i, j in combinations(range(300), 2):
        (apart,) = np.nonzero(levels[i] != levels[j])
        if apart.size == 1:
            axis = int(apart[0])
            gap = abs(levels[i, axis] - levels[j, axis])
            expected[i, j] = (axis, bool(gap == 1 or not ORDINAL[axis]))
    pairs = zip(found.first.tolist(), found.second.tolist(), strict=True)
    assert dict(zip(pairs, zip(found.axis.tolist(), found.is_step.tolist(), strict=True), strict=True)) == expected


def test_a_forest_is_decomposed_as_its_predictions_of_the_grid_are() -> None:
    shape, ordinal = (4, 3, 5), (True, False, True)
    space = Space.of(shape, ordinal)
    rng = np.random.default_rng(2)
    ranks = rng.choice(60, 45, replace=False)
    forest = RandomForestRegressor(7, min_samples_leaf=2, random_state=0).fit(encode(space, ranks), rng.normal(size=45))
    grid = forest.predict(encode(space, np.arange(60))).reshape(shape)
    exact, found = decompose(grid), forest_decomposition(forest, space, float(grid.var()))
    np.testing.assert_allclose(found.main, exact.main, atol=1e-12)
    assert found.pair == pytest.approx(exact.pair)
    assert found.variance == pytest.approx(exact.variance)


def test_squares_are_counted_as_in_a_whole_grid() -> None:
    """All cells of a small grid: the shares of squares are those of the exact count; each square is met once."""
    whole = Surface.from_grid(np.random.default_rng(3).normal(size=(4, 3, 4)), (True, False, True))
    exact = characterise(whole, Options(has_network=False))
    found = portrait(whole, 0.1, seed=0)
    for kind in ("additive", "magnitude", "sign", "reciprocal"):
        assert found.metrics[f"interaction_{kind}"].value == pytest.approx(exact.value(f"interaction_{kind}"))
    assert found.metrics["interaction_sign"].count == 3 * 3 * (4 + 3 + 4)  # pairs of levels, times the third axis
