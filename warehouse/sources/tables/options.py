"""Options that tables share, and refusal of those that mean nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.sources.tables import spreadsheets

if TYPE_CHECKING:
    from hpowh.warehouse.ingest.protocol import Request

OF_ALL_TABLES = ("encoding", "decimal", "thousands", *spreadsheets.OPTIONS)


def check_options(kind: str, request: Request, known: tuple[str, ...]) -> None:
    """Refuse an option that the source does not have.

    Raises:
        UsageError: names it, and those there are.
    """
    allowed = (*known, *OF_ALL_TABLES)
    unknown = sorted(set(request.options) - set(allowed))
    if unknown:
        raise UsageError(f"The source {kind} has no option {unknown[0]!r}.", f"It has: {', '.join(allowed)}.")
