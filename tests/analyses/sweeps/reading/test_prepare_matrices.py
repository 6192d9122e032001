"""What models get: duplicates found, gaps filled, categories encoded; by hand."""

from __future__ import annotations

import numpy as np
import pytest
from planted import column

from hpowh.analyses.sweeps.reading.columns import MISSING
from hpowh.analyses.sweeps.reading.prepare import prepare

X = np.random.default_rng(0).uniform(1, 2, 100).tolist()


def used_of(*raw) -> list[str]:
    return prepare([column("x", X), *raw]).names


def test_duplicates_are_columns_equal_up_to_scale_sign_and_names_of_levels():
    random = np.random.default_rng(1)
    kind = random.choice(["a", "b", "c"], 100).tolist()
    other = ["b" if i == 0 and k != "b" else "a" if i == 0 else k for i, k in enumerate(kind)]
    assert used_of(column("y", [2 - 3 * v for v in X])) == ["x"]
    assert used_of(column("y", [1e200 * v for v in X])) == ["x"]
    assert used_of(column("y", [v if i else v + 0.01 for i, v in enumerate(X)])) == ["x", "y"]
    assert used_of(column("y", [v if i else None for i, v in enumerate(X)])) == ["x", "y"]  # absent where x is not
    assert used_of(column("k", kind), column("l", [{"a": "z", "b": "y", "c": "x"}[k] for k in kind])) == ["x", "k"]
    assert used_of(column("k", kind), column("l", other)) == ["x", "k", "l"]


def test_a_duplicate_says_of_what_and_is_not_filled():
    gaps = [v if i % 9 else None for i, v in enumerate(X)]
    prepared = prepare([column("y", gaps), column("z", [None if v is None else 5 * v for v in gaps])])
    mine = prepared.columns[1]
    assert (mine.role, mine.imputed_count, mine.imputed_value) == ("duplicate", 0, None)
    assert mine.note == "says the same as y"
    assert [one.name for one in prepared.columns] == ["y", "z"]


def test_matrices_by_hand():
    kind, number = ["b", "a", "b", None, "b", "a"], [1.0, 2.0, 4.0, None, 1.0, 2.0]
    prepared = prepare([column("kind", kind), column("n", number)])
    assert prepared.names == ["kind", "n"]
    assert prepared.codes.tolist() == [[0, 1], [1, 2], [0, 4], [2, 2], [0, 1], [1, 2]]
    assert prepared.one_hot.tolist() == [
        [1, 0, 0, 1], [0, 1, 0, 2], [1, 0, 0, 4], [0, 0, 1, 2], [1, 0, 0, 1], [0, 1, 0, 2],
    ]  # fmt: skip
    assert [(f.hyperparameter, f.label, f.level) for f in prepared.features] == [
        (0, "kind=b", "b"), (0, "kind=a", "a"), (0, f"kind={MISSING}", MISSING), (1, "n", None),
    ]  # fmt: skip
    assert (prepared.group(0).tolist(), prepared.group(1).tolist()) == ([0, 1, 2], [3])
    assert prepared.encode(np.array([[1.0, 7.0]])).tolist() == [[0, 1, 0, 7]]


def test_gaps_of_numbers_are_filled_and_columns_without_gaps_are_as_found():
    gaps = [v if i % 4 else None for i, v in enumerate(X)]
    prepared = prepare([column("x", X), column("y", [None if v is None else v**3 for v in gaps])])
    there = np.array([v**3 for v in gaps if v is not None])
    assert prepared.codes[:, 0] == pytest.approx(X)
    assert prepared.codes[::4, 1] == pytest.approx(np.full(25, there.mean()))
    assert prepared.codes[1::4, 1] == pytest.approx(np.array(X)[1::4] ** 3)


def test_a_column_with_zeros_has_a_duplicate_as_well():
    values = [0.0, 0.0, *X[:98]]
    assert prepare([column("x", values), column("y", [2 * v for v in values])]).names == ["x"]
