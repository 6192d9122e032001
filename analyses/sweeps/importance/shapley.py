"""Shapley values of the surrogate: what each hyperparameter of a trial adds to its prediction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.importance.dependence import Branch
from hpowh.analyses.sweeps.reading.columns import Floats
from hpowh.analyses.sweeps.reading.prepare import Prepared

TRIALS = 100
"""So many trials are explained at most, drawn by the seed."""
LEAST_TRIALS = 20
PAIRS = 8
"""Pairs of an order and its reverse per trial, each with a background trial of its own."""
LEAST_PAIRS = 2
PREDICTIONS = 20_000
"""About so many configurations are predicted at most; where there are many hyperparameters, fewer trials and orders
are taken."""


@dataclass(frozen=True, kw_only=True)
class Shapley:
    """Values in the unit of the predictions."""

    trials: NDArray[np.int64]
    """Positions of the trials that are explained."""
    values: Floats
    """(trials, hyperparameters): rows add up to the trial's prediction less that of its background."""
    importance: Floats
    """Per hyperparameter: mean absolute value over the trials."""
    lower: Floats
    upper: Floats
    """95 % percentile bootstrap over the explained trials."""
    deviation: Floats
    """Per hyperparameter: mean standard error of a single value through the sampling of orders and backgrounds."""


def sampled(prepared: Prepared, predict: Callable[[Floats], Floats], seed: int) -> Shapley:
    """Return interventional Shapley values by sampling orders and backgrounds.

    A value is the mean, over orders of the hyperparameters and over background trials, of the change of the prediction
    when the hyperparameter takes the trial's own value after those before it in the order have (Strumbelj and
    Kononenko 2014, algorithm 1). Every order is used together with its reverse, which removes much of the sampling
    error (Mitchell et al. 2022, section 4.1). A hyperparameter is one player with all its levels, and with its part in
    the products that the surrogate sees. Where trial and background differ in which hyperparameters are there, those
    and what decides them enter together, so that no hybrid is a configuration that cannot be; what they add is
    credited to what decides.

    Args:
        predict: from a one-hot matrix to predictions.
    """
    n, k = prepared.codes.shape
    random = np.random.default_rng(seed)
    pairs = int(np.clip(PREDICTIONS // (2 * (k + 1) * min(n, TRIALS)), LEAST_PAIRS, PAIRS))
    count = int(np.clip(PREDICTIONS // (2 * (k + 1) * pairs), LEAST_TRIALS, TRIALS))
    chosen = np.sort(random.choice(n, min(n, count), replace=False))
    draws = np.empty((pairs, chosen.size, k))
    branch = Branch.of(prepared)
    absent = np.column_stack([column.is_absent for column in prepared.used])
    for at in range(pairs):
        order = random.permuted(np.tile(np.arange(k), (chosen.size, 1)), axis=1)
        other = random.integers(0, n, chosen.size)
        differs = branch.pattern[chosen] != branch.pattern[other]
        bound = differs[:, None] & (branch.decides[None, :] | (absent[chosen] != absent[other]))
        ends = prepared.codes[chosen], prepared.codes[other]
        both = [walk(prepared, predict, *ends, one, bound) for one in (order, order[:, ::-1])]
        draws[at] = _to_deciders((both[0] + both[1]) / 2, bound, branch.decides)
    values = draws.mean(axis=0)
    size = np.abs(values)
    resampled = size[random.integers(0, chosen.size, (1000, chosen.size))].mean(axis=1)
    lower, upper = np.percentile(resampled, [2.5, 97.5], axis=0)
    error = draws.std(axis=0, ddof=1) / np.sqrt(pairs)
    return Shapley(
        trials=chosen,
        values=values,
        importance=size.mean(axis=0),
        lower=lower,
        upper=upper,
        deviation=error.mean(axis=0),
    )


def walk(
    prepared: Prepared,
    predict: Callable[[Floats], Floats],
    own: Floats,
    background: Floats,
    order: NDArray[np.int64],
    bound: NDArray[np.bool_] | None = None,
) -> Floats:
    """Return, (trials, hyperparameters), the change of the prediction at each step from the background to the trial.

    Args:
        own: codes of the trials; `background`: of the configurations they start from.
        order: (trials, hyperparameters), the order in which each trial's values are put in.
        bound: (trials, hyperparameters), those that are put in together, with the first of them.
    """
    rows, k = own.shape
    path = np.empty((k + 1, rows, k))
    path[0] = background
    each = np.arange(rows)
    for step in range(k):
        path[step + 1] = path[step]
        path[step + 1][each, order[:, step]] = own[each, order[:, step]]
        if bound is not None:
            together = bound[each, order[:, step]][:, None] & bound
            path[step + 1] = np.where(together, own, path[step + 1])
    predicted = predict(prepared.encode(path.reshape(-1, k))).reshape(k + 1, rows)
    result = np.empty((rows, k))
    for step in range(k):
        result[each, order[:, step]] = predicted[step + 1] - predicted[step]
    return result


def _to_deciders(values: Floats, bound: NDArray[np.bool_], decides: NDArray[np.bool_]) -> Floats:
    """Return values in which what is bound together is credited, in equal parts, to those of it that decide."""
    owners = bound & decides[None, :]
    owners = np.where(owners.any(axis=1, keepdims=True), owners, bound)
    total = np.where(bound, values, 0.0).sum(axis=1, keepdims=True)
    share = np.divide(owners, owners.sum(axis=1, keepdims=True), out=np.zeros_like(values), where=owners)
    return np.where(bound, total * share, values)
