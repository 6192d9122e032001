"""One page an experiment: what the mixed model, the checks around it and the rank tests say about its algorithms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from hpowh.reports.blocks import Block, Column, Facts, Figure, Plot, Prose, Table, Warnings
from hpowh.reports.charts.critical import critical_difference
from hpowh.reports.charts.intervals import bars_and_expected, curves_of_power, intervals
from hpowh.reports.charts.plot import axis
from hpowh.reports.context import SiteContext
from hpowh.reports.numbers import number
from hpowh.reports.page import Finding, Page
from hpowh.reports.queries import mixed_models as queries

BETTER = {"min": "lower is better", "max": "higher is better"}
Part = tuple[str, str, Callable[[SiteContext, int], list[Block]]]


def pages(site: SiteContext) -> Iterator[Page]:
    """Yield a page an experiment that has a mixed model, one of its checks, or a ranking."""
    for (name,) in site.rows(queries.NAMES):
        yield Page(
            key=("model", name),
            title=f"{name}: models",
            section="Experiments",
            build=partial(_build, site, name),
            lead="Who is better, by a mixed model over all benchmarks and by ranks, and what the data allow to say.",
            order=10,
        )


def findings(site: SiteContext) -> Iterator[Finding]:
    """Yield the significant contrasts, anomalies and disagreements of the newest analyses."""
    for (name,) in site.rows(queries.NAMES):
        run = site.newest_run("mixed_models.fit", name)
        if run is not None:
            rows = site.rows(
                "select contrast, setting, estimate, p_adjusted, method from result.lmem_contrast where "
                "analysis_run_id = $run and model = 'model' and p_adjusted < 0.05 order by p_adjusted limit 3",
                run=run,
            )
            for contrast, setting, estimate, p, method in rows:
                where = f" ({setting})" if setting else ""
                sentence = f"{name}{where}: {contrast} = {number(estimate)} (p {p_text(p)}, {method})."
                yield Finding(sentence, ("model", name), "lmem-contrasts")
        run = site.newest_run("mixed_models.anomalies", name)
        if run is not None:
            for (sentence,) in site.rows(
                "select distinct benchmark || ' is anomalous: ' || \"first\" || ' - ' || \"second\" || ' moves "
                "against the other benchmarks between ' || bad_level || ' and ' || good_level || '.' "
                "from result.lmem_anomaly where analysis_run_id = $run and is_anomalous order by 1",
                run=run,
            ):
                yield Finding(f"{name}: {sentence}", ("model", name), "lmem-anomalies")


def p_text(value: float) -> str:
    """Write a p-value with its sign: `= 0.012` or `< 1e-10`."""
    return "< 1e-10" if value < 1e-10 else f"= {value:.2g}"


def _build(site: SiteContext, name: str) -> Sequence[Block]:
    parts: tuple[Part, ...] = (
        ("mixed_models.fit", f'hpowh analyse lmem "…" --experiment {name}', _fit_blocks),
        ("rankings", f"hpowh analyse rankings --experiment {name}", _ranking_blocks),
        ("mixed_models.presets", f"hpowh analyse presets --experiment {name}", _preset_blocks),
        ("mixed_models.ladder", f"hpowh analyse ladder --experiment {name}", _ladder_blocks),
        ("mixed_models.anomalies", f"hpowh analyse anomalies --experiment {name}", _anomaly_blocks),
        ("mixed_models.compare", f"hpowh analyse lrt … --experiment {name}", _comparison_blocks),
        ("mixed_models.power", f"hpowh analyse power --experiment {name}", _power_blocks),
    )
    blocks: list[Block] = []
    missing = []
    for job, command, make in parts:
        run = site.newest_run(job, name)
        if run is None:
            missing.append(command)
            continue
        said = site.provenance(run).warnings
        blocks += make(site, run)
        if said:
            blocks.append(Warnings(said, title=f"Notes of {job}"))
    if missing:
        blocks.append(Prose("Not run yet", ["These would add to this page:"], points=missing))
    return blocks


def _fit_blocks(site: SiteContext, run: int) -> list[Block]:
    models = site.query(queries.MODELS, run=run)
    first = models.rows()[0]
    facts = [("rows", number(first["row_count"])), ("log-likelihood", number(first["log_likelihood"], 8))]
    facts += [("R² marginal", number(first["r2_marginal"], 3)), ("R² conditional", number(first["r2_conditional"], 3))]
    columns = [Column("model", "Model"), Column("formula", "Formula"), Column("criterion", "Criterion")]
    columns += [Column("row_count", "Rows"), Column("log_likelihood", "Log-likelihood", 9), Column("aic", "AIC", 8)]
    columns += [Column("bic", "BIC", 8), Column("sigma", "Residual SD"), Column("is_singular", "Singular")]
    columns += [Column("is_converged", "Converged"), Column("reason", "Note")]
    return [
        Facts(facts),
        Table(
            "lmem-models",
            "The model",
            "The first row is the model that was asked for; others were fitted to show what it leaves out. A singular "
            "term has a variance of zero, which is an estimate like any other.",
            models,
            columns,
            analysis_run_id=run,
        ),
        *_mean_blocks(site, run),
        _table(
            site, run, "lmem-fixed", "Fixed effects", queries.FIXED, "Differences from the first level of a factor."
        ),
        _table(
            site,
            run,
            "lmem-variances",
            "Variance components",
            queries.VARIANCES,
            "Standard deviations with 95 % intervals (Satterthwaite); a covariance has a correlation instead.",
        ),
        *_mode_blocks(site, run),
        *_residual_blocks(site, run),
    ]


def _mean_blocks(site: SiteContext, run: int) -> list[Block]:
    query = site.query(queries.MEANS, run=run)
    rows = [row for row in query.rows() if row["estimate"] is not None]
    if not rows:
        return []
    models, settings = (list(dict.fromkeys(row[key] for row in rows)) for key in ("model", "setting"))
    variants = {}
    for m, model in enumerate(models):
        for s, setting in enumerate(settings):
            mine = [row for row in rows if row["model"] == model and row["setting"] == setting]
            variants[f"{m},{s}"] = {"data": intervals(mine, "level", site.colours.token)}
    groups = site.query(queries.GROUPS, run=run)
    blocks: list[Block] = [
        Figure(
            "lmem-means",
            "Estimated marginal means",
            "A point is the mean over a balanced grid of the other factors, the line its 95 % interval. Intervals of "
            "two means may overlap although their difference is significant: differences are in the contrasts.",
            Plot(
                variants,
                {"xaxis": axis(rows[0]["factor"], type="category"), "yaxis": axis("Mean")},
                _selectors(models, settings),
            ),
            query,
            alt="Points with intervals: the estimated marginal mean of each level.",
            analysis_run_id=run,
        )
    ]
    found = groups.rows()
    for model in models:
        for setting in settings:
            mine = [row for row in found if row["model"] == model and row["setting"] == setting]
            if len([row for row in mine if row["group_number"] == 0]) < 2:
                continue
            place = f"{models.index(model)}-{settings.index(setting)}"
            what = ", ".join(part for part in (model if len(models) > 1 else "", setting) if part)
            blocks.append(
                Figure(
                    f"lmem-cd-{place}",
                    f"Critical-difference diagram{': ' if what else ''}{what}",
                    "A bar joins levels of which no pair differs at 5 % (Tukey's contrasts of the model). The best is "
                    "on the left.",
                    critical_difference(mine, better=BETTER[mine[0]["direction"]]),
                    groups,
                    alt="Levels on an axis from best to worst with bars over those that do not differ.",
                    analysis_run_id=run,
                )
            )
    blocks.append(
        _table(
            site,
            run,
            "lmem-contrasts",
            "Contrasts",
            queries.CONTRASTS,
            "Differences of marginal means; adjusted p-values and intervals are for all contrasts of one method "
            "together. The effect size is in residual standard deviations.",
        )
    )
    return blocks


def _selectors(models: Sequence[str], settings: Sequence[str]) -> tuple[tuple[str, Sequence[str]], ...]:
    return (("Model", models), ("Setting", [setting or "all" for setting in settings]))


def _mode_blocks(site: SiteContext, run: int) -> list[Block]:
    query = site.query(queries.MODES, run=run)
    rows = query.rows()
    if not rows:
        return []
    terms = list(dict.fromkeys(f"{row['grouping_factor']}: {row['term']}" for row in rows))
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
            "lmem-modes",
            "Conditional modes of the random effects",
            "How far a level lies from the average one, with 1.96 conditional standard deviations.",
            Plot(
                variants,
                {"xaxis": axis("Level", type="category"), "yaxis": axis("Deviation")},
                (("Random effect", terms),),
            ),
            query,
            alt="Points with intervals: the conditional mode of each level.",
            analysis_run_id=run,
            notes=("At most 60 levels of a term are drawn, those furthest from zero.",),
        )
    ]


def _residual_blocks(site: SiteContext, run: int) -> list[Block]:
    query = site.query(queries.BINS, run=run)
    if not query.rows():
        return []
    return [
        Figure(
            "lmem-residuals",
            "Residuals against a normal distribution",
            "Bars: rows whose standardised residual falls there; the line: what a normal distribution would have. "
            "Heavy tails make single values count too much; unequal variances are in the table below.",
            Plot(
                {"": {"data": bars_and_expected(query.rows())}},
                {"xaxis": axis("Standardised residual"), "yaxis": axis("Rows")},
                log_toggles=("y",),
            ),
            query,
            alt="Histogram of standardised residuals with the normal curve.",
            analysis_run_id=run,
        ),
        _table(
            site,
            run,
            "lmem-cells",
            "Residuals by cell",
            queries.RESIDUALS,
            "Each combination of the model's factors; the largest variances first. The model takes all to be equal.",
            is_folded=True,
        ),
    ]


def _ranking_blocks(site: SiteContext, run: int) -> list[Block]:
    groups = site.query(queries.RANK_GROUPS, run=run)
    rows = groups.rows()
    blocks: list[Block] = []
    for method, title in (("nemenyi", "Friedman and Nemenyi"), ("wilcoxon_holm", "Wilcoxon with Holm's correction")):
        mine = [row for row in rows if row["method"] == method]
        blocks.append(
            Figure(
                f"ranking-cd-{method}",
                f"Critical-difference diagram of mean ranks: {title}",
                "Mean ranks over blocks, 1 is best; a bar joins algorithms of which no pair differs at 5 %.",
                critical_difference(mine, better="lower rank is better"),
                groups,
                alt="Algorithms on an axis of mean ranks with bars over those that do not differ.",
                analysis_run_id=run,
            )
        )
    agreement = "Whether the mixed model and the rank tests reach the same verdict for each pair."
    blocks += [
        _table(site, run, "ranking-agreement", "Do the methods agree?", queries.AGREEMENT, agreement),
        _table(site, run, "ranking-algorithms", "Mean ranks", queries.RANKS, "One row an algorithm; 1 is best."),
        _table(site, run, "ranking-tests", "Tests of all algorithms", queries.RANK_TESTS, "Do any differ at all?"),
        _table(site, run, "ranking-pairs", "Tests of pairs", queries.RANK_PAIRS, "Every pair by every test."),
    ]
    return blocks


def _preset_blocks(site: SiteContext, run: int) -> list[Block]:
    how = "One row a question; p-values of one question are Holm-corrected over its subjects."
    return [_table(site, run, "lmem-presets", "Sanity checks", queries.PRESETS, how)]


def _ladder_blocks(site: SiteContext, run: int) -> list[Block]:
    how = "Each step tries every term; the kept one is marked. Forward begins with a constant, backward with all terms."
    return [_table(site, run, "lmem-ladder", "Model ladder", queries.LADDER, how)]


def _anomaly_blocks(site: SiteContext, run: int) -> list[Block]:
    how = (
        "How the difference of two algorithms shifts from the bad to the good level, with 95 % intervals. Anomalous: "
        "by means and by wins the shift goes against the other benchmarks', by more than chance (Holm)."
    )
    return [_table(site, run, "lmem-anomalies", "Anomalous benchmarks", queries.ANOMALIES, how)]


def _comparison_blocks(site: SiteContext, run: int) -> list[Block]:
    how = "Likelihood-ratio tests; the distribution takes into account that variances cannot be negative."
    return [_table(site, run, "lmem-comparisons", "Model comparisons", queries.COMPARISONS, how)]


def _power_blocks(site: SiteContext, run: int) -> list[Block]:
    query = site.query(queries.POWER, run=run)
    rows = query.rows()
    differences = list(dict.fromkeys(row["difference"] for row in rows))
    variants = {
        str(i): {"data": curves_of_power([row for row in rows if row["difference"] == difference])}
        for i, difference in enumerate(differences)
    }
    return [
        Figure(
            "lmem-power",
            "How many benchmarks and seeds would show a difference",
            "The share of simulated experiments in which a true difference of this size is found at 5 %.",
            Plot(
                variants,
                {"xaxis": axis("Benchmarks"), "yaxis": axis("Power", range=[0, 1.02])},
                (("Difference", [number(value) for value in differences]),),
            ),
            query,
            alt="Lines: power over the number of benchmarks, one line a number of seeds.",
            analysis_run_id=run,
        )
    ]


def _table(site: SiteContext, run: int, key: str, title: str, sql: str, how: str, *, is_folded: bool = False) -> Table:
    """Return a table of all columns of a query, headed by their names."""
    query = site.query(sql, run=run)
    columns = [Column(name, _label(name), digits=3 if name.startswith("p_") else 4) for name in query.frame.columns]
    return Table(key, title, how, query, columns, analysis_run_id=run, is_folded=is_folded)


LABELS: dict[str, str] = {"p_value": "p", "p_adjusted": "p adjusted", "t_value": "t", "df": "df", "df1": "df 1"}


def _label(name: str) -> Any:
    return LABELS.get(name, name.replace("_", " ").capitalize())
