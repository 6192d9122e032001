"""Landscapes whose answers are known by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.characterise import Characterisation, Options, characterise


def metrics_of(array: np.ndarray, ordinal: list[bool] | bool = True, **options: object) -> Characterisation:
    return characterise(Surface.from_grid(np.asarray(array, dtype=float), ordinal), Options(**options))  # type: ignore[arg-type]


def reason(result: Characterisation, name: str) -> str | None:
    table = result.tables["landscape_metric"]
    return table["reason"][list(table["name"]).index(name)]


def nk_landscape(n: int, k: int, seed: int) -> np.ndarray:
    """Kauffman's NK model: each of n bits contributes a random number that depends on itself and its k successors."""
    rng = np.random.default_rng(seed)
    tables = rng.random((n, 2 ** (k + 1)))
    values = [
        np.mean([tables[i, int("".join(str(bits[(i + j) % n]) for j in range(k + 1)), 2)] for i in range(n)])
        for bits in itertools.product((0, 1), repeat=n)
    ]
    return np.array(values).reshape((2,) * n)


class TestChain:
    """Losses 5 3 4 1 1 2 0 6 along one ordinal hyperparameter."""

    result = metrics_of([5, 3, 4, 1, 1, 2, 0, 6], epsilon="1")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("n_edges", 7), ("n_ties", 1), ("n_lo", 3), ("n_lo_members", 4), ("n_lo_weak", 4), ("n_lo_strict", 2),
            ("n_plateau", 1), ("n_plateau_lo", 1), ("plateau_share", 2 / 8), ("n_global", 1),
            # Basins: 5 and 3 end in 3; 4, 1, 1 in the plateau; 2 (towards 0), 0 and 6 in 0.
            ("basin_largest", 3), ("basin_median", 3), ("basin_global", 3), ("basin_global_share", 3 / 8),
            ("basin_mean", 8 / 3), ("lo_ratio", 3 / 8),
            # Gaps 2 1 3 0 1 2 6: neutral at epsilon 1 are three of seven.
            ("neutrality", 3 / 7), ("gradient", 15 / 7),
            # Descents: 1, 0, 1, 0, 0, 1, 0, 1 moves.
            ("steps_mean", 4 / 8), ("steps_longest", 1),
            # Without worsening the 0 is reached from 0, 6 and 2 only.
            ("monotone_share", 3 / 8),
            ("basin_gini", (2 * (1 * 2 + 2 * 3 + 3 * 3) / (3 * 8)) - 4 / 3),
        ],
    )  # fmt: skip
    def test_metric(self, name: str, value: float) -> None:
        assert self.result.value(name) == pytest.approx(value)

    def test_basins_of_each_configuration(self) -> None:
        assert self.result.tables["landscape_node"]["basin_id"].tolist() == [1, 1, 3, 3, 3, 6, 6, 6]

    def test_plateau_is_listed_once_with_its_exits(self) -> None:
        table = self.result.tables["landscape_plateau"]
        columns = ("plateau_id", "member_count", "exit_count", "is_local_optimum")
        assert [table[name].tolist() for name in columns] == [[3], [2], [0], [True]]


class TestPlateaus:
    """A plateau with two exits, and one without."""

    def test_a_plateau_leaves_through_its_best_exit(self) -> None:
        # Rank 4 lies on the tied row 3 4 5 without an improving neighbour; the row's exits lead to 2 and to 1.
        grid = [[2, 9, 1], [5, 5, 5], [7, 8, 8]]
        node = metrics_of(grid).tables["landscape_node"]
        assert node["basin_id"].tolist() == [0, 2, 2, 0, 2, 2, 0, 2, 2]

    def test_the_best_exit_may_be_the_first(self) -> None:
        node = metrics_of([[1, 6, 2], [5, 5, 5], [7, 8, 9]]).tables["landscape_node"]
        assert node["basin_id"].tolist() == [0, 0, 2, 0, 0, 2, 0, 0, 2]

    def test_equal_exits_are_resolved_by_the_smaller_rank(self) -> None:
        node = metrics_of([[1, 9, 1], [5, 5, 5]]).tables["landscape_node"]
        assert node["basin_id"].tolist() == [0, 0, 2, 0, 0, 2]

    def test_planted_plateaus_count_once_each(self) -> None:
        # Two pits of four tied cells in a plain of distinct values.
        grid = np.arange(100, 136, dtype=float).reshape(6, 6)
        grid[0:2, 0:2] = 1
        grid[4:6, 4:6] = 2
        result = metrics_of(grid)
        assert [result.value(n) for n in ("n_lo", "n_lo_members", "n_plateau", "n_plateau_lo")] == [2, 8, 2, 2]
        assert result.value("basin_largest") + min(result.tables["landscape_optimum"]["basin_size"]) == 36


class TestAdditive:
    """Independent hyperparameters: one optimum, no interaction, everything leads downhill."""

    effects = ([3.0, 1.0, 2.0], [0.0, 4.0, 5.0, 9.0], [0.5, 0.0])
    grid = sum(np.array(e).reshape([-1 if j == i else 1 for j in range(3)]) for i, e in enumerate(effects))

    def test_one_optimum_with_a_categorical_axis(self) -> None:
        result = metrics_of(self.grid, [False, True, True], default=0)
        expected = {
            "n_lo": 1, "basin_global_share": 1, "monotone_share": 1, "interaction_additive": 1,
            "interaction_sign": 0, "interaction_reciprocal": 0, "variance_main": 1,
        }  # fmt: skip
        assert {name: result.value(name) for name in expected} == pytest.approx(expected)
        for name in ("variance_pairs", "variance_higher", "roughness_to_slope"):
            assert result.value(name) == pytest.approx(0, abs=1e-9)

    def test_shares_are_the_variances_of_the_effects(self) -> None:
        table = metrics_of(self.grid, default=0).tables["landscape_importance"]
        variances = np.array([np.var(e) for e in self.effects])
        assert table["main_share"][:3] == pytest.approx((variances / variances.sum()).tolist())
        assert table["total_share"][:3] == pytest.approx(table["main_share"][:3])

    def test_games_of_independent_hyperparameters_add_up(self) -> None:
        """From the default (3, 0, 0.5) each gains what its own effect offers, alone and in company."""
        result = metrics_of(self.grid, default=0)
        table = result.tables["landscape_importance"]
        for column in ("tunability_alone", "tunability_shapley", "ablation_shapley"):
            assert table[column][:3] == pytest.approx([2.0, 0.0, 0.5])
        assert result.tables["landscape_interaction"]["tunability_interaction"][:3] == pytest.approx([0, 0, 0])

    def test_fdc_of_a_cone_is_one(self) -> None:
        cone = np.add.outer(np.abs(np.arange(7) - 3), np.abs(np.arange(5) - 2))
        result = metrics_of(cone)
        assert result.value("fdc_pearson") == pytest.approx(1)
        assert result.value("fdc_spearman") == pytest.approx(1)


class TestNK:
    """Kauffman's model."""

    @pytest.mark.parametrize("seed", range(3))
    def test_without_epistasis_there_is_one_optimum(self, seed: int) -> None:
        result = metrics_of(nk_landscape(8, 0, seed), default=0)
        assert result.value("n_lo") == 1
        assert result.value("interaction_additive") == 1
        # Lag 1 of an additive function of n bits is 1 - 2/n (Weinberger 1990).
        assert result.value("assortativity_loss") == pytest.approx(1 - 2 / 8)

    def test_full_epistasis_is_uncorrelated_with_many_optima(self) -> None:
        """K = N - 1: neighbours are independent; 2^N / (N + 1) optima are expected (Kauffman and Levin 1987)."""
        results = [metrics_of(nk_landscape(10, 9, seed), has_network=False) for seed in range(10)]
        assert np.mean([r.value("n_lo") for r in results]) == pytest.approx(2**10 / 11, rel=0.05)
        assert np.mean([r.value("assortativity_loss") for r in results]) == pytest.approx(0, abs=0.03)


class TestConstant:
    """All losses equal: one plateau; what compares losses is undefined and says so."""

    result = metrics_of(np.full((3, 4), 0.25), default=0)

    def test_counts(self) -> None:
        expected = {"n_lo": 1, "n_lo_members": 12, "n_plateau": 1, "neutrality": 1, "basin_largest": 12, "n_global": 1}
        assert {name: self.result.value(name) for name in expected} == expected

    @pytest.mark.parametrize(
        "name",
        ["assortativity_rank", "assortativity_loss", "fdc_spearman", "fdc_pearson", "ndc_spearman", "loss_skewness",
         "loss_kurtosis", "basin_gini", "basin_depth_correlation", "variance_main", "roughness_to_slope",
         "gradient_relative", "lon_1_density"],
    )  # fmt: skip
    def test_undefined_is_null_with_a_reason(self, name: str) -> None:
        assert self.result.value(name) is None
        assert reason(self.result, name)


def test_holes_are_not_bridged() -> None:
    """Holes part the grid: each side has its own optimum, and degrees count what is there."""
    grid = np.array([[1, np.nan, 5], [2, np.nan, 6], [3, 9, 7.0]])
    result = metrics_of(grid)
    node = result.tables["landscape_node"]
    assert node["configuration_id"].tolist() == [0, 2, 3, 5, 6, 7, 8]
    assert node["degree"].tolist() == [1, 1, 2, 2, 2, 2, 2]
    assert result.value("n_lo") == 2
    assert result.value("coverage") == pytest.approx(7 / 9)
    assert result.value("monotone_share") == pytest.approx(4 / 7)
    assert "2 of 9 configurations" in result.warnings[0]


def test_every_null_has_a_reason_and_every_value_none() -> None:
    for array in (np.ones((1, 1)), np.ones((2, 3)), np.arange(6.0).reshape(2, 3), np.arange(5.0)):
        table = metrics_of(array, default=0).tables["landscape_metric"]
        for name, value, why in zip(table["name"], table["value"], table["reason"], strict=True):
            assert (value is None) == bool(why), name
