"""Ranges, corners and suggestions: by hand, and never outside the space."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import column
from scipy.stats import binomtest

from hpowh.analyses.sweeps.advice.ranges import best_ranges, untried
from hpowh.analyses.sweeps.advice.suggest import Trees, suggest
from hpowh.analyses.sweeps.importance.dependence import curves, surface
from hpowh.analyses.sweeps.reading.columns import Declared
from hpowh.analyses.sweeps.reading.prepare import prepare


def test_the_best_tenth_is_where_it_is():
    x = np.linspace(1, 100, 100)
    kind = ["a" if i < 30 else "b" for i in range(100)]
    number, *levels = best_ranges(prepare([column("x", x.tolist()), column("kind", kind)]), x, 0)
    assert (number.lower, number.upper) == (1, 9)  # whole numbers: of 1 to 10 the first and the ninth
    assert number.lower_from <= number.lower <= number.lower_to
    assert number.upper_from <= number.upper <= number.upper_to
    assert (number.tried_lower, number.tried_upper, number.best_count) == (1, 100, 10)
    shares = {row.level: (row.share, row.tried_share) for row in levels}
    assert shares == {"b": (0.0, 0.7), "a": (1.0, pytest.approx(0.3))}
    ends = {row.level: (row.share_from, row.share_to) for row in levels}
    known = binomtest(10, 10).proportion_ci(method="wilson")  # the bootstrap would say 1 to 1
    assert ends["a"] == (pytest.approx(known.low, abs=1e-6), 1.0)
    assert ends["b"] == (0.0, pytest.approx(1 - known.low, abs=1e-6))


def test_few_trials_have_no_range_but_a_reason():
    x = np.linspace(1, 2, 20)
    assert "at least 5 are needed" in best_ranges(prepare([column("x", x.tolist())]), x, 0)[0].reason


def test_an_empty_corner_is_named_and_a_forbidden_one_is_not():
    random = np.random.default_rng(0)
    x, z = random.uniform(0, 3, 300), random.uniform(0, 3, 300)
    away = (x > 1.8) & (z > 1.8)
    kind = np.where(random.random(300) < 0.5, "svm", "tree")
    inner = [v if k == "svm" else None for v, k in zip(random.uniform(0, 3, 300).tolist(), kind, strict=True)]
    raw = [column("x", x.tolist()), column("z", z.tolist()), column("kind", kind.tolist()), column("inner", inner)]
    found = untried(prepare([one.take(np.flatnonzero(~away)) for one in raw]))
    assert len(found) == 1
    assert {found[0].a, found[0].b} == {"x", "z"}
    assert found[0].part_a.startswith(("1.9", "2"))
    assert found[0].part_b.startswith(("1.9", "2"))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_suggestions_stay_inside_the_declared_space_and_are_new(seed):
    random = np.random.default_rng(seed)
    n = 60
    rate = 10 ** random.uniform(-4, -2, n)
    layers = random.integers(2, 9, n) * 2.0
    units = random.integers(1, 400, n).astype(float)
    kind = random.choice(["a", "b"], n)
    inner = [float(v) if k == "a" else None for v, k in zip(random.uniform(0, 1, n), kind, strict=True)]
    raw = [
        column("rate", rate.tolist(), Declared(value_type="float", scale="log", lower=1e-5, upper=1e-1)),
        column("layers", layers.tolist(), Declared(value_type="int", scale="linear", lower=2, upper=17, step=2)),
        column("units", units.tolist()),
        column("kind", kind.tolist()),
        column("inner", inner, Declared(value_type="float", scale="linear", lower=-1.0, upper=2.0)),
    ]
    prepared = prepare(raw)

    def expect(codes: np.ndarray) -> Trees:
        x = prepared.encode(codes)
        return Trees.of(prepared, np.stack([x[:, 0], -x[:, 0], x[:, 1]]), codes, 0.0)

    found = suggest(prepared, np.log10(rate), expect, seed)
    assert len(found) == 10
    for one in found:
        assert 1e-5 <= one.values["rate"][0] <= 1e-1
        assert one.values["layers"][0] in (2, 4, 6, 8, 10, 12, 14, 16)
        assert 1 <= one.values["units"][0] <= 400
        assert one.values["units"][0] == round(one.values["units"][0])
        assert one.values["kind"][1] in ("a", "b")
        assert ("inner" in one.values) == (one.values["kind"][1] == "a")
        assert one.expected_improvement >= 0
    tried = set(zip(rate, layers, units, strict=True))
    assert not tried & {tuple(one.values[k][0] for k in ("rate", "layers", "units")) for one in found}


def test_partial_dependence_of_a_known_function():
    random = np.random.default_rng(2)
    x, z = random.uniform(1, 3, 80), random.uniform(0, 1, 80)
    prepared = prepare([column("x", x.tolist()), column("z", z.tolist())])

    def predict(m: np.ndarray) -> np.ndarray:
        return m[:, 0] * m[:, 1]

    points = curves(prepared, predict, [0], 0)
    assert [p.mean for p in points] == pytest.approx([p.numeric_value * z.mean() for p in points])
    first = points[0]
    ice = first.numeric_value * z - np.linspace(x.min(), x.max(), 25).mean() * z + np.mean([p.mean for p in points])
    assert (first.lower, first.upper) == (pytest.approx(np.quantile(ice, 0.1)), pytest.approx(np.quantile(ice, 0.9)))
    cells = surface(prepared, predict, 0, 1, 0)
    assert [c.mean for c in cells] == pytest.approx([c.numeric_a * c.numeric_b for c in cells])
