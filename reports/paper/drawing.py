"""Lines, boxes, dots and texts on a sheet in points, written as SVG, as PGF for LaTeX, and as PDF.

A paper is printed on white: colours are those of the light theme, whatever the screen. In PGF the document sets the
texts, so that they have its font; SVG and PDF name theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hpowh.reports.names import visible
from hpowh.reports.svg import document, element, words
from hpowh.warehouse.output.latex import escaped

BLACK, GREY = "#000000", "#8a8f94"
ANCHORS = {"start": "left", "middle": "center", "end": "right"}
FONTS = {"serif": "Times New Roman, Times, serif", "sans": "Helvetica, Arial, sans-serif"}
LEADING = 1.2


@dataclass(frozen=True, kw_only=True)
class Line:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    width: float = 0.6
    colour: str = BLACK
    is_dotted: bool = False


@dataclass(frozen=True)
class Dot:
    """A filled circle."""

    x: float
    y: float
    radius: float
    colour: str = BLACK


@dataclass(frozen=True, kw_only=True)
class Text:
    """A text on its baseline; `anchor` is `start`, `middle` or `end`."""

    x: float
    y: float
    content: str
    size: float
    anchor: str = "start"
    is_bold: bool = False
    colour: str = BLACK


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A drawing: size in points, y downwards, and its parts from back to front."""

    width: float
    height: float
    parts: Sequence[Line | Dot | Text]
    title: str
    font: str = "serif"


def line(
    x1: float, y1: float, x2: float, y2: float, width: float = 0.6, colour: str = BLACK, *, is_dotted: bool = False
) -> Line:
    """Return a line from a point to another."""
    return Line(x1=x1, y1=y1, x2=x2, y2=y2, width=width, colour=colour, is_dotted=is_dotted)


def text(
    x: float, y: float, content: str, size: float, anchor: str = "start", *, is_bold: bool = False, colour: str = BLACK
) -> Text:
    """Return a text at a point."""
    return Text(x=x, y=y, content=content, size=size, anchor=anchor, is_bold=is_bold, colour=colour)


def svg(sheet: Sheet) -> str:
    """Return the sheet as an SVG document with texts as texts."""
    width, height = f"{sheet.width:g}", f"{sheet.height:g}"
    title = element("title", words(sheet.title))
    out = [title, element("rect", width=width, height=height, fill="#ffffff"), *map(_element, sheet.parts)]
    size = {"width": f"{width}pt", "height": f"{height}pt", "viewBox": f"0 0 {width} {height}"}
    return document(out, apart="\n", **size, font_family=FONTS[sheet.font]) + "\n"


def _element(part: Line | Dot | Text) -> str:
    if isinstance(part, Line):
        ends = {"x1": f"{part.x1:.2f}", "y1": f"{part.y1:.2f}", "x2": f"{part.x2:.2f}", "y2": f"{part.y2:.2f}"}
        dots = "1 2" if part.is_dotted else None
        return element("line", **ends, stroke=part.colour, stroke_width=f"{part.width:g}", stroke_dasharray=dots)
    if isinstance(part, Dot):
        return element("circle", cx=f"{part.x:.2f}", cy=f"{part.y:.2f}", r=f"{part.radius:g}", fill=part.colour)
    return element(
        "text",
        words(part.content),
        x=f"{part.x:.2f}",
        y=f"{part.y:.2f}",
        font_size=f"{part.size:g}",
        text_anchor=part.anchor,
        fill=part.colour,
        font_weight="bold" if part.is_bold else None,
    )


def pgf(sheet: Sheet) -> str:
    r"""Return the sheet as a `pgfpicture` for `\input`, in a document that has `\usepackage{pgf}`."""
    out = [
        f"% {escaped(sheet.title)}",
        r"\begin{pgfpicture}",
        rf"\pgfpathrectangle{{\pgfpointorigin}}{{{_point(sheet.width, sheet.height)}}}",
        r"\pgfusepath{use as bounding box}",
    ]
    for part in sheet.parts:
        out.append(rf"\definecolor{{hpowh}}{{HTML}}{{{part.colour[1:].upper()}}}\pgfsetcolor{{hpowh}}")
        if isinstance(part, Line):
            dots = r"\pgfsetdash{{1bp}{2bp}}{0bp}" if part.is_dotted else r"\pgfsetdash{}{0bp}"
            out.append(
                rf"{dots}\pgfsetlinewidth{{{part.width:g}bp}}"
                rf"\pgfpathmoveto{{{_point(part.x1, sheet.height - part.y1)}}}"
                rf"\pgfpathlineto{{{_point(part.x2, sheet.height - part.y2)}}}\pgfusepath{{stroke}}"
            )
        elif isinstance(part, Dot):
            at = _point(part.x, sheet.height - part.y)
            out.append(rf"\pgfpathcircle{{{at}}}{{{part.radius:g}bp}}\pgfusepath{{fill}}")
        else:
            bold = r"\bfseries " if part.is_bold else ""
            side = "" if part.anchor == "middle" else f"{ANCHORS[part.anchor]},"
            out.append(
                rf"\pgftext[{side}base,at={{{_point(part.x, sheet.height - part.y)}}}]"
                rf"{{\fontsize{{{part.size:g}}}{{{LEADING * part.size:g}}}\selectfont {bold}"
                rf"\color{{hpowh}}{_texed(part.content)}}}"
            )
    return "\n".join([*out, r"\end{pgfpicture}"]) + "\n"


def _point(x: float, y: float) -> str:
    return rf"\pgfpoint{{{x:.2f}bp}}{{{y:.2f}bp}}"


def _texed(text: str) -> str:
    return escaped(text).replace("\u2212", "$-$")


def has_pdf() -> bool:
    """Return whether PDFs can be drawn: matplotlib, which embeds their font, is there."""
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None


def write_pdf(sheet: Sheet, path: Path) -> bool:
    """Write the sheet as a PDF with its font embedded, as journals ask; the same sheet gives the same file.

    Returns:
        Whether the font has every letter; those that it lacks are boxes.
    """
    import warnings

    from matplotlib import rc_context
    from matplotlib.backends.backend_pdf import FigureCanvasPdf
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Circle

    family = {"serif": ["STIXGeneral", "DejaVu Serif"], "sans": ["DejaVu Sans"]}[sheet.font]
    with rc_context({"pdf.fonttype": 42, "font.family": [*family, "DejaVu Sans"], "text.parse_math": False}):
        figure = Figure(figsize=(sheet.width / 72, sheet.height / 72))
        FigureCanvasPdf(figure)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_xlim(0, sheet.width)
        axes.set_ylim(sheet.height, 0)
        axes.set_axis_off()
        for order, part in enumerate(sheet.parts):
            if isinstance(part, Line):
                dots = (0.0, (1.0, 2.0)) if part.is_dotted else (0.0, (1.0, 0.0))
                axes.add_line(
                    Line2D(
                        [part.x1, part.x2],
                        [part.y1, part.y2],
                        linewidth=part.width,
                        color=part.colour,
                        linestyle=dots,
                        solid_capstyle="butt",
                        zorder=order,
                    )
                )
            elif isinstance(part, Dot):
                axes.add_patch(Circle((part.x, part.y), part.radius, color=part.colour, linewidth=0, zorder=order))
            else:
                axes.text(
                    part.x,
                    part.y,
                    visible(part.content),
                    fontsize=part.size,
                    ha=ANCHORS[part.anchor],
                    va="baseline",
                    color=part.colour,
                    fontweight="bold" if part.is_bold else "normal",
                    zorder=order,
                )
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            figure.savefig(path, format="pdf", metadata={"Title": sheet.title, "CreationDate": None})
    return not any("missing from" in str(one.message) for one in said)
