"""What an evaluation cannot be started from."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from hpowh.analyses.refusal import RefusalError


class SpecError(RefusalError):
    """The spec or its data cannot be evaluated."""


def nearest(word: str, known: Iterable[str], most: int = 12) -> str:
    """Return a sentence that names the known words nearest to `word`, or all of them where there are few."""
    names = sorted(known)
    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(name.lower(), name)
    close = get_close_matches(word.lower(), list(folded), n=3, cutoff=0.6)
    if close:
        return f"Did you mean {' or '.join(folded[name] for name in close)}?"
    shown = ", ".join(names[:most])
    return f"There is: {shown}{', …' if len(names) > most else ''}."
