"""Losses out of the warehouse into surfaces; anything with a method `sql` will do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.grid.units import Units
from hpowh.analyses.landscapes.reading.keys import Key, Rows, read_space
from hpowh.warehouse import queries

AHEAD = 1_000_000
"""Configurations that are read by one query."""
MOST_VALUES = 20_000_000
"""Means of more values than this are formed by the query, which holds fewer of them at once."""
MOST_RANKS = 2**31
"""Likewise of configurations of spaces larger than this: their ids do not fit into 32 bits, in which they are read."""
FEW_COLUMNS = 8
"""Values a configuration, up to which they are put in order column by column."""


class Reader(Protocol):
    """What is needed of a warehouse."""

    def sql(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> Any:
        """Run one query; the answer offers `rows()`, `numpy()` and `one()`."""


def rows_of(reader: Reader) -> Rows:
    """Return the function from a query and its parameters to rows."""
    return lambda query, parameters: list(reader.sql(query, parameters).rows())


def read_surface(reader: Reader, key: Key, space: Space | None = None) -> Surface:
    """Return one landscape's configurations and losses (minimised).

    Raises:
        LandscapeError: it has no finite loss, or its space is damaged.
    """
    space = space or read_space(rows_of(reader), key.search_space_id)
    if key.seed is not None:
        seeds = read_seeds(reader, key, space)
        if key.seed not in seeds:
            raise LandscapeError(f"There is no seed {key.seed}.", f"There is: {', '.join(map(str, seeds))}.")
        return seeds[key.seed]
    even = _even(reader, key)
    if even is not None:
        ids, value = even
        return Surface.make(space, ids, -value if key.direction == "max" else value)
    columns = reader.sql(queries.text("landscape_input/losses"), key.parameters).numpy()
    value = filled(columns["value"])
    loss = -value if key.direction == "max" else value
    return Surface.make(space, np.asarray(columns["configuration_id"]), loss, _units(loss, columns))


def _even(reader: Reader, key: Key) -> tuple[NDArray, NDArray[np.float64]] | None:
    """Return configurations and the means of their values, where all have the same units; None where that is not so.

    Units' effects are of no use there, and a mean takes a tenth of the time here: of a configuration's values in the
    order of size, as SQL has it, so that ties stay ties to the last digit (see `unit_mean`).
    """
    if key.cardinality > MOST_RANKS:
        return None
    parameters = key.parameters | {"most": MOST_VALUES + 1}
    columns = reader.sql(queries.text("landscape_input/values"), parameters).numpy()
    ids, values, units = np.asarray(columns["configuration_id"]), filled(columns["value"]), np.asarray(columns["unit"])
    if not 0 < ids.size <= MOST_VALUES:
        return None
    if (ids[1:] < ids[:-1]).any():
        order = np.argsort(ids, kind="stable")
        ids, values, units = ids[order], values[order], units[order]
    each = int(np.argmax(ids != ids[0])) or ids.size
    first = ids[::each].astype(np.int64)
    rises = ids[1:] > ids[:-1]
    # As many rises as there are configurations, all of them where one is to begin: each has as many rows.
    if ids.size % each or np.count_nonzero(rises) != first.size - 1 or not rises[each - 1 :: each].all():
        return None
    if not _are_alike(units, each):
        return None
    if each == 1:
        return first, values
    if np.isnan(values).any():
        return None
    ordered = _sorted_columns(values.reshape(-1, each))
    mean = ordered[0].copy()
    for column in ordered[1:]:
        mean += column
    mean /= each
    return first, mean


def _are_alike(units: NDArray, each: int) -> bool:
    """Return whether all runs of `each` units are of the same ones, none of them twice, in whatever order."""
    if not np.array_equal(units[each:], units[:-each]):
        units = np.sort(units.reshape(-1, each), axis=1).ravel()
    return len(set(units[:each].tolist())) == each and np.array_equal(units[each:], units[:-each])


def _sorted_columns(rows: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return the smallest value of each row, the next smallest of each, and so on.

    Few columns are put in order by exchanging whole columns, which costs a quarter of sorting row by row.
    """
    if rows.shape[1] > FEW_COLUMNS:
        return list(np.sort(rows, axis=1).T)
    columns, spare = list(np.ascontiguousarray(rows.T)), np.empty(len(rows))
    for last in range(len(columns) - 1, 0, -1):
        for at in range(last):
            low, high = columns[at], columns[at + 1]
            np.minimum(low, high, out=spare)
            np.maximum(low, high, out=high)
            columns[at], spare = spare, low
    return columns


def filled(values: NDArray, absent: float = np.nan) -> NDArray[np.float64]:
    """Return a column as numbers, NULL as `absent`."""
    return np.asarray(np.ma.filled(np.ma.asarray(values).astype(np.float64), absent))


def _units(
    loss: NDArray[np.float64], columns: Mapping[str, NDArray], part: slice | NDArray = slice(None)
) -> Units | None:
    """Return how the configurations among the rows share seeds and folds."""
    return Units.of(loss, filled(columns["ok_count"][part]), filled(columns["unit_count"][part], 0))


def read_ahead(
    reader: Reader, keys: Sequence[Key], spaces: Mapping[int, Space | LandscapeError], cells: int = AHEAD
) -> Iterator[Surface | LandscapeError]:
    """Yield the landscapes in order; those that differ in their benchmark only are read by one query, some at a time.

    Args:
        spaces: by their ids, or why one cannot be read.
        cells: configurations that are read at a time at most (a larger landscape is read alone).
    """
    at = 0
    while at < len(keys):
        end, first = at + 1, keys[at]
        while end < len(keys) and keys[end].comparable == first.comparable and keys[end].seed is first.seed is None:
            if (end + 1 - at) * first.cardinality > cells:
                break
            end += 1
        space = spaces[first.search_space_id]
        if isinstance(space, LandscapeError):
            yield from [space] * (end - at)
        else:
            yield from _read_together(reader, keys[at:end], space)
        at = end


def _read_together(reader: Reader, keys: Sequence[Key], space: Space) -> Iterator[Surface | LandscapeError]:
    if len(keys) == 1:
        try:
            yield read_surface(reader, keys[0], space)
        except LandscapeError as error:
            yield error
        return
    of = keys[0]
    columns = reader.sql(
        queries.text("landscape_input/losses_together"),
        {"benchmarks": [key.benchmark_id for key in keys]} | _without(of, "benchmark"),
    ).numpy()
    benchmark, ranks = np.asarray(columns["benchmark_id"]), np.asarray(columns["configuration_id"])
    value = filled(columns["value"])
    for key in keys:
        low, high = np.searchsorted(benchmark, [key.benchmark_id, key.benchmark_id + 1])
        loss = -value[low:high] if key.direction == "max" else value[low:high]
        try:
            yield Surface.make(space, ranks[low:high], loss, _units(loss, columns, slice(low, high)))
        except LandscapeError as error:
            yield error


def read_seeds(reader: Reader, key: Key, space: Space) -> dict[int, Surface]:
    """Return one landscape per seed."""
    columns = reader.sql(queries.text("landscape_input/seed_losses"), key.parameters).numpy()
    seeds = np.asarray(columns["seed"])
    ranks, loss = np.asarray(columns["configuration_id"]), filled(columns["loss"])
    found = {}
    for seed in np.unique(seeds[np.isfinite(loss)]):
        mine = seeds == seed
        found[int(seed)] = Surface.make(space, ranks[mine], loss[mine], _units(loss[mine], columns, mine))
    return found


def read_trials(reader: Reader, key: Key) -> dict[str, NDArray]:
    """Return the optimiser trials on a landscape as `against.place_runs` takes them; empty where there are none."""
    columns = reader.sql(queries.text("landscape_input/trials"), _without(key, "split", "fidelity")).numpy()
    if not columns["run_id"].size:
        return {}
    return {
        name: filled(values) if name in ("seed", "seen") else np.asarray(values) for name, values in columns.items()
    }


def read_default(reader: Reader, key: Key) -> int | None:
    """Return the configuration with the best mean rank over the benchmarks; None where there is one benchmark only."""
    found = reader.sql(queries.text("landscape_input/default"), _without(key, "benchmark")).one()
    return None if found is None else int(found)


def read_units(reader: Reader, key: Key) -> tuple[NDArray, NDArray, NDArray]:
    """Return configuration, unit (one seed and fold) and loss of each measurement on a landscape."""
    columns = reader.sql(queries.text("landscape_input/units"), key.parameters).numpy()
    return np.asarray(columns["configuration_id"]), np.asarray(columns["unit"]), np.asarray(columns["loss"])


def read_fold_count(reader: Reader, key: Key) -> int:
    """Return how many folds a landscape was measured on."""
    return int(reader.sql(queries.text("landscape_input/folds"), key.parameters).one() or 0)


def read_costs(reader: Reader, key: Key) -> dict[float, float]:
    """Return what was spent in all at each fidelity of a landscape."""
    rows = reader.sql(queries.text("landscape_input/costs"), _without(key, "fidelity")).rows()
    return {float(at): float(spent) for at, spent in rows}


def read_configuration_costs(reader: Reader, key: Key) -> dict[str, tuple[NDArray, NDArray]]:
    """Return each kind of cost of a landscape's configurations: their ranks in order, and their mean costs."""
    columns = reader.sql(queries.text("landscape_input/configuration_costs"), key.parameters).numpy()
    names, ranks = np.asarray(columns["name"]).astype(str), np.asarray(columns["configuration_id"])
    cost = filled(columns["cost"])
    return {str(name): (ranks[names == name], cost[names == name]) for name in np.unique(names)}


def _without(key: Key, *names: str) -> dict[str, Any]:
    """Return the parameters of a landscape's queries, some left out."""
    return {name: value for name, value in key.parameters.items() if name not in names}


def read_trial_digests(reader: Reader) -> dict[tuple[int, int, int], str]:
    """Return (search space, benchmark, metric) -> digest of the optimiser trials there, where there are some."""
    rows = reader.sql(queries.text("landscape_input/trials_fingerprints")).rows()
    return {(int(space), int(benchmark), int(metric)): text for space, benchmark, metric, text in rows}


def digest(key: Key, default: int | None, trials: str | None) -> str:
    """Return the digest of all that a landscape's analysis reads: its evaluations, the default, the trials on it."""
    return hashlib.sha256(repr((key.fingerprint, default, trials)).encode()).hexdigest()
