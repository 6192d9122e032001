"""The tables on a sweep's page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hpowh.reports.blocks import Block, Column, Table
from hpowh.reports.context import SiteContext
from hpowh.reports.query import Query
from hpowh.warehouse import queries

ROWS = 100
"""Rows shown of a table with a row a hyperparameter; the CSV has all."""


def _table(name: str, title: str, how: str, query: Query, columns: Sequence[Column], run: int, **more: Any) -> Table:
    return Table(
        id=name, title=title, how_to_read=how, query=query, columns=columns, analysis_run_id=run, **more
    )  # fmt: skip


def importance_table(site: SiteContext, run: int, about: dict[str, int], suffix: str) -> Table:
    """Return every method's number for every hyperparameter."""
    columns = [
        Column(name="hyperparameter", label="Hyperparameter"),
        Column(
            name="permutation", label="Permutation", digits=3, help="Fall of the out-of-fold R2 when it is shuffled"
        ),
        Column(name="permutation_sd", label="SD", digits=2, help="Over folds and repeats"),
        Column(
            name="shapley",
            label="Shapley",
            digits=3,
            help="Mean size of what it adds to a prediction, in standard deviations",
        ),
        Column(
            name="fanova", label="fANOVA main", digits=3, help="Share of a forest's variance that it explains alone"
        ),
        Column(
            name="near_best",
            label="Near the best",
            digits=3,
            help="PED-ANOVA: how much the best trials differ from all",
        ),
        Column(
            name="near_best_chance",
            label="Chance",
            digits=3,
            help="What the column before would show without any effect (95 %)",
        ),
        Column(
            name="impurity",
            label="Impurity",
            digits=3,
            help="Share of the splits' gain in 250 extremely randomised trees",
        ),
        Column(name="ols_drop", label="Linear", digits=3, help="Fall of R2 when least squares does without it"),
        Column(
            name="correlation",
            label="Correlation",
            digits=3,
            help="Spearman's rho; the share between levels for categories",
        ),
        Column(name="correlation_lower", label="from", digits=2, help="95 % interval"),
        Column(name="correlation_upper", label="to", digits=2, help="95 % interval"),
        Column(name="p_adjusted", label="p", digits=2, help="Holm's adjustment over the hyperparameters"),
        Column(name="correlation_kind", label="Kind"),
    ]
    how = (
        "One row per hyperparameter. Methods measure different things, so compare orders, not numbers. A value near "
        "the best counts only where it exceeds the column Chance."
    )
    query = site.query(queries.text("sweep/matters"), **about)
    return Table(
        id=f"sweep-importance{suffix}",
        title="Every method's importance",
        how_to_read=how,
        query=query,
        columns=columns,
        analysis_run_id=run,
        limit=ROWS,
    )


def effects(site: SiteContext, run: int, about: dict[str, int], suffix: str) -> list[Block]:
    """Return the tests on which sentences rest: of each hyperparameter, of its levels, and of everything else."""
    alone = site.query(queries.text("sweep/effects"), **about)
    columns = [
        Column(name="hyperparameter", label="Hyperparameter"),
        Column(
            name="share",
            label="Share of the variance",
            digits=3,
            help="Adjusted R2 of the test, cut at 0: not too large by chance",
        ),
        Column(name="lower", label="from", digits=2, help="95 % interval"),
        Column(name="upper", label="to", digits=2, help="95 % interval"),
        Column(
            name="bound",
            label="at most",
            digits=2,
            help="With 95 % confidence (one-sided): what it can matter over the range tried",
        ),
        Column(name="slope", label="Slope", digits=2, help="Spearman's rho; a share without a slope is a curve"),
        Column(name="p", label="p", digits=2),
        Column(
            name="p_adjusted",
            label="p, adjusted",
            digits=2,
            help="Holm over all tests of this metric, also those of the next table",
        ),
        Column(name="configuration_count", label="Configurations"),
        Column(name="test", label="Test"),
        Column(name="reason", label="Why not"),
    ]
    how = (
        "What each hyperparameter explains alone, among the configurations that have it: levels by an F-test, numbers "
        "by a parabola over their ranks. Small bounds are evidence too: that much and no more over the range tried."
    )
    blocks: list[Block] = [
        _table(f"sweep-effects{suffix}", "What each explains alone", how, alone, columns, run, limit=ROWS),
        _table(
            f"sweep-claims{suffix}",
            "Other tests that sentences rest on",
            "All tests of this metric share one level of 5 % (Holm): in a sweep in which nothing matters, some "
            "sentence should claim something in one case in twenty; how far that holds is in the documentation.",
            site.query(queries.text("sweep/claims"), **about),
            [
                Column(name="test", label="Test"),
                Column(name="p", label="p", digits=2),
                Column(name="p_adjusted", label="p, adjusted", digits=2),
                Column(name="is_significant", label="Holds"),
            ],
            run,
            is_folded=True,
        ),
    ]
    levels = site.query(queries.text("sweep/level_effects"), **about)
    if levels.frame.height:
        columns = [
            Column(name="hyperparameter", label="Hyperparameter"),
            Column(name="level", label="Level"),
            Column(name="configuration_count", label="Configurations"),
            Column(name="mean", label="Mean", digits=4),
            Column(
                name="correlation",
                label="Correlation",
                digits=3,
                help="Of having the level with the metric: its sign is the direction",
            ),
            Column(name="p_adjusted", label="p", digits=2, help="Holm over all levels"),
            Column(
                name="adjusted_difference",
                label="Else held",
                digits=3,
                help="Difference from the other levels in least squares",
            ),
            Column(name="adjusted_p", label="p", digits=2, help="Not adjusted"),
            Column(name="has_turned", label="Sign turns"),
            Column(name="reason", label="Why not"),
        ]
        how = "Each level against all others: by correlation, and with all other hyperparameters held."
        name = f"sweep-level-effects{suffix}"
        blocks.append(_table(name, "Level by level", how, levels, columns, run, limit=ROWS))
    return blocks


def failures(site: SiteContext, run: int, about: dict[str, int], suffix: str) -> list[Block]:
    """Return which settings separate trials that failed, and what these say; nothing where none did."""
    rules = site.query(queries.text("sweep/failures"), **about)
    reasons = site.query(queries.text("sweep/failure_reasons"), **about)
    if not rules.frame.height and not reasons.frame.height:
        return []
    blocks: list[Block] = [
        _table(
            f"sweep-failures{suffix}",
            "What failed, and where",
            "Settings in which trials failed, ended without a finite value (diverged) or were pruned more often than "
            "elsewhere: a list of rules, each among the trials that those above it leave. Exact tests, adjusted for "
            "every setting and pair that was looked at.",
            rules,
            [
                Column(name="outcome", label="Outcome"),
                Column(name="setting", label="Setting"),
                Column(name="bad_count", label="Trials of that outcome"),
                Column(name="trial_count", label="of"),
                Column(name="other_bad_count", label="elsewhere"),
                Column(name="other_count", label="of"),
                Column(name="p_adjusted", label="p", digits=2, help="Fisher's exact test, Bonferroni"),
            ],
            run,
            empty="No setting separates them: they failed anywhere.",
        )
    ]
    if reasons.frame.height:
        columns = [
            Column(name="outcome", label="Outcome"),
            Column(name="reason", label="Reason"),
            Column(name="trial_count", label="Trials"),
        ]
        how = "What the trials themselves give as the reason."
        blocks.append(_table(f"sweep-reasons{suffix}", "Reasons given", how, reasons, columns, run, is_folded=True))
    return blocks


def evidence(site: SiteContext, run: int, about: dict[str, int], suffix: str) -> list[Block]:
    """Return how far the models hold, whether methods agree, interactions, and what was varied together."""
    blocks: list[Block] = [
        Table(
            id=f"sweep-models{suffix}",
            title="How far the models can be believed",
            how_to_read="R2 of trials that the model has not seen: 1 is perfect, 0 is no better than the mean. "
            "Importances of a "
            "model that is called worthless mean nothing.",
            query=site.query(queries.text("sweep/models"), **about),
            columns=[
                Column(name="model_name", label="Model"),
                Column(name="trial_count", label="Trials"),
                Column(name="r_squared", label="R2 in sample", digits=3),
                Column(name="r_squared_left_out", label="R2 of unseen trials", digits=3),
                Column(name="r_squared_sd", label="SD over folds", digits=2),
                Column(name="verdict", label="Verdict"),
                Column(name="reason", label="Why not"),
            ],
            analysis_run_id=run,
        ),
        Table(
            id=f"sweep-agreement{suffix}",
            title="Do the methods agree?",
            how_to_read="Kendall's tau of two methods' importances: 1 is the same order, 0 none in common, -1 the "
            "reverse.",
            query=site.query(queries.text("sweep/agreement"), **about),
            columns=[
                Column(name="method_a", label="Method"),
                Column(name="method_b", label="and"),
                Column(name="tau", label="Kendall's tau", digits=2),
                Column(name="is_same_first", label="Same first"),
                Column(name="hyperparameter_count", label="Hyperparameters"),
                Column(name="reason", label="Why not"),
            ],
            analysis_run_id=run,
            is_folded=True,
        ),
        Table(
            id=f"sweep-interactions{suffix}",
            title="What matters only together",
            how_to_read="Products of two hyperparameters that explain what neither explains alone (nor its square): "
            "found by a "
            "test, adjusted for all pairs, and given to the trees as features.",
            query=site.query(queries.text("sweep/interactions"), **about),
            columns=[
                Column(name="hyperparameter_a", label="Hyperparameter"),
                Column(name="level_a", label="Level"),
                Column(name="hyperparameter_b", label="with"),
                Column(name="level_b", label="Level"),
                Column(name="partial_correlation", label="Partial correlation", digits=2),
                Column(name="p_adjusted", label="p", digits=2, help="Bonferroni over all pairs"),
            ],
            analysis_run_id=run,
            is_folded=True,
            empty="No product passes the test.",
        ),
        Table(
            id=f"sweep-pairs{suffix}",
            title="Interactions",
            how_to_read="Share of the forest's variance that a pair explains beyond both main effects.",
            query=site.query(queries.text("sweep/pairs"), **about),
            columns=[
                Column(name="hyperparameter", label="Hyperparameter"),
                Column(name="hyperparameter_b", label="with"),
                Column(name="importance", label="Share", digits=3),
                Column(name="deviation", label="SD over trees", digits=2),
            ],
            analysis_run_id=run,
            is_folded=True,
            empty="There is no pair, or no model.",
        ),
    ]
    together = site.query(queries.text("sweep/confounding"), **about)
    how = "Pairs with an association of at least 0.3. Confounded ones (0.7 and more) can hardly be told apart."
    columns = [
        Column(name="hyperparameter_a", label="Hyperparameter"),
        Column(name="hyperparameter_b", label="with"),
        Column(name="coefficient", label="Association", digits=2),
        Column(name="method", label="Measure"),
        Column(name="is_confounded", label="Confounded"),
        Column(name="trial_count", label="Trials"),
    ]
    none = "All hyperparameters were varied independently of each other."
    blocks.append(
        Table(
            id=f"sweep-together{suffix}",
            title="Varied together",
            how_to_read=how,
            query=together,
            columns=columns,
            analysis_run_id=run,
            is_folded=True,
            empty=none,
        )
    )
    return blocks


def linear_table(site: SiteContext, run: int, about: dict[str, int], suffix: str) -> Table:
    """Return the summary of ordinary least squares."""
    columns = [
        Column(name="term", label="Term"),
        Column(name="coefficient", label="Coefficient"),
        Column(name="standard_error", label="SE", digits=3),
        Column(name="t", label="t", digits=3),
        Column(name="p", label="p", digits=2),
        Column(name="lower", label="from", digits=3, help="95 % interval"),
        Column(name="upper", label="to", digits=3, help="95 % interval"),
        Column(
            name="standardised",
            label="Standardised",
            digits=3,
            help="In standard deviations of the metric and of the term",
        ),
        Column(
            name="vif",
            label="VIF",
            digits=3,
            help="Variance inflation: above 5 to 10 the coefficient is shared with other terms",
        ),
        Column(name="reason", label="Why not"),
    ]
    how = (
        "Least squares on all hyperparameters at once: the change of the metric per unit of the term, the others held. "
        "Categories are compared with their most frequent level. p-values are not adjusted for their number."
    )
    query = site.query(queries.text("sweep/terms"), **about)
    return Table(
        id=f"sweep-linear{suffix}",
        title="Linear model",
        how_to_read=how,
        query=query,
        columns=columns,
        analysis_run_id=run,
        limit=ROWS,
        is_folded=True,
    )


def next_tables(site: SiteContext, run: int, about: dict[str, int], suffix: str) -> list[Block]:
    """Return where the best trials lie, the corners not tried, and ten suggestions."""
    return [
        *_ranges(site, run, about, suffix),
        Table(
            id=f"sweep-untried{suffix}",
            title="Combinations not tried",
            how_to_read="Thirds of the tried range (or levels) of two hyperparameters that no trial combines.",
            query=site.query(queries.text("sweep/untried"), **about),
            columns=[
                Column(name="hyperparameter_a", label="Hyperparameter"),
                Column(name="part_a", label="in"),
                Column(name="hyperparameter_b", label="with"),
                Column(name="part_b", label="in"),
                Column(name="expected", label="Trials to be expected", digits=2),
            ],
            analysis_run_id=run,
            empty="Every combination of two that was to be expected has been tried.",
        ),
        Table(
            id=f"sweep-next{suffix}",
            title="What to try next",
            how_to_read="The first has the best prediction of the model; each further one promises the largest "
            "expected improvement, as if those before it had been tried, which also rewards uncertainty: they are for "
            "finding out. All lie inside the declared space (or the range that was tried), differ from every trial, "
            "and keep away from settings that failed. A prediction is a mean: it may lie behind the best trial, whose "
            "value was also luck.",
            query=site.query(queries.text("sweep/suggestions"), **about),
            columns=[
                Column(name="suggestion", label="No."),
                Column(name="configuration", label="Configuration"),
                Column(name="predicted", label="Predicted", digits=4),
                Column(
                    name="deviation",
                    label="SD",
                    digits=2,
                    help="Of one trial there, with its noise",
                ),
                Column(
                    name="success",
                    label="Finishes",
                    digits=2,
                    help="Probability that a trial there finishes with a value; empty where no trial failed",
                ),
            ],
            analysis_run_id=run,
            empty="Nothing is suggested: there is no model that could be believed.",
        ),
    ]


def _ranges(site: SiteContext, run: int, about: dict[str, int], suffix: str) -> list[Block]:
    """Return where the best trials lie, a table of the numbers and one of the categories."""
    numbers, levels = (
        site.query(queries.text("sweep/ranges"), **about, is_level=is_level) for is_level in (False, True)
    )
    interval = [
        Column(name="hyperparameter", label="Hyperparameter"),
        Column(name="lower", label="From", digits=3, help="10 % quantile of the best trials"),
        Column(name="upper", label="To", digits=3, help="90 % quantile of the best trials"),
        Column(
            name="tried_lower",
            label="Tried from",
            digits=3,
            help="Least value that a trial with a value of the metric has",
        ),
        Column(
            name="tried_upper",
            label="Tried to",
            digits=3,
            help="Greatest value that a trial with a value of the metric has",
        ),
        Column(name="lower_from", label="From, at least", digits=3, help="95 % bootstrap interval of the lower end"),
        Column(name="lower_to", label="at most", digits=3),
        Column(name="upper_from", label="To, at least", digits=3, help="95 % bootstrap interval of the upper end"),
        Column(name="upper_to", label="at most", digits=3),
    ]
    if any(row["reason"] for row in numbers.rows()):
        interval.insert(1, Column(name="reason", label="Why not"))
    shares = [
        Column(name="hyperparameter", label="Hyperparameter"),
        Column(name="level", label="Level"),
        Column(name="share", label="Share of the best", digits=2),
        Column(
            name="share_from", label="at least", digits=2, help="95 % interval: the wider of bootstrap and Wilson's"
        ),
        Column(name="share_to", label="at most", digits=2, help="95 % interval: the wider of bootstrap and Wilson's"),
        Column(name="tried_share", label="Share of all", digits=2, help="Of the trials that finished with a value"),
    ]
    tables: list[Block] = []
    if numbers.frame.height:
        how = (
            "The range that holds the middle 80 % of the best trials, the range that was tried, and how far each end "
            "of the former is certain (95 % bootstrap interval)."
        )
        name = f"sweep-ranges{suffix}"
        tables.append(
            Table(
                id=name,
                title="Where the best trials lie",
                how_to_read=how,
                query=numbers,
                columns=interval,
                analysis_run_id=run,
                limit=ROWS,
            )
        )
    if levels.frame.height:
        how = "How often the best trials have each level, beside how often all trials with a value have it."
        name = f"sweep-levels{suffix}"
        tables.append(
            Table(
                id=name,
                title="Which levels the best trials have",
                how_to_read=how,
                query=levels,
                columns=shares,
                analysis_run_id=run,
                limit=ROWS,
            )
        )
    return tables


def column_table(site: SiteContext, run: int, about: dict[str, int], suffix: str) -> Table:
    """Return what became of every column."""
    columns = [
        Column(name="name", label="Hyperparameter"),
        Column(name="role", label="Role"),
        Column(name="kind", label="Kind"),
        Column(name="is_log", label="Logarithm"),
        Column(name="present_count", label="Trials with it"),
        Column(name="missing_count", label="without"),
        Column(name="distinct_count", label="Distinct values"),
        Column(name="imputed_count", label="Imputed"),
        Column(name="imputed_value", label="by", digits=4),
        Column(name="note", label="Note"),
    ]
    how = "Every column that was found: whether models use it, what was imputed, and why the others are left out."
    query = site.query(queries.text("sweep/columns"), **about)
    return Table(
        id=f"sweep-columns{suffix}",
        title="What was used",
        how_to_read=how,
        query=query,
        columns=columns,
        analysis_run_id=run,
        limit=ROWS,
        is_folded=True,
    )
