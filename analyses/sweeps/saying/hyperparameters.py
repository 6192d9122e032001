"""Sentences on hyperparameters: signs, pairs, ranges, levels, curves, and what matters little."""

from __future__ import annotations

import math
from collections.abc import Iterator

from hpowh.analyses.sweeps.importance.claims import LEVEL, LITTLE
from hpowh.analyses.sweeps.result import Row
from hpowh.analyses.sweeps.saying.found import NAMED, Found, Statement
from hpowh.analyses.sweeps.words import listed, plain
from hpowh.analyses.wording import number, p_said

DECADE = 10.0
"""Positive numbers whose ends differ by this factor may be meant on a logarithmic scale."""


def turned(found: Found, metric: str) -> Iterator[Statement]:
    """Yield where the sign of a correlation and that of least squares differ, both clearly."""
    pearson = {
        r["hyperparameter"]: r for r in found.rows.get("sweep_correlation", ()) if r["method"] == "pearson"
    }  # fmt: skip
    for term in found.rows.get("sweep_term", ()):
        row = pearson.get(term["hyperparameter"] or "")
        if row is None or None in (row["p"], term["p"]) or max(row["p"], term["p"]) >= LEVEL / 2:
            continue
        if row["coefficient"] * term["coefficient"] < 0 and found.matters():
            yield Statement(
                kind="sign",
                sentence=(
                    f"the sign of {term['hyperparameter']} turns between correlation with {metric} "
                    f"({number(row['coefficient'], 2)}) and regression (standardised "
                    f"{number(term['standardised'], 2)}): it was varied together with another hyperparameter."
                ),
                figure="sweep-linear",
            )


def together(found: Found, metric: str) -> Iterator[Statement]:
    """Yield the clearest of two that act together."""
    claim = found.claim("product")
    if claim is None or not claim["is_significant"]:
        return
    row = min(found.rows["sweep_interaction"], key=lambda one: one["p_adjusted"])
    sides = [row["hyperparameter_a"], row["hyperparameter_b"]]
    for at, which in enumerate("ab"):
        if row[f"level_{which}"] is not None:
            sides[at] += f" = {row[f'level_{which}']}"
    yield Statement(
        kind="together",
        sentence=(
            f"{sides[0]} and {sides[1]} act together on {metric}: partial correlation of their product "
            f"{number(row['partial_correlation'], 2)}, {p_said(claim['p_adjusted'])} adjusted for all pairs and tests."
        ),
        figure="sweep-interactions",
        is_claim=True,
    )


def near_best(found: Found, metric: str) -> Iterator[Statement]:
    """Yield what tells the best configurations from the others."""
    clear = found.importance("near_best")
    if not found.holds("near_best") or not clear:
        return
    row = max(clear.values(), key=lambda one: one["importance"] / max(one["chance"], 1e-12))
    effect = found.effects.get(row["hyperparameter"])
    whose = found.whose(effect) if effect else ""
    yield Statement(
        kind="near_best",
        sentence=(
            f"what tells the best configurations from the others in {metric} is {row['hyperparameter']} most of all"
            f"{whose} (PED-ANOVA {number(row['importance'], 2)}; chance gives any hyperparameter up to "
            f"{number(row['chance'], 2)})."
        ),
        figure="sweep-importance",
        is_claim=True,
    )


def ranges(found: Found, metric: str) -> Iterator[Statement]:
    """Yield where the best lie, of hyperparameters that matter and where chance would hardly put them."""
    matters = {row["hyperparameter"] for row in found.matters()}
    if found.holds("near_best"):
        matters |= {name for name, row in found.importance("near_best").items() if row["verdict"] == "usable"}
    logs = {row["name"]: row["is_log"] for row in found.rows.get("sweep_column", ())}
    unit = "configurations" if found.is_repeated else "trials"
    order = sorted(matters, key=lambda name: -(found.effects.get(name, {}).get("share") or 0))
    for name in order[:3]:
        mine = [r for r in found.rows.get("sweep_range", ()) if r["hyperparameter"] == name and r["reason"] is None]
        if not mine or mine[0]["p"] is None or mine[0]["p"] >= LEVEL:
            continue
        row, anchor = mine[0], "sweep-ranges"
        if row["level"] is None:
            tried = f"(tried: {plain(row['tried_lower'])} to {plain(row['tried_upper'])})"
            one = row["lower"] == row["upper"]
            where = f"{name} = {plain(row['lower'])} mostly" if one else (
                f"{name} between {plain(row['lower'])} and {plain(row['upper'])}"
            )  # fmt: skip
            where = f"{where} {tried}{at_edge(row, logs.get(name, False))}"
        else:
            row, anchor = max(mine, key=lambda one: one["share"] - one["tried_share"]), "sweep-levels"
            where = (
                f"{name} = {row['level']} in {number(100 * row['share'], 2)} % "
                f"({number(100 * row['tried_share'], 2)} % of all with a value)"
            )
        count, best = row["best_count"], max(r["best_count"] for r in found.rows["sweep_range"])
        who = f"the best {best} {unit} by {metric} have"
        who = who if count == best else f"of the best {best} {unit} by {metric} the {count} that have it have"
        yield Statement(
            kind="range",
            sentence=f"{who} {where}.",
            figure=anchor,
            is_claim=True,
        )


def at_edge(row: Row, is_log: bool) -> str:
    """Return a remark where the best lie at an end of what was tried: beyond may be better.

    Of positive numbers over a decade or more whose scale nobody declared it is said only where it holds on both scales:
    the middle of a learning rate's decades is the lower end of its numbers.
    """
    ends = [row["lower"], row["upper"], row["tried_lower"], row["tried_upper"]]
    if min(ends) > 0 and (is_log or ends[3] >= DECADE * ends[2]):
        on_log = _end_of(*(math.log10(end) for end in ends))
        return on_log if is_log or on_log == _end_of(*ends) else ""
    return _end_of(*ends)


def _end_of(low: float, high: float, least: float, most: float) -> str:
    width = most - least
    if width <= 0:
        return ""
    if high > most - 0.05 * width and low > least + 0.5 * width:
        return ", at the upper end of what was tried"
    return ", at the lower end of what was tried" if low < least + 0.05 * width and high < most - 0.5 * width else ""


def levels(found: Found, metric: str) -> Iterator[Statement]:
    """Yield the levels that are better or worse than the others, of categories that matter."""
    matters = [row["hyperparameter"] for row in found.matters() if row["method"] == "levels"]
    for name in matters[:3]:
        clear = [
            r for r in found.rows.get("sweep_level", ())
            if r["hyperparameter"] == name and r["p_adjusted"] is not None and r["p_adjusted"] < LEVEL
        ]  # fmt: skip
        if not clear:
            continue
        sides = {True: "higher", False: "lower"}
        parts = [
            f"{r['level']} goes with {sides[r['correlation'] > 0]} {metric} ({number(r['correlation'], 2)})"
            for r in sorted(clear, key=lambda r: -abs(r["correlation"]))
        ]
        turned = [
            r["level"] for r in clear
            if r["adjusted_difference"] is not None and r["adjusted_p"] < LEVEL
            and r["adjusted_difference"] * r["correlation"] < 0
        ]  # fmt: skip
        also = f". The sign turns in regression for {listed(turned, NAMED)}" if turned else ""
        yield Statement(
            kind="level",
            sentence=f"of the levels of {name}, {listed(parts, NAMED)}, by correlation{also}.",
            figure="sweep-level-effects",
            is_claim=True,
        )


def shapes(found: Found, metric: str) -> Iterator[Statement]:
    """Yield what is high in the trees and has no slope: a curve, or an effect that needs others."""
    if not found.holds("model") or found.model is None or found.model["verdict"] == "worthless":
        return
    pearson = {r["hyperparameter"]: r for r in found.rows.get("sweep_correlation", ()) if r["method"] == "spearman"}
    rows = sorted(found.importance("permutation").values(), key=lambda r: -r["importance"])[:3]
    for row in rows:
        name = row["hyperparameter"]
        slope, effect = pearson.get(name), found.effects.get(name)
        if slope is None or slope["p"] is None or slope["p"] < LEVEL or effect is None:
            continue
        if row["importance"] < max(0.05, 2 * (row["deviation"] or 0)):
            continue
        curve = effect["p_adjusted"] is not None and effect["p_adjusted"] < LEVEL
        how = "a curve: both ends are unlike the middle" if curve else "an effect that needs other hyperparameters"
        yield Statement(
            kind="shape",
            sentence=(
                f"{name} is high in the trees for {metric} ({number(row['importance'], 2)} of R2) and has no slope "
                f"(rank correlation {number(slope['coefficient'], 2)}): {how}."
            ),
            figure="sweep-slices",
            is_claim=True,
        )


def little(found: Found, metric: str) -> Iterator[Statement]:
    """Yield what did not matter over the range tried: its share is below a bound, and the trees do not use it."""
    permutation = found.importance("permutation")
    small = []
    for name, effect in found.effects.items():
        used = permutation.get(name)
        reach = (used["importance"] + 2 * (used["deviation"] or 0.0)) if used else 0.0
        if effect["bound"] is not None and effect["bound"] < LITTLE and reach < LITTLE:
            small.append((effect["bound"], f"{name} (at most {number(100 * effect['bound'], 2)} %)"))
    if small:
        names = listed([text for _, text in sorted(small)], 8)
        yield Statement(
            kind="little",
            sentence=(
                f"what alone explains little of the variance of {metric} over the ranges tried: {names}, each with "
                "95 % confidence. Another range may say otherwise."
            ),
            figure="sweep-effects",
        )
