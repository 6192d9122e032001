"""Pages to HTML by Jinja2 with autoescape and StrictUndefined: a name from data is text, a typo is an error."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from hpowh.reports import assets, numbers, pdf
from hpowh.reports.blocks import Block, Column, Explorer, Figure, Fold, Parallel, Plot, Svg, Table, flat
from hpowh.reports.charts.palette import DARK, LIGHT
from hpowh.reports.context import SiteContext
from hpowh.reports.names import file_stem, visible
from hpowh.reports.page import SECTIONS, Page
from hpowh.reports.query import Query
from hpowh.reports.searching import with_texts

if TYPE_CHECKING:
    import polars as pl

NAVIGATION_LIMIT = 12
"""A section or group of the navigation lists so many pages; a list of all of them follows in a page of its own."""


FIGURE_ROWS = 100
"""So many rows stand in the table under a figure."""
CELL_LENGTH = 200
"""A text in such a table is cut after so many characters."""


@dataclass(frozen=True)
class Entries:
    """Pages that stand together in the navigation."""

    group: str
    """What they fold under; empty for pages that stand for themselves."""
    pages: list[Page]
    more: int
    """How many further ones there are."""
    is_open: bool


@cache
def templates() -> Environment:
    """Return the pages' templates, compiled once a process: that takes a fifth of a small site's time."""
    environment = Environment(
        loader=PackageLoader("hpowh.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": numbers.number,
        "moment": numbers.moment,
        "visible": visible,
        "json_script": json_script,
    }
    return environment


@dataclass(kw_only=True)
class Renderer:
    """Writes pages of one build into a folder."""

    site: SiteContext
    folder: Path
    is_single_file: bool = False
    has_pdf: bool = False
    is_whole: bool = False
    """Whether pages become parts of one file; then `is_single_file` is true, too."""
    shared: assets.Assets = field(default_factory=assets.load)
    written: list[Path] = field(default_factory=list)
    """Files of pages that were written; the caller may empty it."""

    @property
    def environment(self) -> Environment:
        """The templates."""
        return templates()

    def write_page(self, page: Page, *, is_alone: bool = False) -> Path:
        """Build one page and write it; returns its path. `is_alone`: without what other modules add to it."""
        blocks = [*page.build()] if is_alone else self.site.blocks(page)
        check_ids(page, blocks)
        has_charts = any(map(_is_drawn, flat(blocks)))
        html = self.environment.get_template("page.html.j2").render(
            page=page,
            pdf=pdf.file_of(page.file) if self.has_pdf else None,
            blocks=[self._drawn(page, block) for block in blocks],
            has_charts=has_charts,
            policy=self.shared.policy(is_single_file=self.is_single_file, has_charts=has_charts),
            **self._common(page),
        )
        path = self.folder / page.file
        path.write_text(self._public(html), encoding="utf-8")
        self.written.append(path)
        return path

    def body(self, page: Page, *, is_alone: bool = False) -> str:
        """Build one page and return what stands in its body, for a report in one file."""
        blocks = [*page.build()] if is_alone else self.site.blocks(page)
        check_ids(page, blocks)
        html = self.environment.get_template("body.html.j2").render(
            page=page, pdf=None, blocks=[self._drawn(page, block) for block in blocks], **self._common(page)
        )
        return self._public(html)

    def _public(self, text: str) -> str:
        """Return a text without the folders of this machine: a page may be mailed to whoever knows neither."""
        for folder, short in self._private:
            text = folder.sub(short, text)
        return text

    @cached_property
    def _private(self) -> list[tuple[re.Pattern[str], str]]:
        here, home = self.site.warehouse.path.absolute().parent, Path.home()
        named = [(str(one), "") for one in dict.fromkeys((here, here.resolve(), Path.cwd()))] + [(str(home), "~")]
        return [
            (re.compile(re.escape(folder) + (r"(?=[/\\\s\"'<&]|$)" if short else r"[/\\]")), short)
            for folder, short in named
            if len(Path(folder).parts) > 1
        ]

    def write_shared(self) -> None:
        """Write what pages share (style, scripts, Plotly, the list of pages), unless every page holds its own."""
        if not self.is_single_file:
            self.shared.write(self.folder, with_texts(self.page_list(), self.folder))

    def page_list(self) -> list[dict[str, str]]:
        """Return every page's title, section and address, for the search box."""
        pages = sorted(self.site.pages.values(), key=_place)
        return [{"title": visible(page.title), "section": page.section, "href": page.file} for page in pages]

    def _common(self, page: Page) -> dict[str, Any]:
        return {
            "site": self.site,
            "navigation": self._navigation(page),
            "assets": self.shared,
            "single_file": self.is_single_file,
            "page_list": self.page_list() if self.is_single_file else [],
            "palette": {"light": LIGHT, "dark": DARK},
        }

    def _navigation(self, current: Page) -> list[tuple[str, list[Entries]]]:
        """Return per section its groups with their first pages, the current one among them."""
        sections: dict[str, dict[str, list[Page]]] = {}
        for page in sorted(self.site.pages.values(), key=_place):
            sections.setdefault(page.section, {}).setdefault(page.group, []).append(page)
        shown = []
        for section, groups in sections.items():
            entries = []
            for group, pages in groups.items():
                is_here = (current.section, current.group) == (section, group)
                listed = [page for page in pages if page.is_listed or page is current]
                few = listed[:NAVIGATION_LIMIT]
                if is_here and current not in few:
                    few = [*few[:-1], current]
                entries.append(Entries(group, few, len(listed) - len(few), is_here))
            shown.append((section, entries))
        return shown

    def _drawn(self, page: Page, block: Block) -> Markup:
        context: dict[str, Any] = {"block": block, "site": self.site, "single_file": self.is_single_file}
        if isinstance(block, Figure | Table | Explorer):
            context["provenance"] = self.site.provenance(block.analysis_run_id) if block.analysis_run_id else None
            context["csv"] = self._csv(page, block.id, block.query)
            context["csv_name"] = f"{Path(page.file).stem}-{file_stem(block.id)}.csv"
        if isinstance(block, Figure):
            context["is_plot"] = isinstance(block.chart, Plot)
            context["numbers_of"] = figure_rows(block.query)
            context["is_parallel"] = isinstance(block.chart, Parallel)
            context["chart"] = _chart(block.chart, block.alt)
        if isinstance(block, Table):
            context["rows"] = table_rows(block)
        if isinstance(block, Fold):
            context["within"] = [self._drawn(page, one) for one in block.blocks]
        return Markup(self.environment.get_template(block.template).render(context))  # autoescaped

    def _csv(self, page: Page, block_id: str, query: Query) -> str:
        """Return the address of a query's rows as CSV: a file beside the page, or the data itself."""
        text = self._public(query_csv(query))
        if self.is_whole:  # it is packed with its page, and what is in base64 already hardly shrinks
            return "data:text/csv;charset=utf-8," + quote(text)
        if self.is_single_file:
            return "data:text/csv;charset=utf-8;base64," + base64.b64encode(text.encode()).decode()
        path = self.folder / "data" / f"{Path(page.file).stem}-{file_stem(block_id)}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self.written.append(path)
        return f"data/{path.name}"


def _is_drawn(block: Block) -> bool:
    """Return whether the browser needs Plotly for a block."""
    return isinstance(block, Explorer) or (isinstance(block, Figure) and isinstance(block.chart, Plot))


def _chart(chart: Plot | Svg | Parallel, alt: str) -> Any:
    """Return what the template needs: markup that was escaped where it was drawn, or data for the browser."""
    if isinstance(chart, Svg):
        return Markup(chart.markup)  # escaped where it was drawn
    if isinstance(chart, Plot):
        return plot_data(chart)
    return {
        "trials": chart.trials, "axes": list(chart.axes), "colour": chart.colour, "alt": visible(alt),
        "higher_is_better": chart.higher_is_better,
    }  # fmt: skip


def _place(page: Page) -> tuple[int, str, int, str]:
    known = SECTIONS.index(page.section) if page.section in SECTIONS else len(SECTIONS)
    return known, page.section, page.order, page.title.casefold()


def check_ids(page: Page, blocks: Sequence[Block]) -> None:
    """Raise ValueError where two blocks of a page share an id."""
    ids = [block.id for block in flat(blocks) if isinstance(block, Figure | Table | Explorer | Fold)]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise ValueError(f"the page {page.key} has several blocks with the id {', '.join(twice)}")


def query_csv(query: Query) -> str:
    """Return a query's rows as CSV text; lists become JSON."""
    import polars as pl

    frame = query.frame
    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    for name in nested:
        texts = [None if value is None else json.dumps(value, default=str) for value in frame[name].to_list()]
        frame = frame.with_columns(pl.Series(name, texts, pl.String))
    return harmless(frame).write_csv()


FORMULA = r"^[=+\-@\t\r]"
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


def harmless(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame whose texts no spreadsheet takes for a formula: one that begins like it gets an apostrophe.

    Names come from data, and spreadsheets run what begins with `=`, `+`, `-` or `@`. A text that is a number stays.
    """
    import polars as pl

    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    risky = {name: pl.col(name).str.contains(FORMULA) & ~pl.col(name).str.contains(NUMBER) for name in texts}
    frame = frame.with_columns(
        pl.when(is_risky).then("'" + pl.col(name)).otherwise(pl.col(name)).alias(name)
        for name, is_risky in risky.items()
    )
    return frame.rename({name: f"'{name}" for name in frame.columns if re.match(FORMULA, name)})


def figure_rows(query: Query) -> dict[str, Any]:
    """Return the first rows behind a figure as a reader sees them, for the table that takes the chart's place.

    Whoever cannot see a chart, or does not trust it, opens them under the figure; the CSV has all rows.
    """
    frame = query.frame
    texts = [[_shown(value) for value in row] for row in frame.head(FIGURE_ROWS).rows()]
    return {"columns": [visible(name) for name in frame.columns], "rows": texts, "total": frame.height}


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return visible(value[:CELL_LENGTH] + "…" if len(value) > CELL_LENGTH else value)
    if isinstance(value, list | dict):
        return _shown(json.dumps(value, default=str))
    return numbers.moment(value) if hasattr(value, "isoformat") else numbers.number(value, 6)


def json_script(value: Any) -> Markup:
    """Return a value as JSON that may stand inside a script element: no name can end the element or open a comment."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)  # holds no character that HTML knows


def plot_data(plot: Plot) -> dict[str, Any]:
    """Return a chart as JSON-ready data; lists that occur several times (such as budgets) are stored once."""
    variants = _finite(plot.variants)
    lists = _repeated_lists(variants)
    return {
        "variants": _with_references(variants, {json.dumps(one): index for index, one in enumerate(lists)}),
        "lists": lists,
        "layout": _finite(plot.layout),
        "selectors": [
            {"label": label, "options": [visible(one) for one in options]} for label, options in plot.selectors
        ],
        "toggles": list(plot.log_toggles),
        "height": plot.height,
    }


def _finite(value: Any) -> Any:
    """Return nested data with floats rounded to six significant digits and without NaN and infinities."""
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return numbers.significant(value)


def _repeated_lists(value: Any) -> list[list[Any]]:
    counts: dict[str, int] = {}
    pending = [value]
    while pending:
        one = pending.pop()
        if _is_flat(one):
            counts[json.dumps(one)] = counts.get(json.dumps(one), 0) + 1
        elif isinstance(one, list | dict):
            pending += one.values() if isinstance(one, dict) else one
    return [json.loads(text) for text, count in counts.items() if count > 1]


def _with_references(value: Any, places: Mapping[str, int]) -> Any:
    if _is_flat(value):
        place = places.get(json.dumps(value))
        return value if place is None else {"$list": place}
    if isinstance(value, dict):
        return {key: _with_references(one, places) for key, one in value.items()}
    return [_with_references(one, places) for one in value] if isinstance(value, list) else value


def _is_flat(value: Any) -> bool:
    """Return whether a value is a list long enough, and of plain values, so that storing it once saves something."""
    return isinstance(value, list) and len(value) > 8 and not any(isinstance(one, list | dict) for one in value)


def table_rows(table: Table) -> list[list[dict[str, Any]]]:
    """Return the shown rows of a table as cells: text, sort key, kind, link, colour."""
    rows = table.query.frame.head(table.limit).to_dicts()
    numeric = {column.name for column in table.columns if any(_is_number(row[column.name]) for row in rows)}
    whole = {column.name for column in table.columns if _all_whole(row[column.name] for row in rows)}
    return [
        [_cell(column, row, column.name in numeric, column.name in whole) for column in table.columns] for row in rows
    ]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _all_whole(values: Iterable[Any]) -> bool:
    """Return whether a column of floats holds nothing but whole numbers; then it is written without decimals."""
    present = [value for value in values if value is not None]
    return all(isinstance(value, float) and value.is_integer() and abs(value) < 1e15 for value in present)


LONG = 100
"""Texts of more letters get a wide column: in a narrow one they make rows of a hand's height."""


def _kind(value: Any, text: str, is_numeric: bool) -> str:
    if is_numeric:
        return "number"
    if hasattr(value, "isoformat"):
        return "time"
    return "long" if len(text) > LONG else ""


def _cell(column: Column, row: Mapping[str, Any], is_numeric: bool, is_whole: bool) -> dict[str, Any]:
    value = row[column.name]
    if isinstance(value, str):
        text = visible(value)
    elif hasattr(value, "isoformat"):
        text = numbers.moment(value)
    elif column.floor and _is_number(value) and 0 <= value < column.floor:
        text = f"< {column.floor:g}"
    else:
        text = numbers.number(int(value) if is_whole and value is not None else value, column.digits)
    return {
        "text": text,
        "sort": value if _is_number(value) else ("" if value is None else text),
        "kind": _kind(value, text, is_numeric),
        "href": column.link(row) if column.link else None,
        "swatch": column.swatch(row) if column.swatch else None,
    }
