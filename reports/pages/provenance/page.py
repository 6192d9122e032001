"""Where every number comes from: sources, ingests, analysis runs, builds, versions."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import version

from hpowh.reports.blocks import Block, Column, Facts, Table
from hpowh.reports.context import SiteContext
from hpowh.reports.page import Page
from hpowh.warehouse import queries


def pages(site: SiteContext) -> Iterator[Page]:
    """Yield the provenance page."""
    yield Page(
        key=("provenance",),
        title="Provenance",
        section="About",
        build=lambda: _build(site),
        lead="Where every number on this site comes from, and how to get it again.",
        order=1,
    )


def _build(site: SiteContext) -> Sequence[Block]:
    versions = [(name, version(name)) for name in ("hpowh", "duckdb", "polars", "numpy", "plotly")]
    return [
        Facts([*versions, ("Python", platform.python_version())]),
        _table(
            site,
            "sources",
            "Sources",
            "Each source at the state in which it was loaded; the fingerprint is a hash of its content.",
            queries.text("provenance/sources"),
            {
                "name": "Source",
                "kind": "Kind",
                "row_count": "Rows",
                "refused_count": "Refused",
                "ingest_count": "Loaded so often",
                "ingested_at": "Loaded",
                "uri": "From",
                "fingerprint": "Fingerprint",
                "program_version": "By hpowh",
            },
        ),
        _table(
            site,
            "analysis-runs",
            "Analysis runs",
            "Each result names the run that made it. The same job, version, parameters, seed and input give the same "
            "numbers again.",
            queries.text("provenance/analysis_runs"),
            {
                "analysis_run_id": "Run",
                "job": "Job",
                "subject": "On",
                "job_version": "Version",
                "seed": "Seed",
                "ended_at": "Run at",
                "seconds": "Seconds",
                "parameters": "Parameters",
                "input_fingerprint": "Input fingerprint",
                "warnings": "Notes",
                "program_version": "By hpowh",
            },
        ),
        _table(
            site,
            "ingests",
            "Ingests",
            "Each time something was loaded or replaced, newest first.",
            queries.text("provenance/ingests"),
            {
                "ended_at": "At",
                "source": "Source",
                "action": "What",
                "row_count": "Rows",
                "refused_count": "Refused",
                "seconds": "Seconds",
                "notes": "Notes",
            },
        ),
        _table(
            site,
            "builds",
            "Earlier builds of this site",
            "The last 20; this build is not among them, because it is noted when it is complete.",
            queries.text("provenance/builds"),
            {
                "build_id": "Build",
                "status": "Outcome",
                "page_count": "Pages",
                "ended_at": "At",
                "seconds": "Seconds",
                "path": "Folder",
            },
        ),
    ]


def _table(site: SiteContext, key: str, title: str, how: str, sql: str, labels: dict[str, str]) -> Table:
    columns = [Column(name=name, label=label, digits=3 if name == "seconds" else 4) for name, label in labels.items()]
    return Table(id=key, title=title, how_to_read=how, query=site.query(sql), columns=columns, empty="None yet.")
