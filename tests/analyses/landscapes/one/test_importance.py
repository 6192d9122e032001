"""Functional ANOVA, interactions and games against definitions, other libraries and hand counts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one import games
from hpowh.analyses.landscapes.one.fanova import capped, decompose, roughness_to_slope
from hpowh.analyses.landscapes.one.interactions import count_squares, square_count
from hpowh.analyses.landscapes.one.surrogate import fit_surrogate

from ....examples import few

shapes = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)


def all_components(grid: np.ndarray) -> dict[tuple[int, ...], float]:
    """Hoeffding's decomposition by inclusion and exclusion over all subsets of axes."""
    k = grid.ndim
    parts: dict[tuple[int, ...], np.ndarray] = {}
    for size in range(k + 1):
        for subset in itertools.combinations(range(k), size):
            rest = tuple(j for j in range(k) if j not in subset)
            part = grid.mean(axis=rest, keepdims=True)
            for smaller, known in parts.items():
                if set(smaller) < set(subset):
                    part = part - known
            parts[subset] = part
    return {subset: float(np.mean(part**2)) for subset, part in parts.items() if subset}


class TestDecomposition:
    @settings(max_examples=few(40), deadline=None)
    @given(shape=shapes, seed=st.integers(0, 1000))
    def test_components_are_hoeffdings_and_add_up_to_the_variance(self, shape: tuple[int, ...], seed: int) -> None:
        grid = np.random.default_rng(seed).normal(10, 3, shape)
        found, expected = decompose(grid), all_components(grid)
        assert found.variance == pytest.approx(np.var(grid))
        assert sum(expected.values()) == pytest.approx(np.var(grid))
        for j in range(len(shape)):
            assert found.main[j] == pytest.approx(expected[(j,)], abs=1e-12)
            total = sum(value for subset, value in expected.items() if j in subset)
            assert found.total[j] == pytest.approx(total, abs=1e-9)
        for pair, value in found.pair.items():
            assert value == pytest.approx(expected[pair], abs=1e-12)

    def test_main_effects_equal_partial_dependence_of_a_tree_that_knows_the_table(
        self, real_table: Callable[[str], Surface]
    ) -> None:
        """scikit-learn's brute-force partial dependence, averaged over the whole grid, is the mean over cells."""
        from sklearn.inspection import partial_dependence
        from sklearn.tree import DecisionTreeRegressor

        surface = real_table("hpobench/vehicle")
        grid = surface.loss.reshape(surface.space.shape)[:, ::3, :, ::3, ::3]
        levels = np.stack([axis.ravel() for axis in np.indices(grid.shape)], axis=1).astype(float)
        tree = DecisionTreeRegressor(random_state=0).fit(levels, grid.ravel())
        parts = decompose(grid)
        for j in range(grid.ndim):
            average = partial_dependence(tree, levels, [j], method="brute", kind="average")["average"][0]
            np.testing.assert_allclose(average - grid.mean(), parts.effects[j], atol=1e-12)
            assert np.var(average) == pytest.approx(parts.main[j])

    def test_shares_agree_with_optunas_fanova_on_the_same_table(self, real_table: Callable[[str], Surface]) -> None:
        """Optuna fits a forest to bootstrapped trials, so that its shares lie near the exact ones.

        Its integer ranges end at the outer levels, which gives these half the weight; half a step more makes all equal.
        """
        optuna = pytest.importorskip("optuna")
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        surface = real_table("hpobench/vehicle")
        grid = surface.loss.reshape(surface.space.shape)[::3, ::3, :, ::2, ::3]
        names = [f"x{j}" for j in range(grid.ndim)]
        distributions = {
            name: optuna.distributions.FloatDistribution(-0.5, size - 0.5)
            for name, size in zip(names, grid.shape, strict=True)
        }
        study = optuna.create_study()
        study.add_trials(
            [
                optuna.trial.create_trial(
                    params=dict(zip(names, map(float, level), strict=True)),
                    distributions=distributions,
                    value=float(grid[level]),
                )
                for level in np.ndindex(grid.shape)
            ]
        )
        found = optuna.importance.FanovaImportanceEvaluator(seed=0).evaluate(study)
        parts = decompose(grid)
        for j, name in enumerate(names):
            assert parts.main[j] / parts.variance == pytest.approx(found[name], abs=0.04)

    def test_capping_keeps_what_is_better(self) -> None:
        grid = np.arange(100.0).reshape(10, 10)
        assert np.array_equal(capped(grid, 0.1) < 9.9, grid < 9.9)
        assert capped(grid, 0.1).max() == pytest.approx(9.9)

    def test_roughness_is_what_additivity_leaves(self) -> None:
        """A slope of 1 a level plus a checkerboard of +-0.5: roughness 0.5 and slope 1."""
        i, j = np.indices((4, 4))
        grid = i + j + 0.5 * (-1.0) ** (i + j)
        parts = decompose(grid)
        assert roughness_to_slope(grid, [True, True], parts) == pytest.approx(0.5)
        assert roughness_to_slope((-1.0) ** (i + j), [True, True], decompose((-1.0) ** (i + j))) is None


class TestInteractions:
    @pytest.mark.parametrize(
        ("square", "kind"),
        [
            ([[0, 1], [2, 3]], "additive"),
            ([[0, 1], [2, 4]], "magnitude"),
            ([[0, 1], [2, 1.5]], "sign"),
            ([[0, 1], [1, 0.5]], "reciprocal"),
            ([[0.1, 0.3], [0.2, 0.4]], "additive"),  # up to rounding
        ],
    )
    @pytest.mark.parametrize("compiled", [False, True])
    def test_one_square(self, square: list[list[float]], kind: str, compiled: bool) -> None:
        found = count_squares(np.array(square, dtype=float), [True, True], compiled=compiled)[0, 1]
        assert found.count == 1
        assert getattr(found, kind) == 1

    def test_squares_of_ordinals_are_adjacent_and_of_categoricals_any(self) -> None:
        grid = np.random.default_rng(0).random((4, 3, 2))
        found = count_squares(grid, [True, False, True], compiled=False)
        assert found[0, 1].count == 3 * 3 * 2
        assert found[0, 2].count == 3 * 1 * 3
        assert found[1, 2].count == 3 * 1 * 4
        assert sum(s.count for s in found.values()) == square_count((4, 3, 2), [True, False, True])

    @settings(max_examples=few(30), deadline=None)
    @given(shape=st.lists(st.integers(1, 4), min_size=2, max_size=4).map(tuple), seed=st.integers(0, 1000))
    def test_engines_agree_with_holes(self, shape: tuple[int, ...], seed: int) -> None:
        rng = np.random.default_rng(seed)
        grid = rng.integers(0, 4, shape).astype(float)
        grid[rng.random(shape) < 0.2] = np.nan
        ordinal = [bool(x) for x in rng.integers(0, 2, len(shape))]
        assert count_squares(grid, ordinal, compiled=False) == count_squares(grid, ordinal, compiled=True)


class TestGames:
    def test_tunability_is_the_search_over_the_free_hyperparameters(self) -> None:
        grid = np.random.default_rng(1).random((3, 2, 4))
        default = (1, 0, 2)
        game = games.tunability_game(grid, default)
        for free in itertools.product((0, 1), repeat=3):
            box = grid[tuple(slice(None) if f else slice(d, d + 1) for f, d in zip(free, default, strict=True))]
            assert game[free] == pytest.approx(grid[default] - box.min())

    @settings(max_examples=few(25), deadline=None)
    @given(k=st.integers(1, 5), seed=st.integers(0, 1000))
    def test_shapley_values_are_the_mean_over_all_orders(self, k: int, seed: int) -> None:
        game = np.random.default_rng(seed).normal(size=(2,) * k)
        expected = np.zeros(k)
        for order in itertools.permutations(range(k)):
            coalition = [0] * k
            for player in order:
                before = game[tuple(coalition)]
                coalition[player] = 1
                expected[player] += game[tuple(coalition)] - before
        found = games.shapley_values(game)
        np.testing.assert_allclose(found, expected / math.factorial(k))
        assert found.sum() == pytest.approx(game[(1,) * k] - game[(0,) * k])

    def test_interaction_of_two_players_is_what_they_gain_together(self) -> None:
        game = np.array([[0.0, 2.0], [3.0, 9.0]])
        assert games.shapley_interactions(game) == {(0, 1): pytest.approx(4.0)}

    def test_interaction_of_a_third_player_averages_over_its_presence(self) -> None:
        game = np.zeros((2, 2, 2))
        game[1, 1, 0], game[1, 1, 1] = 2.0, 6.0  # players 0 and 1 gain only together, more with player 2
        assert games.shapley_interactions(game)[0, 1] == pytest.approx((2.0 + 6.0) / 2)

    def test_ablation_takes_levels_of_the_best(self) -> None:
        grid = np.array([[5.0, 4.0], [3.0, 0.0]])
        game = games.ablation_game(grid, (0, 0), (1, 1))
        assert game.tolist() == [[0.0, 1.0], [2.0, 5.0]]
        assert games.shapley_values(game) == pytest.approx([3.0, 2.0])


def test_a_surrogate_of_a_sample_finds_the_order_of_importances(real_table: Callable[[str], Surface]) -> None:
    whole = real_table("hpobench/vehicle")
    exact = decompose(whole.average_rank.reshape(whole.space.shape), with_pairs=False)
    pick = np.sort(np.random.default_rng(0).choice(whole.size, 1500, replace=False))
    sample = Surface.make(whole.space, pick, whole.loss[pick])
    surrogate = fit_surrogate(sample, sample.average_rank, seed=0)
    assert surrogate.r_squared > 0.7
    found = decompose(surrogate.grid, with_pairs=False)
    np.testing.assert_allclose(found.main / found.variance, exact.main / exact.variance, atol=0.08)


def test_a_share_of_nothing_is_nothing_and_no_rounding_error() -> None:
    grid = np.add.outer(np.linspace(0.1, 0.7, 4), np.repeat([0.1, 0.3, 0.35], 2).reshape(3, 2))
    found = decompose(grid)
    shares = {pair: found.share(variance) for pair, variance in found.pair.items()}
    assert shares == dict.fromkeys(shares, 0.0)
    assert found.share(float(found.main[2])) == 0.0
    assert found.share(float(found.main[0])) == pytest.approx(np.var(np.linspace(0.1, 0.7, 4)) / np.var(grid))
