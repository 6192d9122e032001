"""Train one configuration on one fold, and score it on every split at every fidelity."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hpowh.analyses.evaluate import quick
from hpowh.analyses.evaluate.folds import Fold
from hpowh.analyses.evaluate.metrics import Known
from hpowh.analyses.evaluate.models import Recipe, build
from hpowh.analyses.evaluate.staged import staged_steps

Scorer = Callable[..., list[float]]
"""From a model, features, target (and what is known of its predictions) to one score a metric."""


@dataclass(frozen=True)
class Scored:
    """What one fidelity of one configuration and fold gave."""

    seconds: float
    """Time spent on training until here, scoring left out; steps include those before."""
    values: list[list[float]]
    """Scores, split by split (train, valid, test as the fold has them) and metric by metric, as scorers return them."""


def train(
    recipe: Recipe, parameters: dict[str, Any], seed: int, fold: Fold, fidelities: Sequence[float], scorer: Scorer
) -> Iterator[Scored]:
    """Yield one result a fidelity, in ascending order; raises whatever the model raises.

    With `recipe.steps`, one training serves all fidelities: scores are taken where it passes them. Train loss is
    measured on the rows that were trained on.
    """
    if recipe.steps is None:
        for share in fidelities:
            model = _with_scaling(recipe, build(recipe, parameters, seed))
            yield _fit_tree(model, fold, share, scorer) if quick.is_tree(model) else _fit(model, fold, share, scorer)
        return
    yield from _stepwise(recipe, parameters, seed, fold, [int(step) for step in fidelities], scorer)


def _fit(model: Any, fold: Fold, share: float, scorer: Scorer) -> Scored:
    features, target = fold.fraction(share)
    began = time.perf_counter()
    model.fit(features, target)
    seconds = time.perf_counter() - began
    return Scored(seconds, _score(model, fold, scorer, train=(features, target)))


def _fit_tree(model: Any, fold: Fold, share: float, scorer: Scorer) -> Scored:
    """Fit a decision tree on rows that need no further check, and score each split by one pass down the tree."""
    features, target = fold.narrow_fraction(share)
    began = time.perf_counter()
    model.fit(features, target, check_input=False)
    seconds = time.perf_counter() - began
    known = {
        split: quick.known_to_tree(model, features if split == "train" else narrow, scorer)
        for split, narrow in fold.narrow.items()
    }
    return Scored(seconds, _score(model, fold, scorer, train=fold.fraction(share), known=known))


def _with_scaling(recipe: Recipe, model: Any) -> Any:
    if not recipe.scale:
        return model
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), model)


def _score(
    model: Any,
    fold: Fold,
    scorer: Scorer,
    train: tuple[Any, Any] | None = None,
    known: Mapping[str, Known] | None = None,
) -> list[list[float]]:
    found = []
    for split in fold.features:
        features, target = train if split == "train" and train else (fold.features[split], fold.targets[split])
        more = () if known is None or known[split].is_empty else (known[split],)
        found.append(scorer(model, features, target, *more))
    return found


def _stepwise(
    recipe: Recipe, parameters: dict[str, Any], seed: int, fold: Fold, steps: list[int], scorer: Scorer
) -> Iterator[Scored]:
    features, target = fold.features["train"], fold.targets["train"]
    spent = 0.0
    scaled = fold
    if recipe.scale:
        from sklearn.preprocessing import StandardScaler

        began = time.perf_counter()
        scaler = StandardScaler().fit(features)
        spent = time.perf_counter() - began
        transformed = {split: scaler.transform(values) for split, values in fold.features.items()}
        scaled = Fold(transformed, fold.targets, fold.order)
    model = build(recipe, parameters, seed)
    how, _, parameter = str(recipe.steps).partition(":")
    if how == "epochs":
        yield from _epochs(model, scaled, steps, scorer, spent)
    elif how == "staged":
        for seconds in staged_steps(model, scaled.features["train"], target, parameter, steps):
            yield Scored(spent + seconds, _score(model, scaled, scorer))
    elif quick.is_boosting(model):
        for seconds, known in quick.boosting_steps(model, scaled, steps, scorer):
            yield Scored(spent + seconds, _score(model, scaled, scorer, known=known))
    else:
        yield from _one_after_the_other(model, scaled, steps, scorer, spent, parameter)


def _one_after_the_other(
    model: Any, fold: Fold, steps: list[int], scorer: Scorer, spent: float, parameter: str
) -> Iterator[Scored]:
    """Train on from one step to the next: by `warm_start` and the parameter, or by calls of `partial_fit`."""
    features, target = fold.features["train"], fold.targets["train"]
    if parameter:
        model.set_params(warm_start=True)
    classes = np.unique(target)
    is_classifier = getattr(model, "_estimator_type", None) == "classifier" or hasattr(model, "predict_proba")
    done = 0
    for step in steps:
        began = time.perf_counter()
        if parameter:
            model.set_params(**{parameter: step})
            model.fit(features, target)
        else:
            for _ in range(step - done):
                if is_classifier:
                    model.partial_fit(features, target, classes=classes)
                else:
                    model.partial_fit(features, target)
        done = step
        spent += time.perf_counter() - began
        yield Scored(spent, _score(model, fold, scorer))


def _epochs(model: Any, fold: Fold, steps: list[int], scorer: Scorer, spent: float) -> Iterator[Scored]:
    """Train a multi-layer perceptron once; its weights are kept at each epoch that is a fidelity.

    scikit-learn's `partial_fit` shuffles otherwise than `fit` does, so that only weights kept on the way are those of
    a shorter training. The hook is called once an epoch, after the weights were updated. A training that converges
    early has its last weights from there on, as a shorter `max_iter` would have had.
    """
    if model.get_params()["solver"] == "lbfgs":
        raise ValueError('the solver lbfgs has no epochs; use sgd or adam, or fidelity = "fraction"')
    kept: dict[int, tuple[list[Any], list[Any], float]] = {}
    began = time.perf_counter()
    paused = 0.0
    update = model._update_no_improvement_count

    def keep(*arguments: Any) -> None:
        nonlocal paused
        update(*arguments)
        epoch = len(model.loss_curve_)
        if epoch in steps:
            stop = time.perf_counter()
            is_best = model.early_stopping
            weights = model._best_coefs if is_best else model.coefs_
            biases = model._best_intercepts if is_best else model.intercepts_
            kept[epoch] = ([w.copy() for w in weights], [b.copy() for b in biases], stop - began - paused)
            paused += time.perf_counter() - stop

    model._update_no_improvement_count = keep
    model.set_params(max_iter=steps[-1])
    model.fit(fold.features["train"], fold.targets["train"])
    total = time.perf_counter() - began - paused
    del model._update_no_improvement_count
    last = (list(model.coefs_), list(model.intercepts_), total)
    for step in steps:
        model.coefs_, model.intercepts_, seconds = kept.get(step, last)
        yield Scored(spent + seconds, _score(model, fold, scorer))
