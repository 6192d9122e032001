"""What the stored tables of a landscape conclude, as findings, and the facts that its page says in the same words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hpowh.analyses.finding import DESCRIPTION, ESTIMATE, LEVEL, Finding, Row, Run, Source, origin
from hpowh.analyses.landscapes.saying.words import Facts, Said
from hpowh.analyses.landscapes.saying.words import findings as said_of
from hpowh.analyses.wording import number, plural
from hpowh.warehouse import queries

SHOWN = 10
"""So many hyperparameters of a configuration are named; the most important ones."""
WHOLE = "None: every configuration of the grid was evaluated, and the numbers are exact."
PART = "What was evaluated is drawn as if by chance from the grid; its holes are completed or estimated."
MODELLED = "A model of the landscape explains its ranks as well as its own R2 says."


def findings(source: Source, run: Run) -> Iterator[Finding]:
    """Yield the sentences of one landscape; nothing for comparisons of several."""
    found = source.sql(queries.text("landscape/subject_of"), {"run": run.analysis_run_id}).pl().to_dicts()
    if run.job == "landscapes" and found:
        facts = facts_of(source, run.analysis_run_id, found[0])
        tables: dict[str, Sequence[Row]] = {
            "importance": facts.importance,
            "transfer": facts.transfer,
            "runs": facts.runs,
        }
        for one in said_of(facts):
            yield _finding(run, facts, one, tables)


def _finding(run: Run, facts: Facts, said: Said, tables: dict[str, Sequence[Row]]) -> Finding:
    is_whole = (facts.values.get("coverage") or 0.0) >= 1
    size = facts.values.get("n_configurations")
    is_modelled = said.kind == "importance" and any("model" in str(row.get("method")) for row in facts.importance)
    rows = [row for row in facts.metrics if row["name"] in said.metrics]
    return Finding(
        sentence=f"{run.subject}: {said.sentence[0].lower() + said.sentence[1:]}",
        kind=said.kind,
        basis=DESCRIPTION if is_whole else ESTIMATE,
        level=None if is_whole else LEVEL,
        holds_for="this grid" if is_whole else "the grid that the evaluations are part of",
        assumption=MODELLED if is_modelled else WHOLE if is_whole else PART,
        row_count=None if size is None else int(size),
        row_unit="configurations",
        numbers=rows or list(tables.get(said.kind, ())),
        **origin(run),
    )


def facts_of(source: Source, run: int, subject: Row) -> Facts:
    """Return what is said of one landscape.

    Args:
        subject: search_space, benchmark, metric, split, fidelity, direction, search_space_id, epsilon.
    """
    metrics = _rows(source, queries.text("landscape/metrics"), run=run)
    importance = _rows(source, queries.text("landscape/importance"), run=run)
    at = "" if subject["fidelity"] is None else f" @{subject['fidelity']:g}"
    has_optima = any(row["name"] == "n_lo" and row["value"] is not None for row in metrics)
    floor = source.sql(queries.text("landscape/above_noise"), {"run": run}).rows()
    noise = _rows(source, queries.text("landscape/noise_of"), run=run)
    is_complete = any(row["name"] == "coverage" and row["value"] == 1 for row in metrics)
    sign = -1.0 if subject["direction"] == "max" else 1.0
    return Facts(
        metrics=metrics,
        importance=[row for row in importance if row["scope"] == "ranks"],
        transfer=_rows(
            source,
            queries.text("landscape/transfer"),
            space=subject["search_space"],
            benchmark=subject["benchmark"],
            context=f"{subject['metric']} {subject['split']}{at}",
        ),
        runs=_rows(source, queries.text("landscape/runs"), run=run) if has_optima else (),
        epsilon=subject["epsilon"],
        best=best(source, run, subject["search_space_id"], subject["metric"], sign, is_complete=is_complete),
        above_noise=floor[0] if floor else None,
        noise=noise[0] if noise else None,
    )


def setting(source: Source, run: int, space_id: int, configuration: int) -> str:
    """Return a configuration in words: its hyperparameters' levels, the most important ones first where not all."""
    given = {"run": run, "space": space_id, "configuration": configuration}
    rows = source.sql(queries.text("landscape/setting"), given).rows()
    if len(rows) > SHOWN:
        rows = sorted(rows, key=lambda row: -(row[2] or 0.0))
    said = ", ".join(f"{name} = {label}" for name, label, _ in rows[:SHOWN])
    left = len(rows) - SHOWN
    return said + (f" and {plural(left, 'other')} (configuration {configuration})" if left > 0 else "")


def best(source: Source, run: int, space_id: int, metric: str, sign: float, *, is_complete: bool) -> str:
    """Return the sentence on the best configuration, how many share its value, and what others have."""
    ((configuration, value, tied, median, worst),) = source.sql(
        queries.text("landscape/best"), {"run": run, "sign": sign}
    ).rows()
    whose = "best configuration" if is_complete else "best configuration that was evaluated"
    first = f"The {whose} has {metric} {number(value)}" if tied == 1 else (
        f"{tied:,} configurations share the best {metric}, {number(value)}; the first of them")  # fmt: skip
    return (
        f"{first}: {setting(source, run, space_id, configuration)}. The median configuration has {number(median)}, the "
        f"worst {number(worst)}."
    )


def _rows(source: Source, text: str, **parameters: Any) -> list[dict[str, Any]]:
    return list(source.sql(text, parameters).pl().to_dicts())
