"""The overview: what is in the warehouse, findings in plain sentences, and what to keep in mind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hpowh.analyses.traces.job import JOB, is_current
from hpowh.reports.blocks import Block, Column, Facts, Findings, Table, Warnings
from hpowh.reports.context import SiteContext
from hpowh.reports.numbers import number
from hpowh.reports.page import Page
from hpowh.reports.pages.overview import nightly as _nightly
from hpowh.reports.pages.overview.questions import contents, spread
from hpowh.warehouse import queries
from hpowh.warehouse.wording import plural

NAMES = (
    ("source", "sources"),
    ("experiment", "experiments"),
    ("algorithm", "algorithms"),
    ("benchmark", "benchmarks"),
    ("run", "runs"),
    ("trace point", "trace points"),
    ("search space", "search spaces"),
    ("evaluation", "evaluations"),
    ("sweep", "sweeps"),
    ("trial", "trials"),
)


def pages(site: SiteContext) -> Iterator[Page]:
    """Yield the overview."""
    yield Page(
        key=("overview",),
        title="Overview",
        section="Overview",
        build=lambda: _build(site),
        lead="What this warehouse of hyperparameter-optimisation results holds, and what its analyses found.",
        order=-1,
    )


MOST_SAID = 5
NOTHING_ANALYSED = "No analysis has been run yet: hpowh analyse traces compares the algorithms of every experiment."
NOTHING_SAID = "The analyses have nothing to say in one sentence; their numbers are on the pages."


def _build(site: SiteContext) -> Sequence[Block]:
    counts = site.rows(queries.text("overview/size"))[0]
    facts = [(NAMES[i][count != 1], number(count)) for i, count in enumerate(counts) if count]
    return [
        Findings(
            spread(site.findings),
            empty=NOTHING_SAID if site.rows("select 1 from ops.analysis_run limit 1") else NOTHING_ANALYSED,
            most=MOST_SAID,
        ),
        contents(site),
        Facts(facts or [("evaluations", "0")]),
        *_nightly.changes(site),
        Warnings([*_not_built(site), *_nightly.failures(site), *_warnings(site)]),
        *([_experiments(site)] if counts[1] else []),
        *([_spaces(site)] if counts[6] else []),
        _sources(site),
    ]


def _not_built(site: SiteContext) -> list[str]:
    return [f"Could not be built: {failure.what}. {failure.sentence}" for failure in site.failures]


def _warnings(site: SiteContext) -> list[str]:
    found = [
        f"{plural(refused, 'row')} of the source {name} {'was' if refused == 1 else 'were'} refused when it was loaded."
        for name, refused in site.rows(queries.text("overview/refused"))
    ]
    for name, total, unusable in site.rows(queries.text("overview/unusable")):
        share = number(100 * unusable / total, 2)
        found.append(
            f"{unusable:,} of {total:,} values on {name} ({share} %) failed or are not finite; means leave them out."
        )
    for (name,) in site.rows(queries.text("experiment/names")):
        if site.newest_run(JOB, name) is None:
            found.append(f"The runs of {name} have not been summed up: hpowh analyse traces")
        elif not is_current(site.warehouse, name):
            found.append(f"The experiment {name} has changed since it was analysed: hpowh analyse traces")
    return found


def _experiments(site: SiteContext) -> Table:
    query = site.query(queries.text("overview/experiments"))
    columns = [
        Column(name="experiment", label="Experiment", link=lambda row: site.href(("experiment", row["experiment"]))),
        Column(name="algorithm_count", label="Algorithms"),
        Column(name="benchmark_count", label="Benchmarks"),
        Column(name="seed_count", label="Seeds"),
        Column(
            name="setting_count",
            label="Settings",
            help="Combinations of further factors, such as the quality of a prior",
        ),
        Column(name="run_count", label="Runs"),
    ]
    how = "Each experiment compares algorithms on the same benchmarks and seeds; its page shows which does better."
    return Table(id="experiments", title="Experiments", how_to_read=how, query=query, columns=columns)


def _spaces(site: SiteContext) -> Table:
    query = site.query(queries.text("overview/search_spaces"))
    columns = [
        Column(
            name="search_space", label="Search space", link=lambda row: site.href(("search-space", row["search_space"]))
        ),
        Column(name="hyperparameter_count", label="Hyperparameters"),
        Column(name="cardinality", label="Configurations"),
        Column(name="benchmark_count", label="Benchmarks"),
        Column(name="evaluation_count", label="Evaluations"),
        Column(name="hyperparameters", label="Names of the hyperparameters"),
    ]
    how = "A search space is a grid of configurations; every benchmark on it was evaluated at some or all of them."
    return Table(id="search-spaces", title="Search spaces", how_to_read=how, query=query, columns=columns)


def _sources(site: SiteContext) -> Table:
    query = site.query(queries.text("overview/sources"))
    columns = [
        Column(name="name", label="Source"),
        Column(name="kind", label="Kind"),
        Column(name="row_count", label="Rows"),
        Column(name="refused_count", label="Refused rows"),
        Column(name="ingested_at", label="Loaded"),
        Column(name="uri", label="From"),
    ]
    how = "Everything on this site comes from these files, packages or storages."
    return Table(
        id="sources",
        title="Sources",
        how_to_read=how,
        query=query,
        columns=columns,
        empty="Nothing has been loaded yet: hpowh ingest --help",
    )
