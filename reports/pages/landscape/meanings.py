"""What each metric of a landscape is, in one sentence for a reader of the page who has nothing else at hand."""

from __future__ import annotations

from collections.abc import Iterable

MEANINGS = {
    "n_configurations, coverage": "configurations with a value, and their share of the whole grid",
    "imputed_share": "share of the grid that has no value and was imputed; the other measures are then means over "
    "completions, with the interval between them",
    "n_edges, n_ties, n_isolated": "pairs of neighbours, those of them with exactly equal values, and configurations "
    "none of whose neighbours was evaluated",
    "loss_best, loss_median, loss_worst, loss_mean, loss_sd, loss_iqr": "of the loss over all configurations; sd is "
    "the standard deviation, iqr the distance between the quartiles",
    "loss_skewness, loss_kurtosis": "shape of the loss's distribution: above 0, a long tail of bad values; more mass "
    "in the tails than a normal distribution has",
    "near_best_1, near_best_5, near_best_10": "share of the configurations whose distance to the best loss is at most "
    "1, 5, 10 % of that between the best and the median",
    "assortativity_rank, assortativity_loss": "correlation of neighbours' ranks, or losses: 1 smooth, 0 neighbours "
    "tell nothing of each other",
    "neutrality, neutrality_median, neutrality_sd": "share of neighbour pairs whose losses differ by no more than the "
    "threshold; median and standard deviation of each configuration's own share",
    "gradient, gradient_relative": "mean difference between neighbours' losses; divided by loss_iqr",
    "fdc_spearman, fdc_pearson": "fitness-distance correlation: of the loss with the moves to the nearest global "
    "optimum; near 1 the loss leads there",
    "ndc_spearman, ndc_pearson": "neutrality-distance correlation: positive where it is flatter near the optimum",
    "n_lo, n_lo_members, n_lo_weak, n_lo_strict": "local optima, a plateau counted once; the configurations on them; "
    "configurations without better neighbour; those of them without an equal one either",
    "n_lo_deep, depth_median": "optima that one must climb out of by more than the threshold before the way to a "
    "better one is free (those without such a way count); the median of that climb",
    "l_ast_authors, rho_a_authors": "smoothness as the authors of arXiv 2311.14014 compute it: assortativity of the "
    "losses over improving moves, and the median autocorrelation of short walks",
    "lo_ratio, n_global": "n_lo divided by the configurations; optima that have the best loss",
    "n_plateau, n_plateau_lo, plateau_share": "sets of connected, exactly equal configurations; those that are local "
    "optima; share of all configurations on one",
    "basin_largest, basin_median, basin_mean, basin_global, basin_global_share": "configurations from which steepest "
    "descent ends in an optimum: of the largest, median and mean basin, and of the global optima together, also as a "
    "share",
    "basin_gini, basin_depth_correlation": "how unequal basins are (0 equal, 1 one has all); whether deeper optima "
    "have larger basins (Spearman)",
    "steps_mean, steps_longest": "improving moves that steepest descent takes",
    "monotone_share": "share of the configurations from which a path that never worsens leads to a global optimum",
    "variance_main, variance_pairs, variance_higher": "shares of the variance of the loss: main effects of single "
    "hyperparameters, interactions of pairs, the rest; variance_ranks_ of the ranks, variance_best_10_ with all losses "
    "worse than the best tenth set equal",
    "gamma": "how far the effect of one move carries over when another hyperparameter moves too: 1 additive, 0 noise",
    "pass_optimal_share, pass_better_share, pass_regret_relative": "each hyperparameter set once to its best level, "
    "from random starts and in random orders: share of such passes that end in a global optimum; where the median pass "
    "ends, as the share of better configurations, and as a share of the way from the best to the median loss",
    "slice_unimodal_share, slice_convex_share": "of all slices along an ordered hyperparameter, the share without a "
    "hump above the threshold, and the convex ones",
    "variance_order_3, variance_order_4": "shares of the variance that are interactions of exactly three, and of "
    "exactly four hyperparameters",
    "roughness_to_slope": "what the sum of main effects leaves unexplained, divided by the main effects' mean step: "
    "0 is additive",
    "interaction_additive, interaction_magnitude, interaction_sign, interaction_reciprocal": "shares of all squares "
    "(two neighbouring levels of each of two hyperparameters, all else fixed) in which effects add up; change in size; "
    "one changes its sign; both do",
    "dispersion_10": "of a thin sample: mean distance within the best tenth, divided by that of all; below 1 good "
    "configurations lie together",
    "nearest_better_ratio": "of a thin sample: how near the nearest configuration is, compared with the nearest better "
    "one; it grows with the sample",
    "information_content, information_neutral": "of a thin sample: how varied ups and downs are on a way from each "
    "configuration to the nearest next one (0 to 1), and how often the direction turns",
    "model_r2_additive": "of a thin sample: share of the variance that the sum of the levels' effects explains, beyond "
    "chance; an estimate of variance_main",
    "lon_1_nodes, lon_2_nodes": "local optima network after one move, or one move on each of two hyperparameters, and "
    "descent: nodes are optima, edges escapes from one to another; density the share of possible edges; "
    "escape_strength the mean share of moves that leave; clustering that of neighbours who are neighbours; path_length "
    "and reach_global how far, and from how many optima, a global one is; n_funnels ends of likeliest improvements, "
    "funnel_global the share of optima whose end is a global one",
}  # fmt: skip
"""Metrics (by commas) -> what they are."""


def meanings(names: Iterable[str]) -> list[str]:
    """Return a line for each group of metrics of which at least one is among the names."""
    there = set(names)
    return [f"{group}: {what}." for group, what in MEANINGS.items() if there & set(group.split(", "))]
