"""Overfitting, and optimiser runs on a landscape."""

from __future__ import annotations

import re

import numpy as np
import pytest

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.characterise import Options, characterise
from hpowh.analyses.landscapes.several.against import place_runs
from hpowh.analyses.landscapes.several.overfitting import measure_overfitting


class TestOverfitting:
    """Test loss is train loss plus a gap that grows with the second hyperparameter only."""

    train_grid = np.random.default_rng(0).random((6, 5, 4))
    gap = np.array([0.0, 0.1, 0.2, 0.4, 3.0])
    train = Surface.from_grid(train_grid, [True, True, False])
    test = Surface.from_grid(train_grid + gap[None, :, None], [True, True, False])

    def test_one_hyperparameter_explains_the_gap(self) -> None:
        found = measure_overfitting(self.train, self.test)
        assert [row["main_share"] for row in found.hyperparameters] == pytest.approx([0, 1, 0], abs=1e-9)
        assert found.hyperparameters[1]["tree_importance"] > 0.95
        values = {m.name: m.value for m in found.metrics}
        assert values["gap_mean"] == pytest.approx(self.gap.mean())
        assert values["gap_positive_share"] == pytest.approx(0.8)

    def test_the_region_where_rankings_part_names_that_hyperparameter(self) -> None:
        region = measure_overfitting(self.train, self.test).region
        assert region is not None
        assert "x1 is level 4" in region
        named = measure_overfitting(self.train, self.test, labels={1: ["1", "2", "4", "8", "16"]}).region
        assert named == region.replace("level 4", "16")

    def test_a_region_is_said_in_the_hyperparameters_own_words(self) -> None:
        rng = np.random.default_rng(1)
        train = rng.random((6, 5, 4))
        noise = np.zeros((6, 5, 4))
        noise[2:4, :, 1:3] = 5 * rng.random((2, 5, 2))
        test = Surface.from_grid(train + noise, [True, True, False])
        labels = {0: list("uvwxyz"), 1: list("12345"), 2: ["a", "b", "c", "d"]}
        region = measure_overfitting(self.train_of(train), test, labels=labels).region
        assert region is not None and "<=" not in region and "level" not in region
        for part in region.split(" and "):
            name, _, said = part.partition(" is ")
            known = labels[int(name[1])]
            assert all(word in known for word in re.findall(r"\w+", re.sub("or above|or below|one of|to", "", said)))

    @staticmethod
    def train_of(grid: np.ndarray) -> Surface:
        return Surface.from_grid(grid, [True, True, False])

    def test_a_gap_that_is_the_same_everywhere_has_no_cause(self) -> None:
        shifted = Surface.from_grid(self.train_grid + 1.0, [True, True, False])
        same = Surface.make(self.train.space, self.train.ranks, np.round(self.train.loss))
        found = measure_overfitting(same, Surface.make(same.space, same.ranks, same.loss + 1))
        assert {row["main_share"] for row in found.hyperparameters} == {None}
        assert all(row["reason"] for row in found.hyperparameters)
        values = {m.name: m.value for m in measure_overfitting(self.train, shifted).metrics}
        assert values["gap_spearman"] == pytest.approx(1)
        assert values["gap_regret"] == pytest.approx(0)

    def test_no_common_configuration_is_refused(self) -> None:
        halves = [Surface.make(self.train.space, r, np.ones(r.size)) for r in (np.arange(60), np.arange(60, 120))]
        with pytest.raises(LandscapeError, match="both a train and a test loss"):
            measure_overfitting(*halves)


class TestRuns:
    """Losses 5 3 4 1 1 2 0 6 along one hyperparameter: basins {0, 1}, {2, 3, 4}, {5, 6, 7}."""

    node = characterise(Surface.from_grid(np.array([5, 3, 4, 1, 1, 2, 0, 6.0])), Options()).tables["landscape_node"]

    def place(self, **columns: list[float]) -> tuple[list[dict], list[dict]]:
        n = len(columns["configuration_id"])
        trial = {"run_id": [7] * n, "algorithm_id": [2] * n, "seed": [3.0] * n, "number": list(range(n)), **columns}
        arrays = {
            name: np.array(values, dtype=float if name in ("seed", "seen") else int) for name, values in trial.items()
        }
        return place_runs(self.node, arrays)

    def test_the_way_of_the_incumbent(self) -> None:
        runs, steps = self.place(configuration_id=[0, 2, 1, 7, 6, 3], seen=[5, 4, 4.5, 6, 0.1, 1])
        assert [(s["trial_number"], s["configuration_id"], s["basin_id"]) for s in steps] == [
            (0, 0, 1),
            (1, 2, 3),
            (4, 6, 6),
        ]
        run = runs[0]
        assert run["final_configuration_id"] == 6
        assert run["is_final_global_basin"] is True
        assert run["is_final_optimum"] is True
        assert run["final_regret"] == 0
        assert run["global_basin_share"] == pytest.approx(2 / 6)
        assert run["basin_count"] == 3
        assert run["seed"] == 3

    def test_the_incumbent_is_what_the_optimiser_saw(self) -> None:
        """A lucky seed makes configuration 2 look best; the landscape's loss is told beside it."""
        runs, _ = self.place(configuration_id=[6, 2], seen=[0.5, 0.2])
        assert runs[0]["final_configuration_id"] == 2
        assert runs[0]["final_loss"] == 4
        assert runs[0]["final_regret"] == 4
        assert runs[0]["is_final_global_basin"] is False

    def test_an_equal_value_is_no_improvement(self) -> None:
        _, steps = self.place(configuration_id=[4, 3, 6], seen=[1, 1, 0])
        assert [s["configuration_id"] for s in steps] == [4, 6]

    def test_order_is_by_number_and_runs_are_apart(self) -> None:
        runs, steps = self.place(
            configuration_id=[6, 0, 5, 1],
            seen=[0, 5, 2, 3],
            number=[1, 0, 0, 1],
            run_id=[1, 1, 2, 2],
            seed=[np.nan] * 4,
        )
        assert [s["configuration_id"] for s in steps if s["run_id"] == 1] == [0, 6]
        assert [s["configuration_id"] for s in steps if s["run_id"] == 2] == [5]
        assert [r["seed"] for r in runs] == [None, None]

    def test_a_run_without_values_says_so(self) -> None:
        runs, steps = self.place(configuration_id=[1, 2], seen=[np.nan, np.nan])
        assert steps == []
        assert runs[0]["reason"] == "no trial has a value"
        assert runs[0].get("final_loss") is None
