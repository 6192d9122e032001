"""One page: how many classes the benchmarks have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hpowh.reports.blocks import Block, Column, Figure, Plot, Prose, Table
from hpowh.reports.charts.plot import axis, line
from hpowh.reports.context import SiteContext
from hpowh.reports.finding import Finding
from hpowh.reports.page import Page
from hpowh.warehouse import queries

KEY = ("toy",)


def pages(site: SiteContext) -> Iterator[Page]:
    """Yield the page, where the analysis was run."""
    if site.newest_run("toy.mean", "all benchmarks") is not None:
        yield Page(
            key=KEY,  # kind and subject: file name, links, `--only toy`
            title="Classes",
            section="Benchmarks",  # one of page.SECTIONS, or a new one (comes last)
            build=lambda: _build(site),
            lead="How many classes the benchmarks have.",
            order=90,  # within the section
        )


def findings(site: SiteContext) -> Iterator[Finding]:
    """Yield a sentence for the overview."""
    run = site.newest_run("toy.mean", "all benchmarks")
    if run is not None:
        ((count, mean, reason),) = site.rows(queries.text("toy/means"), run=run)
        said = f"{count} benchmarks have {mean:.1f} classes on average." if reason is None else f"Classes: {reason}."
        yield Finding(said, KEY, "classes")


def _build(site: SiteContext) -> Sequence[Block]:
    run = site.newest_run("toy.mean", "all benchmarks")
    classes = site.query(queries.text("toy/classes"))
    rows = classes.rows()
    if not rows:
        return [Prose("Nothing to show", ["No benchmark has a number of classes. Load some: hpowh ingest toy FILE"])]
    points = line("classes", [row["benchmark"] for row in rows], [row["class_count"] for row in rows], token="@accent")
    return [
        Figure(
            id="classes",
            title="Classes",
            how_to_read="One point a benchmark, the largest number first.",
            chart=Plot({"": {"data": [points]}}, {"xaxis": axis("Benchmark"), "yaxis": axis("Classes")}),
            query=classes,
            alt="Points: the number of classes of each benchmark.",
            analysis_run_id=run,
        ),
        Table(
            id="classes-table",
            title="The same as a table",
            how_to_read="Sort by a heading.",
            query=classes,
            columns=[
                Column(
                    name="benchmark",
                    label="Benchmark",
                    link=lambda row: site.href(("benchmark", row["benchmark"])),
                ),
                Column(name="class_count", label="Classes"),
            ],
            analysis_run_id=run,
        ),
    ]
