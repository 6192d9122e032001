"""One search space's grids: each fidelity against the full one, noise floors, common defaults of the data sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.reading.keys import Key, read_space
from hpowh.analyses.landscapes.reading.rows import (
    Reader,
    read_configuration_costs,
    read_costs,
    read_fold_count,
    read_surface,
    read_units,
    rows_of,
)
from hpowh.analyses.landscapes.several.comparing import unequal
from hpowh.analyses.landscapes.several.fidelity import against_full, cost_shares, mark_cheapest, saved_share
from hpowh.analyses.landscapes.several.film import film
from hpowh.analyses.landscapes.several.front import front_of
from hpowh.analyses.landscapes.several.noise import Noise, measure_noise
from hpowh.analyses.landscapes.several.similarity import prepare
from hpowh.analyses.landscapes.several.transfer import common_defaults

Row = dict[str, Any]


@dataclass(frozen=True)
class _Top:
    """A landscape at its full fidelity, with its noise."""

    key: Key
    surface: Surface
    noise: Noise

    @property
    def identity(self) -> Row:
        """The columns that say which landscape it is."""
        return identity_of(self.key)


def study(reader: Reader, keys: Sequence[Key]) -> tuple[dict[str, list[Row]], list[str]]:
    """Return the rows of `landscape_fidelity`, `landscape_film`, `landscape_noise`, `landscape_default` and
    `landscape_front`; and warnings.

    Args:
        keys: landscapes of one search space, means over seeds and folds.
    """
    space = read_space(rows_of(reader), keys[0].search_space_id)
    groups: dict[tuple[int, int, str], list[Key]] = {}
    for key in keys:
        groups.setdefault((key.benchmark_id, key.metric_id, key.split), []).append(key)
    tops, fidelities, films, warnings = [], [], [], []
    for members in groups.values():
        full = full_of(members)
        try:
            surface = read_surface(reader, full, space)
        except LandscapeError as error:
            warnings.append(f"{full.subject} is left out: {error.message}")
            continue
        warnings += unequal(full.subject, surface)
        top = _Top(full, surface, noise_of(reader, full))
        tops.append(top)
        if len(members) > 1:
            rows, surfaces = _fidelities(reader, space, members, top, warnings)
            fidelities += rows
            films += _film(surfaces, top)
    noise = [_noise_row(top) for top in tops]
    tables = {
        "landscape_fidelity": fidelities, "landscape_film": films, "landscape_noise": noise,
        "landscape_default": _defaults(tops), "landscape_front": [row for top in tops for row in _fronts(reader, top)],
    }  # fmt: skip
    return {name: rows for name, rows in tables.items() if rows}, warnings


def full_of(members: Sequence[Key]) -> Key:
    """Return the landscape at the full fidelity: the one without a number, else the one with the highest."""
    return max(members, key=lambda key: (key.fidelity is None, key.fidelity or 0.0))


def identity_of(key: Key) -> Row:
    """Return the columns that name a landscape."""
    return {
        "search_space_id": key.search_space_id, "benchmark_id": key.benchmark_id, "metric_id": key.metric_id,
        "split": key.split, "fidelity": key.fidelity,
    }  # fmt: skip


def noise_of(reader: Reader, key: Key) -> Noise:
    """Return the noise of a landscape, from the configurations that were measured on every seed and fold."""
    return measure_noise(unit_matrix(*read_units(reader, key)), read_fold_count(reader, key))


def unit_matrix(ids: NDArray, units: NDArray, loss: NDArray) -> NDArray[np.float64]:
    """Return one row a configuration and one column a unit, configurations with a missing unit left out."""
    width = int(units.max()) + 1 if units.size else 0
    order = np.lexsort((units, ids))
    ids, loss = ids[order], np.asarray(loss, dtype=np.float64)[order]
    _, starts, counts = np.unique(ids, return_index=True, return_counts=True)
    whole = starts[counts == width]
    return loss[whole[:, None] + np.arange(width)]


def _noise_row(top: _Top) -> Row:
    best = top.surface.optima[0]
    return top.identity | asdict(top.noise) | {
        "best_configuration_id": int(top.surface.ranks[best]),
        "best_loss": float(top.surface.loss[best]),
        "median_loss": float(np.median(top.surface.loss)),
    }  # fmt: skip


def _fronts(reader: Reader, top: _Top) -> list[Row]:
    """Return one row a kind of cost that is known of a landscape's configurations, except of train losses."""
    if top.key.split == "train" or top.key.unit not in (None, "share", "percent"):
        return []
    rows: list[Row] = []
    for name, (ranks, cost) in read_configuration_costs(reader, top.key).items():
        there = np.isin(top.surface.ranks, ranks)
        mine = (
            Surface.make(top.surface.space, top.surface.ranks[there], top.surface.loss[there]) if there.any() else None
        )
        row: Row = {**top.identity, "cost_name": name, "configuration_count": 0 if mine is None else mine.size}
        if mine is None:
            row["reason"] = "no configuration has both a loss and a cost"
        else:
            try:
                row |= asdict(front_of(mine, cost[np.isin(ranks, mine.ranks)]))
            except LandscapeError as error:
                row["reason"] = error.message
        rows.append(row)
    return rows


def _film(surfaces: Sequence[tuple[Key, Surface]], top: _Top) -> list[Row]:
    """Return one row a fidelity, of the configurations that all fidelities have."""
    ordered = sorted(surfaces, key=lambda one: (one[0] is top.key, one[0].fidelity or 0.0))
    if len(ordered) < 2:
        return []
    frames = film([surface for _, surface in ordered])
    return [identity_of(key) | asdict(frame) for (key, _), frame in zip(ordered, frames, strict=False)]


def _fidelities(
    reader: Reader, space: Space, members: Sequence[Key], top: _Top, warnings: list[str]
) -> tuple[list[Row], list[tuple[Key, Surface]]]:
    """Return one row a fidelity of one landscape, the full one among them, and the landscapes that could be read."""
    full = prepare(top.surface)
    at_top = top.key.fidelity
    costs = read_costs(reader, top.key)
    shares = cost_shares(costs, at_top) if at_top is not None else {}
    rows: list[Row] = []
    surfaces: list[tuple[Key, Surface]] = []
    for key in members:
        try:
            low = full if key is top.key else prepare(read_surface(reader, key, space))
            warnings += [] if key is top.key else unequal(key.subject, low.surface)
            row = against_full(low, full, top.noise.noise_floor)
        except LandscapeError as error:
            warnings.append(f"{key.subject} is left out: {error.message}")
            continue
        surfaces.append((key, low.surface))
        row |= identity_of(key) | {
            "full_fidelity": at_top, "noise_floor": top.noise.noise_floor, "reliability": top.noise.reliability,
            "cost": costs.get(key.fidelity or 0.0), "cost_share": shares.get(key.fidelity or 0.0),
        }  # fmt: skip
        row["saved_share"] = None if key is top.key else saved_share(row)
        rows.append(row)
    mark_cheapest(rows)
    return rows, surfaces


def _defaults(tops: Sequence[_Top]) -> list[Row]:
    groups: dict[tuple[int, str], list[_Top]] = {}
    for top in tops:
        groups.setdefault((top.key.metric_id, top.key.split), []).append(top)
    rows = []
    for members in groups.values():
        for top, found in zip(members, common_defaults([one.surface for one in members]), strict=True):
            floor = top.noise.noise_floor
            rows.append(
                top.identity
                | asdict(found)
                | {
                    "noise_floor": floor,
                    "is_noise": _within(found.regret, floor),
                    "is_held_out_noise": _within(found.held_out_regret, floor),
                }
            )
    return rows


def _within(regret: float | None, floor: float | None) -> bool | None:
    return None if regret is None or floor is None else regret <= floor
