"""What a sweep's analysis says: its sentences as they are stored, and what several metrics say of each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hpowh.reports.context import SiteContext
from hpowh.reports.finding import Finding
from hpowh.reports.numbers import number
from hpowh.warehouse import queries
from hpowh.warehouse.wording import plural

Row = Mapping[str, Any]


def sentences(site: SiteContext, subject: str, run: int, summary: Row, suffix: str) -> Iterator[Finding]:
    """Yield the findings of one metric, the most important first."""
    rows = site.query(queries.text("sweep/statements"), run=run, metric=summary["metric_id"]).rows()
    key = ("sweep", subject)
    if not rows:
        how = "was analysed by an earlier release, which kept no sentences; run again: hpowh analyse sweeps"
        yield Finding(f"{subject}: {summary['metric']} {how}", key, f"sweep-columns{suffix}")
    for row in rows:
        yield Finding(f"{subject}: {row['sentence']}", key, f"{row['figure']}{suffix}")


def several(site: SiteContext, subject: str, run: int) -> Iterator[Finding]:
    """Yield what the metrics of a sweep say of each other."""
    for row in site.query(queries.text("sweep/knee"), run=run).rows():
        yield Finding(
            f"{subject}: of the front of {row['metric_count']} metrics trial {row['trial']} is the knee, "
            f"{row['metrics']}: beyond it a gain in one metric costs much of another.",
            ("sweep", subject),
            "sweep-front",
        )
    for row in site.query(queries.text("sweep/tradeoff"), run=run).rows():
        if row["spearman"] is None or row["lower"] is None:
            continue
        how = "go together" if row["lower"] > 0 else "cost each other" if row["upper"] < 0 else "hardly depend"
        yield Finding(
            f"{subject}: {row['metric_a']} and {row['metric_b']} {how}: rank correlation of their losses "
            f"{number(row['spearman'], 2)} ({number(row['lower'], 2)} to {number(row['upper'], 2)}); "
            f"{plural(row['front_count'], 'configuration')} of {row['trial_count']:,} cannot be beaten in both.",
            ("sweep", subject),
            "sweep-tradeoff",
        )
