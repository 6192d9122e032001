"""Draw the small landscapes that graphfla is asked about: losses over every configuration, in the order of the ranks.

`rugged`: no two losses are equal, ordinal and categorical hyperparameters mixed. `binary`: six of two levels, also
without ties. `smooth`: a bowl with a little noise on three ordinal ones. `plateaus`: losses of six values only.
`flat`: nearly all the same.
"""

from __future__ import annotations

from itertools import product
from random import Random


def landscapes() -> dict[str, tuple[tuple[int, ...], tuple[bool, ...], list[float]]]:
    """Return name -> (levels, which hyperparameters are ordinal, losses)."""
    random = Random(20)
    mixed = ((4, 3, 5, 2), (True, False, True, False))
    cells = list(product(*(range(size) for size in (6, 5, 7))))
    bowl = [0.02 * ((a - 2) ** 2 + (b - 1) ** 2 + (c - 5) ** 2) + 0.01 * random.random() for a, b, c in cells]
    return {
        "rugged": (*mixed, [round(random.random(), 6) for _ in range(120)]),
        "binary": ((2,) * 6, (False,) * 6, [round(random.random(), 6) for _ in range(64)]),
        "smooth": ((6, 5, 7), (True, True, True), [round(loss, 6) for loss in bowl]),
        "plateaus": (*mixed, [random.randrange(6) / 8 for _ in range(120)]),
        "flat": ((5, 5, 3), (True, True, False), [0.5 if random.random() < 0.8 else 0.25 for _ in range(75)]),
    }
