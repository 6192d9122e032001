"""The tables of a sweep's page that say what mattered and how sure that is."""

from __future__ import annotations

from hpowh.reports.blocks import Block, Table
from hpowh.reports.pages.sweep.asked import ROWS, Asked
from hpowh.warehouse import queries


def importance_table(asked: Asked) -> Table:
    """Return every method's number for every hyperparameter."""
    return asked.table(
        "sweep-importance",
        "Every method's importance",
        "One row per hyperparameter. Methods measure different things, so compare orders, not numbers. A value near "
        "the best counts only where it exceeds the column Chance.",
        queries.text("sweep/matters"),
        [
            ("hyperparameter", "Hyperparameter"),
            ("permutation", "Permutation", 3, "Fall of the out-of-fold R2 when it is shuffled"),
            ("permutation_sd", "SD", 2, "Over folds and repeats"),
            ("permutation_worst", "With failures", 3, "Permutation, of ranks in which failed trials are the worst"),
            ("shapley", "Shapley", 3, "Mean size of what it adds to a prediction, in standard deviations"),
            ("fanova", "fANOVA main", 3, "Share of a forest's variance that it explains alone"),
            ("near_best", "Near the best", 3, "PED-ANOVA: how much the best trials differ from all"),
            ("near_best_chance", "Chance", 3, "What the column before would show without any effect (95 %)"),
            ("impurity", "Impurity", 3, "Share of the splits' gain in 250 extremely randomised trees"),
            ("ols_drop", "Linear", 3, "Fall of R2 when least squares does without it"),
            ("correlation", "Correlation", 3, "Spearman's rho; the share between levels for categories"),
            ("correlation_lower", "from", 2, "95 % interval"),
            ("correlation_upper", "to", 2, "95 % interval"),
            ("p_adjusted", "p", 2, "Holm's adjustment over the hyperparameters"),
            ("correlation_kind", "Kind"),
        ],
        limit=ROWS,
    )


def effects(asked: Asked) -> list[Block]:
    """Return the tests on which sentences rest: of each hyperparameter, of its levels, and of everything else."""
    return [_alone(asked), _claims(asked), *_levels(asked)]


def _alone(asked: Asked) -> Table:
    return asked.table(
        "sweep-effects",
        "What each explains alone",
        "What each hyperparameter explains alone, among the configurations that have it: levels by an F-test, numbers "
        "by a parabola over their ranks. Small bounds are evidence too: that much and no more over the range tried.",
        queries.text("sweep/effects"),
        [
            ("hyperparameter", "Hyperparameter"),
            ("share", "Share of the variance", 3, "Adjusted R2 of the test, cut at 0: not too large by chance"),
            ("lower", "from", 2, "95 % interval"),
            ("upper", "to", 2, "95 % interval"),
            ("bound", "at most", 2, "With 95 % confidence (one-sided): what it can matter over the range tried"),
            ("slope", "Slope", 2, "Spearman's rho; a share without a slope is a curve"),
            ("p", "p", 2),
            ("p_adjusted", "p, adjusted", 2, "Holm over all tests of this metric, also those of the next table"),
            ("configuration_count", "Configurations"),
            ("test", "Test"),
            ("reason", "Why not"),
        ],
        limit=ROWS,
    )


def _claims(asked: Asked) -> Table:
    return asked.table(
        "sweep-claims",
        "Other tests that sentences rest on",
        "All tests of this metric share one level of 5 % (Holm): in a sweep in which nothing matters, some "
        "sentence should claim something in one case in twenty; how far that holds is in the documentation.",
        queries.text("sweep/claims"),
        [("test", "Test"), ("p", "p", 2), ("p_adjusted", "p, adjusted", 2), ("is_significant", "Holds")],
        is_folded=True,
    )


def _levels(asked: Asked) -> list[Block]:
    levels = asked.query(queries.text("sweep/level_effects"))
    if not levels.frame.height:
        return []
    return [
        asked.table(
            "sweep-level-effects",
            "Level by level",
            "Each level against all others: by correlation, and with all other hyperparameters held.",
            levels,
            [
                ("hyperparameter", "Hyperparameter"),
                ("level", "Level"),
                ("configuration_count", "Configurations"),
                ("mean", "Mean", 4),
                ("correlation", "Correlation", 3, "Of having the level with the metric: its sign is the direction"),
                ("p_adjusted", "p", 2, "Holm over all levels"),
                ("adjusted_difference", "Else held", 3, "Difference from the other levels in least squares"),
                ("adjusted_p", "p", 2, "Not adjusted"),
                ("has_turned", "Sign turns"),
                ("reason", "Why not"),
            ],
            limit=ROWS,
        )
    ]


def evidence(asked: Asked) -> list[Block]:
    """Return how far the models hold, whether methods agree, interactions, and what was varied together."""
    return [_models(asked), _agreement(asked), *_together(asked), _confounding(asked)]


def _models(asked: Asked) -> Table:
    return asked.table(
        "sweep-models",
        "How far the models can be believed",
        "R2 of trials that the model has not seen: 1 is perfect, 0 is no better than the mean. Importances of a model "
        "that is called worthless mean nothing.",
        queries.text("sweep/models"),
        [
            ("model_name", "Model"),
            ("trial_count", "Trials"),
            ("r_squared", "R2 in sample", 3),
            ("r_squared_left_out", "R2 of unseen trials", 3),
            ("r_squared_sd", "SD over folds", 2),
            ("verdict", "Verdict"),
            ("reason", "Why not"),
        ],
    )


def _agreement(asked: Asked) -> Table:
    return asked.table(
        "sweep-agreement",
        "Do the methods agree?",
        "Kendall's tau of two methods' importances: 1 is the same order, 0 none in common, -1 the reverse.",
        queries.text("sweep/agreement"),
        [
            ("method_a", "Method"),
            ("method_b", "and"),
            ("tau", "Kendall's tau", 2),
            ("is_same_first", "Same first"),
            ("hyperparameter_count", "Hyperparameters"),
            ("reason", "Why not"),
        ],
        is_folded=True,
    )


def _together(asked: Asked) -> list[Table]:
    return [
        asked.table(
            "sweep-interactions",
            "What matters only together",
            "Products of two hyperparameters that explain what neither explains alone (nor its square): found by a "
            "test, adjusted for all pairs, and given to the trees as features.",
            queries.text("sweep/interactions"),
            [
                ("hyperparameter_a", "Hyperparameter"),
                ("level_a", "Level"),
                ("hyperparameter_b", "with"),
                ("level_b", "Level"),
                ("partial_correlation", "Partial correlation", 2),
                ("p_adjusted", "p", 2, "Bonferroni over all pairs"),
            ],
            is_folded=True,
            empty="No product passes the test.",
        ),
        asked.table(
            "sweep-pairs",
            "Interactions",
            "Share of the forest's variance that a pair explains beyond both main effects.",
            queries.text("sweep/pairs"),
            [
                ("hyperparameter", "Hyperparameter"),
                ("hyperparameter_b", "with"),
                ("importance", "Share", 3),
                ("deviation", "SD over trees", 2),
            ],
            is_folded=True,
            empty="There is no pair, or no model.",
        ),
    ]


def _confounding(asked: Asked) -> Table:
    return asked.table(
        "sweep-together",
        "Varied together",
        "Pairs with an association of at least 0.3. Confounded ones (0.7 and more) can hardly be told apart.",
        queries.text("sweep/confounding"),
        [
            ("hyperparameter_a", "Hyperparameter"),
            ("hyperparameter_b", "with"),
            ("coefficient", "Association", 2),
            ("method", "Measure"),
            ("is_confounded", "Confounded"),
            ("trial_count", "Trials"),
        ],
        is_folded=True,
        empty="All hyperparameters were varied independently of each other.",
    )


def published(asked: Asked) -> list[Block]:
    """Return the analysis as it is commonly published; nothing where it was not asked for."""
    rows = asked.query(queries.text("sweep/published"))
    if not rows.frame.height:
        return []
    return [
        asked.table(
            "sweep-published",
            "As it is commonly published",
            "Missing numbers are the mean, every level is a dummy, least squares has no constant, and the forest has "
            "250 extremely randomised trees. Only here repeats count as independent, and coefficients of a category "
            "have no level that they are compared with: numbers to check others by, on which no sentence rests.",
            rows,
            [
                ("hyperparameter", "Hyperparameter"),
                ("level", "Level"),
                ("correlation", "Correlation", 3),
                ("coefficient", "Coefficient"),
                ("standard_error", "SE", 3),
                ("t", "t", 3),
                ("p", "p", 2, "Not adjusted"),
                ("importance", "Impurity", 3, "Share of the splits' gain, which prefers columns of many values"),
                ("deviation", "SD", 2, "Over the trees"),
            ],
            limit=ROWS,
            is_folded=True,
        )
    ]


def linear_table(asked: Asked) -> Table:
    """Return the summary of ordinary least squares."""
    return asked.table(
        "sweep-linear",
        "Linear model",
        "Least squares on all hyperparameters at once: the change of the metric per unit of the term, the others held. "
        "Categories are compared with their most frequent level. p-values are not adjusted for their number.",
        queries.text("sweep/terms"),
        [
            ("term", "Term"),
            ("coefficient", "Coefficient"),
            ("standard_error", "SE", 3),
            ("t", "t", 3),
            ("p", "p", 2),
            ("lower", "from", 3, "95 % interval"),
            ("upper", "to", 3, "95 % interval"),
            ("standardised", "Standardised", 3, "In standard deviations of the metric and of the term"),
            ("vif", "VIF", 3, "Variance inflation: above 5 to 10 the coefficient is shared with other terms"),
            ("reason", "Why not"),
        ],
        limit=ROWS,
        is_folded=True,
    )
