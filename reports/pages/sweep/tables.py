"""The tables on a sweep's page."""

from __future__ import annotations

from hpowh.reports.blocks import Block, Column, Table
from hpowh.reports.context import SiteContext
from hpowh.warehouse import queries

ROWS = 100
"""Rows shown of a table with a row a hyperparameter; the CSV has all."""


def importance_table(site: SiteContext, run: int, about: dict[str, int], suffix: str) -> Table:
    """Return every method's number for every hyperparameter."""
    columns = [
        Column("hyperparameter", "Hyperparameter"),
        Column("permutation", "Permutation", 3, "Fall of the out-of-fold R2 when it is shuffled"),
        Column("permutation_sd", "SD", 2, "Over folds and repeats"),
        Column("shapley", "Shapley", 3, "Mean size of what it adds to a prediction, in standard deviations"),
        Column("fanova", "fANOVA main", 3, "Share of a forest's variance that it explains alone"),
        Column("near_best", "Near the best", 3, "PED-ANOVA: how much the best trials differ from all"),
        Column("near_best_chance", "Chance", 3, "What the column before would show without any effect (95 %)"),
        Column("impurity", "Impurity", 3, "Share of the splits' gain in 250 extremely randomised trees"),
        Column("ols_drop", "Linear", 3, "Fall of R2 when least squares does without it"),
        Column("correlation", "Correlation", 3, "Spearman's rho; eta squared for categories"),
        Column("correlation_lower", "from", 2, "95 % interval"),
        Column("correlation_upper", "to", 2, "95 % interval"),
        Column("p_adjusted", "p", 2, "Holm's adjustment over the hyperparameters"),
        Column("correlation_kind", "Kind"),
    ]
    how = (
        "One row per hyperparameter. Methods measure different things, so compare orders, not numbers. A value near "
        "the best counts only where it exceeds the column Chance."
    )
    query = site.query(queries.text("sweep/matters"), **about)
    return Table(f"sweep-importance{suffix}", "Every method's importance", how, query, columns, run, limit=ROWS)


def evidence(site: SiteContext, run: int, about: dict[str, int], suffix: str) -> list[Block]:
    """Return how far the models hold, whether methods agree, interactions, and what was varied together."""
    blocks: list[Block] = [
        Table(
            f"sweep-models{suffix}",
            "How far the models can be believed",
            "R2 of trials that the model has not seen: 1 is perfect, 0 is no better than the mean. Importances of a "
            "model that is called worthless mean nothing.",
            site.query(queries.text("sweep/models"), **about),
            [
                Column("model_name", "Model"),
                Column("trial_count", "Trials"),
                Column("r_squared", "R2 in sample", 3),
                Column("r_squared_left_out", "R2 of unseen trials", 3),
                Column("r_squared_sd", "SD over folds", 2),
                Column("verdict", "Verdict"),
                Column("reason", "Why not"),
            ],
            run,
        ),
        Table(
            f"sweep-agreement{suffix}",
            "Do the methods agree?",
            "Kendall's tau of two methods' importances: 1 is the same order, 0 none in common, -1 the reverse.",
            site.query(queries.text("sweep/agreement"), **about),
            [
                Column("method_a", "Method"),
                Column("method_b", "and"),
                Column("tau", "Kendall's tau", 2),
                Column("is_same_first", "Same first"),
                Column("hyperparameter_count", "Hyperparameters"),
                Column("reason", "Why not"),
            ],
            run,
            is_folded=True,
        ),
        Table(
            f"sweep-interactions{suffix}",
            "What matters only together",
            "Products of two hyperparameters that explain what neither explains alone (nor its square): found by a "
            "test, adjusted for all pairs, and given to the trees as features.",
            site.query(queries.text("sweep/interactions"), **about),
            [
                Column("hyperparameter_a", "Hyperparameter"),
                Column("level_a", "Level"),
                Column("hyperparameter_b", "with"),
                Column("level_b", "Level"),
                Column("partial_correlation", "Partial correlation", 2),
                Column("p_adjusted", "p", 2, "Bonferroni over all pairs"),
            ],
            run,
            is_folded=True,
            empty="No product passes the test.",
        ),
        Table(
            f"sweep-pairs{suffix}",
            "Interactions",
            "Share of the forest's variance that a pair explains beyond both main effects.",
            site.query(queries.text("sweep/pairs"), **about),
            [
                Column("hyperparameter", "Hyperparameter"),
                Column("hyperparameter_b", "with"),
                Column("importance", "Share", 3),
                Column("deviation", "SD over trees", 2),
            ],
            run,
            is_folded=True,
            empty="There is no pair, or no model.",
        ),
    ]
    together = site.query(queries.text("sweep/confounding"), **about)
    how = "Pairs with an association of at least 0.3. Confounded ones (0.7 and more) can hardly be told apart."
    columns = [
        Column("hyperparameter_a", "Hyperparameter"),
        Column("hyperparameter_b", "with"),
        Column("coefficient", "Association", 2),
        Column("method", "Measure"),
        Column("is_confounded", "Confounded"),
        Column("trial_count", "Trials"),
    ]
    none = "All hyperparameters were varied independently of each other."
    blocks.append(
        Table(f"sweep-together{suffix}", "Varied together", how, together, columns, run, is_folded=True, empty=none)
    )
    return blocks


def linear_table(site: SiteContext, run: int, about: dict[str, int], suffix: str) -> Table:
    """Return the summary of ordinary least squares."""
    columns = [
        Column("term", "Term"),
        Column("coefficient", "Coefficient"),
        Column("standard_error", "SE", 3),
        Column("t", "t", 3),
        Column("p", "p", 2),
        Column("lower", "from", 3, "95 % interval"),
        Column("upper", "to", 3, "95 % interval"),
        Column("standardised", "Standardised", 3, "In standard deviations of the metric and of the term"),
        Column("vif", "VIF", 3, "Variance inflation: above 5 to 10 the coefficient is shared with other terms"),
        Column("reason", "Why not"),
    ]
    how = (
        "Least squares on all hyperparameters at once: the change of the metric per unit of the term, the others held. "
        "Categories are compared with their most frequent level. p-values are not adjusted for their number."
    )
    query = site.query(queries.text("sweep/terms"), **about)
    return Table(f"sweep-linear{suffix}", "Linear model", how, query, columns, run, limit=ROWS, is_folded=True)


def next_tables(site: SiteContext, run: int, about: dict[str, int], suffix: str) -> list[Block]:
    """Return where the best trials lie, the corners not tried, and ten suggestions."""
    return [
        *_ranges(site, run, about, suffix),
        Table(
            f"sweep-untried{suffix}",
            "Combinations not tried",
            "Thirds of the tried range (or levels) of two hyperparameters that no trial combines.",
            site.query(queries.text("sweep/untried"), **about),
            [
                Column("hyperparameter_a", "Hyperparameter"),
                Column("part_a", "in"),
                Column("hyperparameter_b", "with"),
                Column("part_b", "in"),
                Column("expected", "Trials to be expected", 2),
            ],
            run,
            empty="Every combination of two that was to be expected has been tried.",
        ),
        Table(
            f"sweep-next{suffix}",
            "What to try next",
            "The first five have the best predictions of the extremely randomised trees; the others promise the "
            "largest expected improvement, which also rewards uncertainty: they are for finding out. All lie inside "
            "the declared space (or the range that was tried) and differ from each other and from every trial. A "
            "prediction is a mean: it may lie behind the best trial, whose value was also luck.",
            site.query(queries.text("sweep/suggestions"), **about),
            [
                Column("suggestion", "No."),
                Column("configuration", "Configuration"),
                Column("predicted", "Predicted", 4),
                Column("deviation", "SD", 2, "Of the trees, joined with their error on unseen trials"),
            ],
            run,
            empty="Nothing is suggested: there is no model that could be believed.",
        ),
    ]


def _ranges(site: SiteContext, run: int, about: dict[str, int], suffix: str) -> list[Block]:
    """Return where the best trials lie, a table of the numbers and one of the categories."""
    numbers, levels = (
        site.query(queries.text("sweep/ranges"), **about, is_level=is_level) for is_level in (False, True)
    )
    interval = [
        Column("hyperparameter", "Hyperparameter"),
        Column("lower", "From", 3, "10 % quantile of the best trials"),
        Column("upper", "To", 3, "90 % quantile of the best trials"),
        Column("tried_lower", "Tried from", 3, "Least value that a trial with a value of the metric has"),
        Column("tried_upper", "Tried to", 3, "Greatest value that a trial with a value of the metric has"),
        Column("lower_from", "From, at least", 3, "95 % bootstrap interval of the lower end"),
        Column("lower_to", "at most", 3),
        Column("upper_from", "To, at least", 3, "95 % bootstrap interval of the upper end"),
        Column("upper_to", "at most", 3),
    ]
    if any(row["reason"] for row in numbers.rows()):
        interval.insert(1, Column("reason", "Why not"))
    shares = [
        Column("hyperparameter", "Hyperparameter"),
        Column("level", "Level"),
        Column("share", "Share of the best", 2),
        Column("share_from", "at least", 2, "95 % interval: the wider of bootstrap and Wilson's"),
        Column("share_to", "at most", 2, "95 % interval: the wider of bootstrap and Wilson's"),
        Column("tried_share", "Share of all", 2, "Of the trials that finished with a value"),
    ]
    tables: list[Block] = []
    if numbers.frame.height:
        how = (
            "The range that holds the middle 80 % of the best trials, the range that was tried, and how far each end "
            "of the former is certain (95 % bootstrap interval)."
        )
        name = f"sweep-ranges{suffix}"
        tables.append(Table(name, "Where the best trials lie", how, numbers, interval, run, limit=ROWS))
    if levels.frame.height:
        how = "How often the best trials have each level, beside how often all trials with a value have it."
        name = f"sweep-levels{suffix}"
        tables.append(Table(name, "Which levels the best trials have", how, levels, shares, run, limit=ROWS))
    return tables


def column_table(site: SiteContext, run: int, about: dict[str, int], suffix: str) -> Table:
    """Return what became of every column."""
    columns = [
        Column("name", "Hyperparameter"),
        Column("role", "Role"),
        Column("kind", "Kind"),
        Column("is_log", "Logarithm"),
        Column("present_count", "Trials with it"),
        Column("missing_count", "without"),
        Column("distinct_count", "Distinct values"),
        Column("imputed_count", "Imputed"),
        Column("imputed_value", "by", 4),
        Column("note", "Note"),
    ]
    how = "Every column that was found: whether models use it, what was imputed, and why the others are left out."
    query = site.query(queries.text("sweep/columns"), **about)
    return Table(f"sweep-columns{suffix}", "What was used", how, query, columns, run, limit=ROWS, is_folded=True)
