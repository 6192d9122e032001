"""The first sentence: what mattered, by tests and models together, or that nothing can be shown to."""

from __future__ import annotations

from collections.abc import Iterator

from hpowh.analyses.sweeps.importance.claims import LEVEL
from hpowh.analyses.sweeps.result import Row
from hpowh.analyses.sweeps.saying.found import NAMED, Found, Statement
from hpowh.analyses.sweeps.words import listed
from hpowh.analyses.wording import number, p_said


def important(found: Found, metric: str) -> Iterator[Statement]:
    """Yield what mattered most, or that nothing can be shown to."""
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
        below = model is not None and first["importance"] > (model["r_squared_left_out"] or 0.0)
        worse = ", to worse than the mean" if below else ""
        said = (
            f"shuffling it lowers the R2 of a model of all hyperparameters on unseen configurations, "
            f"{number(model['r_squared_left_out'], 2)}, by {number(first['importance'], 2)}{worse} "
            f"(standard deviation {number(spread, 2)}{unsure})"
        ) if model is not None else ""  # fmt: skip
        alone = _alone(found, found.effects.get(name))
        weak = ", which is weak evidence" if model is not None and model["verdict"] == "weak" and not alone else ""
        sentence = f"{name} mattered most for {metric}: {said}{weak}{f'; {alone}' if alone else ''}"
        others = [row["hyperparameter"] for row in matters if row["hyperparameter"] != name]
        close = [
            f"{row['hyperparameter']} ({number(row['importance'], 2)})"
            for row in sorted(permutation.values(), key=lambda row: -row["importance"])
            if row["hyperparameter"] not in (name, *others)
            and row["importance"] > max(first["importance"] / 2, 2 * (row["deviation"] or 0.0))
        ]
        sentence += f". Nearly as much in that model: {listed(close, NAMED)}" if close else ""
    else:
        name = matters[0]["hyperparameter"]
        sentence = f"{name} matters for {metric}: {_alone(found, matters[0])}"
        if model is None or model["verdict"] == "unknown":
            sentence += f". No model of all hyperparameters can be judged: {model['reason'] if model else 'none fits'}"
        else:
            r_squared = number(model["r_squared_left_out"], 2)
            sentence += f"; a model of everything explains nothing more (R2 of unseen configurations {r_squared})"
        others = [row["hyperparameter"] for row in matters[1:]]
    more = f". Also: {listed([_with_p(found, found.effects[one]) for one in others], NAMED)}" if others else ""
    yield Statement(
        kind="important", sentence=f"{sentence}{more}.{_reservations(found, name)}", figure=anchor, is_claim=True
    )


def _reservations(found: Found, name: str) -> str:
    """Return what else the effect of a hyperparameter may be: of another that goes with it, or of time."""
    twins = [
        row["name"] for row in found.rows.get("sweep_column", ())
        if row["role"] == "duplicate" and f"says the same as {name}" in (row["note"] or "").split("; ")
    ]  # fmt: skip
    said = f" {listed(twins, NAMED)} said the same in all trials: the effect may be of either." if twins else ""
    alike = [
        (row["hyperparameter_b"] if row["hyperparameter_a"] == name else row["hyperparameter_a"], row["coefficient"])
        for row in found.rows.get("sweep_confounding", ())
        if row["is_confounded"] and name in (row["hyperparameter_a"], row["hyperparameter_b"])
    ]
    if alike:
        named = listed([f"{other} ({number(strength, 2)})" for other, strength in alike], NAMED)
        said += f" It was varied together with {named}: the effect may be of either."
    if name in found.suspects:
        other, r = found.suspects[name]
        said += (
            f" It goes with {other} (rank correlation {number(r, 2)}): if it was not set but came out, it is a result, "
            "and says nothing of what to set."
        )
    if name in found.followed:
        said += (
            f" Its values follow the order of the trials ({number(found.followed[name], 2)}): what drifted over time "
            "looks the same."
        )
    return said


def _alone(found: Found, effect: Row | None) -> str:
    """Return what a hyperparameter explains by its own test, empty where that shows nothing."""
    if effect is None or effect["p_adjusted"] is None or effect["p_adjusted"] >= LEVEL:
        return ""
    share = f"{number(100 * effect['share'], 2)} %"
    interval = f"95 % interval {number(100 * (effect['lower'] or 0), 2)} to {number(100 * (effect['upper'] or 1), 2)}"
    whose = found.whose(effect)
    return f"alone it explains {share} of the variance{whose} ({interval}; {p_said(effect['p_adjusted'])})"


def _with_p(found: Found, effect: Row) -> str:
    share = f"{number(100 * effect['share'], 2)} %{found.whose(effect)}"
    return f"{effect['hyperparameter']} ({share}, {p_said(effect['p_adjusted'])})"


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
    tests = f"no test passes (smallest {p_said(least)}, adjusted)" if least is not None else "none can be tested"
    return f"no hyperparameter can be shown to matter for {metric} over the ranges tried: {tests}, and {also}."
