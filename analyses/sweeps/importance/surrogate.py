"""Tree surrogates of the metric: impurity and permutation importance, and how far they can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.statistics.distributions import t
from hpowh.analyses.sweeps.importance.interactions import Product, append, screen
from hpowh.analyses.sweeps.reading.columns import Floats
from hpowh.analyses.sweeps.reading.prepare import Prepared
from hpowh.analyses.sweeps.trees.ensemble import Ensemble, extra_trees

TREES = 250
FOLDS = 5
REPEATS = 10
LEAST_REPEATS = 2
SHUFFLED = 100_000
"""Every hyperparameter is shuffled ten times in each fold; where that makes more rows than this, fewer times."""
LEAST = 10
"""Fewer configurations than this are not cross-validated, and no importance is given."""
WEAK = 0.3
"""Below this cross-validated R squared an importance is called weak; at or below 0 worthless."""
CELLS = 20_000_000
"""Permuted copies are predicted in batches of about so many numbers."""
LEAVES = (1, 2, 5)
LEAF_SHARES = (1 / 20, 1 / 8)
"""Sizes of the smallest leaf among which the inner folds choose: so many configurations, or shares of all of them."""
CHOOSING_TREES = 40
CHOOSING_FOLDS = 3
LARGE = 30_000
"""Above so many numbers in the design matrix fewer trees are grown in folds, and one part chooses the leaf."""
FEWER_TREES, FEWER_CHOOSING_TREES = 100, 20


@dataclass(frozen=True)
class Trees:
    """Fitted trees on the one-hot matrix and the products that the screen found in the trials they were fitted to."""

    forest: Ensemble
    products: tuple[Product, ...]
    least_leaf: int
    """Configurations that a leaf has at least."""

    def predict(self, one_hot: Floats) -> Floats:
        """Return the mean prediction of each row of a one-hot matrix."""
        return self.forest.predict(append(one_hot, self.products))

    def every(self, one_hot: Floats) -> Floats:
        """Return each tree's prediction, (trees, rows)."""
        return self.forest.every(append(one_hot, self.products))

    def gain(self, groups: Sequence[NDArray[np.int64]]) -> Floats:
        """Return, (trees, hyperparameters), the share of each tree's gain; a product's is halved between its two."""
        size = self.forest.gain.shape[1] - len(self.products)
        owner = np.zeros((size + len(self.products), len(groups)))
        for g, columns in enumerate(groups):
            owner[columns, g] = 1.0
        for at, product in enumerate(self.products):
            owner[size + at] = (owner[product.first] + owner[product.second]) / 2
        return self.forest.gain @ owner


def fit_trees(
    prepared: Prepared,
    rows: NDArray[np.int64],
    values: Floats,
    seed: int,
    weight: Floats | None = None,
    trees: int = TREES,
) -> Trees:
    """Fit on some configurations: the screen for products, the size of the leaf, then the trees.

    What is left out is never looked at: the leaf is chosen by folds within `rows`.

    Args:
        rows: positions of the configurations.
        values, weight: of all configurations.
    """
    x, y = prepared.one_hot[rows], values[rows]
    w = None if weight is None else weight[rows]
    products = tuple(screen(x, prepared.features, y))
    wide = append(x, products)
    leaf = choose_leaf(wide, y, seed, w)
    return Trees(extra_trees(wide, y, seed, trees=trees, least_leaf=leaf, weight=w), products, leaf)


def choose_leaf(x: Floats, y: Floats, seed: int, weight: Floats | None = None) -> int:
    """Return the size of the smallest leaf that predicts best what an inner fit has not seen."""
    n = y.size
    sizes = sorted({*LEAVES, *(max(1, round(share * n)) for share in LEAF_SHARES)})
    sizes = [size for size in sizes if 2 * size <= n * (1 - 1 / CHOOSING_FOLDS)]
    is_large = x.size > LARGE
    trees = FEWER_CHOOSING_TREES if is_large else CHOOSING_TREES
    parts = folds(n, seed + 1, CHOOSING_FOLDS)[: 1 if is_large else None]
    w = np.ones(n) if weight is None else weight
    errors = np.zeros(len(sizes))
    for part in parts:
        rest = np.setdiff1d(np.arange(n), part)
        for at, size in enumerate(sizes):
            model = extra_trees(x[rest], y[rest], seed, trees=trees, least_leaf=size, weight=w[rest])
            errors[at] += float(w[part] @ (y[part] - model.predict(x[part])) ** 2)
    return sizes[int(np.argmin(errors))]


@dataclass(frozen=True, kw_only=True)
class Surrogate:
    """ExtraTrees on the one-hot matrix; importances per hyperparameter, all its features together."""

    model: Trees
    r_squared: float
    """Out of fold: 1 - SSE / SST over all configurations, each predicted by the model that had not seen it."""
    r_squared_sd: float
    """Standard deviation over the folds."""
    p: float
    """One-sided p-value of the correlation, within folds, of what was predicted with what was found."""
    impurity: Floats
    impurity_sd: Floats
    """Over the trees."""
    permutation: Floats
    """Mean fall of the out-of-fold R squared when the hyperparameter is shuffled among the trials of its fold."""
    permutation_sd: Floats
    """Over repeats and folds."""
    verdict: str
    predicted: Floats
    """Of each configuration, by the model that has not seen it."""
    fold_models: tuple[Trees, ...]
    """Of each fold, the model that has not seen it."""


def verdict(r_squared: float | None) -> str:
    """Return what a cross-validated R squared says of everything that rests on the model."""
    if r_squared is None:
        return "unknown"
    return "worthless" if r_squared <= 0 else "weak" if r_squared < WEAK else "usable"


def folds(n: int, seed: int, count: int = FOLDS) -> list[NDArray[np.int64]]:
    """Return the rows of each fold, shuffled by the seed."""
    order = np.random.default_rng(seed).permutation(n)
    return [np.sort(part) for part in np.array_split(order, min(count, n))]


def fit_surrogate(prepared: Prepared, metric: Floats, seed: int, weight: Floats | None = None) -> Surrogate:
    """Fit on all configurations, and on all but each fold in turn.

    Args:
        weight: of each configuration, with mean 1; None: all the same.

    Raises:
        ValueError: fewer than `LEAST` configurations, or a metric that does not vary.
    """
    n = metric.size
    if n < LEAST:
        raise ValueError(f"{n} finished trials are too few for a surrogate model, at least {LEAST} are needed")
    if np.ptp(metric) == 0:
        raise ValueError("the metric does not vary")
    w = np.ones(n) if weight is None else weight
    groups = [prepared.group(i) for i in range(len(prepared.used))]
    random = np.random.default_rng(seed)
    x = prepared.one_hot
    total = float(w @ (metric - np.average(metric, weights=w)) ** 2)
    trees = FEWER_TREES if x.size > LARGE else TREES
    predicted = np.empty(n)
    scores, shuffled, models = [], [], []
    parts = folds(n, seed)
    there = np.column_stack([~column.is_absent for column in prepared.used])
    repeats = int(np.clip(SHUFFLED // (n * len(groups)), LEAST_REPEATS, REPEATS))
    for part in parts:
        model = fit_trees(prepared, np.setdiff1d(np.arange(n), part), metric, seed, w, trees)
        models.append(model)
        predicted[part] = model.predict(x[part])
        scores.append(float(w[part] @ (metric[part] - predicted[part]) ** 2))
        shuffled.append(_shuffled_errors(model, x[part], metric[part], w[part], groups, there[part], random, repeats))
    spread = [
        1 - error / max(float(w[part] @ (metric[part] - np.average(metric[part], weights=w[part])) ** 2), 1e-300)
        for part, error in zip(parts, scores, strict=True)
    ]
    share = np.array([w[part].sum() / n for part in parts])[:, None, None]
    falls = (np.stack(shuffled) - np.array(scores)[:, None, None]) / total / share
    final = fit_trees(prepared, np.arange(n), metric, seed, w)
    by_tree = final.gain(groups)
    r_squared = 1 - float(sum(scores)) / total
    return Surrogate(
        model=final,
        r_squared=r_squared,
        r_squared_sd=float(np.std(spread, ddof=1)),
        p=_predicts(predicted, metric, parts),
        impurity=by_tree.mean(axis=0),
        impurity_sd=by_tree.std(axis=0, ddof=1),
        permutation=(falls * share / share.sum()).sum(axis=0).mean(axis=-1),
        permutation_sd=falls.reshape(len(parts), len(groups), -1).std(axis=(0, 2)),
        verdict=verdict(r_squared),
        predicted=predicted,
        fold_models=tuple(models),
    )


def _predicts(predicted: Floats, metric: Floats, parts: Sequence[NDArray[np.int64]]) -> float:
    """Return the one-sided p-value of a positive correlation within the folds, predictions against what was found.

    Within a fold chance gives a correlation around 0: what predicts has not seen it. Over the folds it does not add up
    as independent values would: two configurations of different folds say of each other what each says of the other.
    A sum of w_ij y_i y_j over pairs has a variance of at most twice that of as many independent terms, whatever the
    weights (by Cauchy and Schwarz), so that the statistic is taken by the root of 2 less.
    """
    guess, found = predicted.copy(), metric.copy()
    for part in parts:
        guess[part] -= guess[part].mean()
        found[part] -= found[part].mean()
    size = float(np.sqrt((guess @ guess) * (found @ found)))
    free = metric.size - len(parts) - 1
    if size <= 1e-12 * metric.size or free < 1:
        return 1.0
    r = float(np.clip(guess @ found / size, -1.0, 1.0))
    return float(t.sf(r * np.sqrt(free / (2 * max(1e-15, 1 - r * r))), free))


def _shuffled_errors(
    model: Trees,
    x: Floats,
    metric: Floats,
    weight: Floats,
    groups: list[NDArray[np.int64]],
    there: NDArray[np.bool_],
    random: np.random.Generator,
    repeats: int,
) -> Floats:
    """Return, (hyperparameters, repeats), the squared error when one hyperparameter's features are shuffled.

    Args:
        there: (rows, hyperparameters), which rows have it; it is shuffled among them.
    """
    errors = np.empty((len(groups), repeats))
    jobs = [(g, r) for g in range(len(groups)) for r in range(repeats)]
    batch = max(1, CELLS // x.size)
    for start in range(0, len(jobs), batch):
        some = jobs[start : start + batch]
        copies = np.repeat(x[None], len(some), axis=0)
        for copy, (g, _) in zip(copies, some, strict=True):
            rows = np.flatnonzero(there[:, g])
            copy[np.ix_(rows, groups[g])] = x[np.ix_(random.permutation(rows), groups[g])]
        guesses = model.predict(copies.reshape(-1, x.shape[1])).reshape(len(some), -1)
        for (g, r), guess in zip(some, guesses, strict=True):
            errors[g, r] = float(weight @ (metric - guess) ** 2)
    return errors
