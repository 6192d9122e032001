"""Small makers of SVG for the landscapes' own pictures.

Every picture is a document of its own and a part of a page: colours stand as attributes, and classes let a page's
style (light, dark, print) have its say over texts, lines and the ground.
"""

from __future__ import annotations

import math
import unicodedata
from contextlib import suppress
from html import escape

from hpowh.reports.names import shorten

LETTER, WIDE, NARROW = 0.66, 0.98, 0.4
"""Widths of characters as shares of the font's size: those of DejaVu Sans, the widest of the usual system fonts."""


def clean(name: str) -> str:
    """Return a name as text that XML allows: control and direction-changing characters become a replacement."""
    kept = ("\ufffd" if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn") else char for char in name)
    return "".join(kept)


def short_label(name: str, limit: int) -> str:
    """Return a clean name of at most `limit` characters: longer numbers are rounded, other names lose their middle."""
    shown = clean(name)
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
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    weight = ' font-weight="600"' if bold else ""
    colour = 'class="svg-muted" fill="#555"' if muted else 'class="svg-text" fill="#1d2329"'
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" {colour}{weight}{turn}>'
        f"{escape(clean(content))}</text>"
    )


def width_of(content: str, size: float = 12) -> float:
    """Return about how wide a text is: wide letters, narrow ones and the rest are told apart."""
    return (
        sum(WIDE if char in "mwMW@%" else NARROW if char in "fijlrtI.,:;|!'()[] " else LETTER for char in content)
        * size
    )


def line(x1: float, y1: float, x2: float, y2: float, *, width: float = 1.0) -> str:
    """Return a thin line in the page's line colour."""
    return (
        f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" class="svg-tick" stroke="#9aa3ab" stroke-width="{width:g}" '
        f'fill="none"/>'
    )


def star(x: float, y: float, size: float = 7.0, title: str = "") -> str:
    """Return a five-pointed star, for a global optimum."""
    corners = []
    for point in range(10):
        radius = size if point % 2 == 0 else 0.45 * size
        angle = math.pi * (point / 5 - 0.5)
        corners.append(f"{x + radius * math.cos(angle):.1f} {y + radius * math.sin(angle):.1f}")
    return (
        f'<path d="M{"L".join(corners)}z" fill="#e4572e" stroke="#fff" stroke-width="1.2" '
        f'stroke-linejoin="round">{_title(title)}</path>'
    )


def ring(x: float, y: float, title: str = "") -> str:
    """Return a ring on a white one, for a local optimum: it is seen on dark and on bright ground."""
    return (
        f'<g fill="none"><circle cx="{x:.1f}" cy="{y:.1f}" r="4" stroke="#fff" stroke-width="3"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" stroke="#e4572e" stroke-width="1.6">{_title(title)}</circle></g>'
    )


def _title(content: str) -> str:
    return f"<title>{escape(clean(content))}</title>" if content else ""


def document(width: float, height: float, title: str, parts: list[str], *, least_width: int = 0) -> str:
    """Return a whole picture that takes the width it is given, but no less than `least_width` pixels."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'style="width:100%;height:auto;min-width:{least_width}px" font-family="system-ui, sans-serif">'
        f"<title>{escape(clean(title))}</title>"
        f'<rect width="100%" height="100%" class="svg-surface" fill="#fff"/>{"".join(parts)}</svg>\n'
    )
