"""What the mixed model itself says, as blocks of a page: means, contrasts, diagrams, modes, residuals, coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.blocks import Block, Column, Facts, Figure, Plot, Prose, Table
from hpowh.reports.charts.critical import critical_difference
from hpowh.reports.charts.forest import clearest, forest, height, left_out, rows_axis
from hpowh.reports.charts.intervals import bars_and_expected, intervals, quantiles, spread_by_fit
from hpowh.reports.charts.plot import SCALE, axis
from hpowh.reports.context import SiteContext
from hpowh.reports.names import plot_text, shorten
from hpowh.reports.numbers import number
from hpowh.reports.pages.model.result_table import columns_of, result_table
from hpowh.reports.pages.model.spreads import spread_blocks
from hpowh.warehouse import queries

BETTER = {"min": "lower is better", "max": "higher is better"}
SIGNIFICANT = 0.05
MOST_LEVELS = 60
"""So many conditional modes of a term are drawn (`mixed_models/modes`)."""
Row = Mapping[str, Any]


def number_blocks(site: SiteContext, run: int) -> list[Block]:
    """Return what a fitted model estimates beside the answer: effects, variances, modes, and models of before."""
    return [
        *_contrast_figure(site, run),
        *_diagrams(site, run),
        result_table(
            site,
            run,
            "lmem-contrasts",
            "Every difference, of every model",
            queries.text("mixed_models/contrasts"),
            "First minus second; other models were fitted to show what the first one leaves out.",
            is_folded=True,
        ),
        *_optional(site, run, "lmem-pairs", "pairs", queries.text("mixed_models/pairs")),
        *_optional(site, run, "lmem-anova", "anova", queries.text("mixed_models/anova")),
        result_table(
            site,
            run,
            "lmem-fixed",
            "Fixed effects",
            queries.text("mixed_models/fixed"),
            "Differences from the first level of a factor.",
        ),
        result_table(
            site,
            run,
            "lmem-variances",
            "Variance components",
            queries.text("mixed_models/variances"),
            "Standard deviations with 95 % intervals (Satterthwaite); a covariance has a correlation instead.",
        ),
        *_mode_blocks(site, run),
        *_other_models(site, run),
    ]


def check_blocks(site: SiteContext, run: int) -> list[Block]:
    """Return what a fitted model assumes and rests on: fit, strata, spread, residuals, rows behind each pair."""
    return [
        *_fits(site, run),
        *_optional(site, run, "lmem-failures", "failures", queries.text("mixed_models/failures")),
        *_optional(site, run, "lmem-strata", "strata", queries.text("mixed_models/strata")),
        *spread_blocks(site, run),
        *_residual_blocks(site, run),
        *_coverage_blocks(site, run),
    ]


def _fits(site: SiteContext, run: int) -> list[Block]:
    """Return the numbers of the fit, and of the models that were fitted beside it."""
    models = site.query(queries.text("mixed_models/models"), run=run)
    first = models.rows()[0]
    facts = [("rows", number(first["row_count"])), ("log-likelihood", number(first["log_likelihood"], 8))]
    facts += [("R² marginal", number(first["r2_marginal"], 3)), ("R² conditional", number(first["r2_conditional"], 3))]
    columns = [
        Column(name="model", label="Model"),
        Column(name="formula", label="Formula"),
        Column(name="criterion", label="Criterion"),
    ]
    columns += [
        Column(name="row_count", label="Rows"),
        Column(name="log_likelihood", label="Log-likelihood", digits=9),
        Column(name="aic", label="AIC", digits=8),
    ]
    columns += [
        Column(name="bic", label="BIC", digits=8),
        Column(name="sigma", label="Residual SD"),
        Column(name="is_singular", label="Singular"),
    ]
    columns += [Column(name="is_converged", label="Converged"), Column(name="reason", label="Note")]
    return [
        Facts(facts),
        Table(
            id="lmem-models",
            title="The model",
            how_to_read="The model that was asked for, and others that were fitted to show what it leaves out; the "
            "conclusions rest on one of these where it leaves out an effect that they need. A singular term has a "
            "variance of zero, which is an estimate like any other.",
            query=models,
            columns=columns,
            analysis_run_id=run,
        ),
    ]


def _other_models(site: SiteContext, run: int) -> list[Block]:
    """Return the table of the models that were fitted to the experiment before; nothing where there is none."""
    query = site.query(queries.text("mixed_models/others"), run=run, subject=site.provenance(run).subject)
    if not query.frame.height:
        return []
    columns = [
        Column(name=column.name, label=column.label, digits=8) if column.name in ("aic", "bic") else column
        for column in columns_of(query)
    ]
    return [
        Table(
            id="lmem-others",
            title="Other models of this experiment",
            how_to_read="The page shows the newest model of the newest question that converged on one scale. Of these "
            "the tables result.lmem_* hold everything under their analysis run. Compare likelihoods of the same "
            "response, rows and criterion only.",
            query=query,
            columns=columns,
            is_folded=True,
        )
    ]


OPTIONAL = {
    "pairs": (
        "Each pair in words",
        "The difference with its simultaneous interval; a ratio of geometric means where the response is a logarithm. "
        "p by permutation: the two exchanged on every benchmark; adjusted: signs flipped by benchmark, for all "
        "pairs. Probability: that the first is ahead on a new benchmark with as many runs as here. Standardised: "
        "the difference in standard deviations over benchmarks. Equivalent: two one-sided tests show that the "
        "difference is smaller than the region (--rope; by default a tenth of a spread), Holm's correction.",
    ),
    "anova": (
        "Analysis of variance",
        "For each term the test that it has no effect, over a balanced grid of the other factors; the stratum is what "
        "its effect varies between. Kenward-Roger's test holds its level in small unbalanced designs; above 600 cells "
        "it is Satterthwaite's, which is the same there.",
    ),
    "failures": (
        "What failed runs count",
        "Each pair when failed runs are left out, put last in their block, or imputed (the worst value seen on the "
        "benchmark, or a named algorithm's mean). Leaving them out can reward an algorithm for failing where it would "
        "have done badly: where the verdicts differ, say which one you mean and why.",
    ),
    "strata": (
        "In which stratum each term is tested",
        "A factor that varies within benchmarks has an effect of its own on each, so its mean effect is tested against "
        "what varies between those, not against the rows. Added: the model asked for lacks that random effect; its "
        "degrees of freedom and p are shown as asked and with it, and conclusions are drawn from the model that has "
        "it. The test is of the term's coefficients, at the first levels of the factors that it meets.",
    ),
}
"""Tables that only some models have: title and how to read it."""


def _optional(site: SiteContext, run: int, key: str, name: str, sql: str) -> list[Block]:
    """Return a table of `OPTIONAL`; nothing where the model has no row of it."""
    table = result_table(site, run, key, OPTIONAL[name][0], sql, OPTIONAL[name][1])
    return [table] if table.query.frame.height else []


def _distinct(rows: Sequence[Row], column: str) -> list[str]:
    return list(dict.fromkeys(row[column] for row in rows))


def _diagrams(site: SiteContext, run: int) -> list[Block]:
    """Return a critical-difference diagram for every model and setting with two levels or more."""
    groups = site.query(queries.text("mixed_models/groups"), run=run)
    found = groups.rows()
    models, settings = _distinct(found, "model"), _distinct(found, "setting")
    blocks: list[Block] = []
    for m, model in enumerate(models):
        for s, setting in enumerate(settings):
            mine = [row for row in found if row["model"] == model and row["setting"] == setting]
            if len([row for row in mine if row["group_number"] == 0]) < 2:
                continue
            what = ", ".join(part for part in (model if len(models) > 1 else "", setting) if part)
            blocks.append(
                Figure(
                    id=f"lmem-cd-{m}-{s}",
                    title=f"Critical-difference diagram{': ' if what else ''}{what}",
                    how_to_read="A bar joins levels of which no pair differs at 5 % (Tukey's contrasts of the "
                    "model). The best is "
                    "on the left.",
                    chart=critical_difference(mine, better=BETTER[mine[0]["direction"]]),
                    query=groups,
                    alt="Levels on an axis from best to worst with bars over those that do not differ.",
                    analysis_run_id=run,
                )
            )
    return blocks


def _contrast_figure(site: SiteContext, run: int) -> list[Block]:
    query = site.query(queries.text("mixed_models/contrasts"), run=run)
    rows = query.rows()
    if not rows:
        return []
    models, settings, methods = (_distinct(rows, column) for column in ("model", "setting", "method"))
    variants, most, count = {}, 0, 0
    for m, model in enumerate(models):
        for s, setting in enumerate(settings):
            for k, method in enumerate(methods):
                wanted = (model, setting, method)
                mine = [row for row in rows if (row["model"], row["setting"], row["method"]) == wanted]
                count = max(count, len(mine))
                mine = clearest(mine, lambda row: row["p_adjusted"])
                mine.sort(key=lambda row: (row["estimate"] is None, row["estimate"]))
                tokens = ["@accent" if _is_significant(row) else "@muted" for row in mine]
                most = max(most, len(mine))
                traces = forest(
                    mine, "contrast", middle="estimate", lower="lower", upper="upper", tokens=tokens, reference=0.0
                )
                variants[f"{m},{s},{k}"] = {"data": traces}
    return [
        Figure(
            id="lmem-contrast-plot",
            title="Every difference, by method",
            how_to_read="A point is the estimated difference, the line its interval, for all contrasts of one "
            "method together. "
            "Coloured: significant at 5 % after the correction; an interval that crosses the dotted line holds zero.",
            chart=Plot(
                variants,
                {"xaxis": axis("Difference"), "yaxis": rows_axis()},
                (
                    ("Model", models),
                    ("Setting", [setting or "all" for setting in settings]),
                    ("Method", methods),
                ),
                height=height(most),
            ),
            query=query,
            alt="A forest plot: each contrast with its interval beside zero.",
            analysis_run_id=run,
            notes=left_out(count, "contrasts"),
        ),
    ]


def _is_significant(row: Row) -> bool:
    return row["p_adjusted"] is not None and row["p_adjusted"] < SIGNIFICANT


def _mode_blocks(site: SiteContext, run: int) -> list[Block]:
    query = site.query(queries.text("mixed_models/modes"), run=run)
    rows = query.rows()
    if not rows:
        return []
    counts_of = {f"{row['grouping_factor']}: {row['term']}": row["level_count"] for row in rows}
    terms, counts = list(counts_of), list(counts_of.values())
    variants = {
        str(i): {
            "data": intervals(
                [row for row in rows if f"{row['grouping_factor']}: {row['term']}" == term],
                "level",
                lambda _: "@accent",
                middle="mode",
            )
        }
        for i, term in enumerate(terms)
    }
    return [
        Figure(
            id="lmem-modes",
            title="Conditional modes of the random effects",
            how_to_read="How far a level lies from the average one, with 1.96 conditional standard deviations.",
            chart=Plot(
                variants,
                {"xaxis": axis("Level", type="category"), "yaxis": axis("Deviation")},
                (("Random effect", terms),),
            ),
            query=query,
            alt="Points with intervals: the conditional mode of each level.",
            analysis_run_id=run,
            notes=[
                f"{MOST_LEVELS} of {number(count)} levels of {term} are drawn, those furthest from zero."
                for term, count in zip(terms, counts, strict=True)
                if count > MOST_LEVELS
            ],
        )
    ]


def _residual_blocks(site: SiteContext, run: int) -> list[Block]:
    query = site.query(queries.text("mixed_models/bins"), run=run)
    bins = query.rows()
    if not bins:
        return []
    histogram = {"data": bars_and_expected(bins)}
    against = {
        "data": quantiles(bins),
        "layout": {"xaxis": axis("Quantile of a normal distribution"), "yaxis": axis("Standardised residual")},
    }
    cells = site.query(queries.text("mixed_models/residuals"), run=run)
    return [
        Figure(
            id="lmem-residuals",
            title="Residuals against a normal distribution",
            how_to_read="Histogram: rows whose standardised residual falls there, and what a normal distribution "
            "would have. "
            "Quantiles: points on the line are normal; ends that bend away from it are heavy tails, which make single "
            "values count too much.",
            chart=Plot(
                {"0": histogram, "1": against},
                {"xaxis": axis("Standardised residual"), "yaxis": axis("Rows")},
                (("Show", ("histogram", "quantiles")),),
            ),
            query=query,
            alt="Histogram of standardised residuals with the normal curve, or their quantiles over normal ones.",
            analysis_run_id=run,
        ),
        Figure(
            id="lmem-spread",
            title="Spread of the residuals by cell",
            how_to_read="A point is a combination of the model's factors: the standard deviation of its rows' "
            "residuals over what "
            "the model predicts. The model takes all to be on the line; a trend or a wide scatter says that they are "
            "not.",
            chart=Plot(
                {"": {"data": spread_by_fit(cells.rows())}},
                {"xaxis": axis("Fitted value"), "yaxis": axis("Standard deviation", rangemode="tozero")},
                log_toggles=("x", "y"),
            ),
            query=cells,
            alt="Scatter of residual standard deviations over fitted values, with a line at the model's.",
            analysis_run_id=run,
        ),
        result_table(
            site,
            run,
            "lmem-cells",
            "Residuals by cell",
            queries.text("mixed_models/residuals"),
            "Each combination of the model's factors; the largest variances first. The model takes all to be equal.",
            is_folded=True,
        ),
    ]


def _coverage_blocks(site: SiteContext, run: int) -> list[Block]:
    query = site.query(queries.text("mixed_models/coverage"), run=run)
    rows = query.rows()
    if not rows:
        return []
    counts = {row["row_count"] for row in rows}
    if len(counts) == 1:
        sentence = f"Every one of the {len(rows)} pairs has {number(counts.pop())} rows: the design is balanced."
        return [Prose("Rows behind each pair", [sentence], id="lmem-coverage")]
    levels, blocks = _distinct(rows, "level"), _distinct(rows, "block")
    at = {(row["level"], row["block"]): row["row_count"] for row in rows}
    heat = {
        "type": "heatmap",
        "x": [plot_text(shorten(name)) for name in blocks],
        "y": [plot_text(shorten(name)) for name in levels],
        "z": [[at.get((level, block), 0) or None for block in blocks] for level in levels],
        "colorscale": SCALE,
        "hovertemplate": "%{y}, %{x}: %{z} rows<extra></extra>",
        "colorbar": {"title": {"text": "Rows"}},
    }
    return [
        Figure(
            id="lmem-coverage",
            title="Rows behind each pair",
            how_to_read="How many rows the model has for each pair; an empty field has none. The others are used as "
            "they are.",
            chart=Plot(
                {"": {"data": [heat]}},
                {"xaxis": axis("", automargin=True, type="category"), "yaxis": rows_axis()},
                height=height(len(levels)),
            ),
            query=query,
            alt="A heat map of the numbers of rows by algorithm and benchmark.",
            analysis_run_id=run,
        )
    ]
