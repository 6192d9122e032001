"""What an analysis says of a metric, in sentences. None rests on one model; their tests share one level."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hpowh.analyses.sweeps.importance.claims import LEVEL, LITTLE
from hpowh.analyses.sweeps.result import Result, Row
from hpowh.analyses.sweeps.words import counted, listed, number, plain

EARLY = 0.8
"""Rank correlation from which an early value is said to foretell the final one."""
NAMED = 5
DECADE = 10.0
"""Positive numbers whose ends differ by this factor may be meant on a logarithmic scale."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One sentence, without the sweep's name."""

    kind: str
    sentence: str
    figure: str
    """The block of the page that shows it."""
    is_claim: bool = False
    """Whether chance could have written it: such sentences share one level of 5 % a metric."""


class Found:
    """The rows of a result by what sentences ask for."""

    def __init__(self, result: Result) -> None:
        self.rows: Mapping[str, Sequence[Row]] = result.tables
        self.claims = list(self.rows.get("sweep_claim", ()))
        self.effects = {row["hyperparameter"]: row for row in self.rows.get("sweep_effect", ())}
        self.is_repeated = result.configurations is not None and result.configurations.is_repeated
        self.model = next((r for r in self.rows.get("sweep_model", ()) if r["model"] == "extra_trees"), None)

    def claim(self, kind: str) -> Row | None:
        """Return the test of a kind, where it was made."""
        return next((c for c in self.claims if c["kind"] == kind and c["p"] is not None), None)

    def holds(self, kind: str) -> bool:
        """Return whether the test of a kind holds at the common level."""
        found = self.claim(kind)
        return found is not None and bool(found["is_significant"])

    def matters(self) -> list[Row]:
        """Return the hyperparameters that matter by their own test, the largest share first."""
        good = [e for e in self.effects.values() if e["p_adjusted"] is not None and e["p_adjusted"] < LEVEL]
        return sorted(good, key=lambda e: -(e["share"] or 0))

    def importance(self, method: str) -> dict[str, Row]:
        """Return the importances by one method."""
        found = self.rows.get("sweep_importance", ())
        return {
            r["hyperparameter"]: r for r in found if r["method"] == method and r.get("importance") is not None
        }  # fmt: skip


def statements(result: Result, metric: str) -> list[Statement]:
    """Return the sentences on one metric, the most important first.

    Args:
        result: of the metric's analysis, complete.
        metric: its name.
    """
    if result.reason:
        said = Statement(kind="reason", sentence=f"{metric} was not analysed: {result.reason}.", figure="sweep-columns")
        return [said, *_failures(result)]
    found = Found(result)
    parts = (
        _important(found, metric), _best(result, metric), _noise(result, metric), _failures(result),
        _turned(found, metric), _together(found, metric), _near_best(found, metric), _ranges(found, metric),
        _levels(found, metric), _shapes(found, metric), _little(found, metric), _early(found, metric),
        _untried(found), _next(found, metric),
    )  # fmt: skip
    return [one for part in parts for one in part]


def _important(found: Found, metric: str) -> Iterator[Statement]:
    model, matters = found.model, found.matters()
    permutation = found.importance("permutation")
    knows = model is not None and model["verdict"] in ("usable", "weak") and found.holds("model")
    anchor = "sweep-matters"
    if not matters and not knows:
        yield Statement(kind="important", sentence=_nothing(found, metric), figure=anchor)
        return
    if knows and permutation:
        first = max(permutation.values(), key=lambda row: row["importance"])
        name, spread = first["hyperparameter"], first["deviation"] or 0.0
        unsure = ": it depends much on which trials are left out" if spread > first["importance"] / 2 else ""
        said = (
            f"shuffling it lowers the R2 of a model of all hyperparameters on unseen configurations, "
            f"{number(model['r_squared_left_out'], 2)}, by {number(first['importance'], 2)} "
            f"(standard deviation {number(spread, 2)}{unsure})"
        ) if model is not None else ""  # fmt: skip
        alone = _alone(found.effects.get(name))
        weak = ", which is weak evidence" if model is not None and model["verdict"] == "weak" and not alone else ""
        sentence = f"{name} mattered most for {metric}: {said}{weak}{f'; {alone}' if alone else ''}"
        others = [row["hyperparameter"] for row in matters if row["hyperparameter"] != name]
    else:
        name = matters[0]["hyperparameter"]
        sentence = f"{name} matters for {metric}: {_alone(matters[0])}"
        if model is None or model["verdict"] == "unknown":
            sentence += f". No model of all hyperparameters can be judged: {model['reason'] if model else 'none fits'}"
        else:
            r_squared = number(model["r_squared_left_out"], 2)
            sentence += f"; a model of everything explains nothing more (R2 of unseen configurations {r_squared})"
        others = [row["hyperparameter"] for row in matters[1:]]
    more = f". Also: {listed([_with_p(found.effects[one]) for one in others], NAMED)}" if others else ""
    yield Statement(kind="important", sentence=f"{sentence}{more}.", figure=anchor, is_claim=True)


def _alone(effect: Row | None) -> str:
    """Return what a hyperparameter explains by its own test, empty where that shows nothing."""
    if effect is None or effect["p_adjusted"] is None or effect["p_adjusted"] >= LEVEL:
        return ""
    share = f"{number(100 * effect['share'], 2)} %"
    interval = f"95 % interval {number(100 * (effect['lower'] or 0), 2)} to {number(100 * (effect['upper'] or 1), 2)}"
    return f"alone it explains {share} of the variance ({interval}; {_p(effect['p_adjusted'])})"


def _with_p(effect: Row) -> str:
    return f"{effect['hyperparameter']} ({number(100 * effect['share'], 2)} %, {_p(effect['p_adjusted'])})"


def _p(value: float) -> str:
    return "p < 1e-12" if value < 1e-12 else f"p = {number(value, 2)}"


def _nothing(found: Found, metric: str) -> str:
    tested = [e for e in found.effects.values() if e["p_adjusted"] is not None]
    model = found.model
    if not tested and (model is None or model["verdict"] == "unknown"):
        why = model["reason"] if model else "too few configurations"
        return f"which hyperparameter mattered for {metric} cannot be said: {why}."
    if model is None or model["verdict"] == "unknown":
        also = f"no model was judged ({model['reason'] if model else 'none fits'})"
    else:
        better = "no better than their mean" if model["verdict"] == "worthless" else "hardly better than their mean"
        r_squared = number(model["r_squared_left_out"], 2)
        also = f"a model of all of them predicts unseen configurations {better} (cross-validated R2 = {r_squared})"
    least = min((e["p_adjusted"] for e in tested), default=None)
    tests = f"no test passes (smallest p = {number(least, 2)}, adjusted)" if least is not None else "none can be tested"
    return f"no hyperparameter can be shown to matter for {metric} over the ranges tried: {tests}, and {also}."


def _best(result: Result, metric: str) -> Iterator[Statement]:
    for row in result.tables.get("sweep_summary", ()):
        groups = result.configurations
        name = "" if row.get("best_name") is None else f" ({row['best_name']})"
        value = number(row["best_value"])
        if groups is None or not groups.is_repeated:
            sentence = (
                f"the best of {counted(row['used_count'], 'trial')} with a value is trial {row['best_number']}{name}, "
                f"{metric} = {value}; the median is {number(row['median_value'])}."
            )
        else:
            deviation = row["best_deviation"]
            spread = f"SD {number(deviation, 2)} over " if deviation is not None else "of "
            sentence = (
                f"the best of {counted(row['configuration_count'], 'configuration')} by its mean is that of trial "
                f"{row['best_number']}{name}: {metric} = {value} ({spread}{counted(row['best_count'], 'repeat')}); the "
                f"median is {number(row['median_value'])}. The best single trial has "
                f"{number(row['best_single_value'])}, which is also luck."
            )
        yield Statement(kind="best", sentence=sentence, figure="sweep-history")


def _noise(result: Result, metric: str) -> Iterator[Statement]:
    groups = result.configurations
    if groups is None or groups.noise is None:
        return
    yield Statement(
        kind="noise",
        sentence=(
            f"{number(100 * groups.noise, 2)} % of the variance of {metric} between single trials is noise between "
            f"repeats of one configuration (standard deviation {number(groups.noise_deviation, 2)}): differences "
            "smaller than that mean nothing in one trial."
        ),
        figure="sweep-history",
    )


def _failures(result: Result) -> Iterator[Statement]:
    words = {"failed": "failed", "diverged": "ended without a finite value", "pruned": "were pruned"}
    for outcome, verb in words.items():
        rules = [row for row in result.tables.get("sweep_failure", ()) if row["outcome"] == outcome]
        if not rules:
            continue
        row = rules[0]
        p = _p(row["p_adjusted"])
        groups = result.configurations
        noun = "configuration" if groups is not None and groups.is_repeated else "trial"
        sentence = (
            f"{row['bad_count']:,} of {counted(row['trial_count'], noun)} with {row['setting']} {verb}, "
            f"{row['other_bad_count']:,} of the other {row['other_count']:,} ({p}, adjusted for every setting "
            "looked at)"
        )  # fmt: skip
        reasons = [r for r in result.tables.get("sweep_failure_reason", ()) if r["outcome"] == outcome]
        if reasons:
            sentence += f"; most often: {reasons[0]['reason'][:120]}"
        if outcome != "pruned":
            sentence += ". What is said of the finished trials is said of survivors"
        yield Statement(kind="failure", sentence=f"{sentence}.", figure="sweep-failures", is_claim=False)


def _turned(found: Found, metric: str) -> Iterator[Statement]:
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


def _together(found: Found, metric: str) -> Iterator[Statement]:
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
            f"{number(row['partial_correlation'], 2)}, {_p(claim['p_adjusted'])} adjusted for all pairs and tests."
        ),
        figure="sweep-interactions",
        is_claim=True,
    )


def _near_best(found: Found, metric: str) -> Iterator[Statement]:
    clear = found.importance("near_best")
    if not found.holds("near_best") or not clear:
        return
    row = max(clear.values(), key=lambda one: one["importance"] / max(one["chance"], 1e-12))
    yield Statement(
        kind="near_best",
        sentence=(
            f"what tells the best configurations from the others in {metric} is {row['hyperparameter']} most of all "
            f"(PED-ANOVA {number(row['importance'], 2)}; chance gives any hyperparameter up to "
            f"{number(row['chance'], 2)})."
        ),
        figure="sweep-importance",
        is_claim=True,
    )


def _ranges(found: Found, metric: str) -> Iterator[Statement]:
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
            where = f"{where} {tried}{_at_edge(row, logs.get(name, False))}"
        else:
            row, anchor = max(mine, key=lambda one: one["share"] - one["tried_share"]), "sweep-levels"
            where = (
                f"{name} = {row['level']} in {number(100 * row['share'], 2)} % "
                f"({number(100 * row['tried_share'], 2)} % of all with a value)"
            )
        yield Statement(
            kind="range",
            sentence=f"the best {row['best_count']} {unit} by {metric} have {where}.",
            figure=anchor,
            is_claim=True,
        )


def _at_edge(row: Row, is_log: bool) -> str:
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


def _levels(found: Found, metric: str) -> Iterator[Statement]:
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


def _shapes(found: Found, metric: str) -> Iterator[Statement]:
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


def _little(found: Found, metric: str) -> Iterator[Statement]:
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


def _early(found: Found, metric: str) -> Iterator[Statement]:
    rows = [row for row in found.rows.get("sweep_step", ()) if row["spearman"] is not None]
    early = [row for row in rows if row["spearman"] >= EARLY and row["kept_share"] == 1]
    if early and early[0]["step"] < rows[-1]["step"]:
        row = early[0]
        yield Statement(
            kind="early",
            sentence=(
                f"from step {row['step']} on {metric} foretells its final value (rank correlation "
                f"{number(row['spearman'], 2)} in {counted(row['trial_count'], 'trial')}); stopping the worse half "
                "there would have kept all of the best tenth."
            ),
            figure="sweep-steps",
        )


def _untried(found: Found) -> Iterator[Statement]:
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


def _next(found: Found, metric: str) -> Iterator[Statement]:
    rows: list[dict[str, Any]] = [r for r in found.rows.get("sweep_suggestion", ()) if r["suggestion"] == 1]
    if rows:
        names = sorted(rows, key=lambda r: r["hyperparameter"])
        setting = ", ".join(
            f"{r['hyperparameter']} = {plain(r['numeric_value'], 4) if r['text_value'] is None else r['text_value']}"
            for r in names
        )
        by = {"gaussian_process": "a Gaussian process", "extra_trees": "the extremely randomised trees"}
        yield Statement(
            kind="next",
            sentence=(
                f"next to try: {setting}; predicted {metric} {number(rows[0]['predicted'])} "
                f"(standard deviation {number(rows[0]['deviation'], 2)}, by {by[rows[0]['model']]})."
            ),
            figure="sweep-next",
        )
