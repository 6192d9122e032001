"""Columns: what is used, what is left out and why, what is imputed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from planted import column

from hpowh.analyses.sweeps.reading.columns import MISSING, OTHER, Declared, read_column
from hpowh.analyses.sweeps.reading.prepare import TooLittleError, prepare

N = 40
RANDOM = np.random.default_rng(5)
X = RANDOM.uniform(1, 2, N).tolist()


def roles(*raw) -> dict[str, str]:
    return {one.name: one.role for one in prepare([column("x", X), *raw]).columns}


def test_constants_identifiers_sparse_empty_and_duplicates_are_named():
    found = roles(
        column("const", [3] * N),
        column("seed", list(range(N))),
        column("train.random_state", list(range(N))),
        column("run", [f"sunny-{i}" for i in range(N)]),
        column("data", [f"/data/{i % 3}" for i in range(N)]),
        column("rare", [1.0, 2.0] + [None] * (N - 2)),
        column("nothing", [None] * N),
        column("scaled", [-3 * x + 1 for x in X]),
        column("kind", [["a", "b"][i % 2] for i in range(N)]),
        column("renamed", [["y", "z"][i % 2] for i in range(N)]),
        column("trial_number", [3 * i % 7 for i in range(N)]),
        column("seedling_count", [float(i % 7) for i in range(N)]),
    )
    assert found == {
        "x": "used",
        "const": "constant",
        "seed": "identifier",
        "train.random_state": "identifier",
        "run": "identifier",
        "data": "identifier",
        "rare": "sparse",
        "nothing": "empty",
        "scaled": "duplicate",
        "kind": "used",
        "renamed": "duplicate",
        "trial_number": "identifier",
        "seedling_count": "used",
    }


def test_the_mean_is_imputed_and_counted():
    values = [float(i % 5) if i % 4 else None for i in range(N)]
    prepared = prepare([column("x", X), column("m", values)])
    mine = prepared.used[1]
    mean = np.mean([v for v in values if v is not None])
    assert (mine.missing_count, mine.imputed_count, mine.imputed_value) == (10, 10, pytest.approx(mean))
    assert prepared.codes[0, 1] == pytest.approx(mean)
    assert np.isnan(mine.values[0])


def test_numbers_over_orders_of_magnitude_use_their_logarithm():
    values = [10.0 ** (i % 6) if i % 4 else None for i in range(N)]
    mine = read_column(column("lr", values))
    assert mine.is_log
    assert mine.values[1] == pytest.approx(1.0)
    there = [np.log10(v) for v in values if v is not None]
    assert mine.imputed_value == pytest.approx(10 ** np.mean(there))
    assert not read_column(
        column("lr", values, Declared(value_type="float", scale="linear", lower=1.0, upper=1e5))
    ).is_log


def test_uniform_numbers_near_zero_keep_their_scale():
    mine = read_column(column("x", [0.0005, *np.linspace(0.1, 3, N - 1).tolist()]))
    assert not mine.is_log


def test_categories_are_one_hot_and_a_missing_one_is_a_level():
    values = [["a", "b", None][i % 3] for i in range(N)]
    prepared = prepare([column("kind", values)])
    assert set(prepared.used[0].levels) == {"a", "b", MISSING}
    assert prepared.one_hot.shape == (N, 3)
    assert (prepared.one_hot.sum(axis=1) == 1).all()
    assert [f.label for f in prepared.features] == ["kind=a", "kind=b", f"kind={MISSING}"]


def test_a_parameter_that_changes_type_is_read_and_said():
    few = read_column(column("max_depth", [["None", 5, 10][i % 3] for i in range(N)]))
    assert (few.kind, set(few.levels)) == ("categorical", {"None", "5", "10"})
    many = read_column(column("gamma", [*np.linspace(0, 1, N - 4).tolist(), *["auto"] * 4]))
    assert (many.kind, many.imputed_count) == ("numeric", 4)
    assert "mixed" in few.note
    assert "mixed" in many.note


def test_infinities_are_missing_and_said():
    mine = read_column(column("x", [float("inf"), *[float(i) for i in range(N - 1)]]))
    assert (mine.kind, mine.imputed_count) == ("numeric", 1)
    assert "infinite" in mine.note


def test_rare_levels_are_collected():
    values = [f"m{i % 30}" for i in range(300)]
    mine = read_column(column("model", values))
    assert len(mine.levels) == 21
    assert mine.levels[-1] == OTHER
    assert (mine.values == 20).sum() == 100


def test_nothing_to_use_is_an_error_that_says_so():
    with pytest.raises(TooLittleError, match="all 2 are constant, identifier"):
        prepare([column("c", [1] * N), column("seed", list(range(N)))])
    with pytest.raises(TooLittleError, match="there is none"):
        prepare([])


VALUE = st.one_of(
    st.none(), st.floats(allow_nan=True), st.integers(-(10**6), 10**6), st.text(max_size=6), st.booleans()
)


@settings(max_examples=150, deadline=None)
@example([0.0, 0.0, 0.0, 0.0, 1.4990384980306193e154])
@given(st.lists(VALUE, min_size=1, max_size=30))
def test_any_content_is_read_and_matrices_are_finite(values):
    """Whatever a column holds: no error, counts add up, and what models see is finite."""
    mine = read_column(column("anything", values))
    assert mine.present_count + mine.missing_count >= len(values)
    assert mine.distinct_count <= len(values)
    if mine.is_used:
        prepared = prepare([column("anything", values)])
        assert np.isfinite(prepared.one_hot).all()
