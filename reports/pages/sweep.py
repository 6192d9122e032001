"""One page a sweep that was analysed: what mattered, how sure that is, what to try next; and a page of all sweeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from hpowh.reports.blocks import Block, Column, Facts, Figure, Findings, Prose, Table, Warnings
from hpowh.reports.charts import sweep as charts
from hpowh.reports.context import SiteContext
from hpowh.reports.numbers import better, number
from hpowh.reports.page import Finding, Page
from hpowh.reports.pages._sweep_findings import sentences
from hpowh.reports.pages._sweep_tables import column_table, evidence, importance_table, linear_table, next_tables
from hpowh.reports.queries import sweep as queries
from hpowh.reports.queries.sweep_trials import Wide, wide_trials

AXES = 12
"""Parallel coordinates show at most so many hyperparameters, the most important."""
CELLS = 90_000
"""Lines times axes: beyond that every k-th trial in the order of its value is drawn."""
POINTS = 3000
METRICS = 3
TABLE_ROWS = 500

Row = Mapping[str, Any]


def pages(site: SiteContext) -> Iterator[Page]:
    """Yield a page an analysed sweep, and one of all sweeps where there are any."""
    for (name,) in site.rows(queries.ANALYSED):
        yield Page(
            key=("sweep", name),
            title=name,
            section="Sweeps",
            build=partial(_build, site, name),
            lead="What mattered in this sweep, how sure that is, and what to try next.",
            order=10,
        )
    if site.rows("select 1 from core.sweep limit 1"):
        yield Page(
            key=("sweeps",),
            title="All sweeps",
            section="Sweeps",
            build=lambda: _all(site),
            lead="Sweeps that were analysed, side by side, and those that are runs of an experiment.",
        )


def findings(site: SiteContext) -> Iterator[Finding]:
    """Yield each analysed sweep's first finding."""
    for (name,) in site.rows(queries.ANALYSED):
        run = site.newest_run("sweeps", name)
        if run is None:
            continue
        for summary in site.query(queries.SUMMARY, run=run).rows()[:1]:
            yield from list(sentences(site, name, run, summary, ""))[:1]


def _all(site: SiteContext) -> Sequence[Block]:
    link = lambda row: site.href(("sweep", row["sweep"]))  # noqa: E731
    columns = [
        Column("sweep", "Sweep", link=link),
        Column("metric", "Metric"),
        Column("direction", "Direction"),
        Column("trial_count", "Trials"),
        Column("used_count", "With a value"),
        Column("best_value", "Best"),
        Column("most_important", "Mattered most"),
        Column("r_squared", "R2 of unseen trials", 2),
        Column("verdict", "Verdict"),
        Column("reason", "Why not"),
    ]
    runs = [
        Column("experiment", "Experiment", link=lambda row: site.href(("experiment", row["experiment"]))),
        Column("algorithm", "Algorithm"),
        Column("sweep_count", "Sweeps"),
        Column("trial_count", "Trials"),
        Column("failed_count", "Failed"),
        Column("pruned_count", "Pruned"),
    ]
    how = "One row per sweep and metric. A hyperparameter is named only where the model that says so can be believed."
    none = "No sweep has been analysed yet: hpowh analyse sweeps"
    blocks: list[Block] = [Table("sweeps", "Analysed sweeps", how, site.query(queries.OVERVIEW), columns, empty=none)]
    of_runs = site.query(queries.OF_RUNS)
    if of_runs.frame.height:
        how = (
            "Sweeps that are runs of an experiment are compared on the experiment's page; they have no page here "
            "unless one is analysed by its name: hpowh analyse sweeps --sweep NAME"
        )
        blocks.append(Table("sweeps-runs", "Sweeps that are runs", how, of_runs, runs))
    return blocks


def _build(site: SiteContext, name: str) -> Sequence[Block]:
    run = site.newest_run("sweeps", name)
    summaries = site.query(queries.SUMMARY, run=run).rows() if run is not None else []
    if run is None or not summaries:
        return [Prose("", ["The analysis of this sweep holds no metric."])]
    shown = summaries[:METRICS]
    suffixes = ["", *(f"-{i}" for i in range(2, len(shown) + 1))]
    said = [f for s, suffix in zip(shown, suffixes, strict=True) for f in sentences(site, name, run, s, suffix)]
    warnings = [*site.provenance(run).warnings, *_stale(site, summaries[0])]
    if len(summaries) > METRICS:
        warnings.append(f"The first {METRICS} of {len(summaries)} metrics are shown; the tables in `result` hold all.")
    blocks: list[Block] = [_facts(summaries[0]), Findings(said), Warnings(warnings)]
    sweep_id = summaries[0]["sweep_id"]
    for summary, suffix in zip(shown, suffixes, strict=True):
        if len(shown) > 1:
            blocks.append(Prose(f"{summary['metric']} ({better(summary['direction'])})"))
        blocks += _metric(site, run, sweep_id, summary, suffix)
    return [*blocks, *_front(site, run, summaries)]


def _stale(site: SiteContext, summary: Row) -> list[str]:
    count = site.rows("select count(*) from core.trial where sweep_id = $sweep", sweep=summary["sweep_id"])[0][0]
    if count == summary["trial_count"]:
        return []
    return ["The sweep has been loaded anew since this analysis; run again: hpowh analyse sweeps"]


def _facts(summary: Row) -> Facts:
    names = ("trial", "finished", "failed", "pruned", "open")
    facts = [(f"{name}s" if name == "trial" else name, number(summary[f"{name}_count"])) for name in names]
    used = f"{summary['used_column_count']} of {summary['column_count']}"
    return Facts([*facts, ("hyperparameters used", used), ("best", number(summary["best_value"]))])


def _metric(site: SiteContext, run: int, sweep_id: int, summary: Row, suffix: str) -> list[Block]:
    about = {"run": run, "metric": summary["metric_id"]}
    if summary["reason"]:
        return [column_table(site, run, about, suffix)]
    matters = site.query(queries.MATTERS, **about)
    names = [row["hyperparameter"] for row in matters.rows()]
    logs = {row["name"]: row["is_log"] for row in site.query(queries.COLUMNS, **about).rows()}
    wide = wide_trials(site, sweep_id, names[:AXES], [(summary["metric_id"], summary["metric"])])
    label = f"{summary['metric']} ({better(summary['direction'])})"
    blocks: list[Block] = [*_parallel(wide, summary, logs, suffix)]
    blocks.append(
        Figure(
            f"sweep-matters{suffix}",
            "What mattered",
            "Left, how much worse the model predicts when a hyperparameter is shuffled (bars: mean over folds and "
            "repeats, lines: standard deviation); right, its correlation with the metric and the 95 % interval. A "
            "long bar on the left and none on the right means an effect that is no trend, or one that needs others.",
            charts.matters(matters.rows()[:30]),
            matters,
            alt="Bars: importance and correlation of each hyperparameter.",
            analysis_run_id=run,
            notes=("The 30 most important; the table below has all.",) if len(names) > 30 else (),
        )
    )
    blocks += [importance_table(site, run, about, suffix), *evidence(site, run, about, suffix)]
    blocks.append(linear_table(site, run, about, suffix))
    blocks += _curves(site, run, wide, summary, logs, label, suffix)
    blocks += _course(site, run, sweep_id, summary, label, suffix)
    return [*blocks, *next_tables(site, run, about, suffix), column_table(site, run, about, suffix)]


def _parallel(wide: Wide, summary: Row, logs: Mapping[str, bool], suffix: str) -> list[Block]:
    value = wide.metrics[0]
    rows = [row for row in wide.query.rows() if row[value] is not None and row["state"] == "finished"]
    step = max(1, -(-len(rows) * (len(wide.parameters) + 1) // CELLS))
    drawn = sorted(rows, key=lambda row: row[value])[::step]
    drawn.sort(key=lambda row: row["trial"])
    dimensions = [
        charts.dimension(name, [row[column] for row in drawn], is_log=logs.get(name, False))
        for name, column in wide.parameters.items()
    ]
    dimensions.append(charts.dimension(summary["metric"], [row[value] for row in drawn]))
    table = f"sweep-trials{suffix}"
    notes = ["Constant, duplicate and identifying columns are left out."]
    if step > 1:
        notes.append(f"Every {step}th of {len(rows):,} trials in the order of the metric is drawn.")
    figure = Figure(
        f"sweep-parallel{suffix}",
        "All trials",
        "Each line is a trial, coloured by the metric (yellow is better). Drag along an axis to keep only the trials "
        "that pass there; several axes combine, and the table below follows.",
        charts.parallel(
            dimensions,
            [float(f"{row[value]:.5g}") for row in drawn],
            higher_is_better=summary["direction"] == "max",
            table=table,
            keys=[row["trial"] for row in drawn],
        ),
        wide.query,
        alt="Parallel coordinates of the trials: one axis a hyperparameter, the metric last.",
        notes=notes,
    )
    columns = [Column("trial", "Trial"), Column(value, summary["metric"]), Column("state", "State")]
    columns += [Column(column, name) for name, column in wide.parameters.items()]
    how = "One row per trial, whatever became of it; sort by a heading, filter by text, select in the figure above."
    return [figure, Table(table, "Trials", how, wide.query, columns, limit=TABLE_ROWS if not suffix else 200)]


def _curves(
    site: SiteContext, run: int, wide: Wide, summary: Row, logs: Mapping[str, bool], label: str, suffix: str
) -> list[Block]:
    about = {"run": run, "metric": summary["metric_id"]}
    curve = site.query(queries.DEPENDENCE, **about)
    surface = site.query(queries.SURFACE, **about)
    blocks: list[Block] = []
    by_name: dict[str, list[Row]] = {name: [] for name in wide.parameters}
    for row in curve.rows():
        by_name.setdefault(row["hyperparameter"], []).append(row)
    curves = {name: rows for name, rows in by_name.items() if rows}
    if curves:
        value = wide.metrics[0]
        trials = [row for row in wide.query.rows() if row[value] is not None and row["state"] == "finished"]
        trials = trials[:: max(1, -(-len(trials) // POINTS))]
        points = {
            name: [(row[wide.parameters[name]], row[value]) for row in trials]
            for name in curves
            if name in wide.parameters
        }
        blocks.append(
            Figure(
                f"sweep-slices{suffix}",
                "One hyperparameter at a time",
                "Dots are trials; the line is the model's mean prediction over the trials with that value set "
                "(partial dependence), the band the middle 80 % of the single trials' curves around it: a wide band "
                "means that the effect hangs on other hyperparameters.",
                charts.slices(points, curves, logs, label),
                curve,
                alt="Scatter of trials with the model's mean curve, for one hyperparameter at a time.",
                analysis_run_id=run,
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


def _course(site: SiteContext, run: int, sweep_id: int, summary: Row, label: str, suffix: str) -> list[Block]:
    """Return the optimisation history, duration against value, and what intermediate values say."""
    course = site.query(queries.HISTORY, sweep=sweep_id, metric=summary["metric_id"])
    rows = course.rows()[:POINTS]
    if not rows:
        return []
    notes = (f"The first {POINTS:,} trials.",) if course.frame.height > POINTS else ()
    blocks: list[Block] = [
        Figure(
            f"sweep-history{suffix}",
            "Course of the sweep",
            "Each dot is a trial in the order in which it was made; the step is the best value so far.",
            charts.history(rows, label, higher_is_better=summary["direction"] == "max"),
            course,
            alt="Values of the trials by number, with the best so far.",
            notes=notes,
        )
    ]
    timed = [row for row in rows if row["duration"] is not None]
    if timed:
        how = "Each dot is a trial: does a longer one end better?"
        chart = charts.scatter(timed, ("duration", "Duration (s)"), ("value", label))
        alt = "Scatter of duration and value."
        blocks.append(Figure(f"sweep-duration{suffix}", "Duration against value", how, chart, course, alt, notes=notes))
    steps = site.query(queries.STEPS, run=run, metric=summary["metric_id"])
    if steps.frame.height:
        columns = [
            Column("step", "Step"),
            Column("trial_count", "Trials"),
            Column("spearman", "Rank correlation with the final value", 3),
            Column("lower", "from", 2, "95 % interval"),
            Column("upper", "to", 2, "95 % interval"),
            Column("kept_share", "Best tenth kept", 2, "Share of the best tenth in the better half at this step"),
        ]
        how = "How well values at a step foretell the final ones: what stopping the worse half there would have kept."
        blocks.append(Table(f"sweep-steps{suffix}", "Stopping early", how, steps, columns, run, is_folded=True))
    return blocks


def _front(site: SiteContext, run: int, summaries: Sequence[Row]) -> list[Block]:
    if len(summaries) < 2:
        return []
    one, other = summaries[:2]
    query = site.query(queries.FRONT, run=run, first=one["metric_id"], second=other["metric_id"])
    rows = query.rows()
    if not rows:
        return []
    label = [f"{s['metric']} ({better(s['direction'])})" for s in (one, other)]
    more = "" if len(summaries) == 2 else f" The front is that of all {len(summaries)} metrics."
    return [
        Figure(
            "sweep-front",
            "Trade-off of the metrics",
            "Each dot is a trial with all metrics; those on the front are beaten by no other in every metric." + more,
            charts.scatter(rows, ("first", label[0]), ("second", label[1]), marked=[r["front"] == 1 for r in rows]),
            query,
            alt="Scatter of two metrics with the Pareto front marked.",
            analysis_run_id=run,
        )
    ]
