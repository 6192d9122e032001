"""A sentence with its number in it, and the page where it can be seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Key = tuple[str, ...]
"""What names a page: its kind, then its subject."""


@dataclass(frozen=True)
class Finding:
    """One sentence of the overview, with its number in it, and where to look."""

    sentence: str
    key: Key
    """The page that shows it."""
    anchor: str = ""
    """The id of the figure or table on that page."""
    order: int = 0


def own(sentences: Iterable[str]) -> list[Finding]:
    """Return sentences as findings of the page that says them, which leads nowhere else."""
    return [Finding(sentence, ()) for sentence in sentences]
