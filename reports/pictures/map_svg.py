"""The dimensional stacking map as one self-contained SVG document, with labelled axes and a key to the stacking."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.reports import svg
from hpowh.reports.pictures.drawing import document, ring, short_label, star, text, width_of
from hpowh.reports.pictures.map_axes import Labels, above, beside, level_labels, space_above, space_beside, strips
from hpowh.reports.pictures.png import png_bytes
from hpowh.reports.pictures.stacking import Stack, borders, colours, path_points, segments, shades, stack_axes

PLANE_WIDTH, LEAST_HEIGHT, MOST_HEIGHT = 860.0, 130.0, 720.0
RIGHT, TITLE = 16.0, 34.0
KEY_WIDTH, KEY_HEIGHT = 400.0, 190.0
MARKED_OPTIMA = 40
MARKED_GLOBAL = 100
STOPS = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")
PATH_COLOURS = ("#0072b2", "#d55e00", "#00806a", "#b5568c", "#a67c00", "#6a51a3", "#555b61", "#8c3b3b")


@dataclass(frozen=True)
class RunPath:
    """The way of one run's incumbent."""

    label: str
    ranks: tuple[int, ...]
    colour: str = ""
    """By default one of `PATH_COLOURS`, by its place among the paths."""


@dataclass(frozen=True)
class Plane:
    """Where cells lie in the picture."""

    left: float
    top: float
    cell: float
    high: float
    """Pixels of a cell across and down."""

    def at(self, column: float, row: float) -> tuple[float, float]:
        """Return the pixels of a place given in cells."""
        return self.left + column * self.cell, self.top + row * self.high


def draw_map(
    surface: Surface,
    *,
    title: str,
    importance: Sequence[float] | None = None,
    labels: Labels | None = None,
    optima: Sequence[int] = (),
    paths: Sequence[RunPath] = (),
    name: str = "map",
) -> str:
    """Return an SVG document of the landscape: colour is the rank of the loss, dark is good, holes stay empty.

    Args:
        title: shown above and read out by screen readers.
        importance: one number per axis of the space; decides the nesting.
        labels: level labels by position of the hyperparameter; levels are numbered without.
        optima: configuration ranks of local optima, the best first; the first `MARKED_OPTIMA` are marked.
        paths: incumbents of runs.
        name: begins the ids inside, so that two pictures can stand on one page.

    Raises:
        LandscapeError: the grid has more cells than a picture can show.
    """
    stack = stack_axes(surface.space, importance)
    labels = labels or {}
    plane_height = float(np.clip(PLANE_WIDTH * stack.height / stack.width, LEAST_HEIGHT, MOST_HEIGHT))
    across, fine_across = strips(surface.space, stack.across, labels, PLANE_WIDTH, is_across=True)
    down, fine_down = strips(surface.space, stack.down, labels, plane_height, is_across=False)
    names = max((width_of(strip.name, 11) + 14 for strip in across), default=0.0)
    left = max(space_beside(down), names, 16.0) + 4
    top = TITLE + space_above(across) + 6
    plane = Plane(left, top, PLANE_WIDTH / stack.width, plane_height / stack.height)
    parts = [_picture(surface, stack, name), _window(stack, name, plane, (0, 0, stack.width, stack.height))]
    parts += _grid_lines(stack, plane, plane_height)
    parts += [*above(across, left, top), *beside(down, left, top)]
    known = set(surface.ranks[surface.optima].tolist())
    local = [rank for rank in optima if rank not in known][:MARKED_OPTIMA]
    goal = "global optimum" if optima or surface.is_complete else "best configuration evaluated"
    parts += _marks(surface, stack, plane, local, goal)
    parts += draw_paths(stack, plane, paths)
    below = top + plane_height
    legend, depth = _legend(stack, left, below, (goal, len(known)), len(local), paths, name)
    parts += legend
    key, bottom = _key(surface, stack, labels, left, below + 22, name, is_needed=bool(fine_across or fine_down))
    parts += key
    parts.append(text(12, 22, short_label(title, 110), size=15, bold=True))
    width, height = left + PLANE_WIDTH + RIGHT, max(below + depth, bottom) + 12
    return document(width, height, title, parts, least_width=680)


def _picture(surface: Surface, stack: Stack, name: str) -> str:
    """Return the pixels, once, in units of cells; windows show all of them or a part."""
    data = b64encode(png_bytes(colours(shades(surface, stack)))).decode("ascii")
    return (
        f'<defs><image id="{name}-cells" width="{stack.width}" height="{stack.height}" preserveAspectRatio="none" '
        f'style="image-rendering:pixelated" href="data:image/png;base64,{data}"/></defs>'
    )


def _window(stack: Stack, name: str, plane: Plane, cells: tuple[int, int, int, int]) -> str:
    """Show the cells (column, row, columns, rows) with the plane's corner as theirs."""
    column, row, columns, rows = cells
    place = (
        f'x="{plane.left:.2f}" y="{plane.top:.2f}" width="{columns * plane.cell:.2f}" height="{rows * plane.high:.2f}"'
    )
    return (
        f'<svg {place} viewBox="{column} {row} {columns} {rows}" preserveAspectRatio="none">'
        f'<use href="#{name}-cells"/></svg><rect {place} fill="none" stroke="#6b747c" stroke-width="0.8"/>'
    )


def _grid_lines(stack: Stack, plane: Plane, plane_height: float) -> list[str]:
    lines = []
    for position, depth in borders(stack, stack.across):
        x = plane.left + position * plane.cell
        lines.append(_border(x, plane.top, x, plane.top + plane_height, depth))
    for position, depth in borders(stack, stack.down):
        y = plane.top + position * plane.high
        lines.append(_border(plane.left, y, plane.left + PLANE_WIDTH, y, depth))
    return lines


def _border(x1: float, y1: float, x2: float, y2: float, depth: int) -> str:
    width = 1.6 if depth == 0 else 0.5
    return f'<path d="M{x1:.2f} {y1:.2f}L{x2:.2f} {y2:.2f}" stroke="#fff" stroke-width="{width}"/>'


def _marks(surface: Surface, stack: Stack, plane: Plane, local: Sequence[int], goal: str) -> list[str]:
    """Draw local optima as rings and the best configurations, which are called `goal`, as stars of two triangles."""
    best = surface.ranks[surface.optima][:MARKED_GLOBAL].tolist()
    marks = []
    for rank, is_best in [*((rank, False) for rank in local), *((rank, True) for rank in best)]:
        column, row = stack.place(np.array([rank]))
        x, y = plane.at(float(column[0]) + 0.5, float(row[0]) + 0.5)
        if is_best:
            marks.append(star(x, y, title=f"configuration {rank}, {goal}"))
        else:
            marks.append(ring(x, y, title=f"configuration {rank}, local optimum"))
    return marks


def draw_paths(stack: Stack, plane: Plane, paths: Sequence[RunPath]) -> list[str]:
    """Draw each incumbent's way from trial to trial, its end as a numbered disc."""
    drawn, ends = [], []
    for index, path in enumerate(paths):
        if not path.ranks:
            continue
        points = [plane.at(x, y) for x, y in path_points(stack, path.ranks)]
        colour = _colour(path, index)
        # A pale line beneath: the path is seen on dark and on bright cells.
        for stroke, width in (("#fff", 4.0), (colour, 2.0)):
            drawn += [
                f'<path d="M{a[0]:.1f} {a[1]:.1f}L{b[0]:.1f} {b[1]:.1f}" stroke="{stroke}" stroke-width="{width}" '
                f'stroke-linecap="round" fill="none"/>'
                for a, b in segments(points)
            ]
        drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{colour}" stroke="#fff"/>' for x, y in points[:-1]]
        ends.append(_disc(*points[-1], str(index + 1), colour, f"end of {path.label}"))
    return [*drawn, *ends]


def _colour(path: RunPath, index: int) -> str:
    return path.colour or PATH_COLOURS[index % len(PATH_COLOURS)]


def _disc(x: float, y: float, content: str, colour: str, title: str = "") -> str:
    disc = svg.element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="7.5", fill=colour, stroke="#fff", stroke_width="1.4")
    label = svg.element(
        "text",
        svg.words(content),
        x=f"{x:.1f}",
        y=f"{y + 3.8:.1f}",
        font_size="10.5",
        font_weight="700",
        text_anchor="middle",
        fill="#fff",
    )
    return svg.element("g", svg.element("title", svg.words(title)) + disc + label)


def _legend(
    stack: Stack, left: float, below: float, best: tuple[str, int], local_count: int, paths: Sequence[RunPath],
    name: str,
) -> tuple[list[str], float]:  # fmt: skip
    """Return the colour scale, the marks and the paths, and how far down they reach."""
    x, y = left + KEY_WIDTH + 130, below + 22
    goal, global_count = best
    stops = "".join(f'<stop offset="{i * 25}%" stop-color="{colour}"/>' for i, colour in enumerate(STOPS))
    parts = [
        f'<defs><linearGradient id="{name}-scale">{stops}</linearGradient></defs>',
        text(x, y + 4, "Rank of the loss", bold=True),
        f'<rect x="{x:.1f}" y="{y + 12:.1f}" width="200" height="12" fill="url(#{name}-scale)"/>',
        text(x, y + 38, "best", muted=True),
        text(x + 200, y + 38, "worst", anchor="end", muted=True),
    ]
    y += 60
    shown = f", {MARKED_GLOBAL} of {global_count:,} drawn" if global_count > MARKED_GLOBAL else ""
    entries = [(star(x + 8, y, 7), f"{goal}{shown}")]
    if local_count:
        words = f"one of the {local_count} best other local optima" if local_count > 1 else "another local optimum"
        entries.append((ring(x + 8, y + 22), words))
    for index, path in enumerate(paths):
        if path.ranks:
            at = y + 22 * len(entries)
            entries.append(
                (_disc(x + 8, at, str(index + 1), _colour(path, index)), f"incumbent of {short_label(path.label, 34)}")
            )
    for index, (mark, words) in enumerate(entries):
        parts += [mark, text(x + 24, y + 22 * index + 4, words)]
    return parts, y - below + 22 * len(entries)


def _key(
    surface: Surface, stack: Stack, labels: Labels, left: float, top: float, name: str, *, is_needed: bool
) -> tuple[list[str], float]:
    """Return what explains the stacking: one outer block magnified with its inner axes labelled, and the bottom.

    The block is the one in which the best configuration lies, so that the key shows something worth seeing. Where the
    map's own axes have room for all labels, no block is needed.
    """
    inner = (stack.across[1:], stack.down[1:])
    parts = [text(left, top + 4, "How it is stacked", bold=True)]
    y = top + 22
    for words in _sentences(stack, labels):
        for piece in _wrapped(words, 74):
            parts.append(text(left, y, piece, size=11.5, muted=True))
            y += 16
    if not is_needed or not any(inner):
        return parts, y
    space = stack.space
    wide = stack.width // (space.shape[stack.across[0]] if stack.across else 1)
    tall = stack.height // (space.shape[stack.down[0]] if stack.down else 1)
    best = surface.ranks[surface.optima[:1]]
    column, row = (int(one[0]) for one in stack.place(best))
    width = KEY_WIDTH
    height = float(np.clip(width * tall / wide, 44.0, KEY_HEIGHT))
    across, rest_across = strips(space, inner[0], labels, width, is_across=True)
    down, rest_down = strips(space, inner[1], labels, height, is_across=False)
    names = max((width_of(strip.name, 11) + 14 for strip in across), default=0.0)
    corner = max(left, 8 + max(space_beside(down), names))
    y += 12
    parts.append(text(left, y, f"The block with the best configuration ({_where(stack, labels, best)}):", size=11.5))
    y += space_above(across) + 10
    plane = Plane(corner, y, width / wide, height / tall)
    parts.append(_window(stack, name, plane, (column // wide * wide, row // tall * tall, wide, tall)))
    parts += [*above(across, corner, y), *beside(down, corner, y)]
    y += height + 16
    for axis in (*rest_across, *rest_down):
        levels = ", ".join(level_labels(space, axis, labels)[:12]) + (", \u2026" if space.shape[axis] > 12 else "")
        way = "left to right" if axis in rest_across else "top to bottom"
        for words in _wrapped(f"{short_label(space.names[axis], 30)}, innermost, {way}: {levels}", 80):
            parts.append(text(left, y, words, size=11, muted=True))
            y += 15
    return parts, y


def _sentences(stack: Stack, labels: Labels) -> list[str]:
    def nesting(axes: Sequence[int]) -> str:
        return " \u203a ".join(
            f"{short_label(stack.space.names[axis], 26)} ({stack.space.shape[axis]})" for axis in axes
        ) or "nothing"  # fmt: skip

    return [
        "Each cell is one configuration. From outside to inside, with the number of levels:",
        f"across: {nesting(stack.across)}",
        f"down: {nesting(stack.down)}",
    ]


def _where(stack: Stack, labels: Labels, rank: np.ndarray) -> str:
    outer = [axes[0] for axes in (stack.across, stack.down) if axes]
    return ", ".join(
        f"{short_label(stack.space.names[axis], 20)} = "
        f"{level_labels(stack.space, axis, labels)[int(stack.space.levels(rank, axis)[0])]}"
        for axis in outer
    )


def _wrapped(words: str, limit: int) -> list[str]:
    from textwrap import wrap

    return wrap(words, limit, break_long_words=True)
