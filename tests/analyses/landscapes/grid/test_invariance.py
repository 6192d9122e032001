"""What must not change when a landscape is written down differently."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.characterise import Characterisation, Options, characterise

from ....examples import few

SHAPE, ORDINAL = (3, 4, 2, 5), (False, True, False, True)
GRAPH = (
    "n_lo", "n_lo_members", "n_lo_weak", "n_lo_strict", "n_plateau", "n_plateau_lo", "n_edges", "n_ties", "n_global",
    "basin_largest", "basin_median", "basin_global", "basin_gini", "steps_mean", "monotone_share", "neutrality",
    "assortativity_rank", "assortativity_loss", "fdc_spearman", "fdc_pearson", "ndc_spearman", "ndc_pearson",
    "interaction_sign", "interaction_reciprocal", "interaction_magnitude", "variance_main", "variance_pairs",
    "variance_ranks_main", "roughness_to_slope", "gradient",
)  # fmt: skip
RANK_BASED = (
    "n_lo", "n_lo_members", "n_lo_weak", "n_plateau", "basin_largest", "basin_global", "steps_mean", "monotone_share",
    "assortativity_rank", "fdc_spearman", "interaction_sign", "interaction_reciprocal", "variance_ranks_main",
    "lon_1_edges", "lon_2_edges", "lon_2_n_funnels",
)  # fmt: skip
OPTIONS = Options(epsilon="0.05")


def distinct(seed: int) -> np.ndarray:
    """A random landscape without ties: with ties the smaller rank decides, which renaming changes."""
    return np.random.default_rng(seed).permutation(int(np.prod(SHAPE))).reshape(SHAPE) / 100.0


def tied(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 12, SHAPE) / 10.0


def measure(grid: np.ndarray, ordinal: tuple[bool, ...] = ORDINAL) -> Characterisation:
    return characterise(Surface.from_grid(grid, ordinal), OPTIONS)


def assert_same(one: Characterisation, other: Characterisation, names: tuple[str, ...]) -> None:
    for name in names:
        expected = one.value(name)
        assert other.value(name) == (expected if expected is None else pytest.approx(expected, abs=1e-9)), name


@settings(max_examples=few(15), deadline=None)
@given(seed=st.integers(0, 10_000), order=st.permutations(range(3)))
def test_relabelling_the_levels_of_a_categorical_changes_nothing(seed: int, order: list[int]) -> None:
    grid = distinct(seed)
    assert_same(measure(grid), measure(grid[order]), GRAPH)


@settings(max_examples=few(15), deadline=None)
@given(seed=st.integers(0, 10_000), order=st.permutations(range(4)))
def test_permuting_hyperparameters_changes_nothing(seed: int, order: list[int]) -> None:
    grid = distinct(seed)
    assert_same(measure(grid), measure(grid.transpose(order), tuple(ORDINAL[j] for j in order)), GRAPH)


@settings(max_examples=few(15), deadline=None)
@given(seed=st.integers(0, 10_000))
def test_reversing_an_ordinal_changes_nothing(seed: int) -> None:
    grid = distinct(seed)
    assert_same(measure(grid), measure(grid[:, ::-1]), GRAPH)


@settings(max_examples=few(15), deadline=None)
@given(seed=st.integers(0, 10_000))
def test_shuffling_an_ordinal_is_no_relabelling(seed: int) -> None:
    """The counterpart: the order of an ordinal's levels matters (else the tests above would prove nothing)."""
    grid = distinct(seed)
    shuffled = measure(grid[:, [2, 0, 3, 1]])
    whole = measure(grid)
    assert any(whole.value(name) != shuffled.value(name) for name in ("assortativity_rank", "gradient"))


@settings(max_examples=few(15), deadline=None)
@given(
    seed=st.integers(0, 10_000),
    transform=st.sampled_from([np.exp, np.cbrt, lambda x: x**3 + x, lambda x: 1e6 * x - 5.0]),
)
def test_a_monotone_transform_changes_nothing_that_rests_on_order(seed: int, transform: object) -> None:
    grid = tied(seed)
    assert_same(measure(grid), measure(transform(grid)), RANK_BASED)  # type: ignore[operator]


@settings(max_examples=few(10), deadline=None)
@given(seed=st.integers(0, 10_000), holes=st.floats(0, 0.4))
@example(seed=4505, holes=0.0625)  # a threshold that a completion adds is a usual one
def test_basin_sizes_add_up(seed: int, holes: float) -> None:
    grid = tied(seed)
    grid[np.random.default_rng(seed).random(SHAPE) < holes] = np.nan
    surface = Surface.from_grid(grid, ORDINAL)
    table = characterise(surface, Options(has_importance=False)).tables["landscape_optimum"]
    assert table["basin_size"].sum() == surface.size
    assert np.all(table["basin_size"] >= table["member_count"])
