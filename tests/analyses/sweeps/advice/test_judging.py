"""What is predicted of the setting to try next is what is found there, within its standard deviation."""

from __future__ import annotations

import numpy as np
import pytest
from planted import column

from hpowh.analyses.sweeps.advice.judging import judged
from hpowh.analyses.sweeps.advice.process import fit_process, judge
from hpowh.analyses.sweeps.advice.suggest import suggest
from hpowh.analyses.sweeps.reading.prepare import prepare


def told(seed: int, effect: float, noise: float, n: int = 60) -> tuple[float, float, float]:
    """Return the prediction of the first setting to try, its standard deviation, and what is true there."""
    random = np.random.default_rng(seed)
    x = random.uniform(size=(n, 5))
    loss = effect * (x[:, 0] - 0.3) ** 2 + noise * random.normal(size=n)
    middle, size = loss.mean(), loss.std()
    prepared = prepare([column(f"x{j}", x[:, j].tolist()) for j in range(5)])
    process = fit_process(prepared, (loss - middle) / size, 0)
    assert process is not None
    first = suggest(prepared, (loss - middle) / size, process.start, 0, count=1)[0]
    mean, deviation = judge(process, 0).told(first.predicted, first.deviation)
    true = effect * (first.values["x0"][0] - 0.3) ** 2  # type: ignore[operator]
    return middle + size * mean, size * deviation, true


@pytest.mark.parametrize(("effect", "noise"), [(0.0, 1.0), (4.0, 0.3), (4.0, 0.01)])
def test_the_prediction_of_the_next_setting_holds(effect, noise):
    found = np.array([told(seed, effect, noise) for seed in range(6)])
    off = np.abs(found[:, 0] - found[:, 2]) / found[:, 1]
    assert (off <= 2).all()  # as the process itself tells it, five of the six of no effect are farther off
    if noise == 0.01:
        assert (found[:, 1] < 0.2).all()  # and where there is hardly noise, it is told sharply: loss spans 2


def test_what_is_not_found_again_is_not_told():
    guess = np.array([1.0, -1.0, 2.0, -2.0])
    assert judged(guess, guess, 5.0).told(3.0, 0.1) == (3.0, 0.1)
    half = judged(guess, guess / 2, 5.0)
    assert (half.slope, half.told(3.0, 0.1)) == (0.5, (4.0, 0.1))
    none = judged(guess, -guess, 5.0)
    assert none.slope == 0.0
    assert none.told(3.0, 0.1) == (5.0, pytest.approx(1.4826 * 1.5))
    assert none.r_squared == pytest.approx(1 - 4.0)
