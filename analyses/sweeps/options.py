"""What a reader may choose of a sweep's analysis."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """How many trials count as the best, and how far suggestions may leave the space."""

    best: float = 0.1
    """Share of the trials."""
    beyond: float = 0.0
    """Share of its width by which the range of a number is widened at either end; 0 stays inside."""
    step: int | None = None
    """Values are those at this step of the trials; None: final ones, or where fewer than ten trials have one, those at
    the largest step that ten trials reached."""

    as_published: bool = False
    """Whether the analysis as it is commonly published is stored beside the own one."""

    def __post_init__(self) -> None:
        if not 0 < self.best <= 0.5:
            raise ValueError(f"best is {self.best:g}; it must be above 0 and at most 0.5")
        if not 0 <= self.beyond <= 1:
            raise ValueError(f"beyond is {self.beyond:g}; it must lie between 0 and 1")


DEFAULT = Options()
