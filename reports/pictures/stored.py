"""The pictures of a landscape whose analysis is stored; anything with a method `sql` will do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.reading.keys import read_labels, read_space
from hpowh.analyses.landscapes.reading.rows import Reader, rows_of
from hpowh.reports.numbers import percent
from hpowh.reports.pictures.map_axes import Labels
from hpowh.reports.pictures.map_svg import RunPath, draw_map
from hpowh.reports.pictures.stacking import stack_axes
from hpowh.reports.pictures.trials_svg import Panel, draw_trials
from hpowh.warehouse import queries

Colours = Mapping[str, str]
"""Algorithm -> colour."""


@dataclass(frozen=True, kw_only=True)
class StoredLandscape:
    """What an analysis stored of a landscape, as far as pictures need it."""

    analysis_run_id: int
    surface: Surface
    basin: NDArray[np.int64]
    """Per configuration of the surface, the optimum in which descent ends."""
    importance: list[float]
    labels: Labels
    optima: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class StoredMap:
    """A drawn map, and the optimiser runs whose paths are on it."""

    markup: str
    runs: tuple[str, ...]


def read_stored(reader: Reader, analysis_run_id: int) -> StoredLandscape:
    """Return what is stored of an analysed landscape.

    Raises:
        LandscapeError: there is no such analysis.
    """
    rows = rows_of(reader)
    subject = rows("select search_space_id from result.landscape_subject where analysis_run_id = ?", [analysis_run_id])
    if not subject:
        raise LandscapeError(f"Analysis run {analysis_run_id} is no landscape's.")
    space = read_space(rows, subject[0][0])
    columns = reader.sql(queries.text("landscape/stored_nodes"), {"run": analysis_run_id}).numpy()
    by_position: dict[int, float] = dict(rows(queries.text("landscape/stored_importance"), {"run": analysis_run_id}))
    return StoredLandscape(
        analysis_run_id=analysis_run_id,
        surface=Surface.make(space, columns["configuration_id"], columns["loss"]),
        basin=np.asarray(columns["basin_id"], dtype=np.int64),
        importance=[float(by_position.get(axis.position, 0.0)) for axis in space.axes],
        labels=read_labels(rows, subject[0][0]),
        optima=[int(row[0]) for row in rows(queries.text("landscape/stored_optima"), {"run": analysis_run_id})],
    )


def stored_map(
    reader: Reader, stored: StoredLandscape | int, *, runs: Sequence[str] | None = (), title: str = "",
    colours: Colours | None = None,
) -> StoredMap:  # fmt: skip
    """Return the map of an analysed landscape, its hyperparameters nested by their importance.

    Args:
        stored: a landscape or its analysis run.
        runs: algorithms; of each the run with the median final regret is drawn. Empty takes all that there are, None
            none.
        colours: of the algorithms' paths.

    Raises:
        LandscapeError: there is no such analysis or run, or the grid is too large for a picture.
    """
    stored = read_stored(reader, stored) if isinstance(stored, int) else stored
    paths = [] if runs is None else _paths(reader, stored.analysis_run_id, runs, colours or {})
    markup = draw_map(
        stored.surface,
        title=title,
        importance=stored.importance,
        labels=stored.labels,
        optima=stored.optima,
        paths=paths,
    )
    return StoredMap(markup, tuple(path.label for path in paths))


def _paths(reader: Reader, analysis_run_id: int, wanted: Sequence[str], colours: Colours) -> list[RunPath]:
    found: dict[str, tuple[str, list[int]]] = {}
    for algorithm, seed, configuration in rows_of(reader)(
        queries.text("landscape/stored_paths"), {"run": analysis_run_id}
    ):
        label = f"{algorithm}, " + ("seed unknown" if seed is None else f"seed {seed}")
        found.setdefault(algorithm, (label, []))[1].append(int(configuration))
    missing = [name for name in wanted if name not in found]
    if missing:
        there = f"There is: {', '.join(found)}." if found else "No optimiser ran on it."
        raise LandscapeError(f"There is no run {missing[0]!r} on this landscape.", there)
    return [RunPath(*found[name][:1], tuple(found[name][1]), colours.get(name, "")) for name in wanted or found]


def stored_trials(
    reader: Reader, stored: StoredLandscape, *, title: str = "", colours: Colours | None = None
) -> str | None:
    """Return where each optimiser's trials fell, as SVG.

    None where no optimiser ran on the landscape, or too little of it was evaluated to speak of optima and basins.

    Raises:
        LandscapeError: the grid is too large for a picture.
    """
    trials: dict[str, list[tuple[int, int]]] = {}
    for algorithm, configuration, count in rows_of(reader)(
        queries.text("landscape/stored_trials"), {"run": stored.analysis_run_id}
    ):
        trials.setdefault(algorithm, []).append((int(configuration), int(count)))
    if not trials or not stored.optima:
        return None
    stack = stack_axes(stored.surface.space, stored.importance)
    inside = np.isin(stored.basin, np.unique(stored.basin[stored.surface.optima]))
    globals_ = stored.surface.ranks[inside]
    panels = []
    for algorithm, pairs in trials.items():
        ranks, counts = (np.array(column, dtype=np.int64) for column in zip(*pairs, strict=True))
        share = float(counts[np.isin(ranks, globals_)].sum() / counts.sum())
        caption = f"{percent(share, 1)} of {int(counts.sum()):,} evaluations in the basin of a global optimum"
        panels.append(Panel(algorithm, caption, ranks, counts, (colours or {}).get(algorithm, "")))
    return draw_trials(stored.surface, stack, inside, panels, title=title)
