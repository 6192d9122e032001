"""What a sweep's analysis says, in sentences with their numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from hpowh.reports.charts.sweep import plain
from hpowh.reports.context import SiteContext
from hpowh.reports.finding import Finding
from hpowh.reports.numbers import number
from hpowh.warehouse import queries
from hpowh.warehouse.wording import plural

Row = Mapping[str, Any]
EARLY = 0.8
"""Rank correlation from which an early value is said to foretell the final one."""
NARROW, CHANCE = 0.6, 0.05
"""Where the best trials lie is said of numbers when it is at most this part of the range tried (the middle 80 % of
evenly spread trials take more), of a level when chance alone gave it less often than this."""


def sentences(site: SiteContext, subject: str, run: int, summary: Row, suffix: str) -> Iterator[Finding]:
    """Yield the findings of one metric, the most important first."""
    key, metric = ("sweep", subject), summary["metric"]
    about = {"run": run, "metric": summary["metric_id"]}
    if summary["reason"]:
        yield Finding(f"{subject}: {metric} was not analysed: {summary['reason']}.", key, f"sweep-columns{suffix}")
        return
    matters = site.query(queries.text("sweep/matters"), **about).rows()
    models = {row["model"]: row for row in site.query(queries.text("sweep/models"), **about).rows()}
    yield _important(subject, key, metric, matters, models.get("extra_trees"), suffix)
    called = summary["best_name"]
    name = f" ({called})" if called not in (None, "", str(summary["best_number"])) else ""
    yield Finding(
        f"{subject}: the best of {plural(summary['used_count'], 'trial')} with a value is trial "
        f"{summary['best_number']}{name}, {metric} = {number(summary['best_value'])}; the median is "
        f"{number(summary['median_value'])}.",
        key,
        f"sweep-history{suffix}",
    )
    yield from _together(site, subject, key, metric, about, suffix)
    yield from _near_best(subject, key, metric, matters, suffix)
    yield from _early(site, subject, key, metric, about, suffix)
    yield from _ranges(site, subject, key, metric, matters, about, suffix)
    yield from _next(site, subject, key, metric, about, suffix)


def _important(
    subject: str, key: tuple[str, str], metric: str, matters: list[dict[str, Any]], model: Row | None, suffix: str
) -> Finding:
    anchor = f"sweep-matters{suffix}"
    if model is None or model["verdict"] == "unknown":
        why = model["reason"] if model else "no model was fitted"
        return Finding(f"{subject}: which hyperparameter mattered for {metric} cannot be said: {why}.", key, anchor)
    r_squared = number(model["r_squared_left_out"], 2)
    if model["verdict"] == "worthless":
        return Finding(
            f"{subject}: no hyperparameter can be said to matter for {metric}: a model of all of them predicts unseen "
            f"trials no better than their mean (cross-validated R2 = {r_squared}).",
            key,
            anchor,
        )
    first, *others = matters
    second = f"; next comes {others[0]['hyperparameter']} with {number(others[0]['permutation'], 2)}" if others else ""
    weak = ", which is weak evidence" if model["verdict"] == "weak" else ""
    spread = number(first["permutation_sd"], 2)
    if (first["permutation_sd"] or 0) > first["permutation"] / 2:
        spread += ": it depends much on which trials are left out"
    return Finding(
        f"{subject}: {first['hyperparameter']} mattered most for {metric}: shuffling it costs the model "
        f"{number(first['permutation'], 2)} of R2 (standard deviation {spread}){second}. "
        f"The model's cross-validated R2 is {r_squared}{weak}.",
        key,
        anchor,
    )


def _together(
    site: SiteContext, subject: str, key: tuple[str, str], metric: str, about: dict[str, int], suffix: str
) -> Iterator[Finding]:
    for row in site.query(queries.text("sweep/interactions"), **about).rows()[:1]:
        sides = [row["hyperparameter_a"], row["hyperparameter_b"]]
        for at, which in enumerate("ab"):
            if row[f"level_{which}"] is not None:
                sides[at] += f" = {row[f'level_{which}']}"
        yield Finding(
            f"{subject}: {sides[0]} and {sides[1]} act together on {metric}: partial correlation of their product "
            f"{number(row['partial_correlation'], 2)}, p = {number(row['p_adjusted'], 2)} adjusted for all pairs.",
            key,
            f"sweep-interactions{suffix}",
        )


def _near_best(
    subject: str, key: tuple[str, str], metric: str, matters: list[dict[str, Any]], suffix: str
) -> Iterator[Finding]:
    clear = [row for row in matters if (row["near_best"] or 0) > (row["near_best_chance"] or 0)]
    if clear:
        row = max(clear, key=lambda one: one["near_best"])
        yield Finding(
            f"{subject}: what tells the best trials from the others in {metric} is {row['hyperparameter']} most of all "
            f"(PED-ANOVA {number(row['near_best'], 2)}; chance gives up to {number(row['near_best_chance'], 2)}).",
            key,
            f"sweep-importance{suffix}",
        )


def _early(
    site: SiteContext, subject: str, key: tuple[str, str], metric: str, about: dict[str, int], suffix: str
) -> Iterator[Finding]:
    rows = [row for row in site.query(queries.text("sweep/steps"), **about).rows() if row["spearman"] is not None]
    early = [row for row in rows if row["spearman"] >= EARLY and row["kept_share"] == 1]
    if early and early[0]["step"] < rows[-1]["step"]:
        row = early[0]
        yield Finding(
            f"{subject}: from step {row['step']} on {metric} foretells its final value (rank correlation "
            f"{number(row['spearman'], 2)} in {plural(row['trial_count'], 'trial')}); stopping the worse half there "
            "would have kept all of the best tenth.",
            key,
            f"sweep-steps{suffix}",
        )


def several(site: SiteContext, subject: str, run: int) -> Iterator[Finding]:
    """Yield what the metrics of a sweep say of each other."""
    for row in site.query(queries.text("sweep/tradeoff"), run=run).rows():
        if row["spearman"] is None or row["lower"] is None:
            continue
        how = "go together" if row["lower"] > 0 else "cost each other" if row["upper"] < 0 else "hardly depend"
        yield Finding(
            f"{subject}: {row['metric_a']} and {row['metric_b']} {how}: rank correlation of their losses "
            f"{number(row['spearman'], 2)} ({number(row['lower'], 2)} to {number(row['upper'], 2)}); "
            f"{plural(row['front_count'], 'trial')} of {row['trial_count']:,} cannot be beaten in both.",
            ("sweep", subject),
            "sweep-tradeoff",
        )


def _ranges(
    site: SiteContext,
    subject: str,
    key: tuple[str, str],
    metric: str,
    matters: list[dict[str, Any]],
    about: dict[str, int],
    suffix: str,
) -> Iterator[Finding]:
    both = [(flag, site.query(queries.text("sweep/ranges"), **about, is_level=flag).rows()) for flag in (False, True)]
    rows = [row for _, found in both for row in found if row["reason"] is None]
    for name in [row["hyperparameter"] for row in matters[:2]]:
        mine = [row for row in rows if row["hyperparameter"] == name]
        if not mine:
            continue
        if mine[0]["level"] is None:
            row, anchor = mine[0], f"sweep-ranges{suffix}"
            if narrowed(row) > NARROW:
                continue
            tried = f"(tried: {plain(row['tried_lower'])} to {plain(row['tried_upper'])})"
            one = row["lower"] == row["upper"]
            where = f"{name} = {plain(row['lower'])}" if one else f"{name} between {plain(row['lower'])} and "
            where += f" mostly {tried}" if one else f"{plain(row['upper'])} {tried}"
        else:
            row, anchor = max(mine, key=lambda one: one["share"] - one["tried_share"]), f"sweep-levels{suffix}"
            count = row["best_count"]
            if by_chance(round(row["share"] * count), count, row["tried_share"]) > CHANCE:
                continue
            where = (
                f"{name} = {row['level']} in {number(100 * row['share'], 2)} % "
                f"({number(100 * row['tried_share'], 2)} % of all trials with a value)"
            )
        yield Finding(f"{subject}: the best {row['best_count']} trials by {metric} have {where}.", key, anchor)


def narrowed(row: Row) -> float:
    """Return the part of the tried range, on its scale, in which the best trials lie: 0 to 1."""
    ends = [row["lower"], row["upper"], row["tried_lower"], row["tried_upper"]]
    low, high, least, most = (math.log10(end) for end in ends) if row["is_log"] else ends
    return float((high - low) / (most - least)) if most > least else 1.0


def by_chance(hits: int, count: int, share: float) -> float:
    """Return the probability of `hits` or more of `count` draws, each a hit with the probability `share`."""
    return sum(math.comb(count, k) * share**k * (1 - share) ** (count - k) for k in range(hits, count + 1))


def _next(
    site: SiteContext, subject: str, key: tuple[str, str], metric: str, about: dict[str, int], suffix: str
) -> Iterator[Finding]:
    corners = site.query(queries.text("sweep/untried"), **about).rows()
    if corners:
        row = corners[0]
        yield Finding(
            f"{subject}: no trial combines {row['hyperparameter_a']} {row['part_a']} with {row['hyperparameter_b']} "
            f"{row['part_b']}, where {number(row['expected'], 2)} were to be expected.",
            key,
            f"sweep-untried{suffix}",
        )
    found = site.query(queries.text("sweep/suggestions"), **about).rows()
    if found:
        row = found[0]
        yield Finding(
            f"{subject}: next to try: {row['configuration']}; predicted {metric} {number(row['predicted'])} "
            f"(standard deviation {number(row['deviation'], 2)}, by the extremely randomised trees).",
            key,
            f"sweep-next{suffix}",
        )
