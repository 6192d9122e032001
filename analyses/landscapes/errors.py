"""What a landscape cannot be computed from."""

from __future__ import annotations

from hpowh.analyses.refusal import RefusalError


class LandscapeError(RefusalError):
    """The input is no landscape."""


class TooLargeError(LandscapeError):
    """The grid or its graph would not fit into memory; says its size and the way out."""
