"""What a tuner narrows is found, what chance does is not; results among the hyperparameters are asked about."""

from __future__ import annotations

import numpy as np
from planted import column

from hpowh.analyses.sweeps.analysis import Result, analyse_metric
from hpowh.analyses.sweeps.importance.effects import effect_of
from hpowh.analyses.sweeps.reading.columns import Declared, read_column
from hpowh.analyses.sweeps.reading.sampling import narrowed, suspects
from hpowh.analyses.sweeps.saying.found import Found
from hpowh.analyses.sweeps.saying.trials import sampling


def tuned(seed: int, n: int = 90):
    """A search that halves the range of x twice, comes to prefer one level of k, and leaves z alone."""
    random = np.random.default_rng(seed)
    width = np.repeat([1.0, 0.5, 0.25], n // 3)
    x = 0.5 + (random.uniform(size=n) - 0.5) * width
    k = np.where(random.uniform(size=n) < np.repeat([0.5, 0.7, 0.95], n // 3), "adam", "sgd")
    return x, k, random.uniform(size=n)


def test_what_late_trials_keep_to_is_found_in_whatever_order_they_are_stored():
    x, k, z = tuned(0)
    stored = np.random.default_rng(1).permutation(90)
    columns = [read_column(column(n, v[stored].tolist())) for n, v in (("x", x), ("k", k), ("z", z))]
    found = {one.hyperparameter: one for one in narrowed(columns, np.argsort(stored))}
    assert set(found) == {"x", "k"}
    assert found["x"].late < 0.3
    assert found["x"].early > 0.7
    assert (found["k"].level, found["k"].late > found["k"].early) == ("adam", True)
    assert narrowed(columns, np.arange(20)) == []


def test_random_search_narrows_nothing():
    """Level 1 % after Holm: of 200 random searches a handful at most."""
    said = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        columns = [read_column(column(f"x{j}", random.uniform(size=60).tolist())) for j in range(3)]
        said += bool(narrowed(columns, np.arange(60)))
    assert said <= 7


def test_repeats_of_a_configuration_are_no_further_choices_of_a_tuner():
    """Five seeds one after the other: as trials, half of such random searches seemed to narrow something."""
    for seed in range(3):
        random = np.random.default_rng(seed)
        raw = [column(f"x{j}", np.repeat(random.uniform(size=48), 5).tolist()) for j in range(8)]
        y = np.repeat(random.normal(size=48), 5) + random.normal(size=240)
        result = analyse_metric(raw, y, "min", 0, order=np.arange(240))
        assert (result.narrowed, result.followed) == ([], {})


def test_what_is_narrowed_together_seems_to_matter_more():
    """Both are narrowed, x alone matters: over the trials z explains a tenth and more, over the whole range nothing."""
    found = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        width = np.repeat([1.0, 0.1], 50)
        x, z = (0.9 + width * (random.uniform(size=100) - 0.9) for _ in range(2))
        y = -x + 0.1 * random.normal(size=100)
        found.append(effect_of(read_column(column("z", z.tolist())), y).share or 0.0)
    assert np.mean(found) > 0.1


def test_the_sentence_says_direction_and_size():
    x, k, z = tuned(2)
    columns = [read_column(column(n, v.tolist())) for n, v in (("x", x), ("z", z))]
    y = (x - 0.5) ** 2 + 0.01 * np.random.default_rng(3).normal(size=90)
    result = Result(narrowed=narrowed(columns, np.arange(90)))
    result.add("sweep_effect", [{**vars(effect_of(c, y)), "p_adjusted": 0.01} for c in columns])
    row = {"method": "fanova", "hyperparameter": "x", "importance": 0.9, "verdict": "usable"}
    result.add("sweep_importance", [row])
    (said,) = sampling(result, Found(result), "loss")
    assert "the last third keeps x to 2" in said.sentence
    assert "most of it seems to matter more than over the whole range" in said.sentence
    assert "over the whole range by the forest 90 % (fANOVA)" in said.sentence
    assert list(sampling(Result(), Found(Result()), "loss")) == []


def test_a_number_that_goes_with_a_result_is_asked_about_unless_it_is_declared():
    epochs = np.arange(20.0) % 7 + 1
    raw = [
        column("epoch", epochs.tolist()),
        column("x", np.arange(20.0).tolist()),
        column("set", epochs.tolist(), Declared(value_type="int", lower=1, upper=7)),
    ]
    columns = [read_column(one) for one in raw]
    found = suspects(columns, {"the number of steps": 10 * epochs + 3, "the duration": np.full(20, np.nan)})
    assert [(name, other) for name, other, _ in found] == [("epoch", "the number of steps")]
