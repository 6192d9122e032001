"""The labelled axes of a dimensional stacking map: one strip a hyperparameter, the outermost furthest away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hpowh.analyses.landscapes.grid.space import Space
from hpowh.reports.pictures.drawing import line, short_label, text, width_of

SIZE = 11.0
SHORT, LABEL, NAME = 8, 12, 22
"""Longest number and longest text as a level's label, and longest name of a hyperparameter, in characters."""
LEAST = 11.0
"""Smallest extent of a level, in pixels, that still takes a label."""

Labels = Mapping[int, Sequence[str]]
"""Position of a hyperparameter in the space -> its level labels in order."""


@dataclass(frozen=True, kw_only=True)
class Strip:
    """One hyperparameter's labels along the plane, repeated within every level of those outside it."""

    name: str
    levels: tuple[str, ...]
    repeats: int
    extent: float
    """Pixels of one level."""
    is_turned: bool
    """Across the plane: whether the labels read upwards, since they are wider than a level."""
    thickness: float


def level_labels(space: Space, axis: int, labels: Labels) -> tuple[str, ...]:
    """Return an axis's labels, shortened; the level's number where it has no label."""
    known = labels.get(space.axes[axis].position, ())
    for limit in (SHORT, LABEL):
        found = tuple(
            short_label(known[level], limit)
            if level < len(known) and _is_number(known[level])
            else short_label(known[level], LABEL)
            if level < len(known)
            else str(level)
            for level in range(space.shape[axis])
        )
        if len(set(found)) == len(found):
            break  # rounding kept them apart
    return found


def _is_number(label: str) -> bool:
    try:
        float(label)
    except ValueError:
        return False
    return True


def strips(
    space: Space, axes: Sequence[int], labels: Labels, length: float, *, is_across: bool
) -> tuple[list[Strip], list[int]]:
    """Return the strips of those axes, outermost first, whose labels can be read, and the axes that have none.

    Args:
        length: pixels of the plane in this direction.
    """
    found: list[Strip] = []
    repeats, extent = 1, length
    for index, axis in enumerate(axes):
        extent /= space.shape[axis]
        if extent < LEAST:
            return found, list(axes[index:])
        levels = level_labels(space, axis, labels)
        widest = max(width_of(label, SIZE) for label in levels)
        is_turned = is_across and widest > extent - 3
        thickness = widest + 8 if is_turned or not is_across else SIZE + 6
        found.append(
            Strip(
                name=short_label(space.names[axis], NAME),
                levels=levels,
                repeats=repeats,
                extent=extent,
                is_turned=is_turned,
                thickness=thickness,
            )
        )
        repeats *= space.shape[axis]
    return found, []


def above(found: Sequence[Strip], left: float, bottom: float) -> list[str]:
    """Draw strips above a plane whose top left corner is (`left`, `bottom`), names to the left."""
    parts, y = [], bottom
    for strip in reversed(found):
        middle = y - strip.thickness / 2
        parts.append(text(left - 8, middle + SIZE * 0.36, strip.name, size=SIZE, anchor="end", bold=True))
        count = strip.repeats * len(strip.levels)
        for index in range(count):
            x = left + (index + 0.5) * strip.extent
            label = strip.levels[index % len(strip.levels)]
            if strip.is_turned:
                parts.append(text(x + SIZE * 0.36, y - 4, label, size=SIZE, turned=True))
            else:
                parts.append(text(x, y - 5, label, size=SIZE, anchor="middle"))
        parts += [
            line(left + index * strip.extent, y, left + index * strip.extent, y - strip.thickness)
            for index in range(0, count + 1, len(strip.levels) if strip.extent < 16 else 1)
        ]
        y -= strip.thickness
    return parts


def beside(found: Sequence[Strip], right: float, top: float) -> list[str]:
    """Draw strips to the left of a plane whose top left corner is (`right`, `top`), names reading upwards."""
    parts, x = [], right
    for strip in reversed(found):
        count = strip.repeats * len(strip.levels)
        for index in range(count):
            y = top + (index + 0.5) * strip.extent
            label = strip.levels[index % len(strip.levels)]
            parts.append(text(x - 5, y + SIZE * 0.36, label, size=SIZE, anchor="end"))
        parts += [
            line(x, top + index * strip.extent, x - strip.thickness, top + index * strip.extent)
            for index in range(0, count + 1, len(strip.levels) if strip.extent < 16 else 1)
        ]
        x -= strip.thickness
        middle = top + count * strip.extent / 2
        parts.append(text(x - 3, middle, strip.name, size=SIZE, anchor="middle", bold=True, turned=True))
        x -= SIZE + 7
    return parts


def space_above(found: Sequence[Strip]) -> float:
    """Return how many pixels the strips above a plane take."""
    return sum(strip.thickness for strip in found)


def space_beside(found: Sequence[Strip]) -> float:
    """Return how many pixels the strips beside a plane take."""
    return sum(strip.thickness + SIZE + 7 for strip in found)
