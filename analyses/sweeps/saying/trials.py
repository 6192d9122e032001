"""Sentences on the trials: the best, the noise, what failed, what foretells the end, what to try."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hpowh.analyses.sweeps.reading.codes import Code
from hpowh.analyses.sweeps.result import Result
from hpowh.analyses.sweeps.saying.found import Found, Statement
from hpowh.analyses.sweeps.words import plain
from hpowh.analyses.wording import number, p_said, plural

DIFFER = 1.96 * 2**0.5
"""Standard deviations by which two normal values differ once in twenty times."""
EARLY = 0.8
"""Rank correlation from which an early value is said to foretell the final one."""


def best(result: Result, metric: str) -> Iterator[Statement]:
    """Yield which configuration or trial is best."""
    for row in result.tables.get("sweep_summary", ()):
        groups = result.configurations
        name = "" if row.get("best_name") is None else f" ({row['best_name']})"
        value = number(row["best_value"])
        if groups is None or not groups.is_repeated:
            sentence = (
                f"the best of {plural(row['used_count'], 'trial')} with a value is trial {row['best_number']}{name}, "
                f"{metric} = {value}; the median is {number(row['median_value'])}."
            )
        else:
            deviation = row["best_deviation"]
            spread = (
                f"SD {number(deviation, 2)} over {row['best_count']} trials" if deviation is not None else "one trial"
            )
            sentence = (
                f"the best of {plural(row['configuration_count'], 'configuration')} by its mean is that of trial "
                f"{row['best_number']}{name}: {metric} = {value} ({spread}); the median is "
                f"{number(row['median_value'])}."
            )
            if row["best_single_value"] != row["best_value"]:
                sentence += f" The best single trial has {number(row['best_single_value'])}, which is also luck."
        yield Statement(kind="best", sentence=sentence, figure="sweep-history")


def code(found: Code, metric: str) -> str:
    """Return the sentence that the headline does not go without where a number may stand for failed trials."""
    return (
        f"{metric} is {found.value:.10g} in {plural(found.count, 'trial')}, farther from all others than these are "
        "from one another: if that stands for failed trials, tests, importances and what to try next are of the code "
        f"(hpowh ingest … --option failed-value={found.value:.10g} loads them as failed)."
    )


def noise(result: Result, metric: str) -> Iterator[Statement]:
    """Yield how much of the variance is noise between repeats, and by how much equal trials differ."""
    groups = result.configurations
    if groups is None or groups.noise is None or groups.noise_deviation is None or groups.noise_limits is None:
        return
    if groups.noise_deviation == 0:
        sentence = (
            f"all {plural(groups.repeat_count, 'repeat')} of a configuration gave the {metric} of the first trial to "
            "the last digit: either nothing is random, or a seed is not used."
        )
    else:
        low, high = (number(one, 2) for one in groups.noise_limits)
        sentence = (
            f"{number(100 * groups.noise, 2)} % of the variance of {metric} between single trials is noise between "
            f"repeats of one configuration (standard deviation {number(groups.noise_deviation, 2)}, 95 % interval "
            f"{low} to {high}, from {plural(groups.repeat_count, 'repeat')}): two trials of one configuration "
            f"differ by more than {number(DIFFER * groups.noise_deviation, 2)} once in twenty times."
        )
    yield Statement(kind="noise", sentence=sentence, figure="sweep-history")


def sampling(result: Result, found: Found, metric: str) -> Iterator[Statement]:
    """Yield what the tuner narrowed, and how much less that seems to matter by what goes by the trials."""
    forest = found.importance("fanova")
    narrowed = [(one, found.effects.get(one.hyperparameter), forest.get(one.hyperparameter)) for one in result.narrowed]
    if not narrowed:
        return
    one, alone, whole = max(narrowed, key=lambda row: row[2]["importance"] if row[2] else 0.0)
    if one.level is None:
        where = f"the last third keeps {one.hyperparameter} to {number(100 * one.late, 2)} % of its tried range"
    else:
        where = f"{number(100 * one.late, 2)} % of the last third have {one.hyperparameter} = {one.level}"
    size = ""
    if alone is not None and alone["share"] is not None and whole is not None and whole["verdict"] == "usable":
        size = (
            f" Over the trials it explains {number(100 * alone['share'], 2)} % of the variance of {metric}, over the "
            f"whole range by the forest {number(100 * whole['importance'], 2)} % (fANOVA)."
        )
    more = f" (and {plural(len(narrowed) - 1, 'other')} narrowed)" if len(narrowed) > 1 else ""
    yield Statement(
        kind="sampling",
        sentence=(
            f"the trials were not drawn evenly: {where} (first third: {number(100 * one.early, 2)} %){more}. What a "
            "tuner narrows goes with the metric and with all else that it narrows: by correlations and shares over the "
            "trials most of it seems to matter more than over the whole range (in simulated sweeps of TPE by 24 points "
            f"of 100 on average; the forest, fANOVA, was off by 6). Tests are beside all other hyperparameters.{size}"
        ),
        figure="sweep-effects",
    )


def drift(result: Result, metric: str) -> Iterator[Statement]:
    """Yield that the metric changes over time by more than the hyperparameters tell."""
    if result.drift is None:
        return
    way = "higher" if result.drift.change > 0 else "lower"
    yield Statement(
        kind="drift",
        sentence=(
            f"{metric} changes over time by more than the hyperparameters tell ({p_said(result.drift.p)}): at equal "
            f"hyperparameters the last third of the trials lies {number(abs(result.drift.change), 2)} {way} than the "
            "first. Did code, data or machine change meanwhile? Trials from before and after are then not comparable, "
            "and the best may owe its place to its time."
        ),
        figure="sweep-history",
    )


def _with_failures(result: Result) -> str:
    """Return what matters most once failed trials are the worst, beside what does without them."""
    rows = [r for r in result.tables.get("sweep_importance", ()) if r.get("place") == 1]
    first = {r["method"]: r for r in rows if r["verdict"] in ("weak", "usable")}
    worst, without = first.get("permutation_worst"), first.get("permutation")
    if worst is None:
        return ""
    beside = f", without them {without['hyperparameter']}" if without else ""
    return f"; with failed trials as the worst, {worst['hyperparameter']} has the largest importance{beside}"


def failures(result: Result) -> Iterator[Statement]:
    """Yield what separates trials that failed, diverged or were pruned."""
    words = {"failed": "failed", "diverged": "ended without a finite value", "pruned": "were pruned"}
    for outcome, verb in words.items():
        rules = [row for row in result.tables.get("sweep_failure", ()) if row["outcome"] == outcome]
        if not rules:
            continue
        row = rules[0]
        p = p_said(row["p_adjusted"])
        groups = result.configurations
        noun = "configuration" if groups is not None and groups.is_repeated else "trial"
        sentence = (
            f"{row['bad_count']:,} of {plural(row['trial_count'], noun)} with {row['setting']} {verb}, "
            f"{row['other_bad_count']:,} of the other {row['other_count']:,} ({p}, adjusted for every setting "
            "looked at)"
        )  # fmt: skip
        reasons = [r for r in result.tables.get("sweep_failure_reason", ()) if r["outcome"] == outcome]
        if reasons:
            sentence += f"; most often: {reasons[0]['reason'][:120]}"
        if outcome != "pruned":
            sentence += ". What is said of the finished trials is said of survivors" + _with_failures(result)
        yield Statement(kind="failure", sentence=f"{sentence}.", figure="sweep-failures", is_claim=False)


def early(found: Found, metric: str) -> Iterator[Statement]:
    """Yield from which step on values foretell the final ones."""
    rows = [row for row in found.rows.get("sweep_step", ()) if row["spearman"] is not None]
    early = [row for row in rows if row["spearman"] >= EARLY and row["kept_share"] == 1]
    if early and early[0]["step"] < rows[-1]["step"]:
        row = early[0]
        yield Statement(
            kind="early",
            sentence=(
                f"from step {row['step']} on {metric} foretells its final value (rank correlation "
                f"{number(row['spearman'], 2)} in {plural(row['trial_count'], 'trial')}); stopping the worse half "
                "there would have kept all of the best tenth."
            ),
            figure="sweep-steps",
        )


def untried(found: Found) -> Iterator[Statement]:
    """Yield the emptiest combination."""
    corners = sorted(found.rows.get("sweep_untried", ()), key=lambda row: -row["expected"])
    if corners:
        row = corners[0]
        yield Statement(
            kind="untried",
            sentence=(
                f"no trial combines {row['hyperparameter_a']} {row['part_a']} with {row['hyperparameter_b']} "
                f"{row['part_b']}, where {number(row['expected'], 2)} were to be expected."
            ),
            figure="sweep-untried",
        )


def _doubt(found: Found) -> str:
    """Return that a prediction is hardly one, where nothing is shown to matter."""
    is_shown = found.holds("model") or bool(found.matters())
    return "" if is_shown else " No hyperparameter is shown to matter: it may do no better than any other setting."


def next_to_try(found: Found, metric: str) -> Iterator[Statement]:
    """Yield the first suggestion."""
    rows: list[dict[str, Any]] = [r for r in found.rows.get("sweep_suggestion", ()) if r["suggestion"] == 1]
    if rows:
        constant = {r["name"] for r in found.rows.get("sweep_column", ()) if r["role"] == "constant"}
        names = sorted((r for r in rows if r["hyperparameter"] not in constant), key=lambda r: r["hyperparameter"])
        setting = ", ".join(
            f"{r['hyperparameter']} = {plain(r['numeric_value'], 4) if r['text_value'] is None else r['text_value']}"
            for r in names
        )
        by = {"gaussian_process": "a Gaussian process", "extra_trees": "the extremely randomised trees"}
        yield Statement(
            kind="next",
            sentence=(
                f"next to try: {setting}; predicted {metric} {number(rows[0]['predicted'])} "
                f"(standard deviation {number(rows[0]['deviation'], 2)}, by {by[rows[0]['model']]}).{_doubt(found)}"
            ),
            figure="sweep-next",
        )
