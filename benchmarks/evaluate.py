"""`hpowh evaluate` against scikit-learn's GridSearchCV(n_jobs=2, return_train_score=True) on the same grids.

Both sides are whole processes: imports, workers, folds, training, train and test score of every fold; hpowh also writes
its shards. The scikit-learn side uses the same folds and metrics and two workers too.
"""

from __future__ import annotations

import json
import math
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.alternate import alternate, report

SPECS: dict[str, tuple[str, dict[str, int], dict[str, list[object]], str]] = {
    "decision tree, 240 configurations": (
        "decision_tree",
        {},
        {
            "max_depth": [1, 2, 3, 5, 8],
            "min_samples_leaf": [1, 4, 16],
            "criterion": ["gini", "entropy"],
            "max_features": [0.25, 0.5, 0.75, 1.0],
            "min_impurity_decrease": [0.0, 0.05],
        },
        "sklearn.tree.DecisionTreeClassifier",
    ),
    "random forest, 16 configurations of 40 trees": (
        "random_forest",
        {"n_estimators": 40},
        {"max_depth": [2, 8], "max_features": [0.2, 0.5], "min_samples_leaf": [1, 2, 4, 8]},
        "sklearn.ensemble.RandomForestClassifier",
    ),
    "gradient boosting, 24 configurations of 20 trees": (
        "gradient_boosting",
        {"n_estimators": 20},
        {"max_depth": [1, 2, 4], "max_features": [0.2, 0.5], "learning_rate": [0.03, 0.1, 0.3, 1.0]},
        "sklearn.ensemble.GradientBoostingClassifier",
    ),
}
THEIRS = """
import importlib, json, sys
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV, StratifiedKFold
path, grid, fixed = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
module, _, name = path.rpartition(".")
model = getattr(importlib.import_module(module), name)(random_state=0, **fixed)
search = GridSearchCV(model, grid, scoring={"accuracy": "accuracy", "log_loss": "neg_log_loss"}, refit=False, n_jobs=2,
                      return_train_score=True, cv=StratifiedKFold(5, shuffle=True, random_state=0))
search.fit(*load_breast_cancer(return_X_y=True))
assert len(search.cv_results_["mean_train_accuracy"]) == int(sys.argv[4])
"""


def main(rounds: int = 3) -> None:
    """Measure the grids and print the figures; throughput is the inverse of the ratio (a minute or two in all)."""
    for title, (kind, fixed, grid, path) in SPECS.items():
        print(f"  {title}, breast_cancer, 5 folds")
        with tempfile.TemporaryDirectory() as temporary:
            _measure(Path(temporary), kind, fixed, grid, path, rounds)


def _measure(
    folder: Path, kind: str, fixed: dict[str, int], grid: dict[str, list[object]], path: str, rounds: int
) -> None:
    lines = [f"space.{name} = {json.dumps(levels)}" for name, levels in grid.items()]
    lines += [f"fixed.{name} = {value}" for name, value in fixed.items()]
    spec = folder / "bench.toml"
    spec.write_text(
        'metrics = ["accuracy", "log_loss"]\n[[data]]\nname = "breast_cancer"\n'
        f'[[model]]\nkind = "{kind}"\n' + "\n".join(lines) + "\n"
    )
    count = math.prod(len(levels) for levels in grid.values())
    out = folder / "out"
    ours = [sys.executable, "-m", "hpowh.warehouse", "evaluate", str(spec), "--no-ingest", "--out", str(out), "-j", "2"]
    theirs = [sys.executable, "-c", THEIRS, path, json.dumps(grid), json.dumps(fixed), str(count)]
    figures = alternate(
        {"hpowh evaluate": ours, "GridSearchCV": theirs},
        rounds=rounds,
        before=lambda: shutil.rmtree(out, ignore_errors=True),
    )
    report(figures, ("hpowh evaluate", "GridSearchCV"))


if __name__ == "__main__":
    main()
