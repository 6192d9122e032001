"""The map of a landscape whose analysis is stored; anything with a method `sql` will do."""

from __future__ import annotations

from dataclasses import dataclass

from hpowh.analyses.landscapes import queries
from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.keys import read_space
from hpowh.analyses.landscapes.map_svg import draw_map
from hpowh.analyses.landscapes.reading import Reader, rows_of
from hpowh.analyses.landscapes.surface import Surface


@dataclass(frozen=True)
class StoredMap:
    """A drawn map, and the optimiser run whose path is on it."""

    markup: str
    run: str | None


def stored_map(reader: Reader, analysis_run_id: int, *, run: str | None = "", title: str = "") -> StoredMap:
    """Return the map of an analysed landscape, its hyperparameters nested by their importance.

    Args:
        run: an algorithm, the incumbent of whose first run is drawn; empty draws the first run there is, None none.

    Raises:
        LandscapeError: there is no such analysis or run, or the grid is too large for a picture.
    """
    rows = rows_of(reader)
    subject = rows("select search_space_id from result.landscape_subject where analysis_run_id = ?", [analysis_run_id])
    if not subject:
        raise LandscapeError(f"Analysis run {analysis_run_id} is no landscape's.")
    space = read_space(rows, subject[0][0])
    columns = reader.sql(
        "select configuration_id, loss from result.landscape_node where analysis_run_id = ?", [analysis_run_id]
    ).numpy()
    surface = Surface.make(space, columns["configuration_id"], columns["loss"])
    by_position: dict[int, float] = dict(rows(queries.STORED_IMPORTANCE, [analysis_run_id]))
    path = rows(queries.STORED_PATH, [analysis_run_id, run or None, run or None]) if run is not None else []
    if run and not path:
        raise LandscapeError(f"There is no run {run!r} on this landscape.", "Name an algorithm that ran on it.")
    markup = draw_map(
        surface,
        title=title,
        importance=[float(by_position.get(axis.position, 0.0)) for axis in space.axes],
        optima=[int(row[0]) for row in rows(queries.STORED_OPTIMA, [analysis_run_id])],
        path=[int(row[0]) for row in path],
    )
    return StoredMap(markup, path[0][1] if path else None)
