"""Charts of a sweep: importance beside correlation, slices, contour, Shapley values, course, curves, trade-off.

Traces whose `meta` names `trials` have a trial's number as `customdata`: the page's selection greys out the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.blocks import Plot
from hpowh.reports.charts.plot import SCALE, axis, band, line, spans_orders
from hpowh.reports.names import plot_text
from hpowh.reports.numbers import number, significant

Row = Mapping[str, Any]
BY_TRIAL = {"trials": True}
FAINT = {"marker": {"opacity": 0.06}}
"""How points of trials that are not selected look."""


def plain(value: float, digits: int = 3) -> str:
    """Return a number as short as it goes: whole ones without decimals."""
    return number(int(value)) if float(value).is_integer() and abs(value) < 1e6 else number(float(value), digits)


METHODS = {
    "permutation": "Permutation: fall of R2 when it is shuffled",
    "permutation_worst": "With failures: permutation, of ranks in which failed trials are the worst",
    "shapley": "Shapley: mean size of what it adds to a prediction, in standard deviations",
    "fanova": "fANOVA: share of the variance that it explains alone",
    "impurity": "Impurity: share of the splits' gain",
    "near_best": "Near the best: how the best trials differ from all",
    "ols_drop": "Linear model: fall of R2 without it",
}


def matters(rows: Sequence[Row]) -> Plot:
    """Return importance (left, by a method that the reader chooses) beside correlation, one line a hyperparameter.

    Each method's order is its own: the most important on top.
    """
    methods = {key: text for key, text in METHODS.items() if any(row[key] is not None for row in rows)}
    variants = {}
    for at, (method, title) in enumerate(methods.items()):
        ordered = sorted(rows, key=lambda row: -(row[method] if row[method] is not None else -1e300))
        left = axis(title.partition(":")[0] + " importance", domain=[0, 0.46])
        variants[str(at)] = {"data": _importance_beside_correlation(ordered, method), "layout": {"xaxis": left}}
    layout = {
        "xaxis2": axis("", domain=[0.54, 1], gridcolor="@line")
        | {"title": {"text": "Correlation<br>(of categories: share of variance)"}},
        "yaxis": {"autorange": "reversed", "automargin": True},
        "hovermode": "closest",
    }
    height = max(220, 34 * len(rows) + 110)
    return Plot(variants, layout, (("Importance", list(methods.values())),), height=height)


def _importance_beside_correlation(rows: Sequence[Row], method: str) -> list[dict[str, Any]]:
    names = [plot_text(row["hyperparameter"], 30) for row in rows]
    shared = {"type": "bar", "orientation": "h", "y": names, "hoverinfo": "x+y", "showlegend": False}
    importance = {**shared, "x": [row[method] for row in rows], "marker": {"color": "@0"}}
    spread = {"color": "@muted", "thickness": 1}
    if f"{method}_sd" in rows[0]:
        importance["error_x"] = {"array": [row[f"{method}_sd"] or 0 for row in rows], **spread}
    elif f"{method}_lower" in rows[0]:
        importance["error_x"] = _interval(rows, method) | spread
    correlation = {
        **shared,
        "x": [row["correlation"] for row in rows],
        "xaxis": "x2",
        "error_x": _interval(rows, "correlation") | spread,
        "marker": {"color": "@1"},
    }
    return [importance, correlation]


def _interval(rows: Sequence[Row], name: str) -> dict[str, Any]:
    return {
        "symmetric": False,
        "array": [_gap(row[f"{name}_upper"], row[name]) for row in rows],
        "arrayminus": [_gap(row[name], row[f"{name}_lower"]) for row in rows],
    }


def _gap(high: float | None, low: float | None) -> float:
    return 0.0 if high is None or low is None else max(0.0, high - low)


def slices(
    points: Mapping[str, Sequence[tuple[Any, float, int]]],
    curves: Mapping[str, Sequence[Row]],
    logs: Mapping[str, bool],
    metric: str,
) -> Plot:
    """Return, per hyperparameter (a selector), every trial's value and the surrogate's mean curve over it.

    Args:
        points: hyperparameter -> its value, the metric and the number of each trial.
    """
    names = list(curves)
    variants: dict[str, dict[str, Any]] = {}
    for at, name in enumerate(names):
        curve = curves[name]
        is_level = curve[0]["level"] is not None
        x = [plot_text(row["level"]) if is_level else row["numeric_value"] for row in curve]
        mine = [one for one in points.get(name, ()) if one[0] is not None]
        dots = _dots(
            [plot_text(str(v)) if is_level else v for v, _, _ in mine], [y for _, y, _ in mine],
            [trial for _, _, trial in mine], "@0/0.45",
        )  # fmt: skip
        mean = line("model's mean", x, [row["mean"] for row in curve], token="@1")
        mean["mode"] = "markers" if is_level else "lines+markers"
        if is_level:
            mean["error_y"] = {"color": "@1", **_around(curve)}
        spread = {
            "type": "scatter", "mode": "lines", "line": {"width": 0, "color": "@1/0"}, "hoverinfo": "skip",
            "showlegend": False, "x": x,
        }  # fmt: skip
        band = [
            spread | {"y": [row["lower"] for row in curve]},
            spread | {"y": [row["upper"] for row in curve], "fill": "tonexty", "fillcolor": "@1/0.16"},
        ]
        kind = {"type": "category", "categoryorder": "array", "categoryarray": _natural(x)} if is_level else {}
        variants[str(at)] = {
            "data": [dots, *([] if is_level else band), mean],
            "layout": {"xaxis": axis(name, is_log=logs.get(name, False) and not is_level) | kind},
        }
    return Plot(variants, {"yaxis": axis(metric), "hovermode": "closest"}, (("Hyperparameter", names),), ("y",))


def _around(curve: Sequence[Row]) -> dict[str, Any]:
    """Return the band around the means of levels as the arms of their markers: levels have nothing in between."""
    return {
        "symmetric": False,
        "array": [_gap(row["upper"], row["mean"]) for row in curve],
        "arrayminus": [_gap(row["mean"], row["lower"]) for row in curve],
    }


def _natural(levels: Sequence[str]) -> list[str]:
    """Return levels with the numbers among them first, by size, and the others in their order."""

    def size(level: str) -> tuple[bool, float]:
        try:
            return False, float(level)
        except ValueError:
            return True, 0.0

    return sorted(levels, key=size)


def contour(rows: Sequence[Row], metric: str, logs: Mapping[str, bool], *, higher_is_better: bool) -> Plot:
    """Return the surrogate's mean over a pair as a heat map with cells at the values that were asked."""
    a, b = rows[0]["hyperparameter_a"], rows[0]["hyperparameter_b"]
    x = list(dict.fromkeys(_own(row, "a") for row in rows))
    y = list(dict.fromkeys(_own(row, "b") for row in rows))
    values = {(row["position_a"], row["position_b"]): row["mean"] for row in rows}
    is_plain = all(not isinstance(v, str) for v in (*x, *y))
    trace = {
        "type": "contour" if is_plain and len(x) > 3 and len(y) > 3 else "heatmap",
        "x": x,
        "y": y,
        "z": [[values.get((i, j)) for i in range(len(x))] for j in range(len(y))],
        "colorscale": SCALE,
        "reversescale": not higher_is_better,
        "colorbar": {"title": {"text": plot_text(metric, 24)}},
    }
    layout = {"hovermode": "closest", "xaxis": _pair_axis(a, x, logs), "yaxis": _pair_axis(b, y, logs)}
    return Plot({"": {"data": [trace]}}, layout)


def _own(row: Row, which: str) -> Any:
    level = row[f"level_{which}"]
    return row[f"numeric_{which}"] if level is None else plot_text(level)


def _pair_axis(name: str, values: Sequence[Any], logs: Mapping[str, bool]) -> dict[str, Any]:
    if isinstance(values[0], str):
        return axis(name) | {"type": "category"}
    return axis(name, is_log=logs.get(name, False))


def _dots(x: Sequence[Any], y: Sequence[Any], trials: Sequence[int], token: str, **more: Any) -> dict[str, Any]:
    """Return points of trials, which follow the page's selection."""
    return {
        "type": "scatter", "mode": "markers", "name": "trials", "x": list(x), "y": list(y), "customdata": list(trials),
        "meta": BY_TRIAL, "unselected": FAINT, "marker": {"color": token, "size": 6},
        "hovertemplate": "trial %{customdata}: %{y:.4~g}<extra></extra>", **more,
    }  # fmt: skip


def history(rows: Sequence[Row], metric: str) -> Plot:
    """Return each trial's value by its start (its number where not all have one), and the best so far."""
    numbers, values = [row["number"] for row in rows], [row["value"] for row in rows]
    at = [row["at"] for row in rows]
    best = line("best so far", at, [row["best"] for row in rows], token="@1", steps=True)
    title = "Trials in the order of their start" if rows[0]["is_timed"] else "Trial"
    layout = {"xaxis": axis(title), "yaxis": axis(metric, is_log=spans_orders(values, 30.0)), "hovermode": "closest"}
    return Plot({"": {"data": [_dots(at, values, numbers, "@0/0.5"), best]}}, layout, (), ("y",))


def scatter(
    rows: Sequence[Row],
    key: str,
    x: tuple[str, str],
    y: tuple[str, str],
    *,
    kinds: Sequence[str] | None = None,
) -> Plot:
    """Return a scatter of two columns (name, axis title), `key` holding each trial's number.

    Args:
        kinds: of each row `trials`, `front` or `knee`, each with a look of its own and a line in the legend.
    """
    of = list(kinds) if kinds is not None else ["trials"] * len(rows)
    looks = {"trials": ("@0/0.5", 6, "circle"), "front": ("@1", 9, "circle"), "knee": ("@2", 14, "diamond")}
    data = []
    for kind, (token, size, symbol) in looks.items():
        mine = [row for row, own in zip(rows, of, strict=True) if own == kind]
        if mine:
            look = {"marker": {"color": token, "size": size, "symbol": symbol}, "name": kind}
            data.append(_dots([r[x[0]] for r in mine], [r[y[0]] for r in mine], [r[key] for r in mine], token) | look)
    layout = {"hovermode": "closest", "showlegend": kinds is not None}
    layout |= {"xaxis": axis(x[1], is_log=spans_orders([r[x[0]] for r in rows])), "yaxis": axis(y[1])}
    return Plot({"": {"data": data}}, layout, (), ("x", "y"))


def rungs(rows: Sequence[Row]) -> Plot:
    """Return the share of the variance by step, a line a hyperparameter."""
    data = []
    for at, name in enumerate(dict.fromkeys(row["hyperparameter"] for row in rows)):
        mine = [row for row in rows if row["hyperparameter"] == name]
        steps = [row["step"] for row in mine]
        data.append(line(plot_text(name, 30), steps, [row["share"] for row in mine], token=f"@{at}"))
    steps = [row["step"] for row in rows]
    layout = {
        "xaxis": axis("Step", is_log=spans_orders(steps, 8.0)),
        "yaxis": axis("Share of the variance", range=[0, 1]),
    }
    return Plot({"": {"data": data}}, layout, (), ("x",))


def hypervolume(rows: Sequence[Row]) -> Plot:
    """Return how much of the box the front dominates, by trial."""
    at, volume = [row["number"] for row in rows], [row["hypervolume"] for row in rows]
    data = line("dominated share", at, volume, token="@1", steps=True)
    layout = {"xaxis": axis("Trial"), "yaxis": axis("Dominated share of the box", range=[0, 1]), "showlegend": False}
    return Plot({"": {"data": [data]}}, layout, (), ("y",))


def curves(rows: Sequence[Row], spread: Sequence[Row], metric: str) -> Plot:
    """Return the intermediate values of single trials (the best in colour) over the middle 80 % of all of them."""
    steps = [row["step"] for row in spread]
    data = band("all", steps, [r["lower"] for r in spread], [r["upper"] for r in spread], token="@muted")
    by_trial: dict[int, list[Row]] = {}
    for row in rows:
        by_trial.setdefault(row["number"], []).append(row)
    named: set[str] = set()
    for number_of, mine in by_trial.items():
        is_best = mine[0]["is_best"]
        kind = "best trials" if is_best else {"pruned": "pruned", "failed": "failed"}.get(mine[0]["status"], "others")
        token = {"best trials": "@1", "pruned": "@2/0.6", "failed": "@3/0.7"}.get(kind, "@0/0.35")
        data.append(
            {
                "type": "scatter", "mode": "lines" if len(mine) > 1 else "markers", "name": kind, "legendgroup": kind,
                "showlegend": kind not in named, "x": [r["step"] for r in mine], "y": [r["value"] for r in mine],
                "line": {"color": token, "width": 2 if is_best else 1}, "marker": {"color": token, "size": 5},
                "meta": {"trials": number_of},
                "hovertemplate": f"trial {number_of}, step %{{x}}: %{{y:.4~g}}<extra></extra>",
            }
        )  # fmt: skip
        named.add(kind)
    data.append(line("median of all", steps, [r["middle"] for r in spread], token="@ink", dash="8px,3px"))
    values = [row["value"] for row in rows]
    layout = {"xaxis": axis("Step"), "yaxis": axis(metric, is_log=spans_orders(values, 100.0)), "hovermode": "closest"}
    return Plot({"": {"data": data}}, layout, (), ("x", "y"))


def steps(rows: Sequence[Row]) -> Plot:
    """Return, by step, the rank correlation with the final value, and how many of the best stopping would have kept."""
    at = [row["step"] for row in rows]
    data = band("correlation", at, [r["lower"] for r in rows], [r["upper"] for r in rows], token="@0")
    data.append(line("rank correlation with the final value", at, [r["spearman"] for r in rows], token="@0"))
    data.append(line("best tenth kept", at, [r["kept_share"] for r in rows], token="@1", dash="8px,3px"))
    return Plot({"": {"data": data}}, {"xaxis": axis("Step"), "yaxis": axis("1 is perfect")}, (), ("x",))


def shapley(rows: Sequence[Row], unit: str) -> Plot:
    """Return a strip a hyperparameter: a dot a trial, at what its value adds, coloured by the value's rank."""
    names = list(dict.fromkeys(row["hyperparameter"] for row in rows))
    place = {name: len(names) - 1 - at for at, name in enumerate(names)}
    offsets = [((row["trial"] * 0.6180339887) % 1 - 0.5) * 0.6 for row in rows]
    ranked = [row["height"] is not None for row in rows]
    data = []
    for is_number, name in ((True, "numbers"), (False, "categories")):
        chosen = [i for i, flag in enumerate(ranked) if flag is is_number]
        if not chosen:
            continue
        colour: dict[str, Any] = {"color": "@2", "size": 6}
        if is_number:
            bar = {"title": {"text": "value"}, "tickvals": [0, 1], "ticktext": ["lowest", "highest"], "thickness": 12}
            height = [round(rows[i]["height"], 2) for i in chosen]
            colour = {"color": height, "colorscale": SCALE, "size": 6, "colorbar": bar,
                      "line": {"width": 0.5, "color": "@muted"}}  # fmt: skip
        dots = _dots(
            [significant(rows[i]["value"], 4) for i in chosen],
            [round(place[rows[i]["hyperparameter"]] + offsets[i], 2) for i in chosen],
            [rows[i]["trial"] for i in chosen],
            "@2",
        )
        texts = [plot_text(rows[i]["setting"] if rows[i]["setting"] is not None else "(none)", 40) for i in chosen]
        data.append(
            dots | {"name": name, "marker": colour, "text": texts,
                    "hovertemplate": "trial %{customdata}, %{text}: %{x:.3~g}<extra></extra>"}
        )  # fmt: skip
    layout = {
        "xaxis": axis(f"What the value adds to the prediction ({unit})", zeroline=True),
        "yaxis": {
            "tickvals": [place[name] for name in names], "ticktext": [plot_text(name, 30) for name in names],
            "automargin": True, "range": [-0.6, len(names) - 0.4],
        },
        "hovermode": "closest", "showlegend": False,
    }  # fmt: skip
    return Plot({"": {"data": data}}, layout, height=max(220, 40 * len(names) + 110))


def per_metric(rows: Sequence[Row]) -> Plot:
    """Return bars: the importance of each hyperparameter for each metric."""
    names = list(dict.fromkeys(row["hyperparameter"] for row in rows))[:20]
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    data = []
    for at, metric in enumerate(metrics):
        mine = {row["hyperparameter"]: row for row in rows if row["metric"] == metric}
        data.append(
            {
                "type": "bar", "orientation": "h", "name": plot_text(metric), "marker": {"color": f"@{at % 8}"},
                "y": [plot_text(name, 30) for name in names],
                "x": [mine[name]["importance"] if name in mine else None for name in names],
                "error_x": {
                    "array": [(mine[name]["deviation"] or 0) if name in mine else 0 for name in names],
                    "color": "@muted", "thickness": 1,
                },
                "hoverinfo": "x+y+name",
            }
        )  # fmt: skip
    layout = {
        "xaxis": axis("Importance (permutation)"), "yaxis": {"autorange": "reversed", "automargin": True},
        "barmode": "group", "hovermode": "closest", "showlegend": True,
    }  # fmt: skip
    return Plot({"": {"data": data}}, layout, height=max(240, (18 * len(metrics) + 16) * len(names) + 120))
