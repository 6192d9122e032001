"""Tables of a landscape over its own levels, told in the identities of its search space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hpowh.analyses.landscapes.grid.own import Own

IDENTITIES = {
    "landscape_node": ("configuration_id", "best_neighbour_id", "plateau_id", "basin_id"),
    "landscape_plateau": ("plateau_id",),
    "landscape_optimum": ("configuration_id", "funnel_id"),
    "landscape_lon_edge": ("from_id", "to_id"),
}
"""Columns that hold ranks of configurations."""


def in_whole_space(tables: Mapping[str, Mapping[str, Any]], own: Own) -> dict[str, Mapping[str, Any]]:
    """Return the tables with ranks of the search space in place of those of the landscape's own grid."""
    found = {name: dict(table) for name, table in tables.items()}
    for name, columns in IDENTITIES.items():
        for column in columns:
            if column in found.get(name, {}):
                ranks = found[name][column]
                turned = own.whole(np.ma.getdata(ranks))
                is_masked = isinstance(ranks, np.ma.MaskedArray)
                found[name][column] = np.ma.masked_array(turned, np.ma.getmaskarray(ranks)) if is_masked else turned
    return dict(found)
