"""Series colours that stay apart in colour blindness, in light and dark, with line styles that stay apart in grey."""

from __future__ import annotations

from collections.abc import Sequence

LIGHT = ("#0072b2", "#d55e00", "#00806a", "#b5568c", "#a67c00", "#6a51a3", "#555b61", "#8c3b3b")
DARK = ("#5bb0e6", "#f58a4b", "#3cc9a3", "#e59cc4", "#e3b94b", "#a996e0", "#c9cdd1", "#e08a8a")
"""After Okabe and Ito (2008), each darkened or lightened to a contrast of at least 3 to 1 against its background."""
DASHES = ("solid", "8px,3px", "3px,3px", "10px,3px,3px,3px")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "star", "x")


class Colours:
    """The look of each algorithm, by its position among all algorithms of the warehouse."""

    def __init__(self, names: Sequence[str]) -> None:
        self._position = {name: index for index, name in enumerate(names)}

    def token(self, name: str, opacity: float | None = None) -> str:
        """Return the colour token of an algorithm, such as `@2` or `@2/0.2`; unknown names take the first."""
        token = f"@{self._position.get(name, 0) % len(LIGHT)}"
        return token if opacity is None else f"{token}/{opacity:g}"

    def dash(self, name: str) -> str:
        """Return the line style of an algorithm."""
        index = self._position.get(name, 0)
        return DASHES[(index + index // len(LIGHT)) % len(DASHES)]

    def symbol(self, name: str) -> str:
        """Return the marker symbol of an algorithm."""
        index = self._position.get(name, 0)
        return SYMBOLS[(index + index // len(LIGHT)) % len(SYMBOLS)]
