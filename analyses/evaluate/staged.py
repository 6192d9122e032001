"""XGBoost and LightGBM: one training serves all numbers of trees, because both can be asked for their first trees."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from numpy.typing import NDArray


def staged_steps(
    model: Any, features: NDArray, target: NDArray, parameter: str, steps: Sequence[int]
) -> Iterator[float]:
    """Train once; yield, with the model answering by so many trees only, the seconds that those trees took.

    Both libraries look for a best iteration, as early stopping leaves one behind, whenever they predict; here it is the
    step.

    Raises:
        ValueError: the booster changes trees that it has already built (dart) or has none (gblinear).
    """
    kind = str(model.get_params().get("booster") or model.get_params().get("boosting_type") or "gbtree")
    if kind in ("dart", "gblinear"):
        raise ValueError(f'the booster {kind} has no first trees of its own; use fidelity = "fraction"')
    model.set_params(**{parameter: steps[-1]})
    is_lightgbm = type(model).__module__.partition(".")[0] == "lightgbm"
    marks = _fit_lightgbm(model, features, target) if is_lightgbm else _fit_xgboost(model, features, target)
    for step in steps:
        if is_lightgbm:
            model.booster_.best_iteration = step
        else:
            model.get_booster().set_attr(best_iteration=str(step - 1))
        # LightGBM ends early where no split is left; all its trees are then there from that step on.
        yield marks[min(step, len(marks)) - 1]


def _fit_lightgbm(model: Any, features: NDArray, target: NDArray) -> list[float]:
    marks: list[float] = []
    began = time.perf_counter()
    model.fit(features, target, callbacks=[lambda _: marks.append(time.perf_counter() - began)])
    return marks


def _fit_xgboost(model: Any, features: NDArray, target: NDArray) -> list[float]:
    from xgboost.callback import TrainingCallback

    marks: list[float] = []
    began = time.perf_counter()

    class Clock(TrainingCallback):
        def after_iteration(self, *_: Any) -> bool:
            marks.append(time.perf_counter() - began)
            return False

    model.set_params(callbacks=[Clock()])
    model.fit(features, target)
    return marks
