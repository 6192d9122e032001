"""Tree surrogates of the metric: impurity and permutation importance, and how far they can be believed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.importance.interactions import Product, append, screen
from hpowh.analyses.sweeps.reading.columns import Floats
from hpowh.analyses.sweeps.reading.prepare import Prepared

if TYPE_CHECKING:
    from sklearn.ensemble import ExtraTreesRegressor

TREES = 250
FOLDS = 5
REPEATS = 10
LEAST_REPEATS = 2
SHUFFLED = 100_000
"""Every hyperparameter is shuffled ten times in each fold; where that makes more rows than this, fewer times."""
LEAST = 10
"""Fewer trials than this are not cross-validated, and no importance is given."""
WEAK = 0.3
"""Below this cross-validated R squared an importance is called weak; at or below 0 worthless."""
CELLS = 20_000_000
"""Permuted copies are predicted in batches of about so many numbers."""


@dataclass(frozen=True)
class Trees:
    """Fitted trees on the one-hot matrix and the products that the screen found in the trials they were fitted to."""

    forest: ExtraTreesRegressor
    products: tuple[Product, ...]

    def predict(self, one_hot: Floats) -> Floats:
        """Return the mean prediction of each row of a one-hot matrix."""
        return self.forest.predict(append(one_hot, self.products))

    def every(self, one_hot: Floats) -> Floats:
        """Return each tree's prediction, (trees, rows)."""
        x = append(one_hot, self.products)
        return np.stack([tree.predict(x) for tree in self.forest.estimators_])

    def gain(self, groups: Sequence[NDArray[np.int64]]) -> Floats:
        """Return, (trees, hyperparameters), the share of each tree's gain; a product's is halved between its two."""
        size = len(self.forest.feature_importances_) - len(self.products)
        owner = np.zeros((size + len(self.products), len(groups)))
        for g, columns in enumerate(groups):
            owner[columns, g] = 1.0
        for at, product in enumerate(self.products):
            owner[size + at] = (owner[product.first] + owner[product.second]) / 2
        return np.array([tree.feature_importances_ for tree in self.forest.estimators_]) @ owner


def fit_trees(prepared: Prepared, rows: NDArray[np.int64], values: Floats, seed: int) -> Trees:
    """Fit on some trials: first the screen for products, then the trees. What is left out is never looked at.

    Args:
        rows: positions of the trials.
        values: of all trials.
    """
    x, y = prepared.one_hot[rows], values[rows]
    products = tuple(screen(x, prepared.features, y))
    forest = extra_trees(seed).fit(append(x, products), y)
    forest.set_params(n_jobs=1)  # threads add up predictions in any order, and the last digits would differ
    return Trees(forest, products)


@dataclass(frozen=True, kw_only=True)
class Surrogate:
    """ExtraTrees on the one-hot matrix; importances per hyperparameter, all its features together."""

    model: Trees
    r_squared: float
    """Out of fold: 1 - SSE / SST over all trials, each predicted by the model that had not seen it."""
    r_squared_sd: float
    """Standard deviation over the folds."""
    impurity: Floats
    impurity_sd: Floats
    """Over the trees."""
    permutation: Floats
    """Mean fall of the out-of-fold R squared when the hyperparameter is shuffled among the trials of its fold."""
    permutation_sd: Floats
    """Over repeats and folds."""
    verdict: str
    predicted: Floats
    """Of each trial, by the model that has not seen it."""
    fold_models: tuple[Trees, ...]
    """Of each fold, the model that has not seen it."""


def verdict(r_squared: float | None) -> str:
    """Return what a cross-validated R squared says of everything that rests on the model."""
    if r_squared is None:
        return "unknown"
    return "worthless" if r_squared <= 0 else "weak" if r_squared < WEAK else "usable"


def extra_trees(seed: int) -> ExtraTreesRegressor:
    """Return the model, unfitted: 250 extremely randomised trees, fixed seed (threads do not change a fit)."""
    from sklearn.ensemble import ExtraTreesRegressor

    return ExtraTreesRegressor(n_estimators=TREES, random_state=seed, n_jobs=min(8, os.cpu_count() or 1))


def folds(n: int, seed: int) -> list[NDArray[np.int64]]:
    """Return the trials of each fold, shuffled by the seed."""
    order = np.random.default_rng(seed).permutation(n)
    return [np.sort(part) for part in np.array_split(order, min(FOLDS, n))]


def fit_surrogate(prepared: Prepared, metric: Floats, seed: int) -> Surrogate:
    """Fit on all trials, and on all but each fold in turn.

    Raises:
        ValueError: fewer than `LEAST` trials, or a metric that does not vary.
    """
    n = metric.size
    if n < LEAST:
        raise ValueError(f"{n} finished trials are too few for a surrogate model, at least {LEAST} are needed")
    if np.ptp(metric) == 0:
        raise ValueError("the metric does not vary")
    groups = [prepared.group(i) for i in range(len(prepared.used))]
    random = np.random.default_rng(seed)
    x, total = prepared.one_hot, float(((metric - metric.mean()) ** 2).sum())
    predicted = np.empty(n)
    scores, shuffled, models = [], [], []
    parts = folds(n, seed)
    repeats = int(np.clip(SHUFFLED // (n * len(groups)), LEAST_REPEATS, REPEATS))
    for part in parts:
        rest = np.setdiff1d(np.arange(n), part)
        model = fit_trees(prepared, rest, metric, seed)
        models.append(model)
        predicted[part] = model.predict(x[part])
        scores.append(float(((metric[part] - predicted[part]) ** 2).sum()))
        shuffled.append(_shuffled_errors(model, x[part], metric[part], groups, random, repeats))
    spread = [
        1 - error / max(float(((metric[part] - metric[part].mean()) ** 2).sum()), 1e-300)
        for part, error in zip(parts, scores, strict=True)
    ]
    share = np.array([part.size / n for part in parts])[:, None, None]
    falls = (np.stack(shuffled) - np.array(scores)[:, None, None]) / total / share
    weight = share / share.sum()
    final = fit_trees(prepared, np.arange(n), metric, seed)
    by_tree = final.gain(groups)
    r_squared = 1 - float(sum(scores)) / total
    return Surrogate(
        model=final,
        r_squared=r_squared,
        r_squared_sd=float(np.std(spread, ddof=1)),
        impurity=by_tree.mean(axis=0),
        impurity_sd=by_tree.std(axis=0, ddof=1),
        permutation=(falls * weight).sum(axis=0).mean(axis=-1),
        permutation_sd=falls.reshape(len(parts), len(groups), -1).std(axis=(0, 2)),
        verdict=verdict(r_squared),
        predicted=predicted,
        fold_models=tuple(models),
    )


def _shuffled_errors(
    model: Trees,
    x: Floats,
    metric: Floats,
    groups: list[NDArray[np.int64]],
    random: np.random.Generator,
    repeats: int,
) -> Floats:
    """Return, (hyperparameters, repeats), the squared error when one hyperparameter's features are shuffled."""
    errors = np.empty((len(groups), repeats))
    jobs = [(g, r) for g in range(len(groups)) for r in range(repeats)]
    batch = max(1, CELLS // x.size)
    for start in range(0, len(jobs), batch):
        some = jobs[start : start + batch]
        copies = np.repeat(x[None], len(some), axis=0)
        for copy, (g, _) in zip(copies, some, strict=True):
            copy[:, groups[g]] = x[random.permutation(len(x))][:, groups[g]]
        guesses = model.predict(copies.reshape(-1, x.shape[1])).reshape(len(some), -1)
        for (g, r), guess in zip(some, guesses, strict=True):
            errors[g, r] = float(((metric - guess) ** 2).sum())
    return errors
