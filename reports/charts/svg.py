"""SVG written by hand, for charts that no library has: every text is escaped here, and can be selected on the page."""

from __future__ import annotations

from html import escape

from hpowh.reports.names import visible


def attributes(**values: object) -> str:
    """Return SVG attributes; underscores become hyphens, `class_` becomes `class`."""
    parts = []
    for name, value in values.items():
        text = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        parts.append(f'{name.rstrip("_").replace("_", "-")}="{escape(text, quote=True)}"')
    return " ".join(parts)


def text(x: float, y: float, content: str, **values: object) -> str:
    """Return a text element; `content` may be any name."""
    given = attributes(x=x, y=y, **({"class_": "svg-text", "font_size": 13} | values))
    return f"<text {given}>{escape(visible(content))}</text>"


def rect(x: float, y: float, width: float, height: float, *, title: str = "", **values: object) -> str:
    """Return a rectangle, with a tooltip where `title` is given."""
    inside = f"<title>{escape(visible(title))}</title>" if title else ""
    return f"<rect {attributes(x=x, y=y, width=width, height=height, **values)}>{inside}</rect>"


def line(x1: float, y1: float, x2: float, y2: float, **values: object) -> str:
    """Return a line."""
    return f"<line {attributes(x1=x1, y1=y1, x2=x2, y2=y2, **({'class_': 'svg-line'} | values))}/>"


def document(width: float, height: float, parts: list[str]) -> str:
    """Return the whole drawing at its natural size; on a narrow page it scrolls inside its frame."""
    size = attributes(viewBox=f"0 0 {width:.0f} {height:.0f}", width=f"{width:.0f}", height=f"{height:.0f}")
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="system-ui, sans-serif">{"".join(parts)}</svg>'
