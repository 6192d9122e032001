"""What is no landscape, or a strange one."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from hpowh.analyses.landscapes.errors import LandscapeError, TooLargeError
from hpowh.analyses.landscapes.grid.epsilon import choose_epsilon
from hpowh.analyses.landscapes.grid.space import Axis, Space
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.characterise import Options, characterise
from hpowh.analyses.landscapes.one.plausibility import implausible_direction


def test_all_nan_is_refused_with_the_reason() -> None:
    with pytest.raises(LandscapeError, match="No configuration has a finite loss"):
        Surface.from_grid(np.full((3, 3), np.nan))


def test_nothing_is_refused() -> None:
    with pytest.raises(LandscapeError, match="No configuration"):
        Surface.make(Space.of((2, 2)), [], np.empty(0))


@pytest.mark.parametrize(
    ("ranks", "message"),
    [([0, 1, 1], "more than once"), ([0, 1, 4], "outside the space"), ([-1, 0, 1], "outside the space")],
)
def test_bad_ranks_are_refused(ranks: list[int], message: str) -> None:
    with pytest.raises(LandscapeError, match=message):
        Surface.make(Space.of((2, 2)), ranks, np.arange(3.0))


def test_infinite_losses_are_holes_and_counted() -> None:
    result = characterise(Surface.from_grid(np.array([[1, np.inf, 2], [3, 4, -np.inf]])))
    assert result.value("n_configurations") == 4
    assert "2 configurations have no finite loss" in " ".join(result.warnings)


def test_one_configuration_and_one_level() -> None:
    for shape in ((1,), (1, 1, 1)):
        result = characterise(Surface.from_grid(np.ones(shape)), Options(default=0))
        assert result.value("n_lo") == 1
        assert result.value("basin_largest") == 1
        assert result.value("neutrality") is None
    flat = characterise(Surface.from_grid(np.array([[3.0], [1.0], [2.0]])), Options(default=0))
    assert flat.value("n_lo") == 1
    assert flat.value("n_edges") == 2


def test_diverged_values_leave_rank_metrics_and_optima_as_they_are() -> None:
    rng = np.random.default_rng(0)
    grid = np.add.outer(np.arange(8.0), np.arange(9.0)) + rng.random((8, 9))
    wild = np.where(grid >= np.sort(grid.ravel())[-5], 1e7 * grid, grid)
    tame, ruined = (characterise(Surface.from_grid(g), Options(has_network=False)) for g in (grid, wild))
    for name in ("n_lo", "assortativity_rank", "fdc_spearman", "variance_ranks_main", "basin_global"):
        assert ruined.value(name) == pytest.approx(tame.value(name))
    assert ruined.value("assortativity_loss") < tame.value("assortativity_loss") - 0.1  # type: ignore[operator]


@pytest.mark.slow
def test_ten_thousand_levels() -> None:
    loss = np.random.default_rng(0).random(20_000)
    ordinal = characterise(Surface.make(Space.of((10_000, 2)), np.arange(20_000), loss), Options(has_network=False))
    assert ordinal.value("n_edges") == 2 * 9_999 + 10_000
    few = Surface.make(Space.of((10_000, 2), False), np.arange(0, 20_000, 100), loss[:200])
    assert characterise(few, Options(has_network=False)).value("n_edges") == 200 * 199 / 2


@pytest.mark.slow
def test_ten_thousand_categories_go_to_the_compiled_engine() -> None:
    loss = np.random.default_rng(0).random(10_000)
    surface = Surface.make(Space.of((10_000,), False), np.arange(10_000), loss)
    result = characterise(surface, Options(has_network=False, lags=2))
    assert result.engine == "compiled"
    assert result.value("n_lo") == 1
    assert result.value("assortativity_rank") == pytest.approx(-1 / 9_999)


def test_more_cells_than_memory_are_refused_with_size_and_way_out() -> None:
    space = Space.of((1000, 1000, 1000, 10))
    surface = Surface.make(space, np.array([0, 5]), np.array([1.0, 2.0]))
    with pytest.raises(TooLargeError, match=r"10,000,000,000 cells.*74\.5 GiB.*slice"):
        surface.dense()
    # Two configurations are a landscape of two levels; so many that their own levels are too many cells are not.
    assert characterise(surface, Options(default=0)).value("loss_best") == 1
    random = np.random.default_rng(0)
    ranks = np.unique(random.integers(10**10, size=400))
    result = characterise(Surface.make(space, ranks, random.random(ranks.size)), Options())
    assert result.value("variance_main") is None


def test_a_space_beyond_64_bit_ranks_is_refused() -> None:
    with pytest.raises(LandscapeError, match="ranks end"):
        Space.of((1000,) * 7)


def test_strides_that_are_no_mixed_radix_are_refused() -> None:
    axes = [Axis("a", 3, True, 0), Axis("b", 2, True, 1)]
    assert Space.from_strides(axes, [1, 3]).names == ("b", "a")
    assert Space.from_strides(axes, [2, 1]).names == ("a", "b")
    with pytest.raises(LandscapeError, match="stride 4"):
        Space.from_strides(axes, [1, 4])


@pytest.mark.parametrize("text", ["-1", "nan", "x", "inf", "5%", ""])
def test_a_bad_threshold_is_refused(text: str) -> None:
    with pytest.raises(LandscapeError, match="threshold"):
        choose_epsilon(Surface.from_grid(np.arange(4.0)), is_bounded=True, given=text)


def test_thresholds_by_their_rules() -> None:
    surface = Surface.from_grid(np.arange(9.0))  # interquartile range 4
    assert choose_epsilon(surface, is_bounded=True).value == 0.01
    assert choose_epsilon(surface, is_bounded=False).value == pytest.approx(0.04)
    assert choose_epsilon(surface, is_bounded=False, given="25%iqr").value == pytest.approx(1.0)
    assert choose_epsilon(surface, is_bounded=True, given=0).value == 0


@pytest.mark.parametrize(
    ("metric", "direction", "warned"),
    [("val_acc", "min", True), ("val_acc", "max", False), ("val_loss", "max", True), ("val_loss", "min", False),
     ("train_time", "max", True), ("f1", "min", True), ("something", "max", False)],
)  # fmt: skip
def test_a_direction_against_the_metrics_name_is_warned_of(metric: str, direction: str, warned: bool) -> None:
    surface = Surface.from_grid(np.random.default_rng(0).random((5, 5)))
    assert bool(implausible_direction(surface, metric, direction)) == warned


def test_a_best_far_beyond_all_others_is_warned_of() -> None:
    """A loss declared to be maximised: the diverged run comes out best."""
    loss = np.random.default_rng(0).random((5, 5))
    loss[0, 0] = 1e7
    assert "interquartile ranges" in str(implausible_direction(Surface.from_grid(-loss), "objective", "max"))
    assert implausible_direction(Surface.from_grid(loss), "objective", "min") is None


def test_quartiles_that_differ_by_rounding_are_no_measure_of_far() -> None:
    accuracy = np.full((5, 5), np.mean([0.9, 0.93, 0.95]))
    accuracy[::2] = np.mean([0.95, 0.9, 0.93]) + 1.1e-16
    accuracy[0, 0] = 0.953
    assert len(np.unique(accuracy)) == 3
    assert implausible_direction(Surface.from_grid(-accuracy), "accuracy", "max") is None


def test_errors_travel_between_processes_whole() -> None:
    error = pickle.loads(pickle.dumps(TooLargeError("too large", "take less")))
    assert isinstance(error, TooLargeError)
    assert (error.message, error.hint) == ("too large", "take less")
