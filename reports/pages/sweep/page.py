"""One page a sweep that was analysed: what mattered, how sure that is, what to try next; and a page of all sweeps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from hpowh.reports.blocks import Block, Facts, Figure, Findings, Links, Prose
from hpowh.reports.charts import sweep as charts
from hpowh.reports.context import SiteContext
from hpowh.reports.finding import Finding
from hpowh.reports.numbers import number
from hpowh.reports.page import Page
from hpowh.reports.pages.sweep import advice, tables
from hpowh.reports.pages.sweep import course as over_time
from hpowh.reports.pages.sweep import several as together
from hpowh.reports.pages.sweep import trials as shown
from hpowh.reports.pages.sweep.asked import Asked
from hpowh.reports.pages.sweep.compare import all_sweeps
from hpowh.reports.pages.sweep.exports import exports
from hpowh.reports.pages.sweep.findings import sentences, several
from hpowh.reports.trust import trust
from hpowh.warehouse import queries

METRICS = 3
GOOD = "Nothing was noted against it."
OPENINGS = ("the ", "which ", "no ", "what ", "from ", "next ", "of the levels ")
"""How sentences begin that do not begin with a name from the data."""
BARS = 30

Row = Mapping[str, Any]


def pages(site: SiteContext) -> Iterator[Page]:
    """Yield a page an analysed sweep, and one of all sweeps where there are any."""
    for (name,) in site.rows(queries.text("sweep/analysed")):
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
            build=lambda: all_sweeps(site),
            lead="Sweeps that were analysed, side by side, and those that are runs of an experiment.",
        )


def findings(site: SiteContext) -> Iterator[Finding]:
    """Yield each analysed sweep's first finding."""
    for (name,) in site.rows(queries.text("sweep/analysed")):
        run = site.newest_run("sweeps", name)
        if run is None:
            continue
        for summary in site.query(queries.text("sweep/summary"), run=run).rows()[:1]:
            yield from list(sentences(site, name, run, summary, ""))[:1]


def _build(site: SiteContext, name: str) -> Sequence[Block]:
    run = site.newest_run("sweeps", name)
    summaries = site.query(queries.text("sweep/summary"), run=run).rows() if run is not None else []
    if run is None or not summaries:
        return [Prose("", ["The analysis of this sweep holds no metric."])]
    few = summaries[:METRICS]
    suffixes = ["", *(f"-{i}" for i in range(2, len(few) + 1))]
    said = [f for s, suffix in zip(few, suffixes, strict=True) for f in sentences(site, name, run, s, suffix)]
    warnings = [*site.provenance(run).warnings, *_stale(site, summaries[0])]
    if len(summaries) > METRICS:
        warnings.append(f"The first {METRICS} of {len(summaries)} metrics are shown; the tables in `result` hold all.")
    blocks: list[Block] = [Findings(_own([*said, *several(site, name, run)], name), "What mattered, and what next?")]
    rests_on = trust(warnings, [_asked(site, run, summaries), _facts(summaries[0])], good=GOOD)
    matters = [site.query(queries.text("sweep/matters"), run=run, metric=s["metric_id"]) for s in few]
    names = [[row["hyperparameter"] for row in found.rows()] for found in matters]
    logs = {
        row["name"]: row["is_log"]
        for row in site.query(queries.text("sweep/columns"), run=run, metric=few[0]["metric_id"]).rows()
    }
    wanted = list(dict.fromkeys(one for own in names for one in own[: shown.AXES]))
    sparse = site.query(queries.text("sweep/unused"), run=run, metric=few[0]["metric_id"], most=shown.AXES).rows()
    wanted += [row["name"] for row in sparse if row["name"] not in wanted]
    metrics = [(s["metric_id"], s["metric"]) for s in few]
    trials = shown.load_trials(site, few[0]["sweep_id"], wanted, metrics, logs)
    for at, (summary, suffix) in enumerate(zip(few, suffixes, strict=True)):
        if len(few) > 1:
            blocks.append(Prose(site.metric(summary["metric"], summary["direction"])))
        if not summary["reason"]:
            blocks.append(shown.parallel(trials, at, summary, names[at], suffix))
        if at == 0:
            blocks += [rests_on, shown.table(trials)]
        blocks += _metric(site, run, trials, at, summary, matters[at], logs, suffix)
    return [*blocks, *together.front(site, run, summaries), *addresses(site, summaries[0])]


def addresses(site: SiteContext, summary: Row) -> list[Block]:
    """Return links to the best trials where they came from; nothing where no tracker gave them an address."""
    rows = site.query(queries.text("sweep/addresses"), sweep=summary["sweep_id"], metric=summary["metric_id"]).rows()
    links = [
        (f"Trial {row['number']} ({row['trial']})", row["address"], f"{row['metric']} {number(row['value'])}")
        for row in rows
    ]
    return [Links("The best trials where they came from", links)] if links else []


def _own(findings: Sequence[Finding], name: str) -> list[Finding]:
    """Return findings without the sweep's name, which is the page's title; their first word begins the sentence."""
    first = {one.sentence: one for one in reversed(findings)}  # what holds for several metrics is said once
    own = [
        replace(one, sentence=one.sentence.removeprefix(f"{name}: ")) for one in findings if first[one.sentence] is one
    ]
    return [
        replace(one, sentence=one.sentence[0].upper() + one.sentence[1:]) if one.sentence.startswith(OPENINGS) else one
        for one in own
    ]


def _asked(site: SiteContext, run: int, summaries: Sequence[Row]) -> Prose:
    """Return what was asked, of which trials of which source, in a sentence or two."""
    first = summaries[0]
    loaded = ""
    for source in site.query(queries.text("sweep/loaded"), sweep=first["sweep_id"]).rows():
        tool = "" if source["tool"] in ("table", None) else f", {source['tool']}"
        loaded = f" Loaded from {source['uri']} (source {source['name']}{tool})."
    parts = [(site.metric(one["metric"], one["direction"]), _used(one)) for one in summaries]
    if len({used for _, used in parts}) == 1:
        asked = f"{' and '.join(metric for metric, _ in parts)} in {parts[0][1]}"
    else:
        asked = "; for ".join(f"{metric} in {used}" for metric, used in parts)
    ((parameters,),) = site.rows("select parameters from ops.analysis_run where analysis_run_id = $run", run=run)
    best = json.loads(parameters).get("best")
    is_said = best is not None and any(one["reason"] is None for one in summaries)
    share = f" The best trials are the best {100 * float(best):g} % of these." if is_said else ""
    return Prose("", [f"Asked: what mattered for {asked}.{share}{loaded}"])


def _used(summary: Row) -> str:
    used, total = summary["used_count"], summary["trial_count"]
    if used == total:
        return f"all {total:,} trials"
    return f"the {used:,} of {total:,} trials that finished with a finite value"


def _stale(site: SiteContext, summary: Row) -> list[str]:
    """Return a warning where the trials, or the direction of their metric, are no longer those that were analysed."""
    ((count, best),) = site.rows(
        queries.text("sweep/as_loaded"), sweep=summary["sweep_id"], metric=summary["metric_id"]
    )
    known = summary["best_value"] if summary["best_single_value"] is None else summary["best_single_value"]
    if summary["step"] is not None:
        best = known
    if (count, best) == (summary["trial_count"], known):
        return []
    return ["The sweep has been loaded anew since this analysis; run again: hpowh analyse sweeps"]


def _facts(summary: Row) -> Facts:
    names = ("trial", "finished", "failed", "pruned", "open")
    facts = [(f"{name}s" if name == "trial" else name, number(summary[f"{name}_count"])) for name in names]
    used = f"{summary['used_column_count']} of {summary['column_count']}"
    return Facts([*facts, ("hyperparameters used", used), (f"best {summary['metric']}", number(summary["best_value"]))])


def _metric(
    site: SiteContext,
    run: int,
    trials: shown.Trials,
    at: int,
    summary: Row,
    matters: Any,
    logs: Mapping[str, bool],
    suffix: str,
) -> list[Block]:
    asked = Asked(site, run, summary["metric_id"], suffix)
    course = over_time.course(site, run, summary["sweep_id"], summary, suffix)
    if summary["reason"]:
        return [*course, *advice.failures(asked), advice.column_table(asked)]
    rows = matters.rows()
    return [
        Figure(
            id=f"sweep-matters{suffix}",
            title="What mattered",
            how_to_read="Left, the importance by the method that is chosen (lines: spread over folds and repeats, "
            "trees, or the "
            "95 % interval over trials); right, the correlation with the metric and its 95 % interval. A long bar on "
            "the left and none on the right means an effect that is no trend, or one that needs others.",
            chart=charts.matters(rows[:BARS]),
            query=matters,
            alt="Bars: importance and correlation of each hyperparameter.",
            analysis_run_id=run,
            notes=(f"The {BARS} most important; the table below has all.",) if len(rows) > BARS else (),
        ),
        *tables.effects(asked),
        *advice.failures(asked),
        tables.importance_table(asked),
        *_shapley(site, run, summary, suffix),
        *tables.evidence(asked),
        tables.linear_table(asked),
        *tables.published(asked),
        *shown.slices(site, run, trials, at, summary, logs, suffix),
        *course,
        *advice.next_tables(asked),
        *exports(site, run, summary, suffix),
        advice.column_table(asked),
    ]


def _shapley(site: SiteContext, run: int, summary: Row, suffix: str) -> list[Block]:
    query = site.query(queries.text("sweep/shapley"), run=run, metric=summary["metric_id"], sweep=summary["sweep_id"])
    rows = query.rows()
    if not rows:
        return []
    unit = "normal scores of the metric" if summary["target"] == "rank" else f"{summary['metric']}, in its own unit"
    count = len({row["trial"] for row in rows})
    return [
        Figure(
            id=f"sweep-shapley{suffix}",
            title="What each value adds to the prediction",
            how_to_read="Shapley values of the trees: each dot is a trial, at what the value it has there adds to "
            "its prediction, "
            "on average over all orders in which its values could be put in. Colour is the value's rank: where dark "
            "and bright dots part, the effect is a trend.",
            chart=charts.shapley(rows, unit),
            query=query,
            alt="Strips of dots: Shapley values of the trials, one strip a hyperparameter.",
            analysis_run_id=run,
            notes=(f"{count:,} trials drawn at random, by sampled orders and backgrounds.",),
        )
    ]
