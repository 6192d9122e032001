"""Hyperparameters as found in a sweep: what each column holds and what part it can play."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.statistics.association import skew

Floats = NDArray[np.float64]

MISSING = "(missing)"
OTHER = "(other)"
FEW = 20
"""A column that mixes numbers and texts is categorical up to so many distinct values, else numeric."""
LOG_RATIO = 1000.0
"""Positive numbers that span more than this ratio, and whose logarithms are less skewed than they are, are used by
their logarithm, even where no scale is declared."""
LOG_RATIO_CLEAR, CLEARLY = 30.0, 0.5
"""From this ratio on they are where the logarithms have less than half of their skewness: a learning rate drawn from
1e-4 to 1e-1 never spans a thousand."""
LEAST_PRESENT = 5
"""A column with fewer values than this (or than 5 % of the trials) says too little to be used."""
UNIQUE_SHARE = 0.9
"""Texts of which so many are distinct name the trial rather than describe it."""
NAMED = re.compile(
    r"(^|[._/ -])(random[_-]?(seed|state)|seed|rng|uuid|guid"
    r"|(run|trial|job|task|experiment)[_-]?(id|name|dir|number|no|num|index|idx)"
    r"|id|hostname"
    r"|host|path|dir|directory|folder|file(name)?|timestamp|created(_at)?)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What a sweep declares of one hyperparameter; None where it declares nothing."""

    value_type: str = "mixed"
    scale: str = "linear"
    lower: float | None = None
    upper: float | None = None
    step: float | None = None
    choices: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Raw:
    """One column as found: per trial a number (NaN where it is none), a text (None where it is absent)."""

    name: str
    number: Floats
    text: Sequence[str | None]
    declared: Declared | None = None

    def take(self, rows: NDArray[np.int64]) -> Raw:
        """Return the column of some trials only."""
        return Raw(self.name, self.number[rows], [self.text[i] for i in rows], self.declared)


@dataclass(frozen=True, kw_only=True)
class Column:
    """What became of one column.

    `role`: `used`, or why not: `constant`, `identifier`, `sparse`, `empty`, `duplicate`.
    """

    name: str
    role: str
    kind: str
    """`numeric` or `categorical`."""
    is_log: bool = False
    present_count: int = 0
    missing_count: int = 0
    distinct_count: int = 0
    imputed_count: int = 0
    imputed_value: float | None = None
    """In the column's own unit, also where the logarithm is used."""
    note: str = ""
    values: Floats = field(default_factory=lambda: np.empty(0))
    """Numeric: one number a trial, log10 where `is_log`, NaN where missing. Categorical: position in `levels`."""
    levels: tuple[str, ...] = ()
    is_integer: bool = False
    declared: Declared | None = None
    is_conditional: bool = False
    """A category of which another hyperparameter decides whether it is there."""

    @property
    def tested(self) -> Floats:
        """Per row what tests look at: NaN where the hyperparameter is not there, also of conditional categories."""
        return np.where(self.is_absent, np.nan, self.values) if self.is_conditional else self.values

    @property
    def is_absent(self) -> NDArray[np.bool_]:
        """Per row whether it lacks the hyperparameter."""
        if self.kind == "numeric":
            return np.isnan(self.values)
        return self.values == (self.levels.index(MISSING) if MISSING in self.levels else -1)

    @property
    def is_used(self) -> bool:
        """Whether models see the column."""
        return self.role == "used"


def read_column(raw: Raw) -> Column:
    """Return what a column holds and whether it can be used; never raises on odd content."""
    present = np.array([text is not None and text.lower() != "nan" for text in raw.text], dtype=bool)
    infinite = np.isinf(raw.number)
    is_number = np.isfinite(raw.number)
    texts = {raw.text[int(i)] for i in np.flatnonzero(present & ~is_number & ~infinite)}
    counts = {"present_count": int(present.sum()), "missing_count": int((~present).sum())}
    notes = [f"{int(infinite.sum())} infinite values are taken as missing"] if infinite.any() else []
    is_numeric = not texts
    if texts and is_number.any():
        distinct = len({text for text in raw.text if text is not None})
        is_numeric = distinct > FEW and int(is_number.sum()) > int(present.sum()) / 2
        kind = f"numbers; {len(texts)} distinct texts are taken as missing" if is_numeric else "categories"
        notes.append(f"numbers and texts are mixed: used as {kind}")
    if raw.declared and raw.declared.choices is not None:
        is_numeric = False  # a declared category is one, also where its levels are numbers
    if is_numeric:
        return _numeric(raw, is_number, counts, notes)
    return _categorical(raw, present & ~infinite, counts, notes)


def _role(name: str, present: int, total: int, distinct: int) -> tuple[str, str]:
    if present == 0:
        return "empty", "no trial has a value"
    if distinct == 1:
        return "constant", "every trial that has it has the same value"
    if NAMED.search(name):
        return "identifier", "its name says that it names or seeds a trial rather than configures it"
    if present < max(LEAST_PRESENT, 0.05 * total):
        return "sparse", f"only {present} of {total} trials have it"
    return "used", ""


def _numeric(raw: Raw, is_number: NDArray[np.bool_], counts: dict[str, int], notes: list[str]) -> Column:
    values = np.where(is_number, raw.number, np.nan)
    present = values[is_number]
    distinct = np.unique(present)
    role, why = _role(raw.name, present.size, values.size, distinct.size)
    is_log = bool(raw.declared and raw.declared.scale == "log" and present.size and present.min() > 0)
    has_range = raw.declared is not None and raw.declared.lower is not None
    if not is_log and role == "used" and not has_range and _is_more_even_as_log(present):
        is_log = True
        ratio = distinct[-1] / distinct[0]
        notes.append(f"positive, over a factor of {ratio:.3g}, and more even as logarithms: used by its logarithm")
    used = np.log10(values) if is_log else values
    missing = int(values.size - present.size)
    fill = None
    if role == "used" and missing:
        mean = float(used[is_number].mean())
        fill = float(10**mean) if is_log else mean
    is_integer = bool(present.size and (present == np.round(present)).all())
    if raw.declared and raw.declared.value_type == "float" and raw.declared.lower is not None:
        is_integer = False  # a range of decimals; without one, tables write whole numbers as 128.0
    return Column(
        name=raw.name,
        role=role,
        kind="numeric",
        is_log=is_log,
        present_count=counts["present_count"],
        missing_count=missing,
        distinct_count=distinct.size,
        imputed_count=missing if fill is not None else 0,
        imputed_value=fill,
        note="; ".join([why, *notes] if why else notes),
        values=used,
        levels=(),
        is_integer=is_integer,
        declared=raw.declared,
    )


def _is_more_even_as_log(found: Floats) -> bool:
    """Return whether the logarithms are less skewed: uniform numbers of which one is near 0 are not."""
    low, high = float(found.min()), float(found.max())
    if not (low > 0 and high > LOG_RATIO_CLEAR * low):
        return False
    share = 1.0 if high > LOG_RATIO * low else CLEARLY
    return abs(skew(np.log10(found))) < share * abs(skew(found))


def _categorical(raw: Raw, present: NDArray[np.bool_], counts: dict[str, int], notes: list[str]) -> Column:
    texts = [text if there else None for text, there in zip(raw.text, present, strict=True)]
    frequency: dict[str, int] = {}
    for text in texts:
        if text is not None:
            frequency[text] = frequency.get(text, 0) + 1
    role, why = _role(raw.name, sum(frequency.values()), len(texts), len(frequency))
    total = sum(frequency.values())
    declared = raw.declared is not None and raw.declared.choices is not None
    if role == "used" and not declared and total >= 10 and len(frequency) >= UNIQUE_SHARE * total:
        role, why = "identifier", f"{len(frequency)} distinct texts in {total} trials: it names the trial"
    if role == "used" and frequency and all("/" in text or "\\" in text for text in frequency):
        role, why = "identifier", "its values are paths"
    levels = sorted(frequency, key=lambda text: (-frequency[text], text))
    if len(levels) > FEW:
        notes.append(f"the {len(levels) - FEW} rarest of {len(levels)} levels are one level {OTHER!r}")
        levels = [*levels[:FEW], OTHER]
    if total < len(texts):
        levels = [*levels, MISSING]
        if role == "used":
            notes.append("a missing value is a level of its own")
    code = {text: i for i, text in enumerate(levels)}
    other = code.get(OTHER, 0)
    values = np.array([code[MISSING] if t is None else code.get(t, other) for t in texts], dtype=float)
    return Column(
        name=raw.name,
        role=role,
        kind="categorical",
        is_log=False,
        present_count=counts["present_count"],
        missing_count=len(texts) - total,
        distinct_count=len(frequency),
        note="; ".join([why, *notes] if why else notes),
        values=values,
        levels=tuple(levels),
        declared=raw.declared,
    )
