"""Read an experiment's evidence out of the result tables and draw one verdict a question from it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import count
from math import comb
from typing import Any

from hpowh.analyses.finding import Source
from hpowh.analyses.mixed_models.model.formula import parse_formula
from hpowh.analyses.mixed_models.reading.catalogue import EACH, mentioned
from hpowh.analyses.mixed_models.reading.ends import ABSENT, GRID, over
from hpowh.analyses.mixed_models.reading.suspects import AVERAGED, CODE, SAME, TWINS
from hpowh.analyses.mixed_models.studies.checks import ELSEWHERE
from hpowh.analyses.mixed_models.studies.sharing import TOGETHER
from hpowh.analyses.mixed_models.studies.verdicts import LEVEL, METHODS, Evidence, Pair, Verdict, losses, verdict_of
from hpowh.analyses.statistics.shuffles import least_p
from hpowh.analyses.wording import percent
from hpowh.warehouse import queries

ONE_BENCHMARK = "All runs are of one benchmark: only seeds are drawn, and nothing is said of other benchmarks."
SCALE = "is not on one scale"
"""In the warning about benchmarks whose spread decides the result."""
OWN_METRIC = "each benchmark by its own metric"
FITTED = "fitted"
"""Stands for the budget at which a model was fitted."""
Question = tuple[str, str, str, str]
"""Metric, budget, condition, policy about failed runs."""
Row = Mapping[str, Any]


def verdicts(source: Source, experiment: str) -> list[Verdict]:
    """Return one verdict for every question that the experiment's models and rankings answer, and every setting.

    Every page and command that says who is better says these sentences and no others.
    """
    metrics = metrics_of(source, experiment)
    found: list[Verdict] = []
    only = _only_budget(source, experiment)
    chosen = _chosen_models(source, experiment, metrics, only)
    rankings = _chosen_rankings(source, experiment, metrics, only)
    is_bare = only == "1"  # as `has_budgets` has it
    several = _several(source, experiment, [metric for metric, *_ in (*chosen, *rankings)])
    for question, row in chosen.items():
        points = over(row["said"]) if question[0] in several or (question[0] == EACH and several) else ""
        found += _of_model(source, experiment, _shown(question, is_bare=is_bare), row, len(metrics) > 1, points)
    for question, row in rankings.items():
        if question not in chosen:
            points = (
                over(json.loads(row["warnings"] or "[]"))
                if question[0] in several or (question[0] == EACH and several)
                else ""
            )
            shown = _shown(question, is_bare=is_bare)
            found.append(_of_ranking(source, experiment, shown, row, len(metrics) > 1, points))
    return found


def metrics_of(source: Source, experiment: str) -> list[str]:
    """Return the names of an experiment's metrics, in their order."""
    first = list(_first_points(source, experiment))
    ((known,),) = source.sql("select count(*) from core.metric").rows()
    if len(first) == known:  # there are no others
        return first
    return [row[0] for row in source.sql(queries.text("verdicts/metrics"), {"subject": experiment}).rows()]


def _first_points(source: Source, experiment: str) -> dict[str, bool]:
    """Return metrics of an experiment's first points, by their names, and whether some run has several of them."""
    return dict(source.sql(queries.text("verdicts/first_points"), {"subject": experiment}).rows())


def _several(source: Source, experiment: str, asked: Sequence[str]) -> set[str]:
    """Return the metrics of which some run has several points; of those asked for, where the first points tell."""
    found = {name for name, is_several in _first_points(source, experiment).items() if is_several}
    if found.issuperset(set(asked) - {EACH}) and (found or not asked):
        return found
    return {row[0] for row in source.sql(queries.text("verdicts/points"), {"subject": experiment}).rows()}


def answering_model(
    source: Source, experiment: str, question: tuple[str | None, str, str, str], response: str | None = None
) -> tuple[str, str] | None:
    """Return response and formula of the model that answers a question; None where none does, or of that response."""
    metrics = metrics_of(source, experiment)
    metric, budget, condition, failures = question
    only = _only_budget(source, experiment)
    asked = (_metric(metric, metrics, response), only or budget, condition, failures)
    found = _chosen_models(source, experiment, metrics, only).get(asked)
    if found is None or response not in (None, found["response"]):
        return None
    return str(found["response"]), str(found["formula"])


def fitted_model(
    source: Source,
    experiment: str,
    *,
    formula: str | None = None,
    where: str | None = None,
    metric: str | None = None,
    budget: float | str | None = FITTED,
    failures: str = "exclude",
) -> dict[str, Any] | None:
    """Return what was asked of the model that was last fitted, of those that agree with what is given here.

    Args:
        formula, where, metric: None agrees with any; `budget`: `fitted` does.

    Returns:
        `formula`, `where`, `metric`, `budget`, `failures` and `variance` as they were given to `analyse_lmem`; None
        where no such model compares algorithms.
    """
    text = None if formula is None else str(parse_formula(formula))
    for row in _rows(source, queries.text("verdicts/models"), subject=experiment):
        asked = row["asked"] if row["asked"] in (None, "final", "benchmark") else float(row["asked"])
        if (
            row["direction"] is not None
            and text in (None, row["asked_formula"], row["formula"])
            and where in (None, row["condition"])
            and metric in (None, row["metric"])
            and budget in (FITTED, asked)
            and failures == row["failures"]
        ):
            return {
                "formula": row["asked_formula"],
                "where": row["condition"],
                "metric": row["metric"],
                "budget": asked,
                "failures": failures,
                "variance": row["variance"],
            }
    return None


def has_budgets(source: Source, experiment: str) -> bool:
    """Return whether an experiment's runs have budgets; in a table without any no sentence speaks of budget 1."""
    return bool(source.sql(queries.text("verdicts/budgets"), {"subject": experiment}).rows()[0][0])


def budget_text(asked: float | str | None, at: object) -> str:
    """Return a question's budget: the number at which runs are compared, where it is one."""
    return f"{at:g}" if isinstance(at, float) else "all points" if asked is None else "benchmark"


def _rows(source: Source, text: str, **parameters: Any) -> list[dict[str, Any]]:
    return list(source.sql(text, parameters).dicts())


def _metric(name: str | None, metrics: Sequence[str], response: str | None = None) -> str:
    """Return the metric that was meant: the one named, the response's, the only one, `value`, or each benchmark's."""
    if name is not None and name in metrics:
        return name
    if len(metrics) == 1:
        return metrics[0]
    named = mentioned(response or "", metrics)
    return named[0] if named else "value" if "value" in metrics else EACH


def _only_budget(source: Source, experiment: str) -> str | None:
    """Return the budget at which all values stand: to ask for it, or for none, is then one question."""
    if any(_first_points(source, experiment).values()):
        return None
    ((budget,),) = source.sql(queries.text("verdicts/only_budget"), {"subject": experiment}).rows()
    return None if budget is None else f"{budget:g}"


def _chosen_models(
    source: Source, experiment: str, metrics: Sequence[str], only: str | None
) -> dict[Question, dict[str, Any]]:
    """Return the model that answers each question: converged, on one scale, then the newest."""
    best: dict[Question, tuple[tuple[bool, bool, int], dict[str, Any]]] = {}
    for row in _rows(source, queries.text("verdicts/models"), subject=experiment):
        if row["direction"] is None:
            continue
        row["said"] = json.loads(row["warnings"])
        budget = only or budget_text(row["asked"], row["budget"])
        question = (_metric(row["metric"], metrics, row["response"]), budget, row["condition"] or "", row["failures"])
        is_scaled = not any(SCALE in sentence for sentence in row["said"])
        worth = (bool(row["is_converged"]), is_scaled, int(row["analysis_run_id"]))
        if question not in best or worth > best[question][0]:
            best[question] = (worth, row)
    return {question: row for question, (_, row) in best.items()}


def _chosen_rankings(
    source: Source, experiment: str, metrics: Sequence[str], only: str | None
) -> dict[Question, dict[str, Any]]:
    found: dict[Question, dict[str, Any]] = {}
    for row in _rows(source, queries.text("verdicts/rankings"), subject=experiment):
        budget = (row["setting"] or "").removeprefix("budget = ") or "all points"
        budget = only or ("benchmark" if budget == "the benchmark's own" else budget)
        question = (_metric(row["metric"], metrics, row["response"]), budget, row["condition"] or "", row["failures"])
        found.setdefault(question, row)
    return found


def _shown(question: Question, *, is_bare: bool) -> Question:
    """Return the question as it is said: without a budget where the experiment has none."""
    return (question[0], "all points", *question[2:]) if is_bare else question


def _scope(question: Question, setting: str, names_metric: bool, points: str) -> str:
    """Return the question in words; `points`: over which points means are taken where runs have several."""
    metric, budget, condition, failures = question
    parts = [OWN_METRIC if metric == EACH else metric] if names_metric else []
    if budget == "benchmark":
        parts.append("at each benchmark's own budget")
    elif budget != "all points":
        parts.append(f"at budget {budget}")
    elif points:
        parts.append(points)
    parts += [setting] if setting else []
    parts += [f"where {condition}"] if condition else []
    if failures != "exclude":
        parts.append(f"failed runs {failures.replace('impute', 'imputed').replace(':', ' by ')}")
    return f" ({', '.join(parts)})" if parts else ""


def _of_model(
    source: Source, experiment: str, question: Question, row: Row, names_metric: bool, points: str
) -> list[Verdict]:
    key = {"run": row["analysis_run_id"], "model": row["model"]}
    contrasts, means = (
        _rows(source, queries.text("verdicts/contrasts"), **key),
        _rows(source, queries.text("verdicts/means"), **key),
    )
    hanging = {
        (one["setting"], one["first"], one["second"]) for one in _rows(source, queries.text("verdicts/hanging"), **key)
    }
    method = next((name for name in METHODS if any(one["method"] == name for one in contrasts)), None)
    if method is None:
        return []
    is_one = not row["benchmark_count"] and _benchmark_count(source, experiment) == 1
    verdicts = []
    for setting in dict.fromkeys(one["setting"] for one in contrasts):
        mine = [one for one in contrasts if (one["setting"], one["method"]) == (setting, method)]
        level = {one["algorithm"]: one["estimate"] for one in means if one["setting"] == setting}
        order = sorted(level, key=lambda name: level[name], reverse=row["direction"] == "max")
        if len(order) < 2 or not mine:
            continue
        caveats = []
        if any(SCALE in sentence for sentence in row["said"]):
            caveats.append("The response is not on one scale between benchmarks: the widest decide.")
        if not row["is_converged"]:
            caveats.append("The fit did not converge.")
        unsure = [f"{one[1]} and {one[2]}" for one in sorted(hanging) if one[0] == setting]
        if unsure:
            caveats.append(f"What failed runs count decides on {', '.join(unsure[:3])}.")
        caveats += [ONE_BENCHMARK] if is_one else []
        caveats += carried(row["said"])
        caveats += _calibrated(row["calibration"])
        benchmarks = f"{row['benchmark_count']} benchmarks, " if row["benchmark_count"] else ""
        evidence = Evidence(
            experiment=experiment,
            scope=_scope(question, setting, names_metric, points),
            response=row["response"],
            method=f"mixed model of {row['response']}, {METHODS[method]}, {benchmarks}{row['row_count']:,} rows",
            order=order,
            pairs=losses(mine, row["direction"]),
            caveats=caveats,
            formula=row["formula"],
            row_count=row["row_count"],
        )
        verdicts.append(verdict_of(evidence, "mixed_models.fit", row["analysis_run_id"]))
    return verdicts


def _benchmark_count(source: Source, experiment: str) -> int:
    return int(source.sql(queries.text("experiment/size"), {"experiment": experiment}).rows()[0][1])


def carried(said: Sequence[str]) -> list[str]:
    """Return the sentences about rows that go wherever a verdict goes: missing blocks, codes, budgets, shared seeds."""
    marks = (ABSENT, ELSEWHERE, CODE, SAME, TWINS, GRID, TOGETHER, AVERAGED)
    return [sentence for sentence in said if any(mark in sentence for mark in marks)]


def _calibrated(found: Mapping[str, Any] | None) -> list[str]:
    """Say which level the comparison has on this design, where `hpowh analyse calibrate` stored it."""
    if found is None:
        return []
    held = "" if found["lower"] <= LEVEL else ": p-values are too small here"
    return [
        f"With labels shuffled within benchmarks some pair was significant in {percent(found['rate'], 1)} of "
        f"{found['count']:,} experiments ({percent(found['lower'], 1)} to {percent(found['upper'], 1)}; 5 % is "
        f"right){held}."
    ]


def _too_few(blocks: int, algorithms: int, reasons: Sequence[str | None]) -> list[str]:
    """Say where signed ranks cannot come below 5 %: their smallest p is 2 / 2^blocks, by Holm that for every pair."""
    pairs = comb(algorithms, 2)
    if least_p(blocks, pairs) < LEVEL:
        if all(reasons):
            return [f"Too many of the {blocks} blocks tie for signed ranks to show a difference, however large it is."]
        return []
    enough = next(more for more in count(blocks) if least_p(more, pairs) < LEVEL)
    of_pairs = f", corrected for {pairs} pairs," if pairs > 1 else ""
    return [
        f"Signed ranks of fewer than {enough} blocks{of_pairs} cannot show a difference, however large it is: that "
        "none is shown says nothing of the algorithms."
    ]


def _of_ranking(
    source: Source, experiment: str, question: Question, row: Row, names_metric: bool, points: str
) -> Verdict:
    mean = {
        one["algorithm"]: one["mean_rank"]
        for one in _rows(source, queries.text("verdicts/ranks"), run=row["analysis_run_id"])
    }
    found = _rows(source, queries.text("verdicts/pairs"), run=row["analysis_run_id"])
    pairs = [
        Pair(
            first=one["first"],
            second=one["second"],
            p=one["p_adjusted"],
            # The sign that the test saw; the ranks' where the median difference is zero.
            estimate=one["estimate"] or mean[one["first"]] - mean[one["second"]],
        )
        for one in found
    ]
    silent = _too_few(row["block_count"], len(mean), [one["reason"] for one in found])
    evidence = Evidence(
        experiment=experiment,
        scope=_scope(question, "", names_metric, points),
        response=row["response"],
        method=f"signed ranks of {row['response']} with Holm's correction, {row['block_count']} "
        f"block{'' if row['block_count'] == 1 else 's'}, no model",
        order=sorted(mean, key=lambda name: mean[name]),
        pairs=pairs,
        has_sizes=False,
        caveats=[*carried(json.loads(row["warnings"] or "[]")), *silent],
        row_count=row["block_count"],
        can_show=not silent,
    )
    return verdict_of(evidence, "rankings", row["analysis_run_id"])
