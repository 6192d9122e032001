"""What the methods page says of mixed models, rankings, landscapes, sweeps and evaluated grids."""

from __future__ import annotations

from hpowh.reports.blocks import Prose

MIXED_MODELS = Prose(
    "Mixed models",
    (
        "A linear mixed-effects model explains a response y by fixed effects b (algorithm, prior, budget …) and random "
        "effects u (how benchmarks, seeds and runs differ): y = Xb + Zu + e, with u and e normal (Bates, Mächler, "
        "Bolker, Walker 2015; for benchmarking arXiv 2408.02533). It is fitted by maximum likelihood (ML) where fixed "
        "parts are compared, by restricted maximum likelihood (REML) everywhere else.",
        "The default has (1|benchmark) + (1|benchmark:algorithm). The second term lets the advantage of an algorithm "
        "differ between benchmarks, so that the test asks about benchmarks in general. Without it, rows of the same "
        "benchmarks count as independent evidence, and differences are found where there are none.",
        "Degrees of freedom are Satterthwaite's. An estimated marginal mean averages the model's predictions over a "
        "balanced grid of the other factors. Contrasts are differences of such means; within one family p-values are "
        "adjusted (Tukey for all pairs, Dunnett against a control, Holm or Benjamini-Hochberg for others). In a table "
        "of one value for each benchmark and algorithm in which an algorithm varies more than the others, every "
        "difference has its own standard error and is judged by a paired t test (Bonferroni).",
        "A likelihood-ratio test compares nested models on the same rows. Under a variance of zero, the edge of what "
        "is possible, its statistic follows a mixture such as ½ chi²(0) + ½ chi²(1) (Self, Liang 1987), not chi²(1).",
        "A critical-difference diagram puts algorithms on a line by their mean. A bar joins neighbours of which no "
        "pair differs; algorithms that share no bar differ.",
    ),
    points=(
        "Residuals of HPO results are seldom normal with one variance: see the figure of residuals, and the rank tests "
        "beside the model. Where the two disagree the page says so.",
        "A singular fit has a variance estimated as zero: an estimate like any other, not an error.",
        "A few benchmarks say little about benchmarks in general, whatever the p-value.",
        "Benchmarks on incommensurable scales must not share a response: use normalised or log regret, or ranks.",
    ),
    id="mixed-models",
)
LANDSCAPES = Prose(
    "Loss landscapes",
    (
        "A landscape is a search space with a loss for each configuration: of one benchmark, metric, split, fidelity, "
        "for one seed or as the mean over seeds (arXiv 2311.14014). Neighbours differ in one hyperparameter: by one "
        "level where levels have an order, by any level where they have none. Losses are minimised; a metric that is "
        "maximised is negated inside and shown as it is known.",
        "Autocorrelation at lag 1 of a random walk equals the correlation of losses over neighbour pairs "
        "(assortativity) and is computed exactly. Near 1 the landscape is smooth, near 0 neighbours tell nothing of "
        "each other. It is given on losses and on ranks; the former is ruined by diverged runs: read the ranks first.",
        "Two neighbours are neutral when their losses differ by at most ε (0.01 for metrics within [0, 1], otherwise "
        "0.01 of the interquartile range, unless stated). Neutrality is the share of neutral pairs; the "
        "neutrality-distance correlation is positive where the landscape is flatter near the optimum.",
        "A plateau is a connected set of exactly tied neighbours. A local optimum is a configuration or a plateau "
        "without an improving neighbour; a plateau counts once. A basin is what steepest descent leads there.",
        "In the local optima network, nodes are local optima; an edge says how likely a small perturbation followed by "
        "descent leads from one to another.",
        "Importances are shares of variance (functional ANOVA): exact means over cells on a complete grid, their "
        "mean over completions from half of a grid on; below it from a random forest times its R² (main shares) and "
        "from pairs of configurations (total shares). Tunability is what the search over a hyperparameter gains over "
        "the default, shared out by Shapley values.",
    ),
    points=(
        "From half of a grid on the missing configurations are drawn five times, as smooth as what was evaluated, and "
        "metrics are means with intervals between the draws; maps and lists of optima show what was evaluated. Below "
        "half, metrics that need the whole space are left out. A level without any value takes no part.",
        "Local optima of a mean over seeds are partly noise; compare the single seeds.",
        "Numbers of optima depend on the grid: another spacing of levels is another landscape.",
    ),
    id="landscapes",
)
SWEEPS = Prose(
    "Sweeps",
    (
        "Only finished trials with a finite metric enter the models; the page counts the others. Missing numbers "
        "become the mean, missing categories a level of their own; constants and identifiers are named and left out.",
        "Correlations are Pearson's and Spearman's with intervals, eta² for categories, adjusted for their number by "
        "Holm. They look at one hyperparameter at a time and are misled where hyperparameters were varied together.",
        "Importances of surrogate models (permutation, impurity, functional ANOVA …) carry the R² of trials that the "
        "model had not seen. Where that is not positive, the importances are worthless and called so.",
        "Trees look at one feature at a time; products of two that pass a test (5 % after Bonferroni) are given to "
        "them as features, so that what matters only together is seen. Shapley values average over orders and "
        "background trials, also where these combine into settings that a conditional space does not have.",
        "Suggestions lie inside the declared space, or inside what was tried where none is declared; the predicted "
        "value and its uncertainty are the named model's.",
    ),
    points=(
        "An importance is about the space that was tried, in the way it was tried: a tuner that has converged tried "
        "little else.",
        "No method tells cause from company where two hyperparameters always changed together.",
    ),
    id="sweeps",
)
EVALUATED = Prose(
    "Fidelities, splits and data sets",
    (
        "A low fidelity is judged by what it would have chosen: rank correlation with the full fidelity, overlap of "
        "the best configurations, and the regret, at full fidelity, of picking the best at the low one.",
        "Overfitting of a configuration is its test loss minus its training loss. Differences between configurations "
        "that are smaller than the spread over seeds and folds are noise.",
        "Correlations of meta-features with landscape metrics rest on few data sets: an interval that is wide says "
        "that next to nothing is known.",
    ),
    id="evaluated",
)
SECTIONS = (MIXED_MODELS, LANDSCAPES, SWEEPS, EVALUATED)
