"""Sweeps: configurations, tests that share one level, levels, failures, sentences; what suggestions rest on.

Revision: 0005
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

COLUMNS = """
alter table result.sweep_summary add column configuration_count bigint;
alter table result.sweep_summary add column noise_share double;
alter table result.sweep_summary add column noise_deviation double;
alter table result.sweep_summary add column best_count bigint;
alter table result.sweep_summary add column best_deviation double;
alter table result.sweep_summary add column best_single_value double;
alter table result.sweep_summary add column best_single_trial_id integer;
alter table result.sweep_summary add column step bigint;
alter table result.sweep_range add column p double;
alter table result.sweep_suggestion add column success double;
"""

MODELS = """
create table result.sweep_model_new (
    analysis_run_id integer not null,
    metric_id integer not null,
    model text not null,
    trial_count bigint not null,
    r_squared double,
    r_squared_left_out double,
    r_squared_sd double,
    verdict text not null,
    reason text,
    least_leaf integer,
    check (model in ('ols', 'extra_trees', 'random_forest', 'gaussian_process')),
    check (verdict in ('usable', 'weak', 'worthless', 'unknown'))
);
insert into result.sweep_model_new select *, null from result.sweep_model;
drop table result.sweep_model;
alter table result.sweep_model_new rename to sweep_model;
comment on table result.sweep_model is 'One row per analysis run, metric and model: how well it predicts trials that it has not seen.';
"""

TABLES = """
create table result.sweep_claim (
    analysis_run_id integer not null,
    metric_id integer not null,
    kind text not null,
    hyperparameter text,
    p double,
    p_adjusted double,
    is_significant boolean not null,
    check (kind in ('hyperparameter', 'model', 'product', 'near_best'))
);
comment on table result.sweep_claim is 'One row per analysis run, metric and test on which a sentence rests: its p, and Holm''s adjustment over all.';

create table result.sweep_configuration (
    analysis_run_id integer not null,
    metric_id integer not null,
    trial_id integer not null,
    configuration integer not null,
    is_first boolean not null,
    repeat_count bigint not null,
    mean double not null,
    deviation double
);
comment on table result.sweep_configuration is 'One row per analysis run, metric and trial with a value: the configuration that it repeats, and their mean.';

create table result.sweep_effect (
    analysis_run_id integer not null,
    metric_id integer not null,
    hyperparameter text not null,
    method text not null,
    configuration_count bigint not null,
    share double,
    lower double,
    upper double,
    bound double,
    p double,
    p_adjusted double,
    slope double,
    reason text,
    check (method in ('levels', 'curve'))
);
comment on table result.sweep_effect is 'One row per analysis run, metric and hyperparameter: its share of the variance alone, and how large it may be.';

create table result.sweep_failure (
    analysis_run_id integer not null,
    metric_id integer not null,
    outcome text not null,
    position integer not null,
    setting text not null,
    hyperparameters text not null,
    trial_count bigint not null,
    bad_count bigint not null,
    other_count bigint not null,
    other_bad_count bigint not null,
    p double not null,
    p_adjusted double not null,
    check (outcome in ('failed', 'diverged', 'pruned'))
);
comment on table result.sweep_failure is 'One row per analysis run, metric and setting that separates trials that failed, diverged or were pruned.';

create table result.sweep_failure_reason (
    analysis_run_id integer not null,
    metric_id integer not null,
    outcome text not null,
    position integer not null,
    reason text not null,
    trial_count bigint not null,
    check (outcome in ('failed', 'diverged', 'pruned'))
);
comment on table result.sweep_failure_reason is 'One row per analysis run, metric and reason that failed trials give.';

create table result.sweep_level (
    analysis_run_id integer not null,
    metric_id integer not null,
    hyperparameter text not null,
    level text not null,
    configuration_count bigint not null,
    mean double not null,
    correlation double,
    p double,
    p_adjusted double,
    adjusted_difference double,
    adjusted_p double,
    reason text
);
comment on table result.sweep_level is 'One row per analysis run, metric and level of a category: against the other levels, alone and all else held.';

create table result.sweep_statement (
    analysis_run_id integer not null,
    metric_id integer not null,
    position integer not null,
    kind text not null,
    sentence text not null,
    figure text not null,
    is_claim boolean not null
);
comment on table result.sweep_statement is 'One row per analysis run, metric and sentence: what the analysis says, the most important first.';
"""


def upgrade() -> None:
    """Create the tables; a check cannot be altered, so the table of models is made anew with its rows."""
    for statement in (COLUMNS + MODELS + TABLES).split(";\n"):
        if statement.strip():
            op.execute(statement)
