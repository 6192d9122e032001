"""Trials packed into a page: what the browser reads back is what was there, to the digits that are shown."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import polars as pl
import pytest

from hpowh.reports.charts.trials import packed, packed_size, scale_of


def read(column: dict[str, Any], count: int) -> list[Any]:
    """Read a column back as the page's script does."""
    raw = base64.b64decode(column["data"])
    if column["type"] == "f3":
        given = np.frombuffer(raw, np.uint8).reshape(count, 3)
        whole = np.hstack([np.zeros((count, 1), np.uint8), given]).copy().view("<f4").ravel()
        return [None if np.isnan(v) else float(f"{v:.5g}") for v in whole]
    kinds = {"u1": "<u1", "u2": "<u2", "f8": "<f8"}
    found = np.frombuffer(raw, kinds[column["type"]])
    if "base" in column:
        return [None if v == 0 else v + column["base"] for v in found.tolist()]
    if column["values"] is None:
        return [None if np.isnan(v) else v for v in found.tolist()]
    return [column["values"][code - 1] if code else None for code in found]


def one(values: list[Any], kind: Any = None) -> list[Any]:
    frame = pl.DataFrame({"x": pl.Series(values, dtype=kind)})
    data = packed(frame, [("x", "x", "linear")])
    return read(data["columns"][0], data["count"])


@pytest.mark.parametrize("scale", [1e-50, 1e-30, 1e-5, 1.0, 12345.678, 1e30])
def test_numbers_keep_four_digits_and_their_sign(scale: float):
    values = (np.random.default_rng(0).normal(size=1000) * scale).tolist()
    values[7] = None
    found = one(values)
    assert found[7] is None
    there = [(a, b) for a, b in zip(values, found, strict=True) if a is not None]
    assert all(b == pytest.approx(a, rel=8.1e-5) for a, b in there)


def test_whole_numbers_texts_and_few_values_are_exact():
    trials = [*range(1, 5000), None]
    assert one(trials, pl.Int64) == trials
    large = [2**40 + 3 * i for i in range(300)]
    assert one(large, pl.Int64) == large
    texts = [["a", None, "10", "9", "</script>"][i % 5] for i in range(50)]
    assert one(texts) == texts
    few = [0.1, 0.2, None, 0.1]
    assert one(few) == few
    assert one([float("inf"), float("-inf"), float("nan"), 1.5]) == [None, None, None, 1.5]
    huge = [1e300 * (i + 1) for i in range(300)]
    assert one(huge) == huge


def test_levels_are_in_their_natural_order():
    data = packed(pl.DataFrame({"x": ["10", "None", "9", "1e3", "b"]}), [("x", "x", "linear")])
    assert data["columns"][0]["values"] == ["9", "10", "1e3", "None", "b"]


def test_the_size_is_foretold():
    random = np.random.default_rng(1)
    frame = pl.DataFrame(
        {"trial": range(8000), "x": random.normal(size=8000), "kind": random.choice(["a", "b"], 8000).tolist()}
    )
    real = sum(len(str(one)) for one in packed(frame, [(n, n, False) for n in frame.columns])["columns"])
    assert packed_size(frame) == pytest.approx(real, rel=0.1)


def test_a_metric_of_which_a_few_lie_far_from_the_rest_has_a_scale_that_tells_them_apart():
    near = np.linspace(0.1, 0.5, 40)
    assert scale_of(pl.Series(near)) == "linear"
    assert scale_of(pl.Series([*near, 500.0, None])) == "log"
    assert scale_of(pl.Series([*-near, *near, 500.0])) == "rank"
    assert scale_of(pl.Series([0.0] * 30)) == "linear"
    frame = pl.DataFrame({"x": [-1.0, 2.0], "k": ["a", "b"]})
    found = packed(frame, [("x", "x", "log"), ("x", "x", "rank"), ("k", "k", "rank")])["columns"]
    assert [one["scale"] for one in found] == ["linear", "rank", "linear"]
