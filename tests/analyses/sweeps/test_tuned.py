"""Trials that a tuner chose, or that ran in the order of a grid: what is named mattered, and what else it may be."""

from __future__ import annotations

import numpy as np
import pytest
from planted import column

from benchmarks.sweep_claims import only_claims
from hpowh.analyses.statistics.multiplicity import holm
from hpowh.analyses.sweeps.analysis import analyse_metric
from hpowh.analyses.sweeps.importance.effects import beside_others, drift_of, effect_of
from hpowh.analyses.sweeps.reading.columns import read_column
from hpowh.analyses.sweeps.reading.sampling import followed, narrowed
from hpowh.analyses.sweeps.result import Result
from hpowh.analyses.sweeps.saying.trials import drift
from hpowh.analyses.sweeps.statements import statements

NAMES = ("rate", "weak", "null", "empty")


def tuned(seed: int, count: int = 100) -> tuple[dict[str, list[float]], np.ndarray]:
    """A search around the best five so far: rate is a valley, weak a slope, the other two do nothing."""
    random, settings, values = np.random.default_rng(seed), [], []
    for i in range(count):
        new = random.uniform(size=4)
        if i >= 15:
            good = np.argsort(values)[:5]
            new = np.clip([settings[random.choice(good)][j] + random.normal(0.0, 0.12) for j in range(4)], 0.0, 1.0)
        settings.append(new)
        values.append(8.0 * (new[0] - 0.7) ** 2 + 0.6 * new[1] + random.normal(0.0, 0.15))
    return dict(zip(NAMES, np.array(settings).T.tolist(), strict=True)), np.array(values)


def test_what_drifts_along_with_a_tuner_matters_alone_and_not_beside_what_moves_the_metric():
    alone, beside, seen = np.zeros(4), np.zeros(4), 0
    for seed in range(20):
        settings, values = tuned(seed)
        columns = [read_column(column(name, x)) for name, x in settings.items()]
        seen += bool(narrowed(columns, np.arange(100)))
        tests = np.array([effect_of(one, values).p for one in columns])
        given = beside_others(columns, values)
        alone += holm(tests) < 0.05
        beside += holm(np.maximum(tests, [given[name] for name in NAMES])) < 0.05
    assert seen >= 16
    assert alone[2:].min() >= 8  # of twenty: what such a test says of a tuner's trials
    assert beside[2:].max() <= 3
    assert beside[0] == 20 and beside[1] >= 10


def test_beside_others_is_the_partial_f_of_least_squares():
    random = np.random.default_rng(3)
    x, k = random.uniform(size=60), random.choice(["a", "b", "c"], 60)
    y = x + (k == "b") + random.normal(size=60)
    found = beside_others([read_column(column("x", x.tolist())), read_column(column("k", k.tolist()))], y)
    rank = 2 * (np.argsort(np.argsort(x)) / 59) - 1
    levels = np.column_stack([k == "b", k == "c"]).astype(float)
    one = np.ones((60, 1))
    whole = np.column_stack([one, rank, rank**2, levels])
    for name, part, own in (("x", np.column_stack([one, levels]), 2), ("k", whole[:, :3], 2)):
        left = [float(np.linalg.lstsq(design, y, rcond=None)[1][0]) for design in (whole, part)]
        from scipy.stats import f

        assert found[name] == pytest.approx(f.sf((left[1] - left[0]) / own / (left[0] / 55), own, 55), rel=1e-6)
    assert set(beside_others([read_column(column("x", x[:9].tolist()))], y[:9]).values()) != {None}
    many = [read_column(column(f"x{j}", random.uniform(size=60).tolist())) for j in range(20)]
    assert set(beside_others(many, y).values()) == {None}


@pytest.fixture(scope="module")
def headline():
    def said(settings: dict[str, list], values: np.ndarray) -> list[str]:
        raw = [column(name, x) for name, x in settings.items()]
        result = analyse_metric(raw, values, "min", 0, order=np.arange(len(values)))
        return [one.sentence for one in statements(result, "loss") if one.is_claim]

    return said


def test_of_a_tuned_sweep_only_what_matters_is_named(headline):
    settings, values = tuned(1)
    claims = headline(settings, values)
    assert claims[0].startswith("rate matter")
    assert not any("null" in one or "empty" in one for one in claims)


def test_a_twin_and_the_order_of_the_trials_are_said_with_what_mattered(headline):
    random = np.random.default_rng(0)
    rate = np.repeat(np.linspace(0.0, 1.0, 6), 10)  # the outer loop of a grid
    settings = {"rate": rate.tolist(), "copy": (2 * rate + 1).tolist(), "z": random.uniform(size=60).tolist()}
    first = headline(settings, rate + 0.1 * random.normal(size=60))[0]
    assert first.startswith("rate matter")
    assert "copy said the same in all trials: the effect may be of either." in first
    assert "Its values follow the order of the trials" in first
    shuffled = random.permutation(60)
    settings = {"rate": rate[shuffled].tolist(), "z": random.uniform(size=60).tolist()}
    assert "order of the trials" not in headline(settings, rate[shuffled] + 0.1 * random.normal(size=60))[0]
    near = rate[shuffled] + 0.05 * random.normal(size=60)
    settings |= {"z": near.tolist()}
    first = headline(settings, rate[shuffled] + 0.3 * random.normal(size=60))[0]
    assert "It was varied together with" in first and "the effect may be of either" in first


def test_levels_follow_the_order_too():
    kinds = ["a"] * 20 + ["b"] * 20 + ["c"] * 20
    columns = [read_column(column("kind", kinds)), read_column(column("x", np.random.default_rng(0).uniform(size=60)))]
    assert set(followed(columns, np.arange(60))) == {"kind"}
    assert followed(columns, np.random.default_rng(1).permutation(60)) == {}


def random_search(seed: int, count: int = 90) -> tuple[dict[str, list[float]], np.ndarray]:
    random = np.random.default_rng(seed)
    x = random.uniform(size=(count, 3))
    return dict(zip("abc", x.T.tolist(), strict=True)), 2 * (x[:, 0] - 0.4) ** 2 + random.normal(0.0, 0.1, count)


def drifts(settings: dict[str, list[float]], values: np.ndarray, order: np.ndarray) -> list[str]:
    result = Result(drift=drift_of([read_column(column(n, x)) for n, x in settings.items()], values, values, order))
    return [one.sentence for one in drift(result, "loss")]


def test_a_metric_that_changes_over_time_is_told_and_chance_tells_none():
    """A bug was mended in the middle: all later trials are 0.2 better, whatever their hyperparameters."""
    said = 0
    for seed in range(120):
        settings, values = random_search(seed)
        order = np.random.default_rng(seed).permutation(values.size)
        said += bool(drifts(settings, values, order))
        if seed < 10:
            moved = values.copy()
            moved[order[45:]] -= 0.2
            (sentence,) = drifts(settings, moved, order)
            assert "lower than the first" in sentence and "0.1" in sentence or "0.2" in sentence
    assert said <= 2  # 0.1 are to be expected


def test_a_drift_is_a_finding_of_the_sweep_and_not_where_a_tuner_moved_on():
    settings, values = random_search(0)
    values[45:] -= 0.2
    raw = [column(name, x) for name, x in settings.items()]
    with only_claims():
        result = analyse_metric(raw, values, "min", 0, order=np.arange(90))
    assert [one.kind for one in statements(result, "loss") if one.kind == "drift"] == ["drift"]
    settings, values = tuned(1)
    raw = [column(name, x) for name, x in settings.items()]
    with only_claims():
        result = analyse_metric(raw, values - np.arange(100) / 100, "min", 0, order=np.arange(100))
    assert result.narrowed and result.drift is None
