"""What a sweep's page shows of its trials: parallel coordinates, the table, and one hyperparameter at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hpowh.reports.blocks import Block, Column, Figure, Parallel, TrialTable
from hpowh.reports.charts import sweep as charts
from hpowh.reports.charts.trials import packed, packed_size, scale_of
from hpowh.reports.context import SiteContext
from hpowh.reports.pages.sweep.wide import Wide, wide_trials
from hpowh.warehouse import queries

if TYPE_CHECKING:
    import polars as pl

AXES = 12
"""Parallel coordinates show at most so many hyperparameters, the most important."""
BYTES, BYTES_LESS = 500_000, 140_000
"""Size of the trials that the page holds, and by how much it is less for every further metric; where all need more,
trials are left out evenly over the order of the first metric."""
SLICE_POINTS = 300
TABLE = "sweep-trials"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Trials:
    """The trials of a sweep as the page holds them, shared by all metrics."""

    wide: Wide
    sample: pl.DataFrame
    """The trials that figures and table show, by number."""
    columns: list[tuple[str, str, str]]
    """Column of the frame, name for the reader, and the scale of its axis; in the order of the table."""

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
    columns = [("trial", "Trial", "linear"), ("state", "State", "linear")]
    names = frame["name"].to_list()
    if len(set(names)) == len(names) and names != [str(trial) for trial in frame["trial"]]:
        columns.append(("name", "Name", "linear"))
    columns += [
        (column, name, scale_of(frame[column])) for column, (_, name) in zip(wide.metrics, metrics, strict=True)
    ]
    columns += [(column, name, "log" if logs.get(name) else "linear") for name, column in wide.parameters.items()]
    if frame["seconds"].null_count() < frame.height:
        columns.append(("seconds", "Seconds", "linear"))
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
        id=TABLE,
        title="Trials",
        how_to_read="One row per trial, whatever became of it. Sort by a heading; what is typed selects trials here "
        "and in every "
        "figure; what is selected on an axis above is selected here.",
        query=trials.wide.query,
        columns=[Column(name=name, label=label) for name, label, _ in trials.columns],
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
    notes = ["Columns that the analysis did not use have no axis: see What was used.", *trials.notes]
    if len(names) > AXES:
        notes.insert(0, f"The {AXES} most important of {len(names)} hyperparameters.")
    return Figure(
        id=f"sweep-parallel{suffix}",
        title="All trials",
        how_to_read="Each line is a trial that finished with a value, coloured by the metric (yellow is better). "
        "Drag along an "
        "axis to keep only the trials that pass there; several axes combine, and table and figures follow.",
        chart=Parallel(TABLE, [*axes, *others, trials.at(column)], trials.at(column), summary["direction"] == "max"),
        query=trials.wide.query,
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
    label = site.metric(summary["metric"], summary["direction"])
    curve, surface = (
        site.query(queries.text("sweep/dependence"), **about),
        site.query(queries.text("sweep/surface"), **about),
    )
    curves: dict[str, list[Row]] = {name: [] for name in trials.wide.parameters}
    for row in curve.rows():
        curves.setdefault(row["hyperparameter"], []).append(row)
    curves = {name: rows for name, rows in curves.items() if rows}
    blocks: list[Block] = []
    if curves:
        blocks.append(
            Figure(
                id=f"sweep-slices{suffix}",
                title="One hyperparameter at a time",
                how_to_read="Dots are trials; the line is the model's mean prediction over the trials with that "
                "value set "
                "(partial dependence), the band the middle 80 % of the single trials' curves around it: a wide band "
                "means that the effect hangs on other hyperparameters.",
                chart=charts.slices(_slice_points(trials, metric, list(curves)), curves, logs, label),
                query=curve,
                alt="Scatter of trials with the model's mean curve, for one hyperparameter at a time.",
                analysis_run_id=run,
                notes=_thinned(SLICE_POINTS, summary["used_count"]),
            )
        )
    if surface.frame.height:
        blocks.append(
            Figure(
                id=f"sweep-pair{suffix}",
                title="The strongest pair",
                how_to_read=f"The model's mean prediction of {label} over the two hyperparameters that explain most "
                "together "
                "(yellow is better).",
                chart=charts.contour(
                    surface.rows(), summary["metric"], logs, higher_is_better=summary["direction"] == "max"
                ),
                query=surface,
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
