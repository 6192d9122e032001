"""What only some configurations have is judged among these: which branch is good is the deciding one's matter."""

from __future__ import annotations

import numpy as np
import pytest
from planted import column

from hpowh.analyses.sweeps.advice.ranges import best_ranges
from hpowh.analyses.sweeps.importance.confounding import associate
from hpowh.analyses.sweeps.importance.correlate import correlate
from hpowh.analyses.sweeps.importance.effects import effect_of
from hpowh.analyses.sweeps.importance.levels import level_effects
from hpowh.analyses.sweeps.importance.linear import fit_linear
from hpowh.analyses.sweeps.importance.near_best import near_best
from hpowh.analyses.sweeps.reading.prepare import prepare


def branches(seed: int, n: int = 120):
    """Networks are better than support vector machines; neither kernel nor layers matter within their branch."""
    random = np.random.default_rng(seed)
    model = random.choice(["svm", "net"], n)
    kernel = [str(k) if m == "svm" else None for k, m in zip(random.choice(["rbf", "linear"], n), model, strict=True)]
    layers = [int(k) if m == "net" else None for k, m in zip(random.integers(1, 5, n), model, strict=True)]
    loss = np.where(model == "svm", 1.0, 0.0) + 0.2 * random.normal(size=n)
    raw = [column("model", model.tolist()), column("kernel", kernel), column("layers", layers)]
    return prepare(raw), loss


def test_a_conditional_category_does_not_matter_by_its_branch():
    prepared, loss = branches(0)
    model, kernel, layers = prepared.used
    assert (model.is_conditional, kernel.is_conditional) == (False, True)
    there = ~kernel.is_absent
    for found in (effect_of(kernel, loss), next(r for r in correlate([kernel], loss))):
        assert found.count == there.sum()
        assert found.p > 0.05  # with absence as a level: below 1e-15
    assert effect_of(model, loss).p < 1e-9
    levels = [
        row for row in level_effects(prepared, loss, fit_linear(prepared, loss)) if row.hyperparameter == "kernel"
    ]
    assert {row.level for row in levels} == {"rbf", "linear"}
    assert min(row.p for row in levels) > 0.05
    assert not any(pair.is_confounded for pair in associate([model, kernel, layers]))


def test_the_best_are_told_from_the_others_by_the_branch_and_not_by_what_lives_in_it():
    said = []
    for seed in range(20):
        prepared, loss = branches(seed)
        p = dict(zip(prepared.names, near_best(prepared, loss, 0).p, strict=True))
        ranges = {row.hyperparameter: row.p for row in best_ranges(prepared, loss, 0) if row.reason is None}
        said.append((p["model"], p["kernel"], p["layers"], ranges["layers"]))
    of_model, *others = np.array(said).T
    assert (of_model <= 0.05).mean() >= 0.9
    assert [(p <= 0.05).sum() <= 3 for p in others] == [True] * 3  # 20 at 5 %: more than 3 in 1.6 %


def test_an_empty_cell_that_nothing_decides_is_a_level():
    random = np.random.default_rng(1)
    schedule = [None if one == "none" else one for one in random.choice(["cosine", "step", "none"], 60).tolist()]
    decay = [float(random.uniform()) if one else None for one in schedule]  # there together with it: decides nothing
    prepared = prepare(
        [column("schedule", schedule), column("decay", decay), column("x", random.uniform(size=60).tolist())]
    )
    loss = np.array([one is None for one in schedule]) + 0.3 * random.normal(size=60)
    assert not prepared.used[0].is_conditional
    assert effect_of(prepared.used[0], loss).p < 1e-6


@pytest.mark.parametrize("name", ["layers", "width", "few"])
def test_whole_numbers_and_few_values_lie_between_what_can_be_set(name):
    random = np.random.default_rng(2)
    values = {
        "layers": random.integers(1, 9, 90).tolist(), "few": random.choice([0.1, 0.2, 0.5], 90).tolist(),
        "width": (2 ** random.integers(3, 10, 90)).tolist(),  # by its logarithm
    }[name]  # fmt: skip
    loss = np.array(values) + random.normal(size=90)
    (found,) = best_ranges(prepare([column(name, values)]), loss, 0)
    for end in (found.lower, found.upper, found.lower_from, found.upper_to):
        assert end in set(values)
