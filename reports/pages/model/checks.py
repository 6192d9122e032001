"""The checks around a mixed model, as blocks of a page: presets, ladder, anomalies, comparisons, power."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.blocks import Block, Figure, Plot
from hpowh.reports.charts.forest import forest, height, p_axis, p_values, rows_axis, upright
from hpowh.reports.charts.intervals import curves_of_power
from hpowh.reports.charts.ladder import ladder
from hpowh.reports.charts.plot import axis
from hpowh.reports.context import SiteContext
from hpowh.reports.names import file_stem
from hpowh.reports.numbers import number
from hpowh.reports.pages.model.result_table import result_table
from hpowh.warehouse import queries

PRESETS = {
    "seed": "Does the seed shift results beyond chance?",
    "informativeness": "On which benchmarks do the algorithms differ?",
    "budget": "Does the budget matter, and does it depend on the algorithm?",
    "features": "Do the differences depend on a meta-feature?",
}
MOST_BUDGETS = 8
MEASURES = ("means", "wins")
Row = Mapping[str, Any]


def calibration_blocks(site: SiteContext, run: int) -> list[Block]:
    """Return the realised level and every pair's calibrated p-value."""
    overall = "How often some pair was significant at 5 % where labels were shuffled: 5 % or less is right."
    pairs = (
        "p adjusted is the model's; p calibrated is the share of shuffled experiments with a smallest p-value as "
        "small, which needs no assumption about variances or tails."
    )
    return [
        result_table(
            site, run, "lmem-calibration", "Realised level", queries.text("mixed_models/calibration"), overall
        ),
        result_table(
            site, run, "lmem-calibrated", "Calibrated p-values", queries.text("mixed_models/calibrated"), pairs
        ),
    ]


def preset_blocks(site: SiteContext, run: int) -> list[Block]:
    """Return the blocks of the sanity checks: a figure a question, and all of them in words."""
    query = site.query(queries.text("mixed_models/presets"), run=run)
    rows = [row | {"p": row["p_value"] if row["p_adjusted"] is None else row["p_adjusted"]} for row in query.rows()]
    blocks: list[Block] = []
    for name in dict.fromkeys(row["preset"] for row in rows):
        # Contrasts within the halves of a meta-feature have no first degrees of freedom; they are in the table.
        mine = [row for row in rows if row["preset"] == name and (name != "features" or row["df1"] is not None)]
        blocks.append(
            Figure(
                id=f"lmem-preset-{file_stem(name)}",
                title=PRESETS.get(name, name),
                how_to_read="One point a subject: its p-value after Holm's correction, on a logarithmic axis. "
                "Coloured and left of "
                "the dotted line: an effect at 5 %.",
                chart=Plot(
                    {"": {"data": p_values(mine, "subject", {"p": "p"})}},
                    {"xaxis": p_axis("p (adjusted)"), "yaxis": rows_axis()},
                    height=height(len(mine)),
                ),
                query=query,
                alt="Points: the p-value of each subject, beside 5 %.",
                analysis_run_id=run,
            )
        )
    how = "One row a question; p-values of one question are Holm-corrected over its subjects."
    return [
        *blocks,
        result_table(site, run, "lmem-presets", "Sanity checks in words", queries.text("mixed_models/presets"), how),
    ]


def ladder_blocks(site: SiteContext, run: int) -> list[Block]:
    """Return the blocks of the model ladder."""
    query = site.query(queries.text("mixed_models/ladder"), run=run)
    rows = query.rows()
    directions = list(dict.fromkeys(row["direction"] for row in rows))
    parts = [[row for row in rows if row["direction"] == direction] for direction in directions]
    variants = {str(i): {"data": ladder(part)} for i, part in enumerate(parts)}
    how = "Each step tries every term; the kept one is marked. Forward begins with a constant, backward with all terms."
    return [
        Figure(
            id="lmem-ladder-plot",
            title="Model ladder",
            how_to_read="From top to bottom the path: at each step the term that the likelihood-ratio test speaks "
            "for most enters, "
            "or the one it speaks for least leaves. Rings are terms that were tried and not taken. Further left is a "
            "better model.",
            chart=Plot(
                variants,
                {"xaxis": axis("AIC above the best, plus 1", is_log=True), "yaxis": rows_axis()},
                (("Direction", directions),),
                height=height(max((row["step"] for row in rows), default=0) + 1),
            ),
            query=query,
            alt="A line of the information criterion from step to step with the candidates beside it.",
            analysis_run_id=run,
        ),
        result_table(
            site,
            run,
            "lmem-ladder",
            "Every step of the ladder",
            queries.text("mixed_models/ladder"),
            how,
            is_folded=True,
        ),
    ]


def anomaly_blocks(site: SiteContext, run: int) -> list[Block]:
    """Return the blocks of the search for anomalous benchmarks."""
    query = site.query(queries.text("mixed_models/anomalies"), run=run)
    rows = query.rows()
    how = (
        "How the difference of two algorithms shifts from the bad to the good level, with 95 % intervals. Anomalous: "
        "by means and by wins the shift goes against the other benchmarks', by more than chance (Holm)."
    )
    table = result_table(
        site, run, "lmem-anomalies", "Anomalous benchmarks as a table", queries.text("mixed_models/anomalies"), how
    )
    if not rows:
        return [table]
    why = result_table(
        site,
        run,
        "lmem-anomaly-why",
        "Why they are odd",
        queries.text("mixed_models/anomaly_why"),
        "How the runs of each algorithm are distributed at each level, at the budget where the anomaly is clearest. "
        "Spread ratio: against the median of the other benchmarks. Two modes: Silverman's test, Holm's correction; "
        "the modes are where two are, or nearly are.",
    )
    pairs = list(dict.fromkeys((row["first"], row["second"]) for row in rows))
    budgets = shown_budgets(rows)
    variants, most = {}, 0
    for i, pair in enumerate(pairs):
        for j, budget in enumerate(budgets):
            mine = [row for row in rows if (row["first"], row["second"]) == pair and row["budget"] == budget]
            most = max(most, len(mine))
            for k, measure in enumerate(MEASURES):
                variants[f"{i},{j},{k}"] = {
                    "data": _shifts(mine, measure),
                    "layout": {"xaxis": axis(AXES[measure])},
                }
    factor, good, bad = (rows[0][name] for name in ("factor", "good_level", "bad_level"))
    return [
        Figure(
            id="lmem-anomaly-plot",
            title="Anomalous benchmarks",
            how_to_read=f"How the difference of two algorithms moves when {factor} changes from {bad} to {good}, "
            "with its 95 % "
            "interval, a line a benchmark; the dotted line is the median of the benchmarks. Coloured: anomalous, that "
            "is on the other side of zero than the rest by means and by wins, by more than chance (Holm).",
            chart=Plot(
                variants,
                {"xaxis": axis(AXES["means"]), "yaxis": rows_axis()},
                (
                    ("Pair", [f"{first} - {second}" for first, second in pairs]),
                    ("Budget", ["all" if budget is None else f"{budget:g}" for budget in budgets]),
                    ("By", MEASURES),
                ),
                height=height(most),
            ),
            query=query,
            alt="A forest plot: the shift of each benchmark with its interval beside the others' median.",
            analysis_run_id=run,
            notes=_left_out(rows, budgets),
        ),
        *([why] if why.query.frame.height else []),
        table,
    ]


AXES = {"means": "Shift of the difference (in its standard deviations)", "wins": "Shift of the share of wins"}


def shown_budgets(rows: Sequence[Row]) -> list[Any]:
    """Return at most `MOST_BUDGETS` budgets: those with anomalies first, then evenly over the others, in order."""
    every = sorted({row["budget"] for row in rows}, key=lambda budget: (budget is None, budget))
    if len(every) <= MOST_BUDGETS:
        return every
    chosen = [b for b in every if any(row["is_anomalous"] and row["budget"] == b for row in rows)][:MOST_BUDGETS]
    others = [b for b in every if b not in chosen]
    free = MOST_BUDGETS - len(chosen)
    if free:
        places = {round(i * (len(others) - 1) / max(1, free - 1)) for i in range(free)}
        chosen += [others[place] for place in sorted(places)]
    flagged = [b for b in every if b in chosen and any(r["is_anomalous"] and r["budget"] == b for r in rows)]
    return flagged + [b for b in every if b in chosen and b not in flagged]


def _left_out(rows: Sequence[Row], shown: Sequence[Any]) -> tuple[str, ...]:
    count = len({row["budget"] for row in rows}) - len(shown)
    return (f"{count} further budgets are in the table; those with anomalies are drawn first.",) if count else ()


def _shifts(rows: Sequence[Row], measure: str) -> list[dict[str, Any]]:
    """Return the forest of one pair and budget; shifts of means are divided by their standard deviation."""
    drawn = []
    for row in rows:
        if measure == "wins":
            values = (row["win_shift"], row["win_shift_lower"], row["win_shift_upper"])
        elif row["scale"]:
            values = tuple(row[name] / row["scale"] for name in ("shift", "shift_lower", "shift_upper"))
        else:
            continue
        drawn.append({**row, **dict(zip(("middle", "lower", "upper"), values, strict=True))})
    drawn.sort(key=lambda row: row["middle"])
    middles = [row["middle"] for row in drawn]
    center = (middles[(len(middles) - 1) // 2] + middles[len(middles) // 2]) / 2 if middles else 0.0
    tokens = ["@warn" if row["is_anomalous"] else "@accent" for row in drawn]
    zero, points = forest(
        drawn, "benchmark", middle="middle", lower="lower", upper="upper", tokens=tokens, reference=0.0
    )
    return [zero | {"line": {"color": "@line", "width": 2}}, upright(center, points["y"], "median"), points]


def comparison_blocks(site: SiteContext, run: int) -> list[Block]:
    """Return the blocks of a likelihood-ratio test."""
    query = site.query(queries.text("mixed_models/comparisons"), run=run)
    how = "Likelihood-ratio tests; the distribution takes into account that variances cannot be negative."
    rows = [
        {"way": name, "p": row[column]}
        for row in query.rows()
        for name, column in (
            ("asymptotic distribution", "p_value"),
            ("simulated experiments", "p_bootstrap"),
            ("shuffled residuals", "p_permutation"),
        )
        if row[column] is not None
    ]
    table = result_table(
        site, run, "lmem-comparisons", "Model comparison", queries.text("mixed_models/comparisons"), how
    )
    if len(rows) < 2:
        return [table]
    return [
        table,
        Figure(
            id="lmem-comparison-plot",
            title="The same test in several ways",
            how_to_read="The p-value by the asymptotic distribution, by experiments simulated from the smaller "
            "model, and by "
            "shuffling its residuals. Simulated ones cannot be smaller than one over their number.",
            chart=Plot(
                {"": {"data": p_values(rows, "way", {"p": "p"})}},
                {"xaxis": p_axis("p"), "yaxis": rows_axis()},
                height=height(len(rows)),
            ),
            query=query,
            alt="Points: p-values of one comparison by several methods, beside 5 %.",
            analysis_run_id=run,
        ),
    ]


def power_blocks(site: SiteContext, run: int) -> list[Block]:
    """Return the blocks of the power of further experiments."""
    query = site.query(queries.text("mixed_models/power"), run=run)
    rows = query.rows()
    differences = list(dict.fromkeys(row["difference"] for row in rows))
    variants = {
        str(i): {"data": curves_of_power([row for row in rows if row["difference"] == difference])}
        for i, difference in enumerate(differences)
    }
    return [
        Figure(
            id="lmem-power",
            title="How many benchmarks and seeds would show a difference",
            how_to_read="The share of simulated experiments in which a true difference of this size is found at 5 "
            "%, with 95 % "
            "intervals of the simulation; the dotted line is the power that is usually asked for.",
            chart=Plot(
                variants,
                {"xaxis": axis("Benchmarks"), "yaxis": axis("Power", range=[0, 1.02])},
                (("Difference", [number(value) for value in differences]),),
            ),
            query=query,
            alt="Lines: power over the number of benchmarks, one line a number of seeds.",
            analysis_run_id=run,
        )
    ]
