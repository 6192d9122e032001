"""`result`: importances by every method and their agreement; data sets' distances beside landscapes' likeness."""

from __future__ import annotations

from hpowh.warehouse.schema.base import bigint, boolean, integer, one_of, real, table, text

LANDSCAPE_METHOD = table(
    "result",
    "landscape_method",
    "One row per landscape, method and hyperparameter: how important it is by that method, and its place.",
    integer("analysis_run_id"),
    integer("search_space_id"),
    integer("benchmark_id"),
    integer("metric_id"),
    text("split"),
    real("fidelity"),
    bigint("seed", null=True),
    text("method"),
    integer("position"),
    text("hyperparameter"),
    real("value"),
    real("share"),
    real("place"),
    text("reason", null=True),
)
LANDSCAPE_AGREEMENT = table(
    "result",
    "landscape_agreement",
    "One row per pair of methods on the same data set, and per method on two data sets: do they order the "
    "hyperparameters alike.",
    integer("analysis_run_id"),
    integer("search_space_id"),
    integer("metric_id"),
    text("split"),
    real("fidelity"),
    bigint("seed", null=True),
    text("kind"),
    text("method_a"),
    text("method_b"),
    integer("benchmark_count"),
    integer("value_count"),
    real("spearman"),
    real("lower"),
    real("upper"),
    real("least"),
    real("most"),
    real("top_share"),
    text("reason", null=True),
    one_of("kind", "methods", "data sets"),
)
LANDSCAPE_MANTEL = table(
    "result",
    "landscape_mantel",
    "One row per search space, metric, split and measure of likeness: are landscapes of data sets with like "
    "meta-features alike.",
    integer("analysis_run_id"),
    integer("search_space_id"),
    integer("metric_id"),
    text("split"),
    real("fidelity"),
    text("measure"),
    integer("benchmark_count"),
    integer("feature_count"),
    real("coefficient"),
    real("p_value"),
    real("adjusted_p_value"),
    integer("permutation_count", null=True),
    text("reason", null=True),
)
LANDSCAPE_DIFFICULTY = table(
    "result",
    "landscape_difficulty",
    "One row per algorithm, and one (algorithm_id NULL) for the choice among them: do landscapes' numbers predict "
    "regrets on data sets left out.",
    integer("analysis_run_id"),
    integer("algorithm_id", null=True),
    integer("case_count"),
    integer("data_set_count"),
    real("skill"),
    real("lower"),
    real("upper"),
    real("p_value"),
    real("adjusted_p_value"),
    boolean("is_learned", null=True),
    text("reason", null=True),
)
LANDSCAPE_PREDICTION = table(
    "result",
    "landscape_prediction",
    "One row per landscape and algorithm: its regret predicted from the other data sets, their mean, and what its runs "
    "came to, as log10 of the relative regret plus 0.001.",
    integer("analysis_run_id"),
    integer("search_space_id"),
    integer("benchmark_id"),
    integer("metric_id"),
    text("split"),
    real("fidelity"),
    integer("algorithm_id"),
    real("predicted"),
    real("baseline"),
    real("observed"),
)
