"""Which hyperparameters decide whether another is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.reading.columns import MISSING, Column

SWITCHES = 2
"""A number decides what is there where its order changes absence at most so often."""
LEAST_ABSENT = 3
"""A number would decide one or two absences whatever it is; from so many on it is taken to."""


def decides(column: Column, absent: NDArray[np.bool_]) -> bool:
    """Return whether the absence of another hyperparameter is a function of this one.

    A category decides where each of its levels has the other always or never; a number, where in its order absence
    changes at most twice.
    """
    there = ~column.is_absent
    if not there.any():
        return False
    values, state = column.values[there], absent[there]
    if (~there).any() and np.unique(absent[~there]).size > 1:
        return False
    if state.all() or not state.any():
        return bool((~there).any()) and bool(absent[~there].all() != state.all())
    codes, at = np.unique(values, return_inverse=True)
    count, without = np.bincount(at), np.bincount(at, state)
    if ((without > 0) & (without < count)).any():
        return False
    if column.kind == "categorical":
        return True
    changes = int((np.diff((without > 0).astype(int)) != 0).sum())
    return codes.size >= 2 and changes <= SWITCHES


def with_conditions(columns: Sequence[Column]) -> list[Column]:
    """Return the columns, those categories marked of which another used column decides whether they are there.

    Of these absence is no level: it says what the other column says. A category that lacks values for no such reason
    (an empty cell that means a default) keeps it as one.
    """
    return [
        replace(column, is_conditional=True) if _is_decided(column, columns) else column for column in columns
    ]  # fmt: skip


def _is_decided(column: Column, columns: Sequence[Column]) -> bool:
    if not column.is_used or column.kind != "categorical" or MISSING not in column.levels:
        return False
    absent = column.is_absent
    return int(absent.sum()) >= LEAST_ABSENT and any(
        other.is_used and other.name != column.name and _by_its_values(other, absent) for other in columns
    )


def _by_its_values(column: Column, absent: NDArray[np.bool_]) -> bool:
    """Return whether what a column holds decides: one that is there and not there together with the other does not."""
    return np.unique(absent[~column.is_absent]).size > 1 and decides(column, absent)


def chance_among(
    column: Column, good: NDArray[np.int64], drawn: NDArray[np.int64], seed: Sequence[int]
) -> NDArray[np.int64]:
    """Return random choices of configurations for a hyperparameter: as many as good ones have it, of those that do.

    Which branch is good is the deciding hyperparameter's matter: of a conditional one only its values are asked.

    Args:
        good: positions of the good configurations.
        drawn: (draws, members), as many of all configurations at random: the answer where none lacks it.
    """
    there = ~np.isnan(column.tested)
    if there.all():
        return drawn
    count, members = int(there[good].sum()), np.flatnonzero(there)
    random = np.random.default_rng(seed)
    return np.stack([random.choice(members, count, replace=False) for _ in range(len(drawn))])
