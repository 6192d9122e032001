"""Real sweeps for the demo: random search over scikit-learn models on data sets that scikit-learn brings along."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

TRIALS = {"wine": 120, "breast_cancer": 60}
"""Data set -> trials of its sweep."""
SEED = 7
FOLDS = 3
Config = dict[str, Any]


def run_demo_sweep(
    path: Path,
    data_set: str,
    trials: int | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """Run the trials that the file does not hold yet; return how many were run now.

    One JSON line a trial, as a tracker would export it: state, times, a nested configuration with what belongs to the
    model only, the cross-validated accuracy. Configurations that scikit-learn refuses are failed trials. Stopped
    half-way, it goes on where it was; a line cut short by the stop is made again.

    Args:
        path: the JSON-lines file.
        data_set: a key of `TRIALS`, which has the usual number of trials.
        progress: called with trials done and their total.
    """
    import numpy as np
    from sklearn import datasets

    trials = TRIALS[data_set] if trials is None else trials
    kept = _whole_lines(path)
    data = getattr(datasets, f"load_{data_set}")()
    x, y = data.data, data.target
    with path.open("w", encoding="utf-8") as handle:
        handle.writelines(kept[:trials])
        for number in range(len(kept), trials):
            config = draw(np.random.default_rng([SEED, number]))
            handle.write(json.dumps({"name": f"{data_set}-{number}", **_trial(config, x, y)}) + "\n")
            handle.flush()
            progress(number + 1, trials)
    return max(0, trials - len(kept))


def _whole_lines(path: Path) -> list[str]:
    """Return the lines of an earlier run up to the first that is not whole."""
    lines: list[str] = []
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
            try:
                json.loads(line)
            except ValueError:
                break
            if not line.endswith("\n"):
                break
            lines.append(line)
    return lines


def draw(random: np.random.Generator) -> Config:
    """Return a configuration: a model, and the hyperparameters that it alone has."""
    model = str(random.choice(["svm", "forest", "logistic"]))
    shared = {"model": model, "scaling": str(random.choice(["standard", "none"])), "folds": FOLDS, "seed": SEED}
    if model == "svm":
        own: Config = {"C": _log(random, 1e-2, 1e3), "gamma": _log(random, 1e-5, 1e1)}
    elif model == "forest":
        own = {
            "trees": int(random.integers(5, 60)),
            "max_depth": int(random.integers(1, 12)),
            "max_features": float(round(random.uniform(0.1, 1.0), 3)),
        }
    else:
        solvers = ["lbfgs", "liblinear", "saga"]
        own = {
            "C": _log(random, 1e-3, 1e3),
            "solver": str(random.choice(solvers)),
            "l1_ratio": float(random.integers(0, 2)),
        }
    return {**shared, model: own}


def _log(random: np.random.Generator, low: float, high: float) -> float:
    import math

    return float(f"{10 ** random.uniform(math.log10(low), math.log10(high)):.4g}")


def _model(config: Config) -> Any:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    kind = config["model"]
    own = config[kind]
    if kind == "svm":
        model: Any = SVC(C=own["C"], gamma=own["gamma"])
    elif kind == "forest":
        model = RandomForestClassifier(
            own["trees"], max_depth=own["max_depth"], max_features=own["max_features"], random_state=SEED
        )
    else:
        model = LogisticRegression(
            C=own["C"], solver=own["solver"], l1_ratio=own["l1_ratio"], max_iter=100, random_state=SEED
        )
    return make_pipeline(StandardScaler(), model) if config["scaling"] == "standard" else model


def _trial(config: Config, x: Any, y: Any) -> dict[str, Any]:
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    began = time.time()
    row: dict[str, Any] = {"state": "finished", "started_at": began, "config": config}
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not converged in 100 steps, which is part of what is tried
        try:
            row["accuracy"] = float(cross_val_score(_model(config), x, y, cv=folds, error_score="raise").mean())
        except ValueError as error:  # combinations that scikit-learn refuses
            row |= {"state": "failed", "error_message": str(error).splitlines()[0]}
    return row | {"runtime": round(time.time() - began, 4)}
