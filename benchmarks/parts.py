"""What more processes bring: a cost model fitted on one and two of them, held against four.

T(w) = start + work / w. The model that is trained sleeps, so that four processes fit on any machine; what is measured
is what handing out, journals and waiting add. `start` is what every process pays before its first unit.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

UNITS, SECONDS = 300, 0.2
SPEC = f"""
name = "sleep"
folds = 2
[[data]]
name = "iris"
[[model]]
name = "sleepy"
import = "sleepy.Sleepy"
fixed.seconds = {SECONDS}
space.level = {{from = 1, to = {UNITS // 2}, levels = {UNITS // 2}, integer = true}}
"""
MODEL = '''
import time
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin


class Sleepy(ClassifierMixin, BaseEstimator):
    """Takes a while and no processor."""

    def __init__(self, level=0, seconds=0.0):
        self.level, self.seconds = level, seconds

    def fit(self, features, target):
        self.classes_ = np.unique(target)
        time.sleep(self.seconds)
        return self

    def predict(self, features):
        return np.zeros(len(features), dtype=int)
'''


def seconds_with(folder: Path, workers: int) -> float:
    """Return how long the evaluation takes with so many processes, of the wall's clock."""
    from hpowh.analyses.evaluate.job import evaluate, prepare

    prepared = prepare(folder / "sleep.toml")
    began = time.perf_counter()
    evaluate(prepared, folder / f"with-{workers}", jobs=workers)
    return time.perf_counter() - began


def main() -> None:
    """Print the fit, what it predicts for four processes, and what four take."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sleepy.py").write_text(MODEL)
        (folder / "sleep.toml").write_text(SPEC)
        one, two, four = (seconds_with(folder, workers) for workers in (1, 2, 4))
    work, start = 2 * (one - two), 2 * two - one
    predicted = start + work / 4
    load = os.getloadavg()[0]
    off = predicted / four - 1
    print(f"1 process {one:.1f} s, 2 processes {two:.1f} s: start {start:.1f} s, work {work:.1f} s")
    print(f"4 processes: predicted {predicted:.1f} s, measured {four:.1f} s ({off:+.0%}); load {load:.1f}")
    if abs(off) > 0.25:
        print("The model is off by more than a quarter.", file=sys.stderr)


if __name__ == "__main__":
    main()
