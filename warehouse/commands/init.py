"""`hpowh init`."""

from __future__ import annotations

import json

from hpowh.warehouse.console import JsonOption, WaitOption, WarehouseOption, note


def init(warehouse: WarehouseOption = None, wait: WaitOption = 0.0, as_json: JsonOption = False) -> None:
    """Create a warehouse, or upgrade an older one in place (a backup is kept)."""
    from hpowh.warehouse.migrate import initialise
    from hpowh.warehouse.revisions import newest_revision
    from hpowh.warehouse.store import default_path

    path = warehouse or default_path()
    done, backup = initialise(path, wait=wait)
    revision = newest_revision()
    if as_json:
        kept = str(backup) if backup else None
        print(json.dumps({"warehouse": str(path), "done": done, "revision": revision, "backup": kept}))
        return
    sentences = {
        "created": f"Created the warehouse {path}.",
        "upgraded": f"Upgraded {path} to revision {revision}; the old one is kept as {backup}.",
        "unchanged": f"{path} is up to date (revision {revision}).",
    }
    note(sentences[done])
