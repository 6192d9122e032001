"""The trials of a sweep as data for the browser: small enough for ten thousand of them, exact enough to sort by."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hpowh.reports.names import visible

if TYPE_CHECKING:
    import polars as pl

FEW = 255
"""Up to so many distinct values, a column is one byte a trial."""
MANY = 65_535
FLOAT_LEAST, FLOAT_MOST = 1e-37, 1e38
LEAST_SCALED, CROWDED = 10, 0.05
LENGTH = 200
"""Longer texts are cut; the CSV has all of them."""


def packed(frame: pl.DataFrame, columns: Sequence[tuple[str, str, str]]) -> dict[str, Any]:
    """Return columns of a frame as JSON-ready data.

    A text, or a number with up to 255 distinct values, is a list of these and one code a trial, 0 for none; other
    numbers keep four to five digits (whole ones all). Everything is little-endian and base64.

    Args:
        columns: name in the frame, name for the reader, and the scale of its axis (`linear`, `log`, `rank`).
    """
    return {
        "count": frame.height,
        "columns": [
            {"name": visible(label), "scale": _scale(frame[name], scale), **_packed(frame[name])}
            for name, label, scale in columns
        ],
    }


def packed_size(frame: pl.DataFrame) -> int:
    """Return about how many characters `packed` makes of a frame."""
    total = 0.0
    for values in frame:
        distinct = values.n_unique()
        listed = 0 if values.dtype.is_numeric() and distinct > FEW else distinct * 12
        total += listed + frame.height * (1.34 if distinct <= FEW else 4.0 if values.dtype.is_float() else 2.67)
    return int(total)


def _scale(values: pl.Series, wanted: str) -> str:
    """Return the scale that is wanted, where the values have it."""
    if not values.dtype.is_numeric() or not values.drop_nulls().len():
        return "linear"
    return "linear" if wanted == "log" and not bool((values.drop_nulls() > 0).all()) else wanted


def scale_of(values: pl.Series) -> str:
    """Return the scale on which a metric's values can be told apart: `log` or `rank` where a few lie far from the rest.

    On a linear axis the middle half of such values would lie within a twentieth of it.
    """
    finite = values.drop_nulls().filter(values.drop_nulls().is_finite())
    if finite.len() < LEAST_SCALED:
        return "linear"
    low, quarter, three, high = (float(finite.quantile(q, "linear") or 0.0) for q in (0.0, 0.25, 0.75, 1.0))
    if high <= low or three - quarter >= CROWDED * (high - low):
        return "linear"
    return "log" if low > 0 else "rank"


def _packed(values: pl.Series) -> dict[str, Any]:
    is_number = values.dtype.is_numeric()
    if values.dtype.is_float():
        values = values.set(~values.is_finite(), None)
    distinct = values.drop_nulls().unique().sort()
    kind = "number" if is_number else "level"
    if is_number and distinct.len() > FEW:
        return {"kind": kind, "values": None, **_numbers(values, distinct)}
    known = sorted(distinct.to_list(), key=_natural)[:MANY]
    place = {value: at for at, value in enumerate(known, start=1)}
    codes = np.array([place.get(value, 0) for value in values.to_list()], dtype="<u1" if len(known) <= FEW else "<u2")
    shown = known if is_number else [visible(str(value))[:LENGTH] for value in known]
    return {"kind": kind, "type": "u1" if len(known) <= FEW else "u2", "values": shown, "data": _written(codes)}


def _numbers(values: pl.Series, distinct: pl.Series) -> dict[str, Any]:
    """Return numbers as steps of 1 from the least (0: none), as the upper 24 bits of 32-bit floats, or in full."""
    found = values.to_numpy().astype(float)
    low, high = float(distinct.min()), float(distinct.max())  # type: ignore[arg-type]
    if values.dtype.is_integer() and high - low < MANY:
        steps = np.nan_to_num(found - low + 1).astype("<u2")
        return {"type": "u2", "base": low - 1, "data": _written(steps)}
    if values.dtype.is_integer() or _leaves_floats(found):
        return {"type": "f8", "data": _written(found.astype("<f8"))}
    bits = found.astype("<f4").view("<u4").astype(np.uint64)
    upper = np.where(np.isnan(found), 0x7FC000, np.minimum((bits + 0x80) >> 8, 0xFFFFFF)).astype("<u4")
    return {"type": "f3", "data": _written(upper.view(np.uint8).reshape(-1, 4)[:, :3])}


def _leaves_floats(found: np.ndarray) -> bool:
    size = np.abs(found[~np.isnan(found) & (found != 0)])
    return bool(size.max() > FLOAT_MOST or size.min() < FLOAT_LEAST)


def _natural(value: Any) -> tuple[bool, float, str]:
    """Return a key that sorts numbers before texts, also where they are written as texts."""
    try:
        found = float(value)
    except ValueError:
        return True, 0.0, str(value)
    return False, found, str(value)


def _written(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
