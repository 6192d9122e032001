"""Folds of a data set, and which rows a fraction of the training data holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Fold:
    """One fold: the rows to train on, to validate on (if any) and to test on."""

    features: dict[str, NDArray[np.float64]]
    """Split -> array (rows, features); splits are `train`, `valid` (where there is one) and `test`."""
    targets: dict[str, NDArray]
    order: NDArray[np.int64]
    """The training rows in the order in which fractions take them: every fraction contains all smaller ones."""

    def fraction(self, share: float) -> tuple[NDArray[np.float64], NDArray]:
        """Return features and targets of the first `share` of the training rows (at least two rows)."""
        rows = self._rows(share)
        return self.features["train"][rows], self.targets["train"][rows]

    @cached_property
    def narrow(self) -> dict[str, NDArray[np.float32]]:
        """The features in single precision, as scikit-learn's trees use them inside."""
        return {split: np.ascontiguousarray(values, dtype=np.float32) for split, values in self.features.items()}

    def narrow_fraction(self, share: float) -> tuple[NDArray[np.float32], NDArray]:
        """Return the same rows as `fraction`, features in single precision."""
        rows = self._rows(share)
        return self.narrow["train"][rows], self.targets["train"][rows]

    def _rows(self, share: float) -> NDArray[np.int64] | slice:
        if share >= 1:
            return slice(None)
        if share not in self._fractions:
            self._fractions[share] = np.sort(self.order[: max(2, math.ceil(share * self.order.size))])
        return self._fractions[share]

    @cached_property
    def _fractions(self) -> dict[float, NDArray[np.int64]]:
        return {}


def make_fold(
    features: NDArray[np.float64],
    target: NDArray,
    number: int,
    *,
    is_classification: bool,
    folds: int,
    seed: int,
    validation: float | None,
) -> Fold:
    """Return fold `number` of scikit-learn's StratifiedKFold (KFold for numbers), shuffled by the seed.

    Args:
        validation: the share of the fold's training rows that is held out as split `valid`; None for no such split.
    """
    from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

    splitter = (StratifiedKFold if is_classification else KFold)(folds, shuffle=True, random_state=seed)
    train, test = next(islice(splitter.split(np.empty((target.size, 1)), target), number, None))
    rows = {"train": train, "test": test}
    if validation:
        groups = target[train] if is_classification else None
        kept, held = train_test_split(train, test_size=validation, random_state=seed, stratify=groups)
        rows = {"train": np.sort(kept), "valid": np.sort(held), "test": test}
    order = nested_order(
        target[rows["train"]] if is_classification else None,
        rows["train"].size,
        np.random.default_rng([seed, number]),
    )
    return Fold(
        {split: np.ascontiguousarray(features[index]) for split, index in rows.items()},
        {split: target[index] for split, index in rows.items()},
        order,
    )


def nested_order(classes: NDArray | None, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return a random order of rows of which every prefix has about the same share of each class as the whole.

    The first rows are one of each class, so that no fraction larger than the number of classes lacks one.
    """
    shuffled = rng.permutation(size)
    if classes is None:
        return shuffled
    labels = classes[shuffled]
    position = np.empty(size)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        position[members] = np.arange(members.size) / members.size
    return shuffled[np.argsort(position, kind="stable")]
