"""Analyses of a sweep: time by size, and accuracy and time beside the libraries that people use for parts of it.

    python -m benchmarks sweeps

The truth is known: shares of variance of the main effects of 4 a + 2 b c + [d > 1/2], with four more numbers that do
nothing and noise. Accuracy is the mean absolute error of the shares, brought to a sum of 1, and how often all four that
matter are placed before all that do not. Times are of whole processes, in turn.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from numpy.typing import NDArray

from benchmarks.alternate import alternate, report

Floats = NDArray[np.float64]

NAMES = tuple("abcdefgh")
TRUE = np.array([16 / 12, 1 / 12, 1 / 12, 1 / 4, 0, 0, 0, 0])
"""Variance of the main effects over uniform numbers; the interaction of b and c has 1/36."""
SEEDS = 10
SIZES = ((120, 4), (300, 200), (300, 500), (50_000, 9))
"""Trials and hyperparameters."""


def made(trials: int, seed: int) -> tuple[Floats, Floats]:
    """Return a sweep with known effects: hyperparameters (trials, 8) and the metric."""
    random = np.random.default_rng(seed)
    x = random.uniform(size=(trials, len(NAMES)))
    y = 4 * x[:, 0] + 2 * x[:, 1] * x[:, 2] + (x[:, 3] > 0.5) + 0.2 * random.normal(size=trials)
    return x, y


def ours(method: str, x: Floats, y: Floats) -> Floats:
    """Return hpowh's importances by `fanova` (with all pairs) or `near_best` (with its bootstrap and its chance)."""
    from hpowh.analyses.sweeps.importance.fanova import forest_fanova
    from hpowh.analyses.sweeps.importance.near_best import near_best
    from hpowh.analyses.sweeps.reading.columns import Declared, Raw
    from hpowh.analyses.sweeps.reading.prepare import prepare

    unit = Declared(value_type="float", lower=0.0, upper=1.0)
    prepared = prepare([Raw(n, x[:, j], [str(v) for v in x[:, j]], unit) for j, n in enumerate(NAMES)])
    if method == "fanova":
        return forest_fanova(prepared, y, 0, r_squared=0.0).main
    return near_best(prepared, y, 0).importance


def theirs(method: str, x: Floats, y: Floats) -> Floats:
    """Return Optuna's importances."""
    import warnings

    import optuna

    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    space = {name: optuna.distributions.FloatDistribution(0, 1) for name in NAMES}
    study = optuna.create_study()
    study.add_trials([
        optuna.trial.create_trial(params=dict(zip(NAMES, row, strict=True)), distributions=space, value=value)
        for row, value in zip(x.tolist(), y.tolist(), strict=True)
    ])  # fmt: skip
    known = optuna.importance
    evaluator = known.FanovaImportanceEvaluator(seed=0) if method == "fanova" else known.PedAnovaImportanceEvaluator()
    found = known.get_param_importances(study, evaluator=evaluator)
    return np.array([found.get(name, 0.0) for name in NAMES])


def whole(trials: int, hyperparameters: int) -> float:
    """Return the CPU seconds of the whole analysis of one metric, compiled code loaded."""
    from threadpoolctl import threadpool_limits

    from benchmarks.sweep_claims import column
    from hpowh.analyses.sweeps.analysis import analyse_metric

    def asked(n: int, k: int) -> None:
        random = np.random.default_rng(0)
        raw = [column(f"x{j}", random.uniform(size=n).tolist()) for j in range(k)]
        y = 3 * raw[0].number + 4 * (raw[1].number - 0.5) ** 2 + 0.3 * random.normal(size=n)
        analyse_metric(raw, y, "min", 0)

    with threadpool_limits(limits=1):
        asked(40, 3)
        began = time.process_time()
        asked(trials, hyperparameters)
        return time.process_time() - began


def accuracy(method: str, trials: int) -> None:
    """Print errors and places of both over seeds."""
    truth = TRUE / TRUE.sum()
    for name, function in (("hpowh", ours), ("optuna", theirs)):
        errors, right = [], 0
        for seed in range(SEEDS):
            found = function(method, *made(trials, seed))
            errors.append(float(np.abs(found / found.sum() - truth).mean()))
            right += bool(found[:4].min() > found[4:].max())
        error = f"mean absolute error of the shares {np.mean(errors):.4f}; " if method == "fanova" else ""
        print(f"    {name}: {error}the four that matter first in {right} of {SEEDS}")


def main() -> None:
    """Measure the whole analysis by size, then each method beside Optuna's at 200 and 2,000 trials."""
    for trials, hyperparameters in SIZES:
        seconds = whole(trials, hyperparameters)
        print(f"  {trials:,} trials x {hyperparameters}: {seconds:.1f} s of CPU, one metric", flush=True)
    titles = {
        "fanova": "fANOVA of a forest with 28 pairs (theirs: no pairs)",
        "near_best": "PED-ANOVA with 100 bootstrap and 500 chance draws (theirs: the value alone)",
    }
    for trials in (200, 2000):
        for method, title in titles.items():
            print(f"  {trials:,} trials: {title}", flush=True)
            accuracy(method, trials)
            code = "from benchmarks.sweeps import *; print({}('{}', *made({}, 0)))"
            figures = alternate(
                {
                    name: [sys.executable, "-c", code.format(function, method, trials)]
                    for name, function in (("hpowh", "ours"), ("optuna", "theirs"))
                },
                rounds=3,
            )
            report(figures, ("hpowh", "optuna"))


if __name__ == "__main__":
    main()
