"""How far an evaluation is, in a line for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpowh.analyses.wording import percent

if TYPE_CHECKING:
    from hpowh.analyses.evaluate.parts.working import PartState
    from hpowh.analyses.evaluate.session import Progress


def progress_text(state: Progress) -> str:
    """Return one line: how much is done, how long the rest will take, what went wrong."""
    share = state.done / state.total if state.total else 1.0
    left = "" if state.remaining_seconds is None else f", about {duration(state.remaining_seconds)} left"
    bad = ", ".join(f"{count:,} {status}" for status, count in sorted(state.statuses.items()) if status != "ok")
    return f"{state.done:,} of {state.total:,} ({percent(share)}){left}{f' ({bad})' if bad else ''}"


def part_text(state: PartState) -> str:
    """Return one line on one part: what it has done, how long its share will take, what went wrong."""
    left = "" if state.remaining_seconds is None else f", about {duration(state.remaining_seconds)} left"
    where = f" of {state.share:,} of its share{left}" if state.done <= state.share and not state.helped else ", helping"
    bad = ", ".join(f"{count:,} {status}" for status, count in sorted(state.statuses.items()) if status != "ok")
    return f"{state.done:,}{where}{f' ({bad})' if bad else ''}"


def duration(seconds: float) -> str:
    """Write seconds for a person."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
