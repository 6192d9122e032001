"""What a sweep's page shows of its trials: parallel coordinates, the table, slices, course, curves, trade-off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hpowh.reports.blocks import Block, Column, Figure, Parallel, Table, TrialTable
from hpowh.reports.charts import sweep as charts
from hpowh.reports.charts.trials import packed, packed_size
from hpowh.reports.context import SiteContext
from hpowh.reports.numbers import better
from hpowh.reports.queries import sweep as queries
from hpowh.reports.queries.sweep_trials import Wide, wide_trials

if TYPE_CHECKING:
    import polars as pl

AXES = 12
"""Parallel coordinates show at most so many hyperparameters, the most important."""
BYTES, BYTES_LESS = 500_000, 140_000
"""Size of the trials that the page holds, and by how much it is less for every further metric; where all need more,
trials are left out evenly over the order of the first metric."""
POINTS = 700
"""Points of a figure beside those that must be there."""
SLICE_POINTS = 300
BEST_CURVES, OTHER_CURVES, CURVE_POINTS = 10, 40, 60
TABLE = "sweep-trials"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Trials:
    """The trials of a sweep as the page holds them, shared by all metrics."""

    wide: Wide
    sample: pl.DataFrame
    """The trials that figures and table show, by number."""
    columns: list[tuple[str, str, bool]]
    """Column of the frame, name for the reader, and whether its axis is logarithmic; in the order of the table."""

    def at(self, column: str) -> int:
        """Return the position of a column."""
        return [name for name, _, _ in self.columns].index(column)

    @property
    def notes(self) -> list[str]:
        """What must be said beside a figure that shows a part of the trials."""
        total = self.wide.query.frame.height
        if self.sample.height == total:
            return []
        return [
            f"{self.sample.height:,} of {total:,} trials, taken evenly over the order of the first metric, those "
            "without a value last. The CSV has all."
        ]


def load_trials(
    site: SiteContext, sweep_id: int, names: Sequence[str], metrics: Sequence[tuple[int, str]], logs: Mapping[str, bool]
) -> Trials:
    """Return the trials with some hyperparameters and metrics, thinned out where they are too many for a page."""
    wide = wide_trials(site, sweep_id, names, metrics)
    frame = wide.query.frame
    columns = [("trial", "Trial", False), ("state", "State", False)]
    columns += [(column, name, False) for column, (_, name) in zip(wide.metrics, metrics, strict=True)]
    columns += [(column, name, logs.get(name, False)) for name, column in wide.parameters.items()]
    if frame["seconds"].null_count() < frame.height:
        columns.append(("seconds", "Seconds", False))
    size = packed_size(frame.select(name for name, _, _ in columns))
    count = int(frame.height * (BYTES - BYTES_LESS * (len(metrics) - 1)) / max(1, size))
    sample = frame
    if count < frame.height:
        order = frame.sort(wide.metrics[0], "trial", nulls_last=True)
        sample = order[[at * frame.height // count for at in range(count)]].sort("trial")
    return Trials(wide, sample, columns)


def table(trials: Trials) -> TrialTable:
    """Return the table of all trials, which follows every selection."""
    return TrialTable(
        TABLE,
        "Trials",
        "One row per trial, whatever became of it. Sort by a heading; what is typed selects trials here and in every "
        "figure; what is selected on an axis above is selected here.",
        trials.wide.query,
        [Column(name, label) for name, label, _ in trials.columns],
        limit=20,
        data=packed(trials.sample, trials.columns),
        notes=trials.notes,
    )


def parallel(trials: Trials, metric: int, summary: Row, names: Sequence[str], suffix: str) -> Figure:
    """Return parallel coordinates of one metric: its most important hyperparameters, the metric last."""
    shown = [name for name in names if name in trials.wide.parameters][:AXES]
    column = trials.wide.metrics[metric]
    axes = [trials.at(trials.wide.parameters[name]) for name in shown]
    others = [trials.at(one) for one in trials.wide.metrics if one != column]
    notes = ["Constant, duplicate and identifying columns are left out.", *trials.notes]
    if len(names) > AXES:
        notes.insert(0, f"The {AXES} most important of {len(names)} hyperparameters.")
    return Figure(
        f"sweep-parallel{suffix}",
        "All trials",
        "Each line is a trial that finished with a value, coloured by the metric (yellow is better). Drag along an "
        "axis to keep only the trials that pass there; several axes combine, and table and figures follow.",
        Parallel(TABLE, [*axes, *others, trials.at(column)], trials.at(column), summary["direction"] == "max"),
        trials.wide.query,
        alt="Parallel coordinates of the trials: one axis a hyperparameter, the metric last.",
        notes=notes,
    )


def slices(
    site: SiteContext,
    run: int,
    trials: Trials,
    metric: int,
    summary: Row,
    logs: Mapping[str, bool],
    suffix: str,
) -> list[Block]:
    """Return one hyperparameter at a time, and the map of the strongest pair."""
    about = {"run": run, "metric": summary["metric_id"]}
    label = f"{summary['metric']} ({better(summary['direction'])})"
    curve, surface = site.query(queries.DEPENDENCE, **about), site.query(queries.SURFACE, **about)
    curves: dict[str, list[Row]] = {name: [] for name in trials.wide.parameters}
    for row in curve.rows():
        curves.setdefault(row["hyperparameter"], []).append(row)
    curves = {name: rows for name, rows in curves.items() if rows}
    blocks: list[Block] = []
    if curves:
        blocks.append(
            Figure(
                f"sweep-slices{suffix}",
                "One hyperparameter at a time",
                "Dots are trials; the line is the model's mean prediction over the trials with that value set "
                "(partial dependence), the band the middle 80 % of the single trials' curves around it: a wide band "
                "means that the effect hangs on other hyperparameters.",
                charts.slices(_slice_points(trials, metric, list(curves)), curves, logs, label),
                curve,
                alt="Scatter of trials with the model's mean curve, for one hyperparameter at a time.",
                analysis_run_id=run,
                notes=_thinned(SLICE_POINTS, summary["used_count"]),
            )
        )
    if surface.frame.height:
        blocks.append(
            Figure(
                f"sweep-pair{suffix}",
                "The strongest pair",
                f"The model's mean prediction of {label} over the two hyperparameters that explain most together "
                "(yellow is better).",
                charts.contour(surface.rows(), summary["metric"], logs, higher_is_better=summary["direction"] == "max"),
                surface,
                alt="Map of the model's mean prediction over two hyperparameters.",
                analysis_run_id=run,
            )
        )
    return blocks


def _thinned(most: int, total: int) -> tuple[str, ...]:
    return (f"About {most:,} of {total:,} trials are drawn, evenly over their order.",) if total > most else ()


def _slice_points(trials: Trials, metric: int, names: Sequence[str]) -> dict[str, list[tuple[Any, float, int]]]:
    import polars as pl

    column = trials.wide.metrics[metric]
    there = trials.sample.filter(pl.col(column).is_not_null() & (pl.col("state") == "finished"))
    there = there.gather_every(max(1, -(-there.height // SLICE_POINTS)))
    known = trials.wide.parameters
    return {
        name: list(zip(there[known[name]].to_list(), there[column].to_list(), there["trial"].to_list(), strict=True))
        for name in names
        if name in known
    }


def course(site: SiteContext, run: int, sweep_id: int, summary: Row, suffix: str) -> list[Block]:
    """Return the optimisation history, intermediate curves, stopping early, duration and budget against value."""
    label = f"{summary['metric']} ({better(summary['direction'])})"
    sign = 1 if summary["direction"] == "min" else -1
    about = {"sweep": sweep_id, "metric": summary["metric_id"]}
    query = site.query(queries.HISTORY, **about, sign=sign, most=float(POINTS))
    rows = query.rows()
    if not rows:
        return []
    total = rows[0]["total"]
    notes = (
        (f"{len(rows):,} of {total:,} trials: those that improved on all before, and every k-th other one.",)
        if total > len(rows)
        else ()
    )
    blocks: list[Block] = [
        Figure(
            f"sweep-history{suffix}",
            "Course of the sweep",
            "Each dot is a trial in the order in which it was made; the step is the best value so far.",
            charts.history(rows, label),
            query,
            alt="Values of the trials by number, with the best so far.",
            notes=notes,
        ),
        *_intermediate(site, run, about, sign, label, suffix),
    ]
    timed = [row for row in rows if row["duration"] is not None]
    if timed:
        blocks.append(
            Figure(
                f"sweep-duration{suffix}",
                "Duration against value",
                "Each dot is a trial: does a longer one end better? The table below has the rank correlation.",
                charts.scatter(timed, "number", ("duration", "Duration (s)"), ("value", label)),
                query,
                alt="Scatter of duration and value.",
                notes=notes,
            )
        )
    return [*blocks, *_budgets(site, run, summary, suffix)]


def _intermediate(
    site: SiteContext, run: int, about: dict[str, int], sign: int, label: str, suffix: str
) -> list[Block]:
    spread = site.query(queries.CURVE_BAND, **about).rows()
    query = site.query(
        queries.CURVES, **about, sign=sign, best=BEST_CURVES, others=float(OTHER_CURVES), points=float(CURVE_POINTS)
    )
    rows = query.rows()
    if not rows:
        return []
    total, drawn = rows[0]["total"], len({row["number"] for row in rows})
    note = (
        f"{drawn:,} of {total:,} trials with intermediate values: the {BEST_CURVES} that ended best, and every k-th "
        f"other one in the order of their final values; at most about {CURVE_POINTS} points each."
    )
    blocks: list[Block] = [
        Figure(
            f"sweep-curves{suffix}",
            "Intermediate values",
            "Each line is a trial; the band holds the middle 80 % of all trials that reached a step. Where the best "
            "trials leave the band early, the others could have been stopped.",
            charts.curves(rows, spread, label),
            query,
            alt="Lines: the metric of single trials by step, the best ones in colour, over the band of all.",
            notes=(note,),
        )
    ]
    found = site.query(queries.STEPS, run=run, metric=about["metric"])
    if found.frame.height:
        blocks.append(
            Figure(
                f"sweep-steps{suffix}",
                "Stopping early",
                "How well values at a step foretell the final ones (rank correlation with its 95 % interval), and the "
                "share of the best tenth that is in the better half at that step: what stopping the worse half there "
                "would have kept.",
                charts.steps(found.rows()),
                found,
                alt="Lines by step: rank correlation with the final value, and share of the best tenth kept.",
                analysis_run_id=run,
            )
        )
    return blocks


def _budgets(site: SiteContext, run: int, summary: Row, suffix: str) -> list[Block]:
    query = site.query(queries.BUDGETS, run=run, metric=summary["metric_id"])
    if not query.frame.height:
        return []
    columns = [
        Column("kind", "Budget", help="steps: the last step with a value; duration: seconds"),
        Column("trial_count", "Trials"),
        Column("spearman", "Rank correlation with the value", 3),
        Column("lower", "from", 2, "95 % interval"),
        Column("upper", "to", 2, "95 % interval"),
        Column("p", "p", 2),
        Column("least", "Least", 4),
        Column("most", "Most", 4),
        Column("reason", "Why not"),
    ]
    sense = "below 0" if summary["direction"] == "min" else "above 0"
    how = (
        f"Do trials that were given more end better? Then the correlation is {sense}. Tuners give more to trials that "
        "look good, and slow settings may be good ones: this is no proof that more budget helps."
    )
    return [Table(f"sweep-budget{suffix}", "Effect of the budget", how, query, columns, run)]


def front(site: SiteContext, run: int, summaries: Sequence[Row]) -> list[Block]:
    """Return what several metrics say together: their trade-off, and what matters for each."""
    if len(summaries) < 2:
        return []
    one, other = summaries[:2]
    query = site.query(queries.FRONT, run=run, first=one["metric_id"], second=other["metric_id"], most=float(POINTS))
    rows = query.rows()
    blocks: list[Block] = []
    if rows:
        label = [f"{s['metric']} ({better(s['direction'])})" for s in (one, other)]
        more = "" if len(summaries) == 2 else f" The front is that of all {len(summaries)} metrics."
        total = rows[0]["total"]
        notes = (f"The front and every k-th other of {total:,} trials.",) if total > len(rows) else ()
        marked = [r["front"] == 1 for r in rows]
        blocks.append(
            Figure(
                "sweep-front",
                "Trade-off of the metrics",
                "Each dot is a trial with all metrics; those on the front are beaten by no other in every metric."
                + more,
                charts.scatter(rows, "trial", ("first", label[0]), ("second", label[1]), marked=marked),
                query,
                alt="Scatter of two metrics with the Pareto front marked.",
                analysis_run_id=run,
                notes=notes,
            )
        )
    columns = [
        Column("metric_a", "Metric"),
        Column("metric_b", "and"),
        Column("spearman", "Rank correlation of the losses", 3, "Below 0: what is good for one is bad for the other"),
        Column("lower", "from", 2, "95 % interval"),
        Column("upper", "to", 2, "95 % interval"),
        Column("front_count", "Trials that none beats in both"),
        Column("trial_count", "Trials with both"),
        Column("reason", "Why not"),
    ]
    how = "Whether two metrics can be had together: 1 is complete agreement, -1 that each gain in one costs the other."
    traded = Table(
        "sweep-tradeoff", "Can they be had together?", how, site.query(queries.TRADEOFF, run=run), columns, run
    )
    per_metric = site.query(queries.PER_METRIC, run=run)
    if per_metric.frame["metric"].n_unique() > 1:
        blocks.append(
            Figure(
                "sweep-per-metric",
                "What mattered for each metric",
                "How much worse each metric's own model predicts when a hyperparameter is shuffled (lines: standard "
                "deviation). A bar in one colour only is a hyperparameter that can be set for that metric alone.",
                charts.per_metric(per_metric.rows()),
                per_metric,
                alt="Bars: the importance of each hyperparameter for each metric.",
                analysis_run_id=run,
                notes=("The 20 most important.",) if per_metric.frame["hyperparameter"].n_unique() > 20 else (),
            )
        )
    return [*blocks, traded]
