"""What the stored tables of mixed models and the studies around them conclude, as findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from hpowh.analyses.finding import DESCRIPTION, ESTIMATE, LEVEL, TEST, Finding, Row, Run, Source, origin, stored
from hpowh.analyses.mixed_models.inference.power import power_sentences
from hpowh.analyses.mixed_models.reading.verdicts import SCALE, verdicts
from hpowh.analyses.mixed_models.studies.anomalies import sentences
from hpowh.analyses.mixed_models.studies.calibrate import level_sentence
from hpowh.analyses.mixed_models.studies.following import next_sentences
from hpowh.analyses.mixed_models.studies.ladder import end_sentences
from hpowh.analyses.mixed_models.studies.odd import why_sentences
from hpowh.analyses.mixed_models.studies.verdicts import Pair, Verdict
from hpowh.analyses.wording import brief, p_said

LIKE_THESE = "benchmarks like these"
MODEL = (
    "Benchmarks are drawn independently from those one speaks of; random effects and residuals are near normal, with "
    "the variances of {formula}."
)
RANKS = "Blocks are independent, and their differences symmetric around the median."
NESTED = "Both models are fitted by maximum likelihood to the same rows, which are many enough for the limit law."
SHUFFLED = "Without a difference the algorithms' labels are exchangeable within benchmarks."
BAND = "Benchmarks are drawn independently from those one speaks of; their differences have finite variance."
SIMULATED = "The default model holds, and new benchmarks and seeds vary as those of the pilot."
TREND = "Benchmarks are drawn independently; a benchmark that behaves as the others moves as they do."
FEATURED = "Benchmarks are drawn independently; residuals are near normal; Holm's correction is within a check."


def findings(source: Source, run: Run) -> Iterator[Finding]:
    """Yield what a run concludes, the answer first; of a model that does not answer, the verdicts of those that do."""
    study: Callable[[Source, Run], Iterator[Finding]] | None = STUDIES.get(run.job)
    if study is not None:
        yield from study(source, run)


def told(verdict: Verdict) -> Finding:
    """Return a verdict as a finding; its numbers are differences in losses, first minus second."""
    evidence = verdict.evidence
    is_model = evidence.formula is not None
    return Finding(
        sentence=verdict.sentence,
        kind="verdict",
        basis=TEST,
        is_shown=any(pair.better for pair in evidence.pairs),
        level=LEVEL,
        holds_for=LIKE_THESE,
        assumption=MODEL.format(formula=evidence.formula) if is_model else RANKS,
        row_count=evidence.row_count,
        row_unit="rows" if is_model else "blocks",
        numbers=[_numbers(pair, evidence.response) for pair in evidence.pairs],
        caveats=evidence.caveats,
        subject=evidence.experiment,
        job=verdict.job,
        analysis_run_id=verdict.analysis_run_id,
    )


def answers(source: Source, run: Run) -> list[Finding]:
    """Return the verdicts that rest on a run; where none does, all of its experiment."""
    found = [told(one) for one in verdicts(source, run.subject)]
    return [one for one in found if one.analysis_run_id == run.analysis_run_id] or found


def _numbers(pair: Pair, response: str) -> dict[str, Any]:
    return {
        "first": pair.first,
        "second": pair.second,
        "better": pair.better,
        "response": response,
        "loss_difference": pair.estimate,
        "loss_lower": pair.lower,
        "loss_upper": pair.upper,
        "p_adjusted": pair.p,
    }


def _fit(source: Source, run: Run) -> Iterator[Finding]:
    models = stored(source, "lmem_model", run.analysis_run_id)
    basis = next((row for row in models if row["is_basis"]), models[0] if models else None)
    found = answers(source, run)
    if basis is not None and not any(one.analysis_run_id == run.analysis_run_id for one in found):
        yield _beside(source, run, basis)
    yield from found
    if basis is None:
        return
    for row in stored(source, "lmem_pair", run.analysis_run_id):
        if row["model"] == basis["model"]:
            yield Finding(
                sentence=row["sentence"],
                kind="pair",
                basis=TEST,
                is_shown=None if row["p_adjusted"] is None else bool(row["better"] or row["is_equivalent"]),
                level=LEVEL,
                holds_for=LIKE_THESE,
                assumption=MODEL.format(formula=basis["formula"]),
                row_count=basis["row_count"],
                numbers=[row],
                **origin(run),
            )


def _beside(source: Source, run: Run, model: Row) -> Finding:
    """Return the finding that another model answers, or that none does, and why it is not this one."""
    groups = stored(source, "lmem_group", run.analysis_run_id)
    if not model["is_converged"]:
        why = "its fit did not converge"
    elif not any(row["factor"] == "algorithm" for row in groups):
        why = f"it compares no algorithms, or it is not known which direction of {model['response']} is better"
    elif any(SCALE in sentence for sentence in run.warnings):
        why = f"{model['response']} is not on one scale between benchmarks, and another model's response is"
    else:
        why = "a newer one answers the same question"
    return Finding(
        sentence=f"{run.subject}: no verdict rests on {model['formula']}: {why}.",
        kind="beside",
        basis=DESCRIPTION,
        holds_for="these rows",
        assumption="None.",
        row_count=model["row_count"],
        numbers=[model],
        **origin(run),
    )


def _calibrate(source: Source, run: Run) -> Iterator[Finding]:
    for row in stored(source, "lmem_calibration", run.analysis_run_id):
        yield Finding(
            sentence=level_sentence(row["rejected_count"], row["replicate_count"]),
            kind="level",
            basis=ESTIMATE,
            is_shown=None if row["lower"] is None else row["lower"] > LEVEL,
            level=LEVEL,
            holds_for="this design and these values",
            assumption=SHUFFLED,
            row_count=row["replicate_count"],
            row_unit="shuffled experiments",
            numbers=[row],
            **origin(run),
        )


def _anytime(source: Source, run: Run) -> Iterator[Finding]:
    at_budgets = stored(source, "lmem_anytime", run.analysis_run_id)
    for row in stored(source, "lmem_anytime_pair", run.analysis_run_id):
        mine = [one for one in at_budgets if (one["first"], one["second"]) == (row["first"], row["second"])]
        yield Finding(
            sentence=row["sentence"],
            kind="anytime",
            basis=TEST,
            is_shown=None if row["p_any"] is None else row["p_any"] < LEVEL,
            level=LEVEL,
            holds_for=LIKE_THESE,
            assumption=BAND,
            row_count=max((one["benchmark_count"] for one in mine), default=None),
            row_unit="benchmarks",
            numbers=[row],
            **origin(run),
        )


def _presets(source: Source, run: Run) -> Iterator[Finding]:
    for row in stored(source, "lmem_preset", run.analysis_run_id):
        p = row["p_value"] if row["p_adjusted"] is None else row["p_adjusted"]
        yield Finding(
            sentence=f"{run.subject}, {row['preset']}: {row['verdict']}".rstrip(".")
            + f"{'' if p is None else f' ({p_said(p)})'}.",
            kind=row["preset"],
            basis=TEST,
            is_shown=row["is_significant"],
            level=LEVEL,
            holds_for=LIKE_THESE,
            assumption=NESTED if row["null_formula"] else FEATURED,
            numbers=[row],
            **origin(run),
        )


def _ladder(source: Source, run: Run) -> Iterator[Finding]:
    rows = stored(source, "lmem_ladder", run.analysis_run_id)
    for direction, sentence in end_sentences(rows):
        yield Finding(
            sentence=sentence,
            kind="ladder",
            basis=TEST,
            level=LEVEL,
            holds_for="these rows: the p-values do not account for the search",
            assumption=NESTED,
            numbers=[row for row in rows if direction in ("", row["direction"])],
            **origin(run),
        )


def _anomalies(source: Source, run: Run) -> Iterator[Finding]:
    rows = stored(source, "lmem_anomaly", run.analysis_run_id)
    odd = dict.fromkeys(row["benchmark"] for row in rows if row["is_anomalous"])
    said = list(zip(odd, sentences(rows), strict=True))
    why = stored(source, "lmem_anomaly_why", run.analysis_run_id)
    benchmarks = len({row["benchmark"] for row in rows})
    shared: dict[str, Any] = {
        "basis": TEST,
        "level": LEVEL,
        "holds_for": "these benchmarks",
        "assumption": TREND,
        "row_count": benchmarks,
        "row_unit": "benchmarks",
        **origin(run),
    }
    if not said:
        yield Finding(sentence="No benchmark is anomalous.", kind="anomaly", is_shown=False, **shared)
    for benchmark, sentence in said:
        yield Finding(sentence=sentence, kind="anomaly", is_shown=True, numbers=_of(rows, benchmark), **shared)
    reasons = dict.fromkeys(row["benchmark"] for row in why)
    for benchmark, sentence in zip(reasons, why_sentences(why), strict=True):
        yield Finding(sentence=sentence, kind="why", numbers=_of(why, benchmark), **shared)


def _of(rows: Sequence[Mapping[str, Any]], benchmark: str) -> list[Row]:
    return [row for row in rows if row["benchmark"] == benchmark]


def _power(source: Source, run: Run) -> Iterator[Finding]:
    rows = stored(source, "lmem_power", run.analysis_run_id)
    shared: dict[str, Any] = {"holds_for": LIKE_THESE, "assumption": SIMULATED, **origin(run)}
    models = stored(source, "lmem_model", run.analysis_run_id)
    count = models[0]["row_count"] if models else None
    differences = dict.fromkeys(row["difference"] for row in rows)
    for difference, sentence in zip(differences, power_sentences(rows, run.parameters["response"]), strict=True):
        mine = [row for row in rows if row["difference"] == difference]
        yield Finding(
            sentence=sentence, kind="power", basis=ESTIMATE, level=LEVEL, row_count=count, numbers=mine, **shared
        )
    following = stored(source, "lmem_next", run.analysis_run_id)
    for sentence in next_sentences(following):
        yield Finding(sentence=sentence, kind="next", basis=ESTIMATE, numbers=following, **shared)


def _compare(source: Source, run: Run) -> Iterator[Finding]:
    for row in stored(source, "lmem_comparison", run.analysis_run_id):
        p = row["p_bootstrap"] if row["p_bootstrap"] is not None else row["p_value"]
        is_shown = None if p is None else p < LEVEL
        yield Finding(
            sentence=_compared(row, p),
            kind="comparison",
            basis=TEST,
            is_shown=is_shown,
            level=LEVEL,
            holds_for="these rows, as drawn from the larger model",
            assumption=NESTED,
            numbers=[row],
            **origin(run),
        )


def _compared(row: Row, p: float | None) -> str:
    if p is None:
        return f"{row['full_formula']} cannot be tested against {row['null_formula']}: {row['reason'] or 'undefined'}."
    how = "fits better than" if p < LEVEL else "is not shown to fit better than"
    by = (
        f"by {row['bootstrap_count']:,} simulated experiments"
        if row["p_bootstrap"] is not None
        else row["distribution"]
    )
    return (
        f"{row['full_formula']} {how} {row['null_formula']}: twice the difference of log-likelihoods is "
        f"{brief(row['chi_square'], 4)}, {p_said(p)} ({by})."
    )


STUDIES: dict[str, Callable[[Source, Run], Iterator[Finding]]] = {
    "mixed_models.fit": _fit,
    "mixed_models.calibrate": _calibrate,
    "mixed_models.anytime": _anytime,
    "mixed_models.presets": _presets,
    "mixed_models.ladder": _ladder,
    "mixed_models.anomalies": _anomalies,
    "mixed_models.power": _power,
    "mixed_models.compare": _compare,
}
"""Job -> what says what it found."""
