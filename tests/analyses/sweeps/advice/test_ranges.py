"""Ranges of the best trials and untried corners beside plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import column
from statsmodels.stats.proportion import proportion_confint

from hpowh.analyses.sweeps.advice.ranges import AMONG, DRAWS, EXPECTED, UNTRIED_MOST, best_ranges, untried
from hpowh.analyses.sweeps.reading.columns import Declared
from hpowh.analyses.sweeps.reading.prepare import prepare


def best_of_resamples(loss: list[float], count: int, seed: int) -> list[list[int]]:
    """The trials that are the best of each resample of all trials, a trial as often as it was drawn."""
    random = np.random.default_rng(seed)
    order = sorted(range(len(loss)), key=lambda i: loss[i])
    return [[order[i] for i in sorted(random.integers(0, len(loss), len(loss)).tolist())[:count]] for _ in range(DRAWS)]


def quantiles(values: list[float | None]) -> list[float]:
    return np.quantile([v for v in values if v is not None], [0.1, 0.9]).tolist()


@pytest.mark.parametrize("has_gaps", [False, True])
@pytest.mark.parametrize("is_log", [False, True])
def test_intervals_of_numbers_are_those_of_plain_loops(has_gaps, is_log):
    random = np.random.default_rng(1)
    n = 600
    x = random.uniform(1, 5, n)
    values = [None if has_gaps and i % 7 == 0 else v for i, v in enumerate(x.tolist())]
    loss = (x + random.normal(size=n)).tolist()
    declared = Declared(value_type="float", scale="log", lower=1.0, upper=5.0) if is_log else None
    found = best_ranges(prepare([column("x", values, declared)]), np.array(loss), 4, 0.2)[0]
    scaled = [v if v is None or not is_log else math.log10(v) for v in values]
    best = sorted(range(n), key=lambda i: loss[i])[:120]
    draws = [quantiles([scaled[i] for i in draw]) for draw in best_of_resamples(loss, 120, 4)]
    ends = np.quantile(draws, [0.025, 0.975], axis=0)
    there = [v for v in scaled if v is not None]
    wanted = [*quantiles([scaled[i] for i in best]), *ends.ravel(), min(there), max(there)]
    shown = [found.lower, found.upper, found.lower_from, found.upper_from, found.lower_to, found.upper_to,
             found.tried_lower, found.tried_upper]  # fmt: skip
    assert shown == pytest.approx([10**v if is_log else v for v in wanted])
    assert found.best_count == sum(scaled[i] is not None for i in best)


def test_shares_of_levels_are_those_of_plain_loops():
    random = np.random.default_rng(2)
    kind = random.choice(["a", "b", "c"], 80, p=[0.6, 0.3, 0.1]).tolist()
    loss = (random.normal(size=80) - np.array([k == "a" for k in kind])).tolist()
    best = sorted(range(80), key=lambda i: loss[i])[:8]
    draws = best_of_resamples(loss, 8, 0)
    for row in best_ranges(prepare([column("kind", kind)]), np.array(loss), 0):
        mine = sum(kind[i] == row.level for i in best)
        boot = np.quantile([sum(kind[i] == row.level for i in draw) / 8 for draw in draws], [0.025, 0.975])
        low, high = proportion_confint(mine, 8, method="wilson")
        assert (row.share, row.tried_share) == (mine / 8, pytest.approx(kind.count(row.level) / 80))
        assert row.share_from == pytest.approx(min(low, boot[0]), abs=1e-6)
        assert row.share_to == pytest.approx(max(high, boot[1]), abs=1e-6)


def test_the_fewest_best_trials():
    x = np.linspace(1, 2, 50)
    assert best_ranges(prepare([column("x", x[:41].tolist())]), x[:41], 0)[0].reason is None
    found = best_ranges(prepare([column("x", x[:40].tolist()), column("z", (x[:40] ** 3).tolist())]), x[:40], 0)
    assert [row.reason for row in found] == ["the best 10 % of 40 trials are 4, at least 5 are needed"] * 2
    assert [(row.lower, row.share, row.best_count) for row in found] == [(None, None, 4)] * 2


@pytest.mark.parametrize(("there", "reason"), [(4, "fewer than 5 of the best 10 trials have it"), (5, None)])
def test_a_hyperparameter_that_few_of_the_best_have(there, reason):
    loss = np.arange(100.0)
    values = [float(i) if i < there or i >= 10 else None for i in range(100)]
    assert best_ranges(prepare([column("x", values)]), loss, 0)[0].reason == reason


def part_of(value: float | str, values: list) -> str:
    """The level, or which third of the tried range."""
    if isinstance(value, str):
        return value
    low, high = min(values), max(values)
    third = min(2, int(3 * (value - low) / (high - low)))
    return f"{low + third * (high - low) / 3:.3g} to {low + (third + 1) * (high - low) / 3:.3g}"


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_untried_corners_are_those_of_plain_loops(seed):
    random = np.random.default_rng(seed)
    n = 80
    x = random.uniform(0, 1, n)
    z = np.where(random.random(n) < 0.8, 1 - x, random.uniform(0, 1, n)) * 7
    kind = np.where(x < 0.5, random.choice(["a", "b"], n), "c").tolist()
    gaps = [v if random.random() < 0.8 else None for v in random.uniform(0, 1, n).tolist()]
    given_values = {"x": x.tolist(), "kind": kind, "z": z.tolist(), "gaps": gaps}
    wanted = []
    for at, a in enumerate(given_values):
        for b in list(given_values)[at + 1 :]:
            pairs = [p for p in zip(given_values[a], given_values[b], strict=True) if None not in p]
            told = [[part_of(v, [o for o in given_values[name] if o is not None]) for v in column_]
                    for name, column_ in zip((a, b), zip(*pairs, strict=True), strict=True)]  # fmt: skip
            joint = list(zip(*told, strict=True))
            for left in set(told[0]):
                for right in set(told[1]):
                    expected = told[0].count(left) * told[1].count(right) / len(pairs)
                    if (left, right) not in joint and expected >= EXPECTED:
                        wanted.append((a, b, left, right, pytest.approx(expected)))
    found = untried(prepare([column(name, values) for name, values in given_values.items()]))
    assert len(found) == min(UNTRIED_MOST, len(wanted))
    assert all((one.a, one.b, one.part_a, one.part_b, one.expected) in wanted for one in found)
    sizes = [one.expected for one in found]
    assert sizes == sorted(sizes, reverse=True)
    if len(wanted) > len(found) > 0:
        assert sizes[-1] >= sorted((one[-1].expected for one in wanted), reverse=True)[UNTRIED_MOST - 1] - 1e-9


def test_thirds_of_a_logarithm_are_named_in_the_own_unit():
    random = np.random.default_rng(3)
    rate, z = 10 ** random.uniform(-6, 0, 300), random.uniform(0, 3, 300)
    rate[:2], z[:2] = [1e-6, 1.0], [0.0, 0.0]
    z[2], rate[2] = 3.0, 1e-5
    keep = ~((rate > 1e-2) & (z > 2))
    raw = [column("rate", rate[keep].tolist()), column("z", z[keep].tolist())]
    (found,) = untried(prepare(raw))
    assert (found.a, found.b, found.part_a, found.part_b) == ("rate", "z", "0.01 to 1", "2 to 3")


def test_pairs_are_looked_at_among_the_first_hyperparameters():
    random = np.random.default_rng(4)
    more = [column(f"x{i}", random.uniform(size=60).tolist()) for i in range(AMONG - 2)]
    corner = np.linspace(0, 1, 60)
    pair = [column("up", corner.tolist()), column("bent", (corner**2).tolist())]
    assert any({one.a, one.b} == {"up", "bent"} for one in untried(prepare([*more, *pair])))
    assert not any(
        "bent" in (one.a, one.b)
        for one in untried(prepare([*more, column("last", random.uniform(size=60).tolist()), *pair]))
    )
