"""Losses out of the warehouse into surfaces; anything with a method `sql` will do."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes import queries
from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.keys import Key, Rows, read_space
from hpowh.analyses.landscapes.space import Space
from hpowh.analyses.landscapes.surface import Surface


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
    columns = reader.sql(queries.LOSSES, key.identity).numpy()
    value = np.ma.filled(np.ma.asarray(columns["value"]).astype(np.float64), np.nan)
    loss = -value if key.direction == "max" else value
    return Surface.make(space, np.asarray(columns["configuration_id"]), loss)


def read_seeds(reader: Reader, key: Key, space: Space) -> dict[int, Surface]:
    """Return one landscape per seed."""
    columns = reader.sql(queries.SEED_LOSSES, key.identity).numpy()
    seeds = np.asarray(columns["seed"])
    ranks, loss = np.asarray(columns["configuration_id"]), np.asarray(columns["loss"])
    return {int(s): Surface.make(space, ranks[seeds == s], loss[seeds == s]) for s in np.unique(seeds)}


def read_trials(reader: Reader, key: Key) -> dict[str, NDArray]:
    """Return the optimiser trials on a landscape as `against.place_runs` takes them; empty where there are none."""
    columns = reader.sql(queries.TRIALS, [key.search_space_id, key.benchmark_id, key.metric_id]).numpy()
    if not columns["run_id"].size:
        return {}
    return {
        name: np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)
        if name in ("seed", "seen")
        else np.asarray(values)
        for name, values in columns.items()
    }


def read_default(reader: Reader, key: Key) -> int | None:
    """Return the configuration with the best mean rank over the benchmarks; None where there is one benchmark only."""
    found = reader.sql(queries.DEFAULT, [key.search_space_id, key.metric_id, key.split, key.fidelity]).one()
    return None if found is None else int(found)


def digest(reader: Reader, key: Key, default: int | None) -> str:
    """Return the digest of all that a landscape's analysis reads: its evaluations, the default, the trials on it."""
    trials = reader.sql(queries.TRIALS_FINGERPRINT, [key.search_space_id, key.benchmark_id, key.metric_id]).rows()
    return hashlib.sha256(repr((key.fingerprint, default, trials)).encode()).hexdigest()
