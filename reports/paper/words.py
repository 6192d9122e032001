"""The texts of a paper: the sentence, the methods, the captions, the answers to a reviewer's three questions."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from hpowh.analyses.rankings.compare import SILENT
from hpowh.reports.numbers import better, number, percent
from hpowh.reports.paper.budgets import Budgets, lead
from hpowh.reports.paper.study import Row, Study
from hpowh.reports.verdict import SIMULTANEOUS, correction, p_value
from hpowh.warehouse.output.latex import escaped
from hpowh.warehouse.wording import plural

RESPONSES = {"log_regret": "log10 regret", "normalized_regret": "normalised regret", "rank": "rank within blocks"}
LEVEL = 0.05


def response(study: Study) -> str:
    """Return what the means are of, in words."""
    name = str(study.levels[0]["response"])
    return RESPONSES.get(name, name)


def budget(study: Study) -> str:
    """Return the budget at which runs are compared, in words; empty where the runs have none."""
    if not study.has_budgets:
        return ""
    at, asked = study.model["budget"], study.parameters.get("budget")
    if at is not None:
        return f"at budget {at:,g}"
    return "at the largest budget that all runs of a benchmark reach" if asked == "benchmark" else "over all points"


def rows(study: Study) -> str:
    """Return how many rows the model has, and what one is: a run at its budget, or a recorded point."""
    is_run = study.model["budget"] is not None or study.parameters.get("budget") is not None
    return plural(study.model["row_count"], "run" if is_run else "row")


def caption(study: Study) -> str:
    """Return the caption of the results table."""
    one = study.levels[0]
    ranks = "; ranks: those that the contrasts do not rule out, at 95 % for all algorithms together"
    return (
        f"Estimated marginal means of {response(study)} ({better(one['direction'])}) on {study.experiment}, "
        f"{', '.join(filter(None, (plural(study.benchmark_count, 'benchmark'), rows(study), budget(study))))}. "
        f"Algorithms that share a letter do not differ at 5 %{ranks if one['rank_lower'] is not None else ''}. "
        f"{_versus(study)} The best in bold."
    )


def _versus(study: Study) -> str:
    best, what = study.levels[0]["best"], "ratio of regrets" if study.is_log else "difference"
    family = correction(str(study.levels[0]["method"]), len(study.pairs))
    whole = "interval and p" if study.levels[0]["method"] in SIMULTANEOUS else "p (not the interval)"
    return f"Last columns: {what} to {best} with its 95 % interval; {whole} by {family}."


def sentence(study: Study) -> str:
    """Return `sentence.md`: the answer, then the same with every test."""
    said = list(study.sentences) or ["The model's algorithms cannot be put in order: its direction is not known."]
    lines = ["# The answer", "", *said, "", "# With the tests, as a journal wants them", "", " ".join(study.tested), ""]
    if study.warnings:
        lines += ["# Say this with it", "", *(f"- {one}" for one in study.warnings), ""]
    return "\n".join(lines)


def questions(study: Study, budgets: Budgets | None) -> str:
    """Return `reviewer.md`: is it significant, is it corrected, and does it hold at all budgets?"""
    tested = [row for row in study.pairs if row["p_adjusted"] is not None]
    apart = [row for row in tested if row["p_adjusted"] < LEVEL]
    family = correction(str(study.levels[0]["method"]), len(study.pairs))
    lines = ["# Is the difference significant?", ""]
    if apart:
        lines += [f"Of {plural(len(tested), 'pair')} {len(apart)} differ at 5 % after correction:", ""]
        lines += [f"- {row['contrast']}: {_size(study, row)}" for row in apart]
    else:
        lines += [f"No. Of {plural(len(tested), 'pair')} none differs at 5 %; that is no proof that they are equal."]
    lines += ["", *_level(study), "", "# Is it corrected for multiple comparisons?", ""]
    lines += [f"Yes: {family}." if study.levels[0]["method"] != "none" else "No: the contrasts were asked for without."]
    lines += ["", *_other_methods(study), "", "# Does it hold at all budgets?", ""]
    unasked = "Not asked: hpowh paper --budgets 10,25,50 compares at each and corrects."
    lines += lead(budgets) if budgets else [unasked if study.has_budgets else "The runs have no budgets."]
    return "\n".join([*lines, ""])


def _size(study: Study, one: Row) -> str:
    ends = f"95 % interval {number(one['lower'], 3)} to {number(one['upper'], 3)}"
    ratio = f"; ratio of regrets {number(one['ratio'], 3)}" if study.is_log and one["ratio"] is not None else ""
    return f"{number(one['estimate'], 3)} ({ends}{ratio}; p {p_value(one['p_adjusted'])})"


def _level(study: Study) -> list[str]:
    one = study.calibration
    if one is None or one["rate"] is None:
        return ["Whether the test holds its level on these values was not checked: hpowh analyse calibrate."]
    return [
        f"On {one['replicate_count']:,} copies of the experiment with labels shuffled within benchmarks some pair was "
        f"significant in {percent(one['rate'], 1)} (95 % interval {percent(one['lower'], 1)} to "
        f"{percent(one['upper'], 1)}); "
        f"{percent(one['level'])} is right."
    ]


def _other_methods(study: Study) -> list[str]:
    if not study.agreement:
        return ["Rank tests beside the model were not asked: hpowh analyse rankings."]
    agreed = sum(bool(row["is_agreed"]) for row in study.agreement)
    pairs = plural(len(study.agreement), "pair")
    if all(row["wilcoxon_verdict"] == SILENT for row in study.agreement):
        return [
            f"Mixed model and Nemenyi's test reach the same verdict on {agreed} of {pairs}; Wilcoxon's test, corrected "
            "for all of them (Holm), cannot show a difference on so few benchmarks, however large it is."
        ]
    return [f"Mixed model, Nemenyi's and Wilcoxon's test (Holm) reach the same verdict on {agreed} of {pairs}."]


def methods(study: Study, cited: Sequence[str]) -> str:
    """Return `methods.tex`: one paragraph on what was computed, with versions and citations."""
    criterion = "restricted maximum likelihood" if study.parameters.get("is_reml", True) else "maximum likelihood"
    versions = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "numpy", "scipy"))
    calibrated = (
        r" Its level was checked on copies of the experiment with labels shuffled within benchmarks."
        if study.calibration
        else ""
    )
    pairs = correction(str(study.levels[0]["method"]), len(study.pairs))
    tests = "$t$ tests with Satterthwaite's degrees of freedom \\citep{satterthwaite,lmertest}"
    if study.levels[0]["method"] == "bonferroni":  # every difference by its own spread
        tests = "paired $t$ tests on the benchmarks' values"
    many = plural(study.benchmark_count, "benchmark")
    return (
        f"Algorithms were compared by the linear mixed model \\texttt{{{escaped(study.model['formula'])}}} "
        f"\\citep{{{','.join(one for one in cited if one in ('lmems', 'lme4'))}}}, fitted by {criterion} to "
        f"{' '.join(filter(None, (rows(study), 'on', many, escaped(budget(study)))))}. "
        f"Contrasts of estimated marginal means were tested two-sided by {tests}; $p$ values were corrected by "
        f"{escaped(pairs)}{_cite(cited, ('tukey', 'bonferroni', 'holm', 'bh', 'dunnett'))}. "
        f"Ranks that the contrasts do not rule out are as in \\citet{{rankintervals}}. "
        f"{_failed_runs(study)}{calibrated} "
        f"Computed by hpowh {version('hpowh')} \\citep{{hpowh}} ({versions}).\n"
    )


def _failed_runs(study: Study) -> str:
    """Say what rows without a value count; that they are left out only where there are some."""
    policy, count = str(study.parameters.get("failures") or "exclude"), study.model.get("excluded_count") or 0
    if policy == "exclude":
        return f"{plural(count, 'row')} without a value {'is' if count == 1 else 'are'} left out." if count else ""
    return "Failed runs come last in their block." if policy == "last" else "Failed runs were imputed."


def _cite(cited: Sequence[str], keys: Sequence[str]) -> str:
    found = [one for one in keys if one in cited]
    return f" \\citep{{{','.join(found)}}}" if found else ""
