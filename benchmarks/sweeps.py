"""Analyses of a sweep beside the libraries that people use for parts of it, in turn."""

from __future__ import annotations

import sys

from benchmarks.alternate import alternate, report

DATA = """
import numpy as np
r = np.random.default_rng(0)
n, k = {trials}, 8
x = r.uniform(size=(n, k))
y = 4 * x[:, 0] + 2 * x[:, 1] * x[:, 2] + (x[:, 3] > 0.5) + 0.2 * r.normal(size=n)
"""
OURS = """
from hpowh.analyses.sweeps.columns import Declared, Raw
from hpowh.analyses.sweeps.prepare import prepare
raw = [Raw(f'x{j}', x[:, j], [str(v) for v in x[:, j]], Declared('float', 'linear', 0.0, 1.0)) for j in range(k)]
prepared = prepare(raw)
"""
THEIRS = """
import optuna, warnings
warnings.simplefilter('ignore')
optuna.logging.set_verbosity(optuna.logging.CRITICAL)
space = {f'x{j}': optuna.distributions.FloatDistribution(0, 1) for j in range(k)}
study = optuna.create_study()
study.add_trials([optuna.trial.create_trial(params={f'x{j}': float(v) for j, v in enumerate(row)}, distributions=space,
    value=float(value)) for row, value in zip(x, y)])
"""
PAIRS = {
    "fANOVA of a forest with 28 pairs (theirs: no pairs)": (
        "from hpowh.analyses.sweeps.importance.fanova import forest_fanova\n"
        "print(forest_fanova(prepared, y, 0, r_squared=0.0).main)",
        "from optuna.importance import FanovaImportanceEvaluator as E\n"
        "print(optuna.importance.get_param_importances(study, evaluator=E(seed=0)))",
    ),
    "PED-ANOVA with 100 bootstrap and 100 chance draws (theirs: the value alone)": (
        "from hpowh.analyses.sweeps.importance.near_best import near_best\nprint(near_best(prepared, y, 0).importance)",
        "from optuna.importance import PedAnovaImportanceEvaluator as E\n"
        "print(optuna.importance.get_param_importances(study, evaluator=E()))",
    ),
}


def main() -> None:
    """Measure each pair at 200 and 2,000 trials, whole processes; a ratio below 1 is in our favour."""
    for trials in (200, 2000):
        for title, (ours, theirs) in PAIRS.items():
            print(f"  {trials:,} trials: {title}")
            data = DATA.format(trials=trials)
            figures = alternate(
                {
                    "hpowh": [sys.executable, "-c", data + OURS + ours],
                    "optuna": [sys.executable, "-c", data + THEIRS + theirs],
                },
                rounds=3,
            )
            report(figures, ("hpowh", "optuna"))


if __name__ == "__main__":
    main()
