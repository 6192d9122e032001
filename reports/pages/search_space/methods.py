"""What the methods say matters, side by side, and how far they agree; data sets' distances beside landscapes'."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

from hpowh.reports.blocks import Block, Column, Figure, Plot, Prose, Table
from hpowh.reports.charts import landscape as charts
from hpowh.reports.context import SiteContext
from hpowh.reports.numbers import number, p_said
from hpowh.warehouse import queries
from hpowh.warehouse.wording import plural

LABELS = {
    "fanova": "fANOVA, main",
    "fanova_total": "fANOVA, total",
    "fanova_forest": "fANOVA of a forest",
    "permutation": "permutation",
    "ped_anova": "PED-ANOVA",
    "tunability": "tunability",
    "ablation": "ablation",
    "local": "local",
}
CHANCE = 0.05
Rows = list[dict[str, Any]]


def method_blocks(site: SiteContext, space: str) -> list[Block]:
    """Return the figures and tables of `hpowh analyse importances`; none where it was not run."""
    blocks: list[Block] = []
    for at, (metric, split, fidelity, run) in enumerate(site.rows(queries.text("landscape_methods/runs"), space=space)):
        of = f"{metric} {split}" + ("" if fidelity is None else f" @{fidelity:g}")
        blocks += _blocks(site, run, of, "" if at == 0 else f"-{at}")
    return blocks


def method_findings(site: SiteContext, space: str) -> Iterator[tuple[str, str]]:
    """Yield sentences about agreement, of the first metric and split that was compared."""
    runs = site.rows(queries.text("landscape_methods/runs"), space=space)
    if runs:
        rows = site.query(queries.text("landscape_methods/agreement"), run=runs[0][3]).rows()
        yield from ((text, "agreement") for text in sentences(rows))
    for row in site.query(queries.text("landscape_methods/mantel"), space=space).rows():
        if row["measure"] == "spearman" and row["coefficient"] is not None:
            yield _mantel_sentence(row), "mantel"


def sentences(rows: Rows) -> Iterator[str]:
    """Yield what the agreements say, each with the numbers that it rests on."""
    within = [row for row in rows if row["kind"] == "methods" and row["spearman"] is not None]
    if within:
        best, worst = max(within, key=lambda r: r["spearman"]), min(within, key=lambda r: r["spearman"])
        sure = [row for row in within if row["lower"] is not None and row["lower"] > 0]
        judged = [row for row in within if row["lower"] is not None]
        said = (
            f"On one and the same data set {_pair(best)} order the hyperparameters most alike (median rank correlation "
            f"{_with_interval(best)}) and {_pair(worst)} least ({_with_interval(worst)})"
        )
        if judged:
            said += f"; {len(sure)} of {len(judged)} pairs of methods agree beyond chance, each interval by itself"
        else:
            said += f"; whether beyond chance is not told: {best['reason']}"
        yield said + "."
    across = [row for row in rows if row["kind"] == "data sets" and row["spearman"] is not None]
    if across:
        middle = median(row["spearman"] for row in across)
        steady = max(across, key=lambda r: r["spearman"])
        yield (
            f"From one data set to another the order by one and the same method correlates at {number(middle, 2)} "
            f"(median over {plural(len(across), 'method')}), most by {LABELS[steady['method_a']]} "
            f"({_with_interval(steady)})."
        )


def _pair(row: Mapping[str, Any]) -> str:
    return f"{LABELS[row['method_a']]} and {LABELS[row['method_b']]}"


def _with_interval(row: Mapping[str, Any]) -> str:
    text = number(row["spearman"], 2)
    if row["lower"] is None:
        return text
    return f"{text} [{number(row['lower'], 2)}, {number(row['upper'], 2)}]"


def _mantel_sentence(row: Mapping[str, Any]) -> str:
    where = f"by {row['metric']} {row['split']}, over {row['benchmark_count']} data sets and "
    where += plural(row["feature_count"], "meta-feature")
    numbers = f"Mantel's correlation {number(row['coefficient'], 2)}, {p_said(row['adjusted_p_value'])}, adjusted"
    if row["adjusted_p_value"] > CHANCE:
        return f"That like data sets have like landscapes is not shown ({where}; {numbers})."
    way = "less" if row["coefficient"] > 0 else "more"
    return f"The more unlike two data sets are, the {way} alike are their landscapes ({where}; {numbers})."


def _blocks(site: SiteContext, run: int, of: str, mark: str) -> list[Block]:
    shares = site.query(queries.text("landscape_methods/shares"), run=run)
    agreement = site.query(queries.text("landscape_methods/agreement"), run=run)
    found: list[Block] = []
    known = [{**row, "of": LABELS[row["method"]]} for row in shares.rows() if row["share"] is not None]
    missing = {LABELS[row["method"]]: row["reason"] for row in shares.rows() if row["share"] is None}
    if known:
        found.append(
            Figure(
                id=f"methods{mark}",
                title=f"Which hyperparameters matter, by method: {of}",
                how_to_read="Share of a method's importances, mean over data sets; each row adds up to 1. The methods "
                "measure different things: variance over the whole grid (fANOVA, permutation), what sets the best "
                "tenth apart (PED-ANOVA), what tuning gains (tunability, ablation), what varies around the best one "
                "(local).",
                chart=Plot(
                    {"": {"data": charts.matrix(known, "hyperparameter", "of", "share", is_likeness=True)}},
                    {"yaxis": {"autorange": "reversed", "type": "category", "automargin": True},
                     "xaxis": {"type": "category", "automargin": True}, "hovermode": "closest"},
                ),
                query=shares,
                alt="Heat map: share of importance by method and hyperparameter.",
                notes=[f"{name}: {why}." for name, why in missing.items() if why],
                analysis_run_id=run,
            )
        )  # fmt: skip
    rows = agreement.rows()
    pairs = [
        {"a": LABELS[a], "b": LABELS[b], "spearman": row["spearman"]}
        for row in rows
        if row["spearman"] is not None and row["kind"] == "methods"
        for a, b in ((row["method_a"], row["method_b"]), (row["method_b"], row["method_a"]))
    ]
    if pairs:
        order = list(LABELS.values())
        pairs.sort(key=lambda row: (order.index(row["b"]), order.index(row["a"])))
        found.append(
            Figure(
                id=f"agreement{mark}",
                title=f"Do the methods agree: {of}",
                how_to_read="Rank correlation of the hyperparameters' importances by two methods on the same data set, "
                "median over data sets: 1 the same order, 0 chance.",
                chart=Plot(
                    {"": {"data": charts.matrix(pairs, "a", "b", "spearman", is_likeness=True)}},
                    {"yaxis": {"autorange": "reversed", "type": "category", "automargin": True},
                     "xaxis": {"type": "category", "automargin": True}, "hovermode": "closest"},
                ),
                query=agreement,
                alt="Heat map: rank correlation of importances by pairs of methods.",
                analysis_run_id=run,
            )
        )  # fmt: skip
    reasons = {row["reason"] for row in rows}
    remark = f" {next(iter(reasons))}." if len(reasons) == 1 and None not in reasons else ""
    found.append(
        Table(
            id=f"agreement-table{mark}",
            title=f"Agreement within and across data sets: {of}",
            how_to_read="Methods: two methods on the same data set. Data sets: one method on two data sets. Medians, "
            "with the 95 % interval over data sets drawn anew (from five on); same first: how often both name the same "
            "hyperparameter as the most important." + remark,
            query=agreement,
            columns=[
                Column(name="kind", label="Compared"),
                Column(name="method_a", label="Method"),
                Column(name="method_b", label="With"),
                Column(name="spearman", label="Rank correlation", digits=3),
                Column(name="lower", label="From", digits=3),
                Column(name="upper", label="To", digits=3),
                Column(name="top_share", label="Same first", digits=3),
                Column(name="benchmark_count", label="Data sets"),
                *([] if remark or reasons == {None} else [Column(name="reason", label="Remark")]),
            ],
            analysis_run_id=run,
        )
    )
    return found


def mantel_blocks(site: SiteContext, space: str) -> list[Block]:
    """Return the table of Mantel's tests, or why there is no result; nothing where it was not asked."""
    query = site.query(queries.text("landscape_methods/mantel"), space=space)
    if not query.frame.height:
        return []
    title = "Do like data sets have like landscapes?"
    reasons = list(dict.fromkeys(row["reason"] for row in query.rows()))
    if None not in reasons:
        return [Prose(title, [f"Not told: {'; '.join(reasons)}."], id="mantel")]
    return [
        Table(
            id="mantel",
            title=title,
            how_to_read="Mantel's test: rank correlation, over pairs of data sets, of their distance in meta-features "
            "with how unlike their landscapes are. The p-value is over orders of the data sets; adjusted by Holm's "
            "method over the measures.",
            query=query,
            columns=[
                Column(name="metric", label="Metric"),
                Column(name="split", label="Split"),
                Column(name="measure", label="Likeness by"),
                Column(name="coefficient", label="Correlation", digits=3),
                Column(name="p_value", label="p", digits=3),
                Column(name="adjusted_p_value", label="p, adjusted", digits=3),
                Column(name="benchmark_count", label="Data sets"),
                Column(name="feature_count", label="Meta-features"),
                *([] if reasons == [None] else [Column(name="reason", label="Remark")]),
            ],
        )
    ]
