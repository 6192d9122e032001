"""Columns as Arrow tables: NaN and None become NULL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa


def arrow_table(columns: Mapping[str, Any]) -> pa.Table:
    """Return an Arrow table of arrays, masked arrays and lists; NaN, None and masked values become NULL."""
    import pyarrow as pa

    return pa.table({name: _array(values) for name, values in columns.items()})


def _array(values: Any) -> pa.Array:
    import pyarrow as pa

    if isinstance(values, np.ma.MaskedArray):
        return pa.array(values.data, mask=np.ma.getmaskarray(values))
    if isinstance(values, np.ndarray):
        return pa.array(values, from_pandas=True)
    if all(value is None for value in values):
        return pa.nulls(len(values))
    return pa.array(values)


def column_lists(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return rows as columns, absent values None; empty where there is no row."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
