"""JSON that is a table in another shape than one object a row: refused with the way to write it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from hpowh.warehouse.errors import IngestError

LARGEST = 64 * 2**20
"""Characters of a single object that are looked at."""
ADVICE = "Write one object a row: frame.to_json(PATH, orient='records', lines=True)"


def refuse_other_shapes(path: Path) -> None:
    """Refuse a file that is one object holding a whole table, as data frames are written by default.

    Raises:
        IngestError: it is one of pandas' shapes of a table, or an object without a row.
    """
    found = _whole(path)
    if isinstance(found, list) and found and not any(isinstance(one, dict) for one in found):
        raise IngestError(f"{path} is a list whose items are no objects: nothing names the columns.", ADVICE)
    _refuse_vizier(path, found)
    if not isinstance(found, dict):
        return
    if {"columns", "data"} <= set(found) or {"schema", "data"} <= set(found):
        raise IngestError(f"{path} is a table in one object, with its rows under 'data'.", ADVICE)
    inner = list(found.values())
    if len(inner) > 1 and all(isinstance(one, dict) and len(one) > 1 for one in inner):
        is_flat = not any(isinstance(value, dict) for one in inner for value in one.values())
        if is_flat and all(set(one) == set(inner[0]) for one in inner):
            raise IngestError(f"{path} is a table in one object, column by column or row by row.", ADVICE)
    if len(inner) > 1 and all(isinstance(one, dict) and one and _are_objects([*one.values()]) for one in inner):
        raise IngestError(
            f"{path} is one object, with objects in objects: what its levels are is said nowhere.",
            "Write a row each: rows = [{'algorithm': a, 'benchmark': b, **values} for a, inner in found.items() "
            "for b, values in inner.items()]; json.dump(rows, open('rows.json', 'w'))",
        )
    tables = [key for key, one in found.items() if isinstance(one, list) and one and _are_objects(one)]
    if len(tables) == 1:
        raise IngestError(
            f"{path} is one object that holds its rows under {tables[0]!r}.",
            f"Write them alone: json.dump(json.load(open(PATH))[{tables[0]!r}], open('rows.json', 'w'))",
        )
    if len(inner) > 1 and all(isinstance(one, list) for one in inner) and len({len(one) for one in inner}) == 1:
        raise IngestError(f"{path} is a table in one object, with a list a column.", ADVICE)


def _refuse_vizier(path: Path, found: Any) -> None:
    """Refuse trials as Google's Vizier writes them: parameters and metrics are lists of names and values."""
    several = found["trials"] if isinstance(found, dict) and isinstance(found.get("trials"), list) else found
    for one in several if isinstance(several, list) else [several]:
        parameters = one.get("parameters") if isinstance(one, dict) else None
        if isinstance(parameters, list) and any("parameterId" in p for p in parameters if isinstance(p, dict)):
            raise IngestError(f"{path} holds trials of Vizier, which have no columns yet.", VIZIER)


VIZIER = (
    "Write a row a trial: found = json.load(open(PATH)); trials = found if isinstance(found, list) else "
    "found.get('trials', [found]); rows = [{p['parameterId']: p['value'] for p in t['parameters']} | {m['metricId']: "
    "m['value'] for m in t.get('finalMeasurement', {}).get('metrics', [])} | {'state': t.get('state')} for t in trials]"
    "; json.dump(rows, open('rows.json', 'w'))"
)


def _are_objects(rows: list[Any]) -> bool:
    return all(isinstance(row, dict) for row in rows)


def _whole(path: Path) -> Any:
    """Return the one object or list that is the whole file; None where there are several, or it is large."""
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8-sig")
            if path.suffix.lower() == ".gz"
            else path.open(encoding="utf-8-sig") as handle
        ):
            text = handle.read(LARGEST)
        return json.loads(text) if text.lstrip().startswith(("{", "[")) else None
    except (OSError, EOFError, ValueError, RecursionError):
        return None
