"""Incumbent traces, regret, ranks within block and coverage of an experiment, stored as result tables."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hpowh.analyses.finding import DESCRIPTION, Finding, Run, Source, origin
from hpowh.analyses.traces.seeds import by_own_seeds
from hpowh.analyses.traces.wording import listed, seed_ranges, winner_sentence
from hpowh.warehouse import AnalysisRun, Warehouse, queries
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.relation import Relation
from hpowh.warehouse.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    import polars as pl

JOB = "traces"
VERSION = "4"
BAND_SEED = 0
CELL = ["benchmark_id", "metric_id", "algorithm_id", "setting"]


@dataclass(frozen=True)
class Outcome:
    """What became of one experiment: the analysis run, whether it was computed now, and what to know about it."""

    experiment: str
    analysis_run_id: int
    is_new: bool
    warnings: list[str]
    rows: dict[str, int]


def analyse(warehouse: Warehouse, experiment: str | None = None) -> list[Outcome]:
    """Analyse one experiment, or every one, unless the same input was analysed before.

    Raises:
        UsageError: there is no experiment of that name; lists those there are.
    """
    known = warehouse.sql("select experiment_id, name from core.experiment order by name").rows()
    chosen = [row for row in known if experiment is None or row[1] == experiment]
    if experiment is not None and not chosen:
        names = listed([name for _, name in known]) or "none yet; ingest runs first"
        raise UsageError(f"There is no experiment {experiment!r}.", f"Experiments in {warehouse.path}: {names}.")
    return [_analyse_one(warehouse, experiment_id, name) for experiment_id, name in chosen]


def findings(source: Source, run: Run) -> Iterator[Finding]:
    """Yield who ends lowest on average on these benchmarks, by setting and metric: a description, no test."""
    given = {"run": run.analysis_run_id}
    codes = source.sql(queries.text("experiment/codes"), given).pl().to_dicts()
    for row in source.sql(queries.text("experiment/winners"), given).pl().to_dicts():
        yield Finding(
            sentence=winner_sentence(run.subject, row, codes),
            kind="ends_lowest",
            basis=DESCRIPTION,
            holds_for="these benchmarks",
            assumption="None beyond these runs; the band is over seeds, benchmarks held fixed.",
            row_count=row["benchmark_count"],
            row_unit="benchmarks",
            numbers=[row],
            **origin(run),
        )


def planned_run(warehouse: Warehouse, experiment_id: int, name: str) -> AnalysisRun:
    """Return the identity of the analysis of one experiment as it stands: parameters and input fingerprint."""
    from hpowh.analyses.statistics import bands
    from hpowh.analyses.traces import axis

    facts = warehouse.sql(queries.text("traces/input"), {"experiment": experiment_id}).one()
    parameters = {
        "points": axis.POINT_LIMIT,
        "log_ratio": axis.LOG_RATIO,
        "reached_by": axis.MOST,
        "band": bands.LEVEL,
        "bootstrap_draws": bands.DRAWS,
    }
    return AnalysisRun(
        job=JOB,
        subject=name,
        job_version=VERSION,
        parameters=parameters,
        input_fingerprint=hashlib.sha256(facts.encode()).hexdigest(),
        seed=BAND_SEED,
    )


def is_current(warehouse: Warehouse, experiment: str) -> bool:
    """Return whether the newest analysis of an experiment is of its present input, by this version of the job."""
    found = warehouse.sql("select experiment_id from core.experiment where name = ?", [experiment]).one()
    return found is not None and warehouse.find_run(planned_run(warehouse, found, experiment)) is not None


def _analyse_one(warehouse: Warehouse, experiment_id: int, name: str) -> Outcome:
    run = planned_run(warehouse, experiment_id, name)
    found = warehouse.find_run(run)
    if found is not None:
        return Outcome(name, found, False, [], {})
    connection = warehouse.connection
    axes = _prepare(connection, experiment_id)
    tables = _tables(connection, experiment_id, axes)
    run.warnings = _warnings(connection, experiment_id, tables)
    tables["trace_overall"], left_out = _overall(tables["trace_summary"])
    run.warnings += _left_out_warnings(connection, left_out)
    saved = warehouse.save_run(run, tables)
    return Outcome(name, saved, True, run.warnings, {table: frame.height for table, frame in tables.items()})


def _prepare(connection: duckdb.DuckDBPyConnection, experiment_id: int) -> pl.DataFrame:
    """Build the temporary tables up to `traces_point`; return the axes, one row a benchmark and metric."""
    connection.execute(queries.text("traces/runs"), {"experiment": experiment_id})
    connection.execute(queries.text("traces/spans"))
    connection.execute(queries.text("traces/budgets"))
    axes, grid = _choose_axes(connection)
    connection.register("traces_grid_frame", grid)
    connection.execute("create or replace temp table traces_grid as select * from traces_grid_frame")
    connection.unregister("traces_grid_frame")
    for statement in (
        queries.text("traces/steps"),
        queries.text("traces/grid_points"),
        queries.text("traces/scales"),
        queries.text("traces/points"),
    ):
        connection.execute(statement)
    return axes


def _choose_axes(connection: duckdb.DuckDBPyConnection) -> tuple[pl.DataFrame, Any]:
    """Return the axes (one row a benchmark and metric) and their budgets as an Arrow table."""
    import numpy as np
    import polars as pl

    from hpowh.analyses.traces.axis import NoCommonBudgetError, choose_axis

    ends = connection.execute(queries.text("traces/ends")).fetchall()
    budgets = Relation(connection.execute("select benchmark_id, metric_id, budget from traces_budget")).pl()
    recorded = budgets.partition_by("benchmark_id", "metric_id", as_dict=True, include_key=False)
    axes: list[dict[str, Any]] = []
    grids: list[pl.DataFrame] = []
    for *key, lower, upper in ends:
        row: dict[str, Any] = {"benchmark_id": key[0], "metric_id": key[1], "reason": None}
        try:
            axis = choose_axis(lower, upper, recorded[key[0], key[1]]["budget"].to_numpy())
        except NoCommonBudgetError as error:
            axes.append(row | {"reason": str(error)})
            continue
        count = axis.budgets.size
        row |= {"scale": axis.scale, "lower_budget": axis.budgets[0], "upper_budget": axis.budgets[-1]}
        axes.append(row | {"budget_count": count})
        columns = {"step": np.arange(1, count + 1, dtype=np.int32), "budget": axis.budgets, "weight": axis.weights}
        grids.append(
            pl.DataFrame(columns).with_columns(
                pl.lit(key[0], pl.Int32).alias("benchmark_id"), pl.lit(key[1], pl.Int32).alias("metric_id")
            )
        )
    schema = {"benchmark_id": pl.Int32, "metric_id": pl.Int32, "step": pl.Int32}
    empty = pl.DataFrame(schema=schema | {"budget": pl.Float64, "weight": pl.Float64})
    axis_schema = {
        "benchmark_id": pl.Int32,
        "metric_id": pl.Int32,
        "reason": pl.String,
        "scale": pl.String,
        "lower_budget": pl.Float64,
        "upper_budget": pl.Float64,
        "budget_count": pl.Int32,
    }
    grid = pl.concat([empty, *(frame.select(empty.columns) for frame in grids)])
    return pl.DataFrame(axes, schema=axis_schema), grid.to_arrow()


def _tables(connection: duckdb.DuckDBPyConnection, experiment_id: int, axes: pl.DataFrame) -> dict[str, pl.DataFrame]:
    import polars as pl

    summary = Relation(connection.execute(queries.text("traces/summary"))).pl()
    coverage = Relation(connection.execute(queries.text("traces/coverage"), {"experiment": experiment_id})).pl()
    seeds = [seed_ranges(missing or []) for missing in coverage["missing_seeds"].to_list()]
    complete = [row["run_count"] > 0 and not text for row, text in zip(coverage.to_dicts(), seeds, strict=True)]
    return {
        "trace_axis": axes.join(
            Relation(connection.execute(queries.text("traces/axis"))).pl(), on=["benchmark_id", "metric_id"]
        ).with_columns(pl.col("budget_count").fill_null(0)),
        "trace_point": Relation(connection.execute(queries.text("traces/trace_point"))).pl(),
        "trace_summary": _with_bands(
            summary,
            Relation(connection.execute(queries.text("traces/cells"))).pl(),
            Relation(connection.execute(queries.text("traces/matrix"))).pl(),
        ),
        "run_regret": Relation(connection.execute(queries.text("traces/run_regret"))).pl(),
        "coverage": coverage.with_columns(
            pl.Series("missing_seeds", seeds, pl.String), pl.Series("is_complete", complete, pl.Boolean)
        ),
    }


def _with_bands(summary: pl.DataFrame, cells: pl.DataFrame, points: pl.DataFrame) -> pl.DataFrame:
    """Add the bootstrap band of the mean normalised regret, and why there is none; all three in the same order."""
    import numpy as np
    import polars as pl

    from hpowh.analyses.statistics.bands import bootstrap_mean_band

    values = points["normalized_regret"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    lower, upper = [np.empty(0)], [np.empty(0)]
    start = 0
    for count, steps in cells.select("point_count", "step_count").rows():
        low, high = bootstrap_mean_band(values[start : start + count].reshape(-1, steps), seed=BAND_SEED)
        lower.append(low)
        upper.append(high)
        start += count
    reason = (
        pl.when(pl.col("run_count") == 0)
        .then(pl.lit("no run has a value at this budget"))
        .when(pl.col("normalized_regret_mean").is_null())
        .then(pl.lit("all values equal the best known: no normalised regret"))
        .when(pl.col("run_count") == 1)
        .then(pl.lit("one run only: no band"))
        .otherwise(pl.lit(None, pl.String))
    )
    return summary.drop("step").with_columns(
        pl.Series("normalized_regret_lower", np.concatenate(lower)).fill_nan(None),
        pl.Series("normalized_regret_upper", np.concatenate(upper)).fill_nan(None),
        reason.alias("reason"),
    )


def _overall(summary: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, list[int]]]:
    """Average over benchmarks: each benchmark by its only metric, or metric by metric where one has several."""
    import numpy as np
    import polars as pl

    from hpowh.analyses.traces.overall import Cell, mean_over_benchmarks

    names = {
        "budgets": "budget",
        "regret": "normalized_regret_mean",
        "regret_sd": "normalized_regret_sd",
        "regret_count": "run_count",
        "rank": "rank_mean",
        "rank_sd": "rank_sd",
        "rank_count": "rank_count",
    }
    columns = {field: summary[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for field, name in names.items()}
    lengths = summary.group_by(CELL, maintain_order=True).len().rows()
    ends = np.cumsum([0, *(row[-1] for row in lengths)])
    pairs = summary.select("benchmark_id", "metric_id").unique()
    one_each = pairs["benchmark_id"].is_unique().all() and pairs["metric_id"].n_unique() > 1
    frames: list[pl.DataFrame] = []
    left_out: dict[str, list[int]] = {}
    for metric_id in [None] if one_each else sorted(pairs["metric_id"].unique().to_list()):
        cells = [
            Cell(
                benchmark_id=benchmark,
                algorithm_id=algorithm,
                setting=setting,
                **{field: column[ends[place] : ends[place + 1]] for field, column in columns.items()},
            )
            for place, (benchmark, metric, algorithm, setting, _) in enumerate(lengths)
            if metric_id in (None, metric)
        ]
        curves, missing = mean_over_benchmarks(cells)
        left_out |= missing
        for curve in curves:
            given = {"position": curve.position}
            for name, (mean, low, high) in (("normalized_regret", curve.regret), ("rank", curve.rank)):
                given |= {f"{name}_mean": mean, f"{name}_lower": low, f"{name}_upper": high}
            frames.append(
                pl.DataFrame(given).with_columns(
                    pl.lit(metric_id, pl.Int32).alias("metric_id"),
                    pl.lit(curve.setting).alias("setting"),
                    pl.lit(curve.algorithm_id, pl.Int32).alias("algorithm_id"),
                    pl.lit(curve.unit).alias("position_unit"),
                    pl.lit(curve.benchmark_count, pl.Int32).alias("benchmark_count"),
                )
            )
    if not frames:
        return pl.DataFrame(schema={"setting": pl.String}), left_out
    reason = (
        pl.when(pl.col("normalized_regret_mean").is_nan())
        .then(pl.lit("a benchmark has no value here"))
        .when(pl.col("normalized_regret_lower").is_nan())
        .then(pl.lit("one run only on some benchmark: no band"))
        .otherwise(pl.lit(None, pl.String))
    )
    return pl.concat(frames).with_columns(reason.alias("reason")).fill_nan(None), left_out


def _warnings(connection: duckdb.DuckDBPyConnection, experiment_id: int, tables: dict[str, pl.DataFrame]) -> list[str]:
    """Say in sentences what the numbers do not show."""
    import polars as pl

    found = []
    coverage, axes, regret = tables["coverage"], tables["trace_axis"], tables["run_regret"]
    holes = coverage.filter(~pl.col("is_complete")).height
    runs = Relation(connection.execute(queries.text("traces/held"), {"experiment": experiment_id})).pl().to_dicts()
    held, own = by_own_seeds(runs)
    if own:
        holes = sum(bool(row["missing_seeds"]) or not row["run_count"] for row in held)
        found.append(
            f"{listed(own)} {'has' if len(own) == 1 else 'have'} seeds that no other algorithm has: runs are not "
            "paired by them, and there are no ranks within seeds."
        )
    if holes:
        found.append(
            f"{plural(holes, 'combination')} of algorithm, benchmark and setting out of {coverage.height} "
            "lack seeds or were never run."
        )
    unusable = int(coverage["unusable_count"].sum() or 0)
    if unusable:
        found.append(
            f"{plural(unusable, 'trace value')} not usable (failed, NaN or infinite): they never improve a run."
        )
    early = int(axes["early_end_count"].sum() or 0)
    if early:
        found.append(f"{plural(early, 'run')} stopped before the common budget axis ends and have no final value.")
    bare: dict[str, list[str]] = {}
    for row in axes.filter(pl.col("reason").is_not_null()).to_dicts():
        bare.setdefault(row["reason"], []).append(_benchmark(connection, row["benchmark_id"]))
    for reason, names in bare.items():
        who = f"Benchmark {names[0]} has" if len(names) == 1 else f"Benchmarks {listed(names)} have"
        found.append(f"{who} no common axis: {reason}.")
    unranked = regret.filter(pl.col("final_rank").is_null())
    if unranked.height:
        reasons = unranked["reason"].value_counts().sort("count", "reason", descending=[True, False])
        said = listed([f"{reason} ({count:,})" for reason, count in reasons.rows()], 3, "; ")
        found.append(f"{plural(unranked.height, 'run')} of {regret.height:,} without a final rank: {said}.")
    return found


def _left_out_warnings(connection: duckdb.DuckDBPyConnection, left_out: dict[str, list[int]]) -> list[str]:
    return [
        f"Left out of the mean over benchmarks{f' for {setting}' if setting else ''}, because an algorithm has no "
        f"defined regret there: {listed([_benchmark(connection, one) for one in ids])}."
        for setting, ids in left_out.items()
    ]


def _benchmark(connection: duckdb.DuckDBPyConnection, benchmark_id: int) -> str:
    rows = connection.execute("select name from core.benchmark where benchmark_id = ?", [benchmark_id]).fetchall()
    return str(rows[0][0])
