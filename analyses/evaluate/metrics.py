"""Metrics by name: scikit-learn's scorers, with the direction and the bounds that the warehouse stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.evaluate import sizes
from hpowh.analyses.evaluate.errors import SpecError, nearest

SIZE = f"neg_{sizes.METRIC}"
"""The model's size, as scorers have it: higher is better."""
UNIT = (
    "accuracy", "balanced_accuracy", "top_k_accuracy", "average_precision", "f1", "precision", "recall", "jaccard",
    "roc_auc",
)  # fmt: skip
"""Names that begin so lie in [0, 1]."""


@dataclass(frozen=True)
class MetricInfo:
    """One metric as the warehouse knows it."""

    name: str
    scorer: str
    """scikit-learn's name of the scorer, for which higher is better."""
    direction: str
    lower: float | None
    upper: float | None

    @property
    def unit(self) -> str | None:
        """Its unit; what has one is no quality, and landscapes are of it only where it is named."""
        return sizes.UNIT if self.name == sizes.METRIC else None

    @property
    def sign(self) -> float:
        """What a scorer's value is multiplied by."""
        return 1.0 if self.direction == "max" else -1.0


def metric_info(name: str) -> MetricInfo:
    """Return the metric that a spec means: a scorer's name, for losses with or without `neg_`.

    Raises:
        SpecError: there is none; names the nearest.
    """
    from sklearn.metrics import get_scorer_names

    if name == sizes.METRIC:
        return MetricInfo(name, SIZE, "min", 0.0, None)
    known = set(get_scorer_names())
    scorer = name if name in known else f"neg_{name}"
    if scorer not in known:
        raise SpecError(
            f"There is no metric {name!r}.", nearest(name, {sizes.METRIC, *(n.removeprefix("neg_") for n in known)})
        )
    if scorer.startswith("neg_"):
        lower = 0.0 if scorer != "neg_negative_likelihood_ratio" else None
        return MetricInfo(scorer.removeprefix("neg_"), scorer, "min", lower, 1.0 if "brier" in scorer else None)
    bounded = scorer.startswith(UNIT)
    return MetricInfo(scorer, scorer, "max", 0.0 if bounded else None, 1.0 if bounded or scorer == "r2" else None)


@dataclass(frozen=True)
class Known:
    """What a model predicts for the rows that are scored, where it is known without asking the model again."""

    predicted: NDArray | None = None
    probabilities: NDArray | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known."""
        return self.predicted is None and self.probabilities is None


class Scorer:
    """Scores a model by all metrics, predicting once for all that need the same predictions.

    The commonest metrics are computed here: scikit-learn's functions spend a hundred times longer on looking at their
    input, which was checked when the data were loaded. They give the same numbers to the last bit (a test compares).
    """

    def __init__(self, model: Any, metrics: list[MetricInfo], class_count: int | None) -> None:
        """Prepare the metrics for a kind of model.

        Args:
            model: an untrained model, which decides whether a metric can be had at all.
            class_count: classes are numbered from 0; None for regression.
        """
        from sklearn.metrics import check_scoring, get_scorer

        self._names = [metric.scorer for metric in metrics]
        self._classes = class_count
        rest = [name for name in self._names if not self._is_quick(name)]
        quick = QUICK_CLASSES if class_count else QUICK_NUMBERS
        self.needs_predicted = any(name in quick for name in self._names)
        """Whether a metric that is computed here looks at `predict`."""
        self.needs_probabilities = class_count is not None and "neg_log_loss" in self._names
        """Whether one looks at `predict_proba`."""
        self._rest = check_scoring(model, {name: get_scorer(name) for name in rest}) if rest else None

    def _is_quick(self, name: str) -> bool:
        if name == SIZE or (name == "neg_log_loss" and self._classes is not None):
            return True
        return name in (QUICK_CLASSES if self._classes else QUICK_NUMBERS)

    def __call__(self, model: Any, features: Any, target: Any, known: Known = Known()) -> list[float]:
        """Return one score a metric, higher being better; raises what the model raises."""
        found = self._rest(model, features, target) if self._rest else {}
        quick = QUICK_CLASSES if self._classes else QUICK_NUMBERS
        if self.needs_predicted:
            predicted = model.predict(features) if known.predicted is None else known.predicted
            found |= {name: quick[name](target, predicted) for name in self._names if name in quick}
        if self.needs_probabilities:
            found["neg_log_loss"] = self._log_loss(model, features, target, known.probabilities)
        if SIZE in self._names:
            found[SIZE] = -sizes.parameter_count(model)
        return [float(found[name]) for name in self._names]

    def _log_loss(self, model: Any, features: Any, target: Any, known: NDArray | None) -> float:
        probabilities = model.predict_proba(features) if known is None else known
        if probabilities.shape[1] != self._classes or np.unique(target).size != self._classes:
            # A fold without one of the classes: scikit-learn has its own rules and its own words for that.
            from sklearn.metrics import get_scorer

            return float(get_scorer("neg_log_loss")(model, features, target))
        if self._classes == 2:  # as scikit-learn's scorer does, which looks at the second class only
            second = probabilities[:, 1]
            probabilities = np.column_stack([1 - second, second])
        return -log_loss(target, probabilities)


def log_loss(target: NDArray, probabilities: NDArray) -> float:
    """Return the mean cross-entropy, probabilities kept off 0 and 1 by the machine's precision as scikit-learn does."""
    small = np.finfo(probabilities.dtype).eps
    chosen = np.zeros(probabilities.shape)
    chosen[np.arange(target.size), target] = 1
    return float(np.average(-(chosen * np.log(np.clip(probabilities, small, 1 - small))).sum(axis=1)))


def balanced_accuracy(target: NDArray, predicted: NDArray) -> float:
    """Return the mean over the classes there are of the share of each that was recognised."""
    counts = np.bincount(target)
    right = np.bincount(target[target == predicted], minlength=counts.size)
    return float(np.mean(right[counts > 0] / counts[counts > 0]))


QUICK_CLASSES: dict[str, Callable[[NDArray, NDArray], float]] = {
    "accuracy": lambda target, predicted: float(np.average(target == predicted)),
    "balanced_accuracy": balanced_accuracy,
}
QUICK_NUMBERS: dict[str, Callable[[NDArray, NDArray], float]] = {
    "neg_mean_squared_error": lambda target, predicted: -float(np.average((target - predicted) ** 2)),
    "neg_mean_absolute_error": lambda target, predicted: -float(np.average(np.abs(target - predicted))),
}


def check_metrics(metrics: list[MetricInfo], features: Any, target: Any, *, is_classification: bool, data: str) -> None:
    """Try the metrics on a model that predicts the prior.

    Raises:
        SpecError: one cannot be computed on this data set.
    """
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.metrics import get_scorer

    model = (DummyClassifier() if is_classification else DummyRegressor()).fit(features, target)
    for metric in metrics:
        if metric.scorer == SIZE:
            continue
        try:
            get_scorer(metric.scorer)(model, features, target)
        except Exception as error:  # noqa: BLE001 - whatever a scorer raises, the user must read it
            text = str(error).split("\n", maxsplit=1)[0].rstrip(".")
            raise SpecError(f"The metric {metric.name!r} cannot be computed on the data set {data}: {text}.") from None
