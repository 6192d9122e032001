"""What a mixed model's tables say in words: who is best, from whom that differs, by which test, on what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.numbers import better, brief, number, p_value
from hpowh.warehouse.wording import plural

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]

LEVEL = 0.05
"""Two levels are called different where the corrected p-value is below this."""
CORRECTIONS = {
    "tukey": "Tukey's studentised range over {n}",
    "bonferroni": "Bonferroni's inequality over {n}",
    "holm": "Holm's step-down correction over {n}",
    "bh": "Benjamini and Hochberg's false discovery rate over {n}",
    "dunnett": "Dunnett's comparison with a control, over {n}",
    "none": "no correction, over {n}",
}

SIMULTANEOUS = ("tukey", "bonferroni", "dunnett")
"""Methods whose intervals hold for the whole family."""
MODELLED = "two-sided t tests with Satterthwaite's degrees of freedom"
PAIRED = "two-sided paired t tests on the benchmarks' values"
"""Bonferroni's inequality stands where every difference has its own spread (`inference.paired`)."""
ALONE = "; each interval by itself at 95 %"


def verdict(tables: Tables) -> list[str]:
    """Return the sentences of one analysis: for each setting who is best and who differs from it, then the test.

    Args:
        tables: rows of `lmem_model`, `lmem_marginal_mean`, `lmem_contrast`, `lmem_group`; what is missing is not said.
    """
    models = tables.get("lmem_model", ())
    if not models:
        return ["There is no fitted model."]
    model = models[0]
    means = [row for row in tables.get("lmem_marginal_mean", ()) if row["model"] == model["model"]]
    settings = list(dict.fromkeys(row["setting"] for row in means))
    said = [one for setting in settings for one in _setting(tables, model, setting)]
    return [*said, *method(tables, model)]


def best_of(tables: Tables, model: Row, setting: str) -> tuple[str, str] | None:
    """Return the best level of a setting and the direction; None where it is not known which direction is better."""
    placed = [
        row
        for row in tables.get("lmem_group", ())
        if row["model"] == model["model"] and row["setting"] == setting and row["group_number"] == 0
    ]
    if not placed:
        return None
    first = min(placed, key=lambda row: row["position"])
    return str(first["level"]), str(first["direction"])


def against(tables: Tables, model: Row, setting: str, level: str) -> list[dict[str, Any]]:
    """Return the contrasts of a level with every other, signed as `level` minus the other, of the first family."""
    rows = [
        row
        for row in tables.get("lmem_contrast", ())
        if row["model"] == model["model"] and row["setting"] == setting and level in (row["first"], row["second"])
    ]
    methods = list(dict.fromkeys(row["method"] for row in rows))
    found = []
    for row in (row for row in rows if row["method"] == methods[0]):
        sign = 1.0 if row["first"] == level else -1.0
        ends = [None if row[end] is None else sign * row[end] for end in ("lower", "upper")]
        low, high = ends if sign > 0 else ends[::-1]
        turned = {
            "other": row["second"] if sign > 0 else row["first"],
            "estimate": None if row["estimate"] is None else sign * row["estimate"],
            "t_value": None if row["t_value"] is None else sign * row["t_value"],
            "lower": low,
            "upper": high,
        }
        found.append({**row, **turned})
    return sorted(found, key=lambda row: (row["estimate"] is None, abs(row["estimate"] or 0.0)))


def _setting(tables: Tables, model: Row, setting: str) -> list[str]:
    found = best_of(tables, model, setting)
    if found is None:
        return []
    level, direction = found
    where = f"With {setting}: " if setting else ""
    mean = next(
        row["estimate"]
        for row in tables["lmem_marginal_mean"]
        if row["model"] == model["model"] and row["setting"] == setting and row["level"] == level
    )
    response = model["response"]
    sentences = [f"{where}{level} has the best estimated mean of {response}, {number(mean, 3)} ({better(direction)})."]
    others = against(tables, model, setting, level)
    if not others:
        return [*sentences, f"Whether it differs from another was not asked ({_asked(tables)})."]
    apart = [row for row in others if row["p_adjusted"] is not None and row["p_adjusted"] < LEVEL]
    tied = [row for row in others if row["p_adjusted"] is not None and row["p_adjusted"] >= LEVEL]
    unknown = [row for row in others if row["p_adjusted"] is None]
    if apart:
        sentences.append(f"{level} differs from {'; '.join(_difference(row) for row in apart)}.")
    if tied:
        names = "; ".join(_difference(row) for row in tied)
        sentences.append(f"No difference is shown between {level} and {names}: that is no proof that they are equal.")
    sentences += [
        f"{level} and {row['other']} could not be compared: {row['reason'] or 'undefined'}." for row in unknown
    ]
    return sentences


def _difference(row: Row) -> str:
    interval = "" if row["lower"] is None else f", 95 % interval {number(row['lower'], 3)} to {number(row['upper'], 3)}"
    t = (
        ""
        if row["t_value"] is None or row["df"] is None
        else f", t({brief(row['df'], 4)}) = {number(row['t_value'], 3)}"
    )
    corrected = "p" if row["method"] == "none" else "corrected p"
    said = f"difference {number(row['estimate'], 3)}{interval}{t}, {corrected} {p_value(row['p_adjusted'])}"
    return f"{row['other']} ({said})"


def _asked(tables: Tables) -> str:
    methods = list(dict.fromkeys(str(row["method"]) for row in tables.get("lmem_contrast", ())))
    return ", ".join(methods) or "no contrasts"


def method(tables: Tables, model: Row) -> list[str]:
    """Return the sentence that names the model, the test, its correction, and the rows; then what spoils it."""
    criterion = {"REML": "restricted maximum likelihood", "ML": "maximum likelihood"}.get(
        model["criterion"], model["criterion"]
    )
    contrasts = [row for row in tables.get("lmem_contrast", ()) if row["model"] == model["model"]]
    rows = f"{plural(model['row_count'], 'row')}" + (
        f" ({model['excluded_count']:,} left out)" if model["excluded_count"] else ""
    )
    grouped = {
        row["grouping_factor"]: row["level_count"]
        for row in tables.get("lmem_variance_component", ())
        if row["model"] == model["model"] and row["other_term"] is None and row["level_count"]
    }
    groups = "".join(f", {plural(count, 'level')} of {name}" for name, count in grouped.items() if name != "Residual")
    sentences = [f"Linear mixed model {model['formula']}, by {criterion}, on {rows}{groups}."]
    for name in dict.fromkeys(row["method"] for row in contrasts):
        count = sum(row["method"] == name and row["setting"] == contrasts[0]["setting"] for row in contrasts)
        both, apart = ("p-values and intervals", "") if name in SIMULTANEOUS else ("p-values", ALONE)
        sentences.append(
            f"Contrasts of estimated marginal means, {PAIRED if name == 'bonferroni' else MODELLED}; "
            f"{both} by {correction(str(name), count)}{apart}."
        )
    if not model["is_converged"]:
        sentences.append("The fit did not converge: do not use these numbers.")
    if model["reason"]:
        sentences.append(f"{model['reason']}.")
    return sentences


def correction(name: str, count: int) -> str:
    """Return what a family's p-values were corrected by, in words."""
    pairs = plural(count, "comparison")
    return CORRECTIONS.get(name, f"{name} over {{n}}").format(n=pairs)
