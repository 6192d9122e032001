"""Candidates and suggestions: where they come from, what they may be, in which order they are chosen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from planted import column

from hpowh.analyses.sweeps.advice.suggest import APART, CANDIDATES, COUNT, bounds, suggest
from hpowh.analyses.sweeps.importance.fanova import GRID_LIMIT
from hpowh.analyses.sweeps.reading.columns import OTHER, Declared
from hpowh.analyses.sweeps.reading.prepare import Prepared, prepare


def candidates(prepared: Prepared, loss: np.ndarray, **options) -> np.ndarray:
    """What the trees are asked about: the one-hot matrix of all candidates."""
    seen = []

    def trees(matrix: np.ndarray) -> np.ndarray:
        seen.append(matrix)
        return np.stack([matrix[:, 0], matrix[:, 0] + 1])

    suggest(prepared, loss, trees, 0, **options)
    return seen[0]


def values_of(name: str, raw: list, **options) -> set[float]:
    """The numbers suggested for one hyperparameter, beside another that spreads the suggestions."""
    random = np.random.default_rng(1)
    n = len(raw[0].number)
    prepared = prepare([*raw, column("free", random.uniform(size=n).tolist())])
    found = suggest(prepared, random.uniform(size=n), lambda m: np.stack([m[:, -1], 1 - m[:, 0]]), 0, **options)
    assert len(found) == COUNT
    return {one.values[name][0] for one in found}


def test_a_quarter_of_the_candidates_lies_near_the_best_tenth_and_the_rest_everywhere():
    """By simulation: neighbours are normal around the best with a tenth of the range, cut at its ends."""
    random = np.random.default_rng(0)
    x = random.uniform(0, 10, 200)
    x[:2] = [0.0, 10.0]
    prepared = prepare([column("x", x.tolist()), column("z", random.uniform(size=200).tolist())])
    found = candidates(prepared, np.abs(x - 7.0))[:, 0]
    assert len(found) == CANDIDATES
    best = x[np.argsort(np.abs(x - 7.0))[:20]]
    near = np.clip(random.choice(best, 200_000) + random.normal(0, 1.0, 200_000), 0, 10)
    for low, high in ((0, 4), (4, 6), (6, 7), (7, 8), (8, 9.9)):
        wanted = 0.25 * np.mean((near >= low) & (near < high)) + 0.75 * (high - low) / 10
        share = np.mean((found >= low) & (found < high))
        assert share == pytest.approx(wanted, abs=4 * math.sqrt(wanted * (1 - wanted) / CANDIDATES))


def test_levels_of_the_best_are_kept_in_four_of_five_neighbours():
    random = np.random.default_rng(2)
    kind = random.choice(["a", "b", "c", "d"], 100)
    prepared = prepare([column("kind", kind.tolist()), column("x", random.uniform(size=100).tolist())])
    found = candidates(prepared, 1.0 * (kind != "c"))
    share = found[:, list(prepared.used[0].levels).index("c")].mean()
    assert share == pytest.approx(0.25 * 0.8 + (1 - 0.25 * 0.8) / 4, abs=0.03)


def test_collected_rare_levels_and_missing_ones_are_never_tried():
    random = np.random.default_rng(3)
    kind = [f"k{i % 25}" for i in range(250)]
    prepared = prepare([column("kind", kind), column("x", random.uniform(size=250).tolist())])
    at = prepared.used[0].levels.index(OTHER)
    assert candidates(prepared, random.uniform(size=250))[:, at].sum() == 0


def test_in_a_conditional_space_a_candidate_keeps_the_levels_and_absences_of_a_trial():
    random = np.random.default_rng(4)
    kind = random.choice(["a", "b"], 120, p=[0.8, 0.2])
    inner = [v if k == "a" else None for v, k in zip(random.uniform(1, 2, 120).tolist(), kind, strict=True)]
    prepared = prepare([column("kind", kind.tolist()), column("inner", inner)])
    found = candidates(prepared, random.uniform(size=120))
    is_a = found[:, list(prepared.used[0].levels).index("a")] == 1
    assert is_a.mean() == pytest.approx(0.8, abs=0.08)
    assert found[~is_a, -1] == pytest.approx(prepared.used[1].imputed_value)
    assert np.unique(found[is_a, -1]).size > 1000


def test_bounds_by_hand():
    def ends(values: list[float], declared: Declared | None = None, beyond: float = 0.0):
        prepared = prepare([column("x", values, declared)])
        return bounds(prepared.used[0], prepared.codes[:, 0], beyond)

    tried = [2.0, 3.0, 4.0, 5.0, 6.0]
    assert ends(tried) == (2.0, 6.0)
    assert ends(tried, beyond=0.25) == (1.0, 7.0)
    assert ends(tried, beyond=1.0) == (1.0, 10.0)  # positive stays positive: half of the least
    assert ends([0.0, 1.0, 2.0, 3.0, 4.0], beyond=0.5) == (0.0, 6.0)
    assert ends([-1.0, 0.0, 1.0, 2.0, 3.0], beyond=0.5) == (-3.0, 5.0)
    assert ends(tried, Declared(value_type="float", scale="linear", lower=1.0, upper=9.0)) == (1.0, 9.0)
    assert ends(tried, Declared(value_type="float", scale="linear", lower=1.0, upper=None)) == (2.0, 6.0)
    assert ends(tried, Declared(value_type="float", scale="log", lower=0.1, upper=100.0)) == (
        pytest.approx(-1.0),
        pytest.approx(2.0),
    )
    assert ends(tried, Declared(value_type="float", scale="log", lower=0.1, upper=100.0), 0.5) == (
        pytest.approx(-2.5),
        pytest.approx(3.5),
    )


def test_few_tried_numbers_of_an_undeclared_range_are_kept_to():
    tried = [0.1, 0.25, 0.7, 1.5]
    assert values_of("x", [column("x", tried * 20)]) <= set(tried)
    assert not values_of(
        "x", [column("x", tried * 20, Declared(value_type="float", scale="linear", lower=0.1, upper=1.5))]
    ) <= set(tried)
    assert not values_of("x", [column("x", tried * 20)], beyond=0.3) <= set(tried)
    most, more = np.linspace(0.1, 1.5, GRID_LIMIT).tolist(), np.linspace(0.1, 1.5, GRID_LIMIT + 1).tolist()
    assert values_of("x", [column("x", most * 4)]) <= set(most)
    assert not values_of("x", [column("x", more * 4)]) <= set(more)


@pytest.mark.parametrize(("declared", "allowed"), [
    (Declared(value_type="float", scale="linear", lower=0.5, upper=4.9, step=1.0), {0.5, 1.5, 2.5, 3.5, 4.5}),
    (Declared(value_type="int", scale="linear", lower=3, upper=10, step=3), {3, 6, 9}),
    (Declared(value_type="mixed", scale="linear", lower=1.05, upper=7.95), {2, 3, 4, 5, 6, 7}),
    (Declared(value_type="int", scale="log", lower=1, upper=64), set(range(1, 65))),
])  # fmt: skip
def test_steps_and_whole_numbers_inside_the_declared_range(declared, allowed):
    low, high = math.ceil(declared.lower), math.floor(declared.upper)
    step = declared.step or 1
    tried = [declared.lower + step * (i % 3) if declared.step else float(low + i % (high - low + 1)) for i in range(80)]
    found = values_of("x", [column("x", tried, declared)])
    assert all(min(abs(value - one) for one in allowed) < 1e-6 for value in found)
    assert len(found) > 1


def test_a_wider_range_keeps_the_step():
    found = values_of(
        "x",
        [column("x", [2.0, 4.0, 6.0, 8.0] * 20, Declared(value_type="int", scale="linear", lower=2, upper=8, step=2))],
        beyond=1.0,
    )
    assert all(value % 2 == 0 for value in found)
    assert max(found) > 8


def test_suggestions_are_the_best_predicted_that_lie_apart_then_those_of_most_gain():
    """The greedy choice written out: no known trial, and a tenth of the mean range from every one before."""
    random = np.random.default_rng(5)
    n = 60
    x, z = random.uniform(size=n), random.uniform(size=n)
    kind = random.choice(["a", "b"], n)
    prepared = prepare([column("x", x.tolist()), column("z", z.tolist()), column("kind", kind.tolist())])
    loss = (x - 0.4) ** 2 + z

    def trees(m: np.ndarray) -> np.ndarray:
        return np.stack([m[:, 0] + m[:, 1], (m[:, 0] - 0.4) ** 2 + m[:, 2], np.sin(5 * m[:, 1]) + m[:, 3]])

    matrix = []
    found = suggest(prepared, loss, lambda m: (matrix.append(m), trees(m))[1], 0, count=8)
    (rows,) = matrix
    predicted = trees(rows)
    mean, deviation = predicted.mean(axis=0), predicted.std(axis=0)
    draws = np.random.default_rng(0).normal(size=4000)
    spans = np.ptp(rows[:, 0]), np.ptp(rows[:, 1])

    def distance(i: int, j: int) -> float:
        apart = [abs(rows[i, k] - rows[j, k]) / spans[k] for k in (0, 1)]
        return sum([*apart, float(rows[i, 2] != rows[j, 2])]) / 3

    taken: list[int] = []
    for i in sorted(range(len(rows)), key=lambda i: mean[i]):
        if len(taken) < 4 and all(distance(i, j) >= APART for j in taken):
            taken.append(i)
    assert [one.predicted for one in found[:4]] == pytest.approx(mean[taken])
    assert [one.deviation for one in found[:4]] == pytest.approx(deviation[taken])
    assert len(found) == 8
    for one in found:
        gain = np.maximum(loss.min() - one.predicted - one.deviation * draws, 0).mean()
        assert one.expected_improvement == pytest.approx(gain, rel=0.2, abs=0.01)
    gains = [one.expected_improvement for one in found[4:]]
    assert gains == sorted(gains, reverse=True)


def test_what_was_tried_is_not_suggested():
    """A full grid leaves nothing to suggest; one cell left out is the only suggestion."""
    grid = [(a, b) for a in (1.0, 2.0, 3.0) for b in (1.0, 2.0, 5.0)] * 6
    for cells, wanted in ((grid, []), ([g for g in grid if g != (2.0, 5.0)], [(2.0, 5.0)])):
        prepared = prepare([column("a", [a for a, _ in cells]), column("b", [b for _, b in cells])])
        found = suggest(prepared, np.arange(len(cells), dtype=float), lambda m: np.stack([m[:, 0], m[:, 1]]), 0)
        assert [(one.values["a"][0], one.values["b"][0]) for one in found] == wanted
