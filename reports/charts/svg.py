"""Elements of charts that no library draws, in the style of a page: every text can be selected there."""

from __future__ import annotations

from hpowh.reports import svg


def text(x: float, y: float, content: str, **values: object) -> str:
    """Return a text element; `content` may be any name."""
    return svg.element("text", svg.words(content), x=x, y=y, **({"class_": "svg-text", "font_size": 13} | values))


def rect(x: float, y: float, width: float, height: float, *, title: str = "", **values: object) -> str:
    """Return a rectangle, with a tooltip where `title` is given."""
    return svg.element("rect", svg.tooltip(title), x=x, y=y, width=width, height=height, **values)


def line(x1: float, y1: float, x2: float, y2: float, **values: object) -> str:
    """Return a line."""
    return svg.element("line", x1=x1, y1=y1, x2=x2, y2=y2, **({"class_": "svg-line"} | values))


def document(width: float, height: float, parts: list[str]) -> str:
    """Return the whole drawing at its natural size; on a narrow page it scrolls inside its frame."""
    size = {"viewBox": f"0 0 {width:.0f} {height:.0f}", "width": f"{width:.0f}", "height": f"{height:.0f}"}
    return svg.document(parts, **size, font_family="system-ui, sans-serif")
