"""One page an experiment: who is better, by how much, from which budget on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from hpowh.analyses.mixed_models.reading.verdicts import verdicts
from hpowh.analyses.traces.job import is_current
from hpowh.analyses.traces.wording import winner_sentence
from hpowh.reports.blocks import Block, Column, Explorer, Facts, Figure, Findings, Plot, Prose, Table
from hpowh.reports.charts.curves import ALL, CROWD_NOTE, curves, grouped, place
from hpowh.reports.charts.explorer import MOST_RUNS, packed
from hpowh.reports.charts.plot import axis, spans_orders
from hpowh.reports.context import SiteContext
from hpowh.reports.finding import Finding
from hpowh.reports.numbers import number
from hpowh.reports.page import Page
from hpowh.reports.pages.experiment.final import final_dots
from hpowh.reports.query import Query
from hpowh.reports.trust import trust
from hpowh.warehouse import queries
from hpowh.warehouse.wording import plural

VARIANT_LIMIT = 50
"""At most so many curves of benchmark and setting on one page; beyond that they are on the benchmarks' pages."""


def pages(site: SiteContext) -> Iterator[Page]:
    """Yield a page an experiment."""
    for (name,) in site.rows(queries.text("experiment/names")):
        yield Page(
            key=("experiment", name),
            title=name,
            section="Experiments",
            build=partial(_build, site, name),
            lead=_lead(site, name),
        )


def findings(site: SiteContext) -> Iterator[Finding]:
    """Yield, per experiment and setting, which algorithm ends best on average."""
    for (name,) in site.rows(queries.text("experiment/names")):
        run = site.newest_run("traces", name)
        if run is not None:
            yield from _experiment_findings(site, name, run)


def _lead(site: SiteContext, name: str) -> str:
    algorithms, benchmarks, seeds, runs = site.rows(queries.text("experiment/size"), experiment=name)[0]
    metrics = site.rows(queries.text("experiment/metrics"), experiment=name)
    measured = ", ".join(site.metric(metric, direction) for metric, direction in metrics) or "no metric yet"
    return (
        f"{plural(algorithms, 'algorithm')} on {plural(benchmarks, 'benchmark')}, {plural(seeds, 'seed')}, "
        f"{plural(runs, 'run')}; measured by {measured}."
    )


def _build(site: SiteContext, name: str) -> Sequence[Block]:
    run = site.newest_run("traces", name)
    if run is None:
        return [
            Prose(
                "Not analysed yet",
                ["The runs are in the warehouse, but their traces have not been compared. Run: hpowh analyse traces"],
            )
        ]
    has_budgets = len({row["position"] for row in site.query(queries.text("experiment/overall"), run=run).rows()}) > 1
    return [
        Findings(_answers(site, name, run), "Who is better?", empty=_no_finding(site, name)),
        *_overall(site, run),
        _final_table(site, run, has_budgets=has_budgets),
        trust(
            list(dict.fromkeys([*_outdated(site, name), *_answering(site, name), *site.provenance(run).warnings])),
            [_facts(site, name)],
            good=GOOD,
        ),
        *([*_explorer(site, run), *_per_benchmark(site, run)] if has_budgets else []),
        _final_per_benchmark(site, run, has_budgets=has_budgets),
    ]


def _explorer(site: SiteContext, run: int) -> list[Block]:
    """Return the runs to choose from; nothing where there are too many, or nothing to compare."""
    query = site.query(queries.text("experiment/runs"), run=run)
    rows = query.rows()
    if len(rows) > MOST_RUNS or len({row["algorithm"] for row in rows}) < 2:
        return []
    return [
        Explorer(
            id="explore",
            title="Ask it yourself",
            how_to_read="Choose algorithms, benchmarks, a budget and a target: all numbers are computed anew from the "
            "runs. Above, mean normalised regret (lower is better) and, below it, the share of the targets 0.5 to 0 "
            "reached (higher is better), means over benchmarks of means over runs. Running time to the target: budget "
            "spent by all runs until they reach it or end, over the number that reach it (what restarts would need); "
            "not reached where on one chosen benchmark no run does. Attainment: of one algorithm's runs the share that "
            "have reached a regret when so much is spent (mean over benchmarks), or how much more than another's.",
            query=query,
            data=packed(rows, site.colours.token, site.colours.dash),
            analysis_run_id=run,
        )
    ]


ANCHORS = {"mixed_models.fit": "lmem-standing", "rankings": "ranking-pairs"}
"""Job of a verdict -> what shows it on the models' page."""
GOOD = "The analysis noted nothing that one must keep in mind."
GAP_NOTE = "On a logarithmic axis a curve ends where it reaches zero, such as the distance from the best known value."
NO_FINDING = "No algorithm can be said to end ahead on average: there are too few runs, or too few in common."
NO_COMPARISON = "There is one algorithm only, so nothing is compared here: the page shows how far its runs came."


def _no_finding(site: SiteContext, name: str) -> str:
    return NO_COMPARISON if site.rows(queries.text("experiment/size"), experiment=name)[0][0] == 1 else NO_FINDING


def _outdated(site: SiteContext, name: str) -> list[str]:
    if is_current(site.warehouse, name):
        return []
    return ["The runs, or what is known of their benchmarks, have changed since this analysis: hpowh analyse traces"]


def _answering(site: SiteContext, name: str) -> list[str]:
    """Return what the model or ranking noted that the page's answer rests on."""
    found = verdicts(site.warehouse, name)
    return site.provenance(found[0].analysis_run_id).warnings if found else []


def _facts(site: SiteContext, name: str) -> Facts:
    algorithms, benchmarks, seeds, runs = site.rows(queries.text("experiment/size"), experiment=name)[0]
    settings = site.rows(queries.text("experiment/settings"), experiment=name)[0][0]
    facts = [("algorithm", algorithms), ("benchmark", benchmarks), ("seed", seeds)]
    facts += [("setting", settings)] if settings > 1 else []
    return Facts([(label if count == 1 else f"{label}s", number(count)) for label, count in [*facts, ("run", runs)]])


def _experiment_findings(site: SiteContext, name: str, run: int) -> Iterator[Finding]:
    """Yield what curves describe, where no model or rank test says more; the verdicts are the model page's."""
    if verdicts(site.warehouse, name):
        return
    codes = site.query(queries.text("experiment/codes"), run=run).rows()
    for row in site.query(queries.text("experiment/winners"), run=run).rows():
        yield Finding(winner_sentence(name, row, codes), ("experiment", name), "regret-overall")


def _answers(site: SiteContext, name: str, run: int) -> list[Finding]:
    """Return the experiment's verdicts, or what its curves describe where there is none."""
    said = [Finding(one.sentence, ("model", name), ANCHORS[one.job]) for one in verdicts(site.warehouse, name)]
    return said or list(_experiment_findings(site, name, run))


def _overall(site: SiteContext, run: int) -> list[Figure]:
    query = site.query(queries.text("experiment/overall"), run=run)
    rows = query.rows()
    if not rows:
        return []
    if len({row["position"] for row in rows}) == 1:
        return final_dots(site, query, run)
    settings = sorted({row["setting"] for row in rows})
    metrics = sorted({row["metric"] for row in rows})
    unit = rows[0]["position_unit"]
    label = "Budget" if unit == "budget" else "Share of the benchmark's budget"
    is_log_x = spans_orders([row["position"] for row in rows])
    is_log_y = spans_orders([row["normalized_regret_mean"] for row in rows], 10.0)
    regret: dict[str, dict[str, object]] = {}
    rank: dict[str, dict[str, object]] = {}
    for (setting, metric), mine in grouped(rows, "setting", "metric").items():
        key = f"{place(settings, setting)},{place(metrics, metric)}"
        limits = ("normalized_regret_lower", "normalized_regret_upper")
        drawn = curves(mine, site.colours, x="position", middle="normalized_regret_mean", band_of=limits)
        regret[key] = {"data": drawn}
        if any(row["rank_mean"] is not None for row in mine):
            limits = ("rank_lower", "rank_upper")
            rank[key] = {"data": curves(mine, site.colours, x="position", middle="rank_mean", band_of=limits)}
    count = max(row["benchmark_count"] for row in rows)
    selectors = (("Setting", settings), ("Metric", metrics))
    crowd = (CROWD_NOTE,) if len({row["algorithm"] for row in rows}) > ALL else ()
    x = axis(label, is_log=is_log_x)
    figures = [
        Figure(
            id="regret-overall",
            title="Mean normalised regret over the budget",
            how_to_read=(
                f"Each line is one algorithm, averaged over {plural(count, 'benchmark')} and their seeds; lower is "
                "better. 0 is the best value known for a benchmark, 1 the worst recorded in this experiment. "
                "The shaded band is the 95 % band of the mean over seeds, the benchmarks held "
                "fixed: whether an algorithm is better on other benchmarks is for a mixed model to say."
            ),
            chart=Plot(
                regret,
                {"xaxis": x, "yaxis": axis("Mean normalised regret (lower is better)", is_log=is_log_y)},
                selectors,
                log_toggles=("x", "y"),
            ),
            query=query,
            alt="Line chart: mean normalised regret of each algorithm over the budget, with confidence bands.",
            analysis_run_id=run,
            notes=crowd,
        )
    ]
    if rank:
        figures.append(
            Figure(
                id="rank-overall",
                title="Mean rank over the budget",
                how_to_read=(
                    "Algorithms are ranked against each other on the same benchmark, seed and setting: 1 is the best, "
                    "ties share the mean. Lower is better. A rank says how often an algorithm is ahead, "
                    "not by how much."
                ),
                chart=Plot(
                    rank,
                    {"xaxis": x, "yaxis": axis("Mean rank (lower is better)", autorange="reversed")},
                    selectors,
                    log_toggles=("x",),
                ),
                query=query,
                alt="Line chart: mean rank of each algorithm over the budget.",
                analysis_run_id=run,
                notes=("The axis is turned round, so that the better algorithm is on top.", *crowd),
            )
        )
    return figures


COMMON = "Benchmarks that ranks and regrets rest on: those where every algorithm has a final regret"
ANYTIME = Column(
    name="anytime_regret",
    label="Anytime normalised regret",
    digits=3,
    help="The same, averaged over the whole budget axis",
)


def _final_table(site: SiteContext, run: int, *, has_budgets: bool) -> Table:
    query = site.query(queries.text("experiment/final"), run=run)
    colour = site.colours.token
    is_partial = any(row["benchmarks"] < row["benchmarks_run"] for row in query.rows())
    columns = [
        Column(name="algorithm", label="Algorithm", swatch=lambda row: colour(row["algorithm"])),
        *([Column(name="setting", label="Setting")] if any(row["setting"] for row in query.rows()) else []),
        Column(
            name="mean_rank",
            label="Mean final rank",
            digits=3,
            help="1 is best; over blocks in which every algorithm has a final value",
        ),
        Column(name="blocks", label="Blocks", help="Benchmark × seed combinations that were ranked"),
        Column(name="wins", label="Best in block", help="Blocks in which the algorithm was first, alone or tied"),
        *([Column(name="benchmarks", label="Benchmarks", help=COMMON)] if is_partial else []),
        Column(
            name="final_regret",
            label="Final normalised regret",
            digits=3,
            help="Mean over benchmarks of the mean over seeds",
        ),
        *([ANYTIME] if has_budgets else []),
        Column(name="runs", label="Runs"),
        Column(name="runs_without_value", label="Without final value"),
    ]
    return Table(
        id="final-ranks",
        title="At the end of the budget" if has_budgets else "Final values",
        how_to_read="One row per algorithm (and setting), on the benchmarks that all algorithms have in common. "
        "Ranks compare runs "
        "of the same benchmark, seed and setting; regret says how far from the best known value. Lower is better in "
        f"both{'; the anytime column also rewards being fast' if has_budgets else ''}.",
        query=query,
        columns=columns,
        analysis_run_id=run,
    )


def _per_benchmark(site: SiteContext, run: int) -> list[Block]:
    count = site.rows(queries.text("experiment/variants"), run=run)[0][0]
    if count > VARIANT_LIMIT:
        return [
            Prose(
                "Each benchmark",
                [f"The curves of {count:,} combinations of benchmark and setting are on the benchmarks' pages."],
            )
        ]
    query = site.query(queries.text("experiment/summary"), run=run)
    chart = anytime_plot(site, query)
    if not chart.variants:
        return []
    return [
        Figure(
            id="anytime",
            title="Each benchmark: how near the best value so far comes",
            how_to_read=(
                "The line is the median over seeds, the band holds the middle half of the seeds. Shown is how far the "
                "best value so far is from the best known value of the benchmark (lower is better), or the value "
                "itself: choose. Budgets are those that every algorithm reaches; no run is continued beyond its end."
            ),
            chart=chart,
            query=query,
            alt="Line chart: median incumbent of each algorithm over the budget on the chosen benchmark.",
            analysis_run_id=run,
            notes=curve_notes(query),
        )
    ]


def curve_notes(query: Query) -> tuple[str, ...]:
    """Return what a reader of `anytime_plot` has to know."""
    crowded = len({row["algorithm"] for row in query.rows()}) > ALL
    return (GAP_NOTE, CROWD_NOTE) if crowded else (GAP_NOTE,)


def anytime_plot(site: SiteContext, query: Query, *, by: str = "benchmark", label: str = "Benchmark") -> Plot:
    """Return incumbents over the budget, selectable by the column `by` (and its metric, if several) and the setting."""
    rows = [row for row in query.rows() if row["incumbent_median"] is not None]
    measured = grouped(rows, by, "metric")
    names = [subject for subject, _ in measured]
    label_of = {
        (subject, metric): subject if names.count(subject) == 1 else f"{subject}: {metric}"
        for subject, metric in measured
    }
    subjects, settings = sorted(label_of.values()), sorted({row["setting"] for row in rows})
    variants: dict[str, dict[str, object]] = {}
    for (subject, setting, metric), mine in grouped(rows, by, "setting", "metric").items():
        key = f"{place(subjects, label_of[subject, metric])},{place(settings, setting)}"
        x = axis("Budget", is_log=mine[0]["scale"] == "log")
        title = f"Distance in {metric} (lower is better)"
        variants[f"{key},0"] = _curve_variant(site, mine, "regret", title, x)
        title = site.metric(metric, mine[0]["direction"])
        variants[f"{key},1"] = _curve_variant(site, mine, "incumbent", title, x)
    shown = ("distance from the best known value", "the value itself")
    return Plot(variants, {}, ((label, subjects), ("Setting", settings), ("Shown", shown)), log_toggles=("x", "y"))


def _curve_variant(
    site: SiteContext, rows: Sequence[Mapping[str, Any]], what: str, title: str, x: dict[str, Any]
) -> dict[str, object]:
    middle, lower, upper = (f"{what}_{part}" for part in ("median", "q25", "q75"))
    values = [row[name] for row in rows for name in (middle, lower, upper) if row[name] != 0 or what == "incumbent"]
    highest = what == "incumbent" and rows[0]["direction"] == "max"
    data = curves(rows, site.colours, x="budget", middle=middle, band_of=(lower, upper), highest=highest)
    return {"data": data, "layout": {"yaxis": axis(title, is_log=spans_orders(values, 30.0)), "xaxis": x}}


def _final_per_benchmark(site: SiteContext, run: int, *, has_budgets: bool) -> Table:
    query = site.query(queries.text("experiment/final_by_benchmark"), run=run)
    colour = site.colours.token
    columns = [
        Column(name="benchmark", label="Benchmark", link=lambda row: site.href(("benchmark", row["benchmark"]))),
        *([Column(name="setting", label="Setting")] if any(row["setting"] for row in query.rows()) else []),
        Column(name="algorithm", label="Algorithm", swatch=lambda row: colour(row["algorithm"])),
        Column(name="metric", label="Metric"),
        Column(name="better", label="Better", help="Whether a lower or a higher value is better"),
        Column(name="median_final", label="Median final value"),
        Column(name="mean_regret", label="Mean normalised regret", digits=3),
        Column(name="mean_rank", label="Mean rank", digits=3),
        Column(name="runs", label="Runs"),
    ]
    return Table(
        id="final-by-benchmark",
        title=f"{'At the end of the budget' if has_budgets else 'Final values'}, benchmark by benchmark",
        how_to_read="One row per benchmark and algorithm: the median over seeds of the last best value. Sort by a "
        "column, or type "
        "a benchmark's name to see only its rows.",
        query=query,
        columns=columns,
        analysis_run_id=run,
    )
