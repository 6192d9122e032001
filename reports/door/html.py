"""The little HTML that a notebook shows of a result: every name in it is text."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from hpowh.reports.names import visible
from hpowh.reports.numbers import number

if TYPE_CHECKING:
    import polars as pl

MOST_ROWS = 30
"""So many rows of a table are shown; the table itself has all."""


def paragraph(text: str, tag: str = "p") -> str:
    """Return a paragraph, or a heading."""
    return f"<{tag}>{escape(visible(text))}</{tag}>"


def listed(sentences: Iterable[str], title: str = "") -> str:
    """Return a list of sentences; nothing where there are none."""
    points = "".join(paragraph(sentence, "li") for sentence in sentences)
    return (paragraph(title) if title else "") + f"<ul>{points}</ul>" if points else ""


def table(frame: pl.DataFrame, title: str) -> str:
    """Return the first rows of a frame as a table."""
    head = "".join(paragraph(column, "th") for column in frame.columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(visible(number(value)))}</td>" for value in row) + "</tr>"
        for row in frame.head(MOST_ROWS).rows()
    )
    left = frame.height - MOST_ROWS
    more = paragraph(f"{left:,} more rows") if left > 0 else ""
    caption = paragraph(title, "caption")
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
