"""From columns as found to matrices: mean imputation, one-hot encoding, and a record of all that was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.reading.columns import MISSING, OTHER, Column, Floats, Raw, read_column
from hpowh.analyses.sweeps.reading.conditions import with_conditions


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


def prepare(raw: Sequence[Raw], repeats: Sequence[str] = ()) -> Prepared:
    """Read, judge, impute and encode the columns of a sweep.

    Missing numbers become the column's mean on its scale (counted in `Column.imputed_count`); a missing category is a
    level of its own to models, and to tests where no other hyperparameter decides that it is missing. Of columns that
    are the same up to scale or renaming, the first is used.

    Args:
        repeats: columns that number the repeats of a configuration; they are no hyperparameters.

    Raises:
        TooLittleError: no column can be used.
    """
    columns = [_numbers_repeats(column) if column.name in repeats else column for column in map(read_column, raw)]
    columns = with_conditions(_without_duplicates(columns))
    used = tuple(column for column in columns if column.is_used)
    if not used:
        roles = sorted({column.role for column in columns})
        what = f"all {len(columns)} are {', '.join(roles)}" if columns else "there is none"
        raise TooLittleError(f"no hyperparameter varies in a way that can be used: {what}")
    codes = np.column_stack([_filled(column) for column in used])
    matrix, features = one_hot(used, codes)
    return Prepared(tuple(columns), used, codes, matrix, features)


def _numbers_repeats(column: Column) -> Column:
    note = "it numbers the repeats of a configuration"
    return replace(column, role="identifier", note=note, imputed_count=0, imputed_value=None)


def code_rows(prepared: Prepared, raw: Sequence[Raw]) -> Floats:
    """Return other trials in the codes of these: (trials, used); NaN where a trial has a level that these lack.

    Args:
        raw: the same columns as those that were prepared, by name.
    """
    by_name = {one.name: one for one in raw}
    parts = []
    for at, column in enumerate(prepared.used):
        one = by_name[column.name]
        if column.kind == "numeric":
            with np.errstate(divide="ignore", invalid="ignore"):
                values = np.log10(one.number) if column.is_log else one.number.copy()
            filled = column.is_absent
            mean = float(prepared.codes[filled, at][0]) if filled.any() else float(prepared.codes[:, at].mean())
            parts.append(np.where(np.isfinite(values), values, mean))
            continue
        code = {level: float(i) for i, level in enumerate(column.levels)}
        absent, other = code.get(MISSING, np.nan), code.get(OTHER, np.nan)
        parts.append(np.array([absent if t is None or t.lower() == "nan" else code.get(t, other) for t in one.text]))
    return np.column_stack(parts)


def part_of(prepared: Prepared, rows: NDArray[np.int64]) -> Prepared:
    """Return some of the rows; columns keep their roles and scales, also where they no longer vary."""
    used = tuple(replace(column, values=column.values[rows]) for column in prepared.used)
    columns = tuple(replace(column, values=column.values[rows]) for column in prepared.columns)
    return replace(prepared, columns=columns, used=used, codes=prepared.codes[rows], one_hot=prepared.one_hot[rows])


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
