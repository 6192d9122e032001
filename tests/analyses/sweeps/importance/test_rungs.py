"""What mattered at each step: every evaluation is used, and a share that changes with the budget is seen."""

from __future__ import annotations

import numpy as np
import pytest
from planted import column

from hpowh.analyses.sweeps.importance.effects import effect_of
from hpowh.analyses.sweeps.importance.rungs import rungs
from hpowh.analyses.sweeps.reading.columns import read_column


def test_shares_by_step_are_those_of_the_configurations_that_reached_it():
    """x decides at step 1, z at step 9; a third of the trials goes on."""
    random = np.random.default_rng(0)
    x, z = random.uniform(size=60), random.uniform(size=60)
    raw = [column("x", x.tolist()), column("z", z.tolist())]
    kept = np.arange(0, 60, 3)
    trial = np.concatenate([np.arange(60), kept, [0, 1]])
    step = np.array([1] * 60 + [9] * 20 + [27] * 2)
    value = np.concatenate([x + 0.1 * z, z[kept] + 0.1 * x[kept], [1.0, 2.0]])
    found = {(one.hyperparameter, one.step): one for one in rungs(raw, trial, step, value, ["x", "z"])}
    assert {key[1] for key in found} == {1, 9}
    assert found["x", 1].share > 0.9
    assert found["z", 1].share < 0.2
    assert found["z", 9].share > 0.9
    assert (found["x", 1].configuration_count, found["x", 9].configuration_count) == (60, 20)
    own = effect_of(read_column(raw[1].take(kept)), value[60:80])
    assert found["z", 9].share == pytest.approx(own.share)
    assert rungs(raw, trial[:60], step[:60], value[:60], ["x", "z"]) == []


def test_of_many_steps_twelve_are_taken():
    random = np.random.default_rng(1)
    raw = [column("x", random.uniform(size=20).tolist())]
    trial, step = (part.ravel() for part in np.meshgrid(np.arange(20), np.arange(1, 101), indexing="ij"))
    found = rungs(raw, trial, step, random.normal(size=trial.size), ["x"])
    assert [one.step for one in found][:2] == [1, 10]
    assert len(found) == 12
