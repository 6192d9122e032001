"""`core`, the tuner's side: sweeps of trials over free-form spaces."""

from __future__ import annotations

from hpowh.warehouse.schema.base import bigint, integer, key, moment, one_of, real, table, text
from hpowh.warehouse.schema.vocabulary import STATUSES

TRIAL_STATUSES = ("finished", "failed", "running", "pruned", "waiting")

SWEEP = table(
    "core",
    "sweep",
    "One row per sweep: the trials that one tuner ran towards one or several metrics.",
    key("sweep_id"),
    text("name"),
    text("tool"),
    integer("benchmark_id", null=True),
    integer("search_space_id", null=True),
    text("time_note", null=True),
    integer("source_id"),
)
SWEEP_METRIC = table(
    "core",
    "sweep_metric",
    "One row per sweep and metric that it optimises, in the tuner's order.",
    integer("sweep_id"),
    integer("position"),
    integer("metric_id"),
)
SWEEP_PARAMETER = table(
    "core",
    "sweep_parameter",
    "One row per sweep and declared hyperparameter, with its range or choices.",
    integer("sweep_id"),
    text("name"),
    text("value_type"),
    text("scale"),
    real("lower"),
    real("upper"),
    real("step"),
    text("choices", null=True),
    one_of("value_type", "int", "float", "bool", "text", "mixed"),
    one_of("scale", "linear", "log"),
)
SWEEP_CONSTRAINT = table(
    "core",
    "sweep_constraint",
    "One row per sweep and rule of its declared space: when a hyperparameter is active, or what may not be combined.",
    integer("sweep_id"),
    integer("position"),
    text("kind"),
    text("hyperparameter", null=True),
    text("rule"),
    text("definition"),
    one_of("kind", "condition", "forbidden"),
)
TRIAL = table(
    "core",
    "trial",
    "One row per trial of a sweep.",
    integer("trial_id"),
    integer("sweep_id"),
    text("name"),
    bigint("number"),
    text("status"),
    moment("started_at", null=True),
    moment("ended_at", null=True),
    real("duration"),
    bigint("configuration_id", null=True),
    integer("source_id"),
    one_of("status", *TRIAL_STATUSES),
)
TRIAL_PARAMETER = table(
    "core",
    "trial_parameter",
    "One row per trial and hyperparameter that it had.",
    integer("trial_id"),
    text("name"),
    real("numeric_value"),
    text("text_value"),
)
TRIAL_METRIC = table(
    "core",
    "trial_metric",
    "One row per trial, metric and step; step NULL is the trial's final value.",
    integer("trial_id"),
    integer("metric_id"),
    bigint("step", null=True),
    real("value"),
    text("status"),
    one_of("status", *STATUSES),
)
TRIAL_ATTRIBUTE = table(
    "core",
    "trial_attribute",
    "One row per trial and attribute that the user or the tuner attached to it, as JSON text.",
    integer("trial_id"),
    text("name"),
    text("value"),
)
