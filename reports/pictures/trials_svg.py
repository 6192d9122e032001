"""Where optimisers' trials fell on a landscape: the stacked plane once an algorithm, the global basin in colour."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.reports.pictures.drawing import document, short_label, star, text
from hpowh.reports.pictures.map_svg import MARKED_GLOBAL, PATH_COLOURS
from hpowh.reports.pictures.png import png_bytes
from hpowh.reports.pictures.stacking import Stack, shades

PANEL, GAP, HEAD, COLUMNS = 470.0, 24.0, 46.0, 2
LEAST_HEIGHT, MOST_HEIGHT = 90.0, 330.0
SHADES = 120
"""Steps of each of the two colour scales: together they make a paletted picture."""
SIZES = ((1, 4.0), (2, 6.0), (5, 9.0))
"""From so many evaluations of a configuration on, a dot is so wide."""
GREY, GOLD = ((118, 124, 130), (243, 244, 245)), ((224, 150, 20), (255, 236, 190))
"""Best and worst of all other configurations, and of the global basin."""


@dataclass(frozen=True)
class Panel:
    """One algorithm's trials."""

    label: str
    caption: str
    ranks: NDArray[np.int64]
    """Configurations that were evaluated, each once."""
    counts: NDArray[np.int64]
    """How often."""
    colour: str = ""


def draw_trials(
    surface: Surface, stack: Stack, in_global_basin: NDArray[np.bool_], panels: Sequence[Panel], *, title: str,
    name: str = "trials",
) -> str:  # fmt: skip
    """Return an SVG document with the same plane once a panel and the panel's trials as dots on it.

    Args:
        in_global_basin: per configuration of the surface, whether descent from it ends in a global optimum.
        panels: one an algorithm.
        name: begins the ids inside.
    """
    high = float(np.clip(PANEL * stack.height / stack.width, LEAST_HEIGHT, MOST_HEIGHT))
    cell, tall = PANEL / stack.width, high / stack.height
    data = b64encode(png_bytes(_pixels(surface, stack, in_global_basin))).decode("ascii")
    parts = [
        f'<defs><image id="{name}-cells" width="{PANEL:g}" height="{high:.1f}" preserveAspectRatio="none" '
        f'style="image-rendering:pixelated" href="data:image/png;base64,{data}"/></defs>'
    ]
    columns = min(COLUMNS, max(1, len(panels)))
    for index, panel in enumerate(panels):
        left = 12 + (index % columns) * (PANEL + GAP)
        top = 12 + (index // columns) * (high + HEAD + GAP)
        parts += [
            text(left, top + 14, short_label(panel.label, 40), size=14, bold=True),
            text(left, top + 33, panel.caption, size=12, muted=True),
            f'<use href="#{name}-cells" x="{left:.1f}" y="{top + HEAD:.1f}"/>',
            f'<rect x="{left:.1f}" y="{top + HEAD:.1f}" width="{PANEL:g}" height="{high:.1f}" fill="none" '
            f'stroke="#6b747c" stroke-width="0.8"/>',
        ]
        colour = panel.colour or PATH_COLOURS[index % len(PATH_COLOURS)]
        parts += _dots(stack, panel, colour, left, top + HEAD, cell, tall)
        for rank in surface.ranks[surface.optima][:MARKED_GLOBAL].tolist():
            x, y = stack.place(np.array([rank]))
            parts.append(star(left + (float(x[0]) + 0.5) * cell, top + HEAD + (float(y[0]) + 0.5) * tall, 5.0))
    rows = -(-len(panels) // columns)
    bottom = 12 + rows * (high + HEAD + GAP)
    parts += _legend(bottom)
    return document(24 + columns * PANEL + (columns - 1) * GAP, bottom + 52, title, parts, least_width=600)


def _pixels(surface: Surface, stack: Stack, inside: NDArray[np.bool_]) -> NDArray[np.uint8]:
    plane = shades(surface, stack)
    column, row = stack.place(surface.ranks)
    basin = np.zeros(plane.shape, dtype=bool)
    basin[row, column] = inside
    holes = np.isnan(plane)
    part = np.round(np.where(holes, 0.0, plane) * SHADES)[..., None] / SHADES
    pixels = np.empty((*plane.shape, 4), dtype=np.uint8)
    for mask, (best, worst) in ((~basin, GREY), (basin, GOLD)):
        mixed = np.array(best) * (1 - part) + np.array(worst) * part
        pixels[..., :3] = np.where(mask[..., None], np.round(mixed), pixels[..., :3])
    pixels[..., 3] = np.where(holes, 0, 255)
    return pixels


def _dots(stack: Stack, panel: Panel, colour: str, left: float, top: float, cell: float, tall: float) -> list[str]:
    """Draw dots as round ends of strokes of no length, one path a size: a tenth of the bytes of circles."""
    column, row = stack.place(panel.ranks)
    x, y = left + (column + 0.5) * cell, top + (row + 0.5) * tall
    parts = []
    for index, (least, width) in enumerate(SIZES):
        most = SIZES[index + 1][0] if index + 1 < len(SIZES) else np.inf
        mine = np.flatnonzero((panel.counts >= least) & (panel.counts < most))
        if not mine.size:
            continue
        way = "".join(f"M{a:.1f} {b:.1f}h0" for a, b in zip(x[mine], y[mine], strict=True))
        parts += [
            f'<path d="{way}" stroke="{stroke}" stroke-width="{width + more:g}" stroke-linecap="round" fill="none"/>'
            for stroke, more in (("#fff", 1.6), (colour, 0.0))
        ]
    return parts


def _legend(top: float) -> list[str]:
    gold, grey = ("rgb({},{},{})".format(*pair[0]) for pair in (GOLD, GREY))
    return [
        f'<rect x="12" y="{top:.1f}" width="14" height="14" fill="{gold}"/>',
        text(32, top + 12, "basin of a global optimum"),
        f'<rect x="212" y="{top:.1f}" width="14" height="14" fill="{grey}"/>',
        text(232, top + 12, "other basins (dark: good, light: bad)"),
        star(492, top + 7, 6),
        text(506, top + 12, "global optimum"),
        text(
            12,
            top + 34,
            "A dot is an evaluated configuration; larger ones were evaluated twice or more, five times or more.",
        ),
    ]
