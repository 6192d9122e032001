"""The rank tests beside the mixed model, as blocks of a page: diagrams, p-values by method, posterior probabilities."""

from __future__ import annotations

from hpowh.reports.blocks import Block, Figure, Plot
from hpowh.reports.charts.critical import critical_difference
from hpowh.reports.charts.forest import clearest, height, left_out, p_axis, p_values, rows_axis, shares
from hpowh.reports.charts.plot import axis
from hpowh.reports.context import SiteContext
from hpowh.reports.pages.model.result_table import result_table
from hpowh.warehouse import queries

MOST_SENTENCES = 5
"""So many disagreements are written out."""
DIAGRAMS = (("nemenyi", "Friedman and Nemenyi"), ("wilcoxon_holm", "Wilcoxon with Holm's correction"))


def ranking_blocks(site: SiteContext, run: int) -> list[Block]:
    """Return the blocks of a ranking."""
    groups = site.query(queries.text("rankings/groups"), run=run)
    rows = groups.rows()
    blocks: list[Block] = []
    for method, title in DIAGRAMS:
        mine = [row for row in rows if row["method"] == method]
        blocks.append(
            Figure(
                id=f"ranking-cd-{method}",
                title=f"Critical-difference diagram of mean ranks: {title}",
                how_to_read="Mean ranks over blocks, 1 is best; a bar joins algorithms of which no pair differs at "
                "5 %.",
                chart=critical_difference(mine, better="lower rank is better"),
                query=groups,
                alt="Algorithms on an axis of mean ranks with bars over those that do not differ.",
                analysis_run_id=run,
            )
        )
    return [
        *blocks,
        *_agreement(site, run),
        result_table(
            site,
            run,
            "ranking-algorithms",
            "Mean ranks",
            queries.text("rankings/ranks"),
            "One row an algorithm; 1 is best.",
        ),
        result_table(
            site,
            run,
            "ranking-tests",
            "Tests of all algorithms",
            queries.text("rankings/tests"),
            "Do any differ at all? Skillings-Mack and Durbin use the incomplete blocks as well.",
        ),
        *_optional(
            site,
            run,
            "ranking-costs",
            "Who costs blocks",
            queries.text("rankings/costs"),
            "Rank tests of all pairs need blocks that hold every algorithm. Alone: blocks that lack this algorithm "
            "only; the column after it is how many blocks would be complete without it.",
        ),
        *_optional(
            site,
            run,
            "ranking-failures",
            "What failed runs count",
            queries.text("rankings/failures"),
            "Each pair (Wilcoxon with Holm's correction) when failed runs are left out, put last, or imputed.",
        ),
        result_table(
            site,
            run,
            "ranking-pairs",
            "Tests of pairs",
            queries.text("rankings/pairs"),
            "Every pair by every test.",
            is_folded=True,
        ),
    ]


def _optional(site: SiteContext, run: int, key: str, title: str, sql: str, how: str) -> list[Block]:
    """Return a table that only some rankings have; nothing where this one has no row of it."""
    table = result_table(site, run, key, title, sql, how)
    return [table] if table.query.frame.height else []


def _verdicts(apart: list[str]) -> list[str]:
    """Return the disagreements in words, the first of many, or that there are none."""
    if not apart:
        return ["All methods reach the same verdict on every pair."]
    more = len(apart) - MOST_SENTENCES
    rest = [f"The methods disagree on {more} more pairs: see the table."] if more > 0 else []
    return [*apart[:MOST_SENTENCES], *rest]


def _agreement(site: SiteContext, run: int) -> list[Block]:
    """Return mixed model, rank tests and Bayesian comparison side by side, pair by pair."""
    query = site.query(queries.text("rankings/agreement"), run=run)
    rows = [row | {"pair": f"{row['first']} - {row['second']}"} for row in query.rows()]
    columns = {
        "mixed model (Tukey)": "lmem_p_adjusted",
        "Nemenyi": "nemenyi_p",
        "Wilcoxon (Holm)": "wilcoxon_p_adjusted",
    }
    drawn = clearest(rows, lambda row: min((row[p] for p in columns.values() if row[p] is not None), default=1.0))
    beyond = [row["sentence"] for row in rows if not row["is_agreed"]]
    bayes = site.query(queries.text("rankings/bayes"), run=run)
    parts = {
        "first better": ("probability_first", "@0"),
        "practically equal": ("probability_rope", "@muted/0.4"),
        "second better": ("probability_second", "@1"),
    }
    blocks: list[Block] = []
    if rows:
        blocks.append(
            Figure(
                id="ranking-methods",
                title="Mixed model and rank tests side by side",
                how_to_read="Each pair's p-value by every method, on a logarithmic axis: left of the dotted line (5 "
                "%) the pair "
                "differs. Points of one pair on both sides of it are a disagreement, in words below.",
                chart=Plot(
                    {"": {"data": p_values(drawn, "pair", columns, symbols=True)}},
                    {"xaxis": p_axis("p (adjusted)"), "yaxis": rows_axis()},
                    height=height(len(drawn)),
                ),
                query=query,
                alt="Points: p-values of each pair by mixed model, Nemenyi and Wilcoxon, beside 5 %.",
                analysis_run_id=run,
                notes=[*_verdicts(beyond), *left_out(len(rows), "pairs")],
            )
        )
    pairs = [row | {"pair": f"{row['first']} - {row['second']}"} for row in bayes.rows()]
    found = clearest(pairs, lambda row: 1.0 - max(row[column] for column, _ in parts.values()))
    if found:
        blocks.append(
            Figure(
                id="ranking-bayes",
                title="Bayesian comparison",
                how_to_read="The posterior probability that the first of a pair is better, that the second is, or "
                "that they are "
                "practically equal (signed-rank test of Benavoli and others).",
                chart=Plot(
                    {"": {"data": shares(found, "pair", parts), "layout": {"barmode": "stack"}}},
                    {
                        "xaxis": axis("Posterior probability", range=[0, 1]),
                        "yaxis": rows_axis(),
                    },
                    height=height(len(found)),
                ),
                query=bayes,
                alt="Stacked bars: posterior probabilities of each pair.",
                analysis_run_id=run,
                notes=left_out(len(pairs), "pairs"),
            )
        )
    how = "Whether the mixed model and the rank tests reach the same verdict for each pair."
    title = "Do the methods agree?"
    table = result_table(
        site, run, "ranking-agreement", title, queries.text("rankings/agreement"), how, without=("sentence",)
    )
    return [*blocks, table]
