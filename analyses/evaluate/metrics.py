"""Metrics by name: scikit-learn's scorers, with the direction and the bounds that the warehouse stores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hpowh.analyses.evaluate.errors import SpecError, nearest

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
    def sign(self) -> float:
        """What a scorer's value is multiplied by."""
        return 1.0 if self.direction == "max" else -1.0


def metric_info(name: str) -> MetricInfo:
    """Return the metric that a spec means: a scorer's name, for losses with or without `neg_`.

    Raises:
        SpecError: there is none; names the nearest.
    """
    from sklearn.metrics import get_scorer_names

    known = set(get_scorer_names())
    scorer = name if name in known else f"neg_{name}"
    if scorer not in known:
        raise SpecError(f"There is no metric {name!r}.", nearest(name, {n.removeprefix("neg_") for n in known}))
    if scorer.startswith("neg_"):
        lower = 0.0 if scorer != "neg_negative_likelihood_ratio" else None
        return MetricInfo(scorer.removeprefix("neg_"), scorer, "min", lower, 1.0 if "brier" in scorer else None)
    bounded = scorer.startswith(UNIT)
    return MetricInfo(scorer, scorer, "max", 0.0 if bounded else None, 1.0 if bounded or scorer == "r2" else None)


def make_scorer(model: Any, metrics: list[MetricInfo]) -> Any:
    """Return one scorer for all metrics, which predicts once for all that need the same predictions."""
    from sklearn.metrics import check_scoring, get_scorer

    return check_scoring(model, {metric.name: get_scorer(metric.scorer) for metric in metrics})


def check_metrics(metrics: list[MetricInfo], features: Any, target: Any, *, is_classification: bool, data: str) -> None:
    """Try the metrics on a model that predicts the prior.

    Raises:
        SpecError: one cannot be computed on this data set.
    """
    from sklearn.dummy import DummyClassifier, DummyRegressor

    model = (DummyClassifier() if is_classification else DummyRegressor()).fit(features, target)
    for metric in metrics:
        try:
            make_scorer(model, [metric])(model, features, target)
        except Exception as error:  # noqa: BLE001 - whatever a scorer raises, the user must read it
            text = str(error).split("\n", maxsplit=1)[0].rstrip(".")
            raise SpecError(f"The metric {metric.name!r} cannot be computed on the data set {data}: {text}.") from None
