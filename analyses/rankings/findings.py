"""What the stored tables of rankings and tiers conclude, as findings."""

from __future__ import annotations

from collections.abc import Iterator

from hpowh.analyses.finding import LEVEL, TEST, Finding, Run, Source, origin, stored
from hpowh.analyses.mixed_models.reading.findings import LIKE_THESE, MODEL, RANKS, answers
from hpowh.analyses.mixed_models.reading.verdicts import has_budgets
from hpowh.analyses.rankings.tiers import tier_caveats, tier_sentence


def findings(source: Source, run: Run) -> Iterator[Finding]:
    """Yield what a run concludes: of a ranking the verdict, then how far the tests agree on each pair."""
    yield from _tiers(source, run) if run.job == "tiers" else _ranking(source, run)


def _ranking(source: Source, run: Run) -> Iterator[Finding]:
    yield from answers(source, run)
    counts = [row["block_count"] for row in stored(source, "ranking_algorithm", run.analysis_run_id)]
    for row in stored(source, "ranking_agreement", run.analysis_run_id):
        is_one_better = str(row["lmem_verdict"]).endswith(" better")
        yield Finding(
            sentence=row["sentence"],
            kind="agreement",
            basis=TEST,
            is_shown=is_one_better if row["is_agreed"] else None,
            level=LEVEL,
            holds_for=LIKE_THESE,
            assumption=f"{RANKS} Of the model beside them: {MODEL.format(formula=run.parameters['formula'])}",
            row_count=max(counts, default=None),
            row_unit="blocks",
            numbers=[row],
            **origin(run),
        )


def _tiers(source: Source, run: Run) -> Iterator[Finding]:
    rows = stored(source, "ranking_tier", run.analysis_run_id)
    if rows:
        response = run.parameters["response"]
        named = has_budgets(source, run.subject)
        caveats = tier_caveats(run.warnings[:-1])
        formula = f"{response} ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
        yield Finding(
            sentence=" ".join([tier_sentence(rows, response, has_budgets=named), *caveats]),
            kind="tiers",
            basis=TEST,
            is_shown=sum(row["is_tied_with_best"] for row in rows) < len(rows),
            level=LEVEL,
            holds_for=LIKE_THESE,
            assumption=MODEL.format(formula=formula),
            row_count=len(rows),
            row_unit="algorithms",
            numbers=rows,
            caveats=caveats,
            **origin(run),
        )
