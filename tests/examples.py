"""How many examples a property is tried on."""

from __future__ import annotations

import os


def few(count: int) -> int:
    """Return how many examples a costly property has: two fifths; all with `HPOWH_EXAMPLES=all` (`make test-all`)."""
    return count if os.environ.get("HPOWH_EXAMPLES") == "all" else -(-2 * count // 5)
