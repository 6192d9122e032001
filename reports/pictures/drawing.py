"""Small makers of SVG for the landscapes' own pictures.

Every picture is a document of its own and a part of a page: colours stand as attributes, and classes let a page's
style (light, dark, print) have its say over texts, lines and the ground.
"""

from __future__ import annotations

import math
from contextlib import suppress

from hpowh.reports import svg
from hpowh.reports.names import shorten, visible

LETTER, WIDE, NARROW = 0.66, 0.98, 0.4
"""Widths of characters as shares of the font's size: those of DejaVu Sans, the widest of the usual system fonts."""


def short_label(name: str, limit: int) -> str:
    """Return a name of at most `limit` characters: longer numbers are rounded, other names lose their middle."""
    shown = visible(name)
    with suppress(ValueError):
        number = f"{float(shown):.3g}"
        if len(number) <= limit < len(shown):
            return number
    return shorten(shown, limit)


def text(
    x: float, y: float, content: str, *, size: float = 12, anchor: str = "start", muted: bool = False,
    bold: bool = False, turned: bool = False,
) -> str:  # fmt: skip
    """Return a text; `turned` reads upwards."""
    return svg.element(
        "text",
        svg.words(content),
        x=f"{x:.1f}",
        y=f"{y:.1f}",
        font_size=f"{size:g}",
        text_anchor=anchor,
        class_="svg-muted" if muted else "svg-text",
        fill="#555" if muted else "#1d2329",
        font_weight="600" if bold else None,
        transform=f"rotate(-90 {x:.1f} {y:.1f})" if turned else None,
    )


def width_of(content: str, size: float = 12) -> float:
    """Return about how wide a text is: wide letters, narrow ones and the rest are told apart."""
    return (
        sum(WIDE if char in "mwMW@%" else NARROW if char in "fijlrtI.,:;|!'()[] " else LETTER for char in content)
        * size
    )


def line(x1: float, y1: float, x2: float, y2: float, *, width: float = 1.0) -> str:
    """Return a thin line in the page's line colour."""
    place = f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"
    return svg.element("path", d=place, class_="svg-tick", stroke="#9aa3ab", stroke_width=f"{width:g}", fill="none")


def star(x: float, y: float, size: float = 7.0, title: str = "") -> str:
    """Return a five-pointed star, for a global optimum."""
    corners = []
    for point in range(10):
        radius = size if point % 2 == 0 else 0.45 * size
        angle = math.pi * (point / 5 - 0.5)
        corners.append(f"{x + radius * math.cos(angle):.1f} {y + radius * math.sin(angle):.1f}")
    style = {"fill": "#e4572e", "stroke": "#fff", "stroke_width": "1.2", "stroke_linejoin": "round"}
    return svg.element("path", svg.tooltip(title), d=f"M{'L'.join(corners)}z", **style)


def ring(x: float, y: float, title: str = "") -> str:
    """Return a ring on a white one, for a local optimum: it is seen on dark and on bright ground."""
    place = {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "4"}
    under = svg.element("circle", **place, stroke="#fff", stroke_width="3")
    over = svg.element("circle", svg.tooltip(title), **place, stroke="#e4572e", stroke_width="1.6")
    return svg.element("g", under + over, fill="none")


def document(width: float, height: float, title: str, parts: list[str], *, least_width: int = 0) -> str:
    """Return a whole picture that takes the width it is given, but no less than `least_width` pixels."""
    ground = svg.element("rect", width="100%", height="100%", class_="svg-surface", fill="#fff")
    whole = svg.document(
        [svg.element("title", svg.words(title)), ground, *parts],
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        role="img",
        style=f"width:100%;height:auto;min-width:{least_width}px",
        font_family="system-ui, sans-serif",
    )
    return whole + "\n"
