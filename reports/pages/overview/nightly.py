"""What the overview says of nightly builds: what changed since the last one, and what failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hpowh.reports.blocks import Column, Table
from hpowh.reports.context import SiteContext
from hpowh.reports.finding import Key
from hpowh.reports.numbers import moment
from hpowh.warehouse import queries

PAGES = {"contrast": "experiment", "ranking": "experiment", "winner": "experiment", "importance": "sweep"}
"""Kind of change -> kind of page that shows it."""


def landscape_subject(key: Key) -> str:
    """Return what the ledger of analysis runs calls the landscape of a page's key."""
    _, space, benchmark, metric, split, *fidelity = key
    return f"{space}: {benchmark} {metric} {split}" + "".join(f" @{one}" for one in fidelity)


def changes(site: SiteContext) -> list[Table]:
    """Return the table of changes, where a nightly build has compared the results with those of one before."""
    latest = site.rows(queries.text("overview/latest_nightly"))
    if not latest or latest[0][1] is None:
        return []
    build, _, _, started, before = latest[0]
    query = site.query(queries.text("overview/changes"), build=build)
    landscapes = {landscape_subject(key): key for key in site.pages if key[0] == "landscape"}

    def page_of(row: Mapping[str, Any]) -> str | None:
        key = landscapes.get(row["subject"], ()) if row["kind"] == "landscape" else (
            PAGES.get(row["kind"], ""), row["subject"])  # fmt: skip
        return site.href(key)

    columns = [
        Column(name="kind", label="What"),
        Column(name="subject", label="Of", link=page_of),
        Column(name="sentence", label="What changed"),
    ]
    how = (
        f"The nightly build of {moment(started)} compared what the results say with the build of {moment(before)}: "
        "other verdicts at the 5 % level, another best algorithm or first hyperparameter, landscape metrics that moved "
        "by more than the tolerance, more or fewer data."
    )
    empty = "No conclusion and no number of runs changed between these two builds."
    return [
        Table(
            id="changes",
            title="What changed since the last build",
            how_to_read=how,
            query=query,
            columns=columns,
            empty=empty,
        )
    ]


def failures(site: SiteContext) -> list[str]:
    """Return sentences on the steps that failed in the newest nightly build, and on builds that failed before it."""
    latest = site.rows(queries.text("overview/latest_nightly"))
    if not latest:
        return []
    build, base, place, started, _ = latest[0]
    found = [
        f"In the nightly build of {moment(started)} a step failed: {sentence}"
        for (sentence,) in site.rows(queries.text("overview/failed_steps"), build=build)
    ]
    for when, status, why in site.rows(queries.text("overview/failed_builds"), site=place, base=base or 0, build=build):
        what = "was killed before it was through" if status == "killed" else "failed"
        found.append(f"The nightly build of {moment(when)} {what}{f': {why}' if why else '.'}")
    return found
