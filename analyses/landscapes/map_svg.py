"""The dimensional stacking map as one self-contained SVG document."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape

import numpy as np

from hpowh.analyses.landscapes.png import png_bytes
from hpowh.analyses.landscapes.stacking import Stack, borders, colours, path_points, segments, shades, stack_axes
from hpowh.analyses.landscapes.surface import Surface

PLANE_WIDTH = 1120.0
LEFT, TOP, BOTTOM, RIGHT = 30.0, 64.0, 62.0, 24.0
MARKED_OPTIMA = 40


def draw_map(
    surface: Surface,
    *,
    title: str,
    importance: Sequence[float] | None = None,
    optima: Sequence[int] = (),
    path: Sequence[int] = (),
) -> str:
    """Return an SVG document of the landscape: colour is the rank of the loss, dark is good, holes stay empty.

    Args:
        title: shown above and read out by screen readers.
        importance: one number per axis of the space; decides the nesting.
        optima: configuration ranks of local optima, the best first; the first `MARKED_OPTIMA` are marked.
        path: configuration ranks of a run's successive incumbents.

    Raises:
        LandscapeError: the grid has more cells than a picture can show.
    """
    stack = stack_axes(surface.space, importance)
    cell = PLANE_WIDTH / stack.width
    high = min(max(cell, 160.0 / stack.height), 900.0 / stack.height)
    picture = b64encode(png_bytes(colours(shades(surface, stack)))).decode("ascii")
    width, height = LEFT + PLANE_WIDTH + RIGHT, TOP + high * stack.height + BOTTOM
    plane_height = high * stack.height
    body = [
        f'<image x="{LEFT}" y="{TOP}" width="{PLANE_WIDTH}" height="{plane_height:.2f}" '
        f'preserveAspectRatio="none" style="image-rendering:pixelated" href="data:image/png;base64,{picture}"/>',
        f'<rect x="{LEFT}" y="{TOP}" width="{PLANE_WIDTH}" height="{plane_height:.2f}" fill="none" stroke="#444"/>',
    ]
    body += _grid_lines(stack, cell, high, plane_height)
    body += _marks(surface, stack, optima, cell, high)
    body += _path(stack, path, cell, high)
    body += _words(stack, title, plane_height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'font-family="system-ui, sans-serif"><title>{escape(title)}</title>'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(body)}</svg>\n'
    )


def _grid_lines(stack: Stack, cell: float, high: float, plane_height: float) -> list[str]:
    lines = []
    for position, depth in borders(stack, stack.across):
        x = LEFT + position * cell
        lines.append(_line(x, TOP, x, TOP + plane_height, depth))
    for position, depth in borders(stack, stack.down):
        y = TOP + position * high
        lines.append(_line(LEFT, y, LEFT + PLANE_WIDTH, y, depth))
    return lines


def _line(x1: float, y1: float, x2: float, y2: float, depth: int) -> str:
    width = 1.4 if depth == 0 else 0.5
    return f'<path d="M{x1:.2f} {y1:.2f}L{x2:.2f} {y2:.2f}" stroke="#fff" stroke-width="{width}"/>'


def _marks(surface: Surface, stack: Stack, optima: Sequence[int], cell: float, high: float) -> list[str]:
    """Draw local optima as rings and the global optima as stars of two triangles."""
    marks = []
    best = set(surface.ranks[surface.optima][:MARKED_OPTIMA].tolist())
    chosen = [rank for rank in optima[:MARKED_OPTIMA] if rank not in best]
    for rank, is_best in [*((rank, False) for rank in chosen), *((rank, True) for rank in sorted(best))]:
        column, row = stack.place(np.array([rank]))
        x, y = LEFT + (float(column[0]) + 0.5) * cell, TOP + (float(row[0]) + 0.5) * high
        label = f"<title>configuration {rank}{', global optimum' if is_best else ', local optimum'}</title>"
        if is_best:
            marks.append(
                f'<path d="M{x:.1f} {y - 7:.1f}l6 10.5h-12zM{x:.1f} {y + 7:.1f}l6 -10.5h-12z" '
                f'fill="#e4572e" stroke="#fff">{label}</path>'
            )
        else:
            marks.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="none" stroke="#e4572e" '
                f'stroke-width="1.5">{label}</circle>'
            )
    return marks


def _path(stack: Stack, path: Sequence[int], cell: float, high: float) -> list[str]:
    """Draw the incumbent's way from trial to trial, its end as a filled dot."""
    if not path:
        return []
    points = [(LEFT + x * cell, TOP + y * high) for x, y in path_points(stack, path)]
    drawn = [
        f'<path d="M{a[0]:.1f} {a[1]:.1f}L{b[0]:.1f} {b[1]:.1f}" stroke="{colour}" stroke-width="{width}" '
        f'stroke-dasharray="{dash}" fill="none"/>'
        # A pale line beneath the dashes: the path is seen on dark and on bright cells.
        for colour, width, dash in (("#fff", 3, "none"), ("#111", 1.6, "5 3"))
        for a, b in segments(points)
    ]
    x, y = points[-1]
    drawn.append(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="#111" stroke="#fff"><title>end of the run</title></circle>'
    )
    return drawn


def _words(stack: Stack, title: str, plane_height: float) -> list[str]:
    def nesting(axes: Sequence[int]) -> str:
        return (
            " › ".join(escape(f"{stack.space.names[axis]} ({stack.space.shape[axis]})") for axis in axes) or "nothing"
        )

    below = TOP + plane_height
    gradient = "".join(
        f'<stop offset="{i * 25}%" stop-color="{colour}"/>'
        for i, colour in enumerate(("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"))
    )
    return [
        f'<text x="{LEFT}" y="26" font-size="18" font-weight="600">{escape(title)}</text>',
        f'<text x="{LEFT}" y="48" font-size="12" fill="#444">across, outside to inside: {nesting(stack.across)}; '
        f"down: {nesting(stack.down)}</text>",
        f'<defs><linearGradient id="scale">{gradient}</linearGradient></defs>',
        f'<rect x="{LEFT}" y="{below + 16:.1f}" width="220" height="12" fill="url(#scale)"/>',
        f'<text x="{LEFT}" y="{below + 44:.1f}" font-size="12" fill="#444">best</text>',
        f'<text x="{LEFT + 220}" y="{below + 44:.1f}" font-size="12" fill="#444" text-anchor="end">worst (rank)</text>',
        f'<text x="{LEFT + 260}" y="{below + 27:.1f}" font-size="12" fill="#444">star: global optimum; '
        "ring: local optimum; dashed line: the run's incumbents, dot: its end</text>",
    ]
