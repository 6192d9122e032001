"""One page a search space of which whole grids were evaluated: fidelities, train against test, data sets, noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from hpowh.reports.blocks import Block, Column, Facts, Findings, Table
from hpowh.reports.context import SiteContext
from hpowh.reports.finding import own
from hpowh.reports.numbers import number
from hpowh.reports.page import Page
from hpowh.reports.pages.evaluated import findings as say
from hpowh.reports.pages.evaluated.across import across_data
from hpowh.reports.pages.evaluated.fidelities import fidelity, fidelity_scatter, film
from hpowh.reports.pages.evaluated.shared import where
from hpowh.reports.pages.evaluated.splits import splits
from hpowh.reports.query import Query
from hpowh.warehouse import queries

JOB = "landscapes.grids"
NOT_STUDIED = "Its grids have not been compared yet: hpowh analyse landscapes --space {} --metric all"


def pages(site: SiteContext) -> Iterator[Page]:
    """Yield a page a search space that was evaluated at several fidelities, or on train and test data."""
    for space, space_id in site.rows(queries.text("evaluated/spaces")):
        yield Page(
            key=("evaluated", space),
            title=f"Evaluated: {space}",
            section="Evaluated grids",
            build=partial(_build, site, space, space_id),
            lead="What whole grids show: what a cheaper fidelity tells, where train and test loss part, what carries "
            "over to other data sets, what is noise.",
            short=space,
        )


def _build(site: SiteContext, space: str, space_id: int) -> Sequence[Block]:
    run = site.newest_run(JOB, space)
    fidelities = site.query(queries.text("evaluated/fidelities"), run=run)
    cheapest = site.query(queries.text("evaluated/cheapest"), run=run)
    parted = site.query(queries.text("evaluated/splits"), space=space_id, run=run)
    defaults = site.query(queries.text("evaluated/defaults"), run=run)
    noise = site.query(queries.text("evaluated/noise"), run=run)
    axes = site.query(queries.text("evaluated/hyperparameters"), space=space).rows()
    describe = partial(configuration_text, axes)
    sentences = [
        *say.fidelity_sentences(fidelities.rows(), cheapest.rows()),
        *say.split_sentences(_short(parted, space)),
        *say.default_sentences(defaults.rows(), describe),
        *say.noise_sentences(noise.rows()),
    ]
    if run is None:
        sentences.insert(0, NOT_STUDIED.format(space))
    return [
        Findings(own(sentences)),
        _facts(site, space_id),
        *fidelity(site, run, fidelities, cheapest),
        *film(site, run),
        *fidelity_scatter(site, space, space_id, fidelities),
        *splits(site, space, space_id, parted, axes),
        *across_data(site, space, run, defaults),
        *_noise(site, run, noise),
    ]


def configuration_text(axes: Sequence[Mapping[str, Any]], configuration_id: int) -> str:
    """Return a configuration as `name = level, …`."""
    return ", ".join(
        f"{one['name']} = {one['labels'][configuration_id // one['stride'] % one['cardinality']]}" for one in axes
    )


def _short(query: Query, space: str) -> list[dict[str, Any]]:
    """Return the rows with the search space taken off the names of its benchmarks."""
    return [row | {"benchmark": row["benchmark"].removeprefix(f"{space}/")} for row in query.rows()]


def _facts(site: SiteContext, space_id: int) -> Facts:
    row = site.query(queries.text("evaluated/facts"), space=space_id).rows()[0]
    names = ("configurations", "benchmarks", "metrics", "fidelities", "seeds", "folds", "evaluations")
    words = ("configurations", "data sets", "metrics", "fidelities", "seeds", "folds", "values")
    return Facts([(word, number(int(row[name]))) for name, word in zip(names, words, strict=True) if row[name]])


def _noise(site: SiteContext, run: int | None, query: Query) -> list[Block]:
    if not query.frame.height:
        return []
    how = (
        "Two configurations that differ by less than the floor cannot be told apart: it is half the 95 % interval of "
        "the difference of two means over the same seeds and folds, from what varies beside the configuration and the "
        "fold among the best quarter, allowing for training data that folds share (Nadeau and Bengio 2003). "
        "Reliability is the mean rank correlation of two single seeds or folds."
    )
    columns = [
        where(site),
        Column(name="metric", label="Metric"),
        Column(name="split", label="Split"),
        Column(name="noise_floor", label="Noise floor", digits=3),
        Column(name="within_count", label="Within it of the best"),
        Column(name="within_percent", label="in %", digits=3),
        Column(name="reliability", label="Reliability", digits=3),
        Column(name="unit_count", label="Measurements each"),
        Column(name="configuration_count", label="Configurations"),
        Column(name="reason", label="Why not"),
    ]
    return [
        Table(
            id="evaluated-noise",
            title="Noise floor",
            how_to_read=how,
            query=query,
            columns=columns,
            analysis_run_id=run,
        )
    ]
