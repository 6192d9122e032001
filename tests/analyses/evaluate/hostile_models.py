"""Models that raise, hang, eat memory or end their process; loaded by import path, beside the spec."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin


class Hostile(ClassifierMixin, BaseEstimator):
    """Does what `act` says, and predicts the first class otherwise."""

    def __init__(self, act: str = "fit", level: int = 0) -> None:
        self.act = act
        self.level = level

    def fit(self, features, target):
        self.classes_ = np.unique(target)
        if self.act == "raise":
            raise ValueError("no such luck")
        if self.act == "hang":
            time.sleep(3600)
        if self.act == "eat":
            self.eaten_ = [np.ones(2**24) for _ in range(4096)]
        if self.act == "exit":
            os._exit(7)
        if self.act == "leave":
            raise SystemExit(3)
        return self

    def predict(self, features):
        return np.full(len(features), self.classes_[0])


class Counting(Hostile):
    """Takes a while, and marks in $HPOWH_TEST_MARKS every training that came to its end.

    A worker that has marked 30 waits as long as there is a file $HPOWH_TEST_HOLD.
    """

    def fit(self, features, target):
        self.classes_ = np.unique(target)
        time.sleep(0.02)
        mine = Path(os.environ["HPOWH_TEST_MARKS"]) / f"{os.getpid()}"
        with mine.open("a") as marks:
            marks.write(f"{self.level} {float(features.sum())!r}\n")
        hold = Path(os.environ["HPOWH_TEST_HOLD"])
        while len(mine.read_text().splitlines()) >= 30 and hold.exists():
            time.sleep(0.02)
        return self
