"""What pages are made of. Every block names its template; a new kind of block is a class and a template."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from hpowh.reports.finding import Finding
    from hpowh.reports.query import Query


class Block:
    """Anything a page shows, from top to bottom."""

    template: ClassVar[str]


@dataclass(frozen=True)
class Prose(Block):
    """A heading and paragraphs of plain text; `points` become a list."""

    template: ClassVar[str] = "prose.html.j2"
    title: str = ""
    paragraphs: Sequence[str] = ()
    points: Sequence[str] = ()
    id: str = ""


@dataclass(frozen=True)
class Code(Block):
    """Texts to copy, each under a label that opens it."""

    template: ClassVar[str] = "code.html.j2"
    id: str
    title: str
    how_to_read: str
    texts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Facts(Block):
    """A few numbers with labels, in one line: `(("runs", "6,000"), …)`."""

    template: ClassVar[str] = "facts.html.j2"
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Findings(Block):
    """Sentences with links to the figures they rest on."""

    template: ClassVar[str] = "findings.html.j2"
    findings: Sequence[Finding]
    title: str = "In short"
    empty: str = "There is nothing to report yet."
    most: int = 3
    """So many are shown; the others stand folded below them."""


@dataclass(frozen=True)
class Warnings(Block):
    """Sentences that a reader must know before trusting the numbers; draws nothing when there are none."""

    template: ClassVar[str] = "warnings.html.j2"
    sentences: Sequence[str]
    title: str = "What to keep in mind"


@dataclass(frozen=True, kw_only=True)
class Fold(Block):
    """Blocks under a heading that opens them, closed at first; `verdict` says in a line what is within."""

    template: ClassVar[str] = "fold.html.j2"
    id: str
    title: str
    verdict: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Links(Block):
    """A list of pages: `((text, href, note), …)`."""

    template: ClassVar[str] = "links.html.j2"
    title: str
    links: Sequence[tuple[str, str | None, str]]


@dataclass(frozen=True)
class Contents(Block):
    """Questions with the pages that answer them: `((question, ((text, href), …), how many more), …)`."""

    template: ClassVar[str] = "contents.html.j2"
    title: str
    questions: Sequence[tuple[str, Sequence[tuple[str, str]], int]]


@dataclass(frozen=True, kw_only=True)
class Explorer(Block):
    """Runs of which a reader chooses; the browser computes curves, ranks and targets (`charts.explorer.packed`)."""

    template: ClassVar[str] = "explorer.html.j2"
    id: str
    title: str
    how_to_read: str
    query: Query
    data: Mapping[str, Any]
    analysis_run_id: int | None = None


@dataclass(frozen=True)
class Variants(Block):
    """Pages of one thing that differ in an aspect: `((aspect, ((option, href, is this page), …)), …)`."""

    template: ClassVar[str] = "variants.html.j2"
    choices: Sequence[tuple[str, Sequence[tuple[str, str | None, bool]]]]


@dataclass(frozen=True)
class Plot:
    """A Plotly chart as plain data; `charts/plot.py` has helpers.

    `variants` maps the chosen options' positions, such as `"0,2"` (`""` without selectors), to `{"data": [...],
    "layout": {...}}`; the latter is laid over `layout`. Colours are tokens that follow the theme: `@0`… is a series
    colour (`site.colours`), `@ink`, `@muted`, `@line`, `@accent` and `@surface` the page's; `@0/0.2` has an opacity.
    Names must have gone through `names.plot_text`.
    """

    variants: Mapping[str, Mapping[str, Any]]
    layout: Mapping[str, Any] = field(default_factory=dict)
    selectors: Sequence[tuple[str, Sequence[str]]] = ()
    """What a reader can choose: `(("Benchmark", ("a", "b")), …)`; plain names."""
    log_toggles: Sequence[str] = ()
    """Axes (`"x"`, `"y"`) that a reader may switch between linear and logarithmic."""
    height: int = 420


@dataclass(frozen=True)
class Svg:
    """A chart drawn on the server: the markup of one `<svg>` made by `charts.svg`, whose texts are escaped there."""

    markup: str


@dataclass(frozen=True)
class Parallel:
    """Parallel coordinates of the trials of a `TrialTable` of the same page, drawn in the browser on a canvas."""

    trials: str
    """Id of the table whose data are drawn."""
    axes: Sequence[int]
    """Positions of columns in that table's data, from left to right."""
    colour: int
    """Position of the column that colours the lines."""
    higher_is_better: bool
    height: int = 440


@dataclass(frozen=True, kw_only=True)
class Figure(Block):
    """A chart with its title, how to read it, its data, its SQL and its provenance."""

    template: ClassVar[str] = "figure.html.j2"
    id: str
    title: str
    how_to_read: str
    chart: Plot | Svg | Parallel
    query: Query
    alt: str
    """What the chart shows, for someone who cannot see it."""
    analysis_run_id: int | None = None
    notes: Sequence[str] = ()
    least_width: int = 0
    """On a page that is narrower, in pixels, a chart of Plotly's scrolls inside its frame."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table: the frame's column `name` under the heading `label`."""

    name: str
    label: str
    digits: int = 4
    help: str = ""
    floor: float = 0.0
    """Numbers from 0 up to this are written as `< floor`: a p-value that is not known better."""
    link: Callable[[Mapping[str, Any]], str | None] | None = None
    """From a row to where its cell leads, or None for no link."""
    swatch: Callable[[Mapping[str, Any]], str | None] | None = None
    """From a row to a colour token, drawn as a dot before the text (an algorithm's colour)."""


@dataclass(frozen=True, kw_only=True)
class Table(Block):
    """A sortable table of a query's rows, with its SQL, CSV (all rows) and provenance."""

    template: ClassVar[str] = "table.html.j2"
    id: str
    title: str
    how_to_read: str
    query: Query
    columns: Sequence[Column]
    analysis_run_id: int | None = None
    limit: int = 500
    """At most so many rows are shown; the CSV has all."""
    empty: str = "There are no rows."
    is_folded: bool = False
    """Shown closed; the title opens it."""
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class TrialTable(Table):
    """A table of a sweep's trials whose rows follow every selection on the page; the browser makes its rows."""

    template: ClassVar[str] = "trials.html.j2"
    data: Mapping[str, Any] = field(default_factory=dict)
    """All its trials, as `charts.trials.packed` gives them; its columns are in the order of `columns`."""


def flat(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield blocks and all that is folded in them, in the order of the page."""
    for block in blocks:
        yield block
        if isinstance(block, Fold):
            yield from flat(block.blocks)
