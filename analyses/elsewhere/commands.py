"""`--on`: the option of every command whose work can be done elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from hpowh.warehouse.console import note
from hpowh.warehouse.errors import UsageError

if TYPE_CHECKING:
    from hpowh.analyses.elsewhere.places import Place

OnOption = Annotated[
    str | None,
    typer.Option("--on", metavar="WHERE", help="Workers elsewhere: local:N, dask://HOST:PORT, Dask's scheduler file."),
]


@contextmanager
def placed(on: str | None) -> Iterator[Place | None]:
    """Reach the workers that --on names, say where they are, and let go of them.

    Raises:
        UsageError: there is no such place, or its workers cannot do the work.
    """
    if on is None:
        yield None
        return
    from hpowh.analyses.elsewhere.places import PlaceError, place_of

    try:
        place = place_of(on)
        note(place.words)
        try:
            yield place
        finally:
            place.close()
    except PlaceError as error:
        raise UsageError(error.message, error.hint) from error
