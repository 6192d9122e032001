"""The demo's evaluated grid: evaluate its spec, load what was found, analyse its landscapes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hpowh.analyses.evaluate.job import Evaluated
    from hpowh.warehouse import Warehouse


def evaluate_and_analyse(
    spec: Path, folder: Path, store: Warehouse, progress: Callable[[str, float | None], None]
) -> Evaluated:
    """Evaluate a spec, load what was found and analyse its landscapes; what is there already is left alone.

    Args:
        progress: called with a sentence and the share that is done.
    """
    from hpowh.analyses.evaluate.job import evaluate, load_into, prepare
    from hpowh.analyses.evaluate.progress import progress_text
    from hpowh.analyses.landscapes.job import Selection, analyse

    prepared = prepare(spec)
    found = evaluate(
        prepared, folder, progress=lambda state: progress(progress_text(state), state.done / max(1, state.total))
    )
    progress("ingest", None)
    load_into(store, folder, prepared.plan.name, progress)
    for number in range(len(prepared.plan.models)):
        space = prepared.plan.space_name(number)
        progress(f"landscapes of {space}", None)
        for split in ("train", "test"):
            analyse(store, Selection(space=space, metric="all", split=split))
    return found
