"""What the stored tables of a sweep's analysis conclude, as findings: its sentences with the tests they rest on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from hpowh.analyses.finding import DESCRIPTION, ESTIMATE, LEVEL, TEST, Finding, Row, Run, Source, origin, stored
from hpowh.warehouse import queries

RESTS_ON = {
    "important": ("hyperparameter", "model"),
    "together": ("product", "model"),
    "near_best": ("near_best",),
    "range": ("near_best", "hyperparameter"),
    "level": ("near_best", "hyperparameter"),
    "shape": ("hyperparameter", "model"),
}
"""Kind of a sentence -> the kinds of tests that it may rest on."""
ESTIMATED = ("little", "sign", "noise", "sampling", "drift", "early", "next")
TESTED = (
    "Configurations do not depend on each other except through what the tuner chose; around a hyperparameter's curve "
    "the metric (or its normal scores) varies alike."
)
SEEN = "None beyond the trials themselves."
HERE = "this search space, where the tuner looked, with this many trials"


def findings(source: Source, run: Run) -> Iterator[Finding]:
    """Yield the sentences of a sweep's metrics in their order; all tests of a metric share one level."""
    effects = stored(source, "sweep_effect", run.analysis_run_id)
    claims = stored(source, "sweep_claim", run.analysis_run_id)
    for summary in source.sql(queries.text("sweep/summary"), {"run": run.analysis_run_id}).dicts():
        metric = summary["metric_id"]
        given = {"run": run.analysis_run_id, "metric": metric}
        tests = [row for row in claims if row["metric_id"] == metric]
        shares = [row for row in effects if row["metric_id"] == metric]
        for said in source.sql(queries.text("sweep/statements"), given).dicts():
            yield _finding(run, summary, said, tests, shares)


def _finding(run: Run, summary: Row, said: Row, tests: Sequence[Row], shares: Sequence[Row]) -> Finding:
    kind = said["kind"]
    is_null = kind == "important" and not said["is_claim"]  # that nothing matters was tested, too
    is_test = said["is_claim"] or is_null
    basis = TEST if is_test else ESTIMATE if kind in ESTIMATED else DESCRIPTION
    numbers: list[dict[str, Any]] = [
        {**row}
        for row in tests
        if is_test and row["kind"] in RESTS_ON.get(kind, ()) and _is_named(row, said["sentence"])
    ]
    numbers += [{**row} for row in shares if basis != DESCRIPTION and _is_named(row, said["sentence"])]
    repeated = summary["configuration_count"]
    return Finding(
        sentence=f"{run.subject}: {said['sentence']}",
        kind=kind,
        basis=basis,
        is_shown=(not is_null) if is_test else None,
        level=None if basis == DESCRIPTION else LEVEL,
        holds_for=HERE if basis != DESCRIPTION else "these trials",
        assumption=SEEN if basis == DESCRIPTION else TESTED,
        row_count=summary["used_count"] if repeated is None else repeated,
        row_unit="trials" if repeated is None else "configurations",
        numbers=numbers or [{name: value for name, value in summary.items() if name != "analysis_run_id"}],
        **origin(run),
    )


def _is_named(row: Row, sentence: str) -> bool:
    """Return whether a sentence names a row's hyperparameter; a row without one is of all."""
    name = row.get("hyperparameter")
    return name is None or re.search(rf"(?<![\w.]){re.escape(name)}(?![\w])", sentence) is not None
