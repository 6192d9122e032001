"""SVG as text: the elements of all pictures, whose attributes and texts may hold any name.

Charts of pages, pictures of landscapes and drawings for papers differ in what they draw and in which style; what an
element is, how a text is made safe and how a document begins, is here.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from hpowh.reports.names import visible


def element(name: str, inside: str | None = None, /, **attributes: object) -> str:
    """Return an element around what is `inside` (SVG itself), or one that is empty.

    Args:
        attributes: underscores become hyphens, `class_` becomes `class`; floats have at most two places, texts stay as
            they are, and what is None is left out.
    """
    parts = [name]
    for key, value in attributes.items():
        if value is not None:
            text = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
            parts.append(f'{key.rstrip("_").replace("_", "-")}="{escape(text, quote=True)}"')
    opening = " ".join(parts)
    return f"<{opening}/>" if inside is None else f"<{opening}>{inside}</{name}>"


def words(content: str) -> str:
    """Return a text as SVG: what XML does not allow, or turns the direction of reading, is a replacement character."""
    return escape("".join("\ufffd" if ord(char) & 0xFFFE == 0xFFFE else char for char in visible(content)))


def tooltip(content: str) -> str:
    """Return the title of an element, or nothing where there is none to show."""
    return element("title", words(content)) if content else ""


def document(parts: Sequence[str], /, *, apart: str = "", **attributes: object) -> str:
    """Return a document that can stand alone or in a page; `apart` is put between its parts."""
    return element("svg", apart + apart.join(parts) + apart, **({"xmlns": "http://www.w3.org/2000/svg"} | attributes))
