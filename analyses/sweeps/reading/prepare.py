"""From columns as found to matrices: mean imputation, one-hot encoding, and a record of all that was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.reading.columns import Column, Floats, Raw, read_column


class TooLittleError(ValueError):
    """There is too little to analyse; the message says what is missing."""


@dataclass(frozen=True)
class Feature:
    """One column of a design matrix."""

    hyperparameter: int
    """Position in `Prepared.used`."""
    label: str
    level: str | None = None


@dataclass(frozen=True)
class Prepared:
    """A sweep ready for models. Rows are trials; all matrices are float64 without NaN."""

    columns: tuple[Column, ...]
    """Every column found, used or not, in the order given."""
    used: tuple[Column, ...]
    codes: Floats
    """(trials, used): numeric ones imputed and on their scale, categorical ones as level positions."""
    one_hot: Floats
    """(trials, features): numeric ones as in `codes`, every level of the categorical ones as 0/1."""
    features: tuple[Feature, ...]

    @property
    def names(self) -> list[str]:
        """Names of the hyperparameters that models see."""
        return [column.name for column in self.used]

    def group(self, hyperparameter: int) -> NDArray[np.int64]:
        """Return the positions of a hyperparameter's features."""
        return np.array([i for i, f in enumerate(self.features) if f.hyperparameter == hyperparameter], dtype=np.int64)

    def encode(self, codes: Floats) -> Floats:
        """Return the one-hot matrix of other configurations that are given as `codes`."""
        return one_hot(self.used, codes)[0]


def prepare(raw: Sequence[Raw]) -> Prepared:
    """Read, judge, impute and encode the columns of a sweep.

    Missing numbers become the column's mean on its scale (counted in `Column.imputed_count`); a missing category is a
    level of its own. Of columns that are the same up to scale or renaming, the first is used.

    Raises:
        TooLittleError: no column can be used.
    """
    columns = [read_column(one) for one in raw]
    columns = _without_duplicates(columns)
    used = tuple(column for column in columns if column.is_used)
    if not used:
        roles = sorted({column.role for column in columns})
        what = f"all {len(columns)} are {', '.join(roles)}" if columns else "there is none"
        raise TooLittleError(f"no hyperparameter varies in a way that can be used: {what}")
    codes = np.column_stack([_filled(column) for column in used])
    matrix, features = one_hot(used, codes)
    return Prepared(tuple(columns), used, codes, matrix, features)


def one_hot(used: Sequence[Column], codes: Floats) -> tuple[Floats, tuple[Feature, ...]]:
    """Return numeric columns as they are and one 0/1 column a level, with what each feature is."""
    parts: list[Floats] = []
    features: list[Feature] = []
    for at, column in enumerate(used):
        if column.kind == "numeric":
            parts.append(codes[:, at])
            features.append(Feature(at, f"log10({column.name})" if column.is_log else column.name))
            continue
        for position, level in enumerate(column.levels):
            parts.append((codes[:, at] == position).astype(float))
            features.append(Feature(at, f"{column.name}={level}", level))
    return np.column_stack(parts), tuple(features)


def _filled(column: Column) -> Floats:
    if column.kind == "categorical" or column.imputed_count == 0:
        return column.values
    return np.where(np.isnan(column.values), np.nanmean(column.values), column.values)


def _without_duplicates(columns: list[Column]) -> list[Column]:
    """Mark every column that repeats an earlier one."""
    seen: dict[bytes, str] = {}
    result = []
    for column in columns:
        first = seen.setdefault(_signature(column), column.name) if column.is_used else column.name
        if first == column.name:
            result.append(column)
            continue
        note = "; ".join(x for x in (f"says the same as {first}", column.note) if x)
        result.append(replace(column, role="duplicate", note=note, imputed_count=0, imputed_value=None))
    return result


def _signature(column: Column) -> bytes:
    """Return bytes that are equal for columns that are the same up to scale and sign, or renaming of levels."""
    if column.kind == "categorical":
        order: dict[float, int] = {}
        return b"c" + np.array([order.setdefault(v, len(order)) for v in column.values]).tobytes()
    scaled = column.values / np.nanmax(np.abs(column.values))  # squares of values near 1e154 overflow
    spread = np.nanstd(scaled)
    if not spread > 0:
        return b"e" + column.values.tobytes()
    centred = (scaled - np.nanmean(scaled)) / spread
    first = centred[np.flatnonzero(np.abs(np.nan_to_num(centred)) > 1e-6)[0]]
    return b"n" + np.round(np.nan_to_num(centred * np.sign(first), nan=99.0), 9).tobytes()
