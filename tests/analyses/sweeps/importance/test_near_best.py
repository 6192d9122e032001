"""PED-ANOVA beside plain loops: densities, divergence, chance and the bootstrap."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import column

from hpowh.analyses.sweeps.importance.near_best import CHANCE_DRAWS, DRAWS, LEAST_BEST, near_best
from hpowh.analyses.sweeps.reading.prepare import prepare


def density_of_numbers(values: list[float], counts: list[float]) -> list[float]:
    """A Gaussian kernel of Scott's width around each trial, cut to the range and summing to 1, at 50 places."""
    low, high = min(values), max(values)
    unit = [(v - low) / (high - low) for v in values]
    mean = sum(unit) / len(unit)
    deviation = math.sqrt(sum((u - mean) ** 2 for u in unit) / len(unit))
    width = max(1.06 * deviation / len(unit) ** (1 / 5), 1 / 50)
    density = [0.0] * 50
    for u, count in zip(unit, counts, strict=True):
        heights = [math.exp(-((((k + 0.5) / 50 - u) / width) ** 2) / 2) for k in range(50)]
        for k, height in enumerate(heights):
            density[k] += count * height / sum(heights)
    return [d / sum(counts) for d in density]


def density_of_levels(values: list[str], counts: list[float]) -> list[float]:
    return [
        sum(c for v, c in zip(values, counts, strict=True) if v == level) / sum(counts)
        for level in sorted(set(values))
    ]  # fmt: skip


def divergence(values: list, good: list[float], everyone: list[float]) -> float:
    """Pearson's divergence of the good trials' density from that of all."""
    density = density_of_levels if isinstance(values[0], str) else density_of_numbers
    pairs = zip(density(values, good), density(values, everyone), strict=True)
    return sum(q * (p / q - 1) ** 2 for p, q in pairs if q > 0)


def best_counts(loss: list[float], counts: list[int], wanted: int) -> list[float]:
    """How often each trial is among the best of a resample, written out trial by trial."""
    resample = sorted((value, i) for i, value in enumerate(loss) for _ in range(counts[i]))
    result = [0.0] * len(loss)
    for _, i in resample[:wanted]:
        result[i] += 1
    return result


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.1, 0.25]))
def test_importances_are_those_of_plain_loops(seed, share):
    random = np.random.default_rng(seed)
    n = int(random.integers(50, 90))
    number, kind = (random.normal(size=n) ** 3).tolist(), random.choice(["a", "b", "c"], n).tolist()
    loss = np.abs(np.array(number) - 0.3) + 0.5 * (np.array(kind) == "b") + 0.1 * random.random(n)
    found = near_best(prepare([column("x", number), column("kind", kind)]), loss, 0, share)
    wanted = math.ceil(share * n)
    good = best_counts(loss.tolist(), [1] * n, wanted)
    assert found.good_count == wanted
    assert found.importance == pytest.approx([divergence(v, good, [1.0] * n) for v in (number, kind)])


def test_trials_that_lack_a_hyperparameter_add_nothing_to_its_density():
    """The best are counted among all trials; densities are of those of them that have a value."""
    random = np.random.default_rng(8)
    number = [None if i % 3 == 0 else v for i, v in enumerate(random.uniform(size=60).tolist())]
    loss = np.array([0.25 if v is None else v for v in number]) + 0.4 * random.random(60)
    found = near_best(prepare([column("x", number)]), loss, 0, 0.3)
    good = best_counts(loss.tolist(), [1] * 60, found.good_count)
    there = [i for i, v in enumerate(number) if v is not None]
    wanted = divergence([number[i] for i in there], [good[i] for i in there], [1.0] * len(there))
    assert 0 < sum(good[i] for i in there) < found.good_count
    assert found.importance == pytest.approx([wanted])


def test_chance_and_intervals_are_those_of_plain_loops():
    """The same draws: shuffles for chance, of which the largest in units of its own quantile counts; then resamples."""
    random = np.random.default_rng(3)
    n = 40
    number = random.uniform(size=n).tolist()
    kind = ["rare", *random.choice(["a", "b"], n - 1).tolist()]  # many a resample lacks the rare one
    loss = (np.array(number) + 0.3 * random.random(n)).tolist()
    found = near_best(prepare([column("x", number), column("kind", kind)]), np.array(loss), 11, 0.125)
    draw = np.random.default_rng(11)
    chance, boot = [], []
    for _ in range(CHANCE_DRAWS):
        lucky = draw.permutation(n)[:5].tolist()
        good = [1.0 if i in lucky else 0.0 for i in range(n)]
        chance.append([divergence(v, good, [1.0] * n) for v in (number, kind)])
    for _ in range(DRAWS):
        picked = draw.integers(0, n, n).tolist()
        counts = [picked.count(i) for i in range(n)]
        boot.append([divergence(v, best_counts(loss, counts, 5), counts) for v in (number, kind)])
    usual = np.quantile(chance, 0.95, axis=0)
    largest = (np.array(chance) / usual).max(axis=1)
    assert found.chance == pytest.approx(usual * np.quantile(largest, 0.95))
    own = [divergence(v, best_counts(loss, [1] * n, 5), [1.0] * n) for v in (number, kind)]
    wanted = [(1 + (largest >= one / u - 1e-12).sum()) / (1 + CHANCE_DRAWS) for one, u in zip(own, usual, strict=True)]
    assert found.p == pytest.approx(wanted)
    assert found.lower == pytest.approx(np.quantile(boot, 0.025, axis=0))
    assert found.upper == pytest.approx(np.quantile(boot, 0.975, axis=0))


def test_the_importance_of_numbers_does_not_depend_on_their_unit():
    random = np.random.default_rng(5)
    x = random.uniform(1, 2, 80)
    loss = x + 0.1 * random.random(80)
    found = [near_best(prepare([column("x", v.tolist())]), loss, 0).importance for v in (x, 1000 * x - 7, -x)]
    assert found[1] == pytest.approx(found[0])
    assert found[2] == pytest.approx(found[0])


def test_numbers_that_pile_up_keep_a_least_width():
    """All trials but one at 0: Scott's width is below a fiftieth, so a fiftieth is taken."""
    values = [0.0] * 199 + [1.0]
    loss = np.arange(200.0)[::-1]
    found = near_best(prepare([column("x", values)]), loss, 0)
    good = best_counts(loss.tolist(), [1] * 200, 20)
    assert found.importance == pytest.approx([divergence(values, good, [1.0] * 200)])


def test_the_fewest_best_trials():
    x = column("x", np.linspace(0, 1, 41).tolist())
    loss = np.arange(41.0)
    assert near_best(prepare([x]), loss, 0).good_count == LEAST_BEST  # 4.1 rounded up
    with pytest.raises(ValueError, match="the best 10 % of 40 trials are 4, at least 5 are needed"):
        near_best(prepare([x.take(np.arange(40))]), loss[:40], 0)
