"""`core`: what was measured. Facts are narrow and typed; names live in dimensions."""

from __future__ import annotations

from hpowh.warehouse.schema.base import bigint, integer, key, moment, one_of, real, table, text
from hpowh.warehouse.schema.vocabulary import STATUSES

SOURCE = table(
    "core",
    "source",
    "One row per ingested source: a file, folder, package or storage at one state of its content.",
    key("source_id"),
    text("kind"),
    text("name"),
    text("uri"),
    text("fingerprint"),
    bigint("row_count"),
    bigint("refused_count"),
    text("options"),
    moment("ingested_at"),
    text("program_version"),
)
EXPERIMENT = table(
    "core",
    "experiment",
    "One row per benchmarking experiment: runs that were made to be compared with one another.",
    key("experiment_id"),
    text("name"),
)
BENCHMARK = table(
    "core",
    "benchmark",
    "One row per benchmark: a task (model, data set, metric to optimise) on which configurations are evaluated.",
    key("benchmark_id"),
    text("name"),
)
BENCHMARK_FEATURE = table(
    "core",
    "benchmark_feature",
    "One row per benchmark and meta-feature, as a number or as text.",
    integer("benchmark_id"),
    text("name"),
    real("numeric_value"),
    text("text_value", null=True),
    integer("source_id"),
)
ALGORITHM = table(
    "core",
    "algorithm",
    "One row per algorithm: an optimiser that is compared.",
    key("algorithm_id"),
    text("name"),
)
METRIC = table(
    "core",
    "metric",
    "One row per metric, with the direction in which it is better and its bounds where it has any.",
    key("metric_id"),
    text("name"),
    text("direction"),
    real("lower_bound"),
    real("upper_bound"),
    text("unit", null=True),
    one_of("direction", "min", "max"),
)
SEARCH_SPACE = table(
    "core",
    "search_space",
    "One row per search space; its definition never changes: other levels are another space.",
    key("search_space_id"),
    text("name"),
    text("fingerprint"),
    bigint("cardinality"),
    integer("source_id"),
)
HYPERPARAMETER = table(
    "core",
    "hyperparameter",
    "One row per hyperparameter of a search space, in the order of the configuration rank.",
    integer("search_space_id"),
    integer("position"),
    text("name"),
    text("kind"),
    text("value_type"),
    text("scale"),
    integer("cardinality"),
    bigint("stride"),
    one_of("kind", "ordinal", "categorical"),
    one_of("value_type", "int", "float", "bool", "text"),
    one_of("scale", "linear", "log"),
)
HYPERPARAMETER_LEVEL = table(
    "core",
    "hyperparameter_level",
    "One row per level of a hyperparameter; level 0 comes first.",
    integer("search_space_id"),
    integer("position"),
    integer("level"),
    real("numeric_value"),
    text("label"),
)
HYPERPARAMETER_CONDITION = table(
    "core",
    "hyperparameter_condition",
    "One row per level of another hyperparameter that a conditional one needs (one of each) to be active, with the "
    "number of the space's configurations.",
    integer("search_space_id"),
    integer("position"),
    integer("parent_position"),
    integer("parent_level"),
    integer("default_level"),
    bigint("configuration_count"),
)
EVALUATION = table(
    "core",
    "evaluation",
    "One row per measured value: configuration x benchmark x fidelity x seed x fold x metric x split.",
    integer("search_space_id"),
    bigint("configuration_id"),
    integer("benchmark_id"),
    real("fidelity"),
    bigint("seed", null=True),
    integer("fold", null=True),
    integer("metric_id"),
    text("split"),
    real("value"),
    real("cost"),
    text("status"),
    integer("source_id"),
    one_of("split", "train", "valid", "test"),
    one_of("status", *STATUSES),
)
RUN = table(
    "core",
    "run",
    "One row per run: algorithm x benchmark x seed x factors within an experiment.",
    integer("run_id"),
    integer("experiment_id"),
    integer("algorithm_id"),
    integer("benchmark_id"),
    bigint("seed", null=True),
    integer("sweep_id", null=True),
    integer("source_id"),
)
RUN_FACTOR = table(
    "core",
    "run_factor",
    "One row per run and further factor of the experiment (such as the quality of a prior).",
    integer("run_id"),
    text("name"),
    real("numeric_value"),
    text("text_value"),
)
TRACE = table(
    "core",
    "trace",
    "One row per run, metric and budget: the value reported when that budget was spent.",
    integer("run_id"),
    integer("metric_id"),
    real("budget", null=False),
    real("value"),
    text("status"),
    integer("source_id"),
    one_of("status", *STATUSES),
)
