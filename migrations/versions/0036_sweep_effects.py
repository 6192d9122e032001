"""Sweeps: Shapley values, products of hyperparameters, budgets and the trade-off of metrics.

Revision: 0036
"""

from __future__ import annotations

from alembic import op

revision = "0036"
down_revision = "0033"

IMPORTANCE = """
create table result.sweep_importance_new (
    analysis_run_id integer not null,
    metric_id integer not null,
    method text not null,
    hyperparameter text not null,
    hyperparameter_b text,
    importance double,
    deviation double,
    lower double,
    upper double,
    chance double,
    place integer,
    r_squared double,
    verdict text not null,
    reason text,
    check (method in ('ols_drop', 'impurity', 'permutation', 'shapley', 'fanova', 'fanova_pair', 'near_best')),
    check (verdict in ('usable', 'weak', 'worthless', 'unknown'))
);

insert into result.sweep_importance_new select * from result.sweep_importance;

drop table result.sweep_importance;

alter table result.sweep_importance_new rename to sweep_importance;

comment on table result.sweep_importance is 'One row per analysis run, metric, method and hyperparameter (or pair): its importance and whether that holds.';
"""

TABLES = """
create table result.sweep_budget (
    analysis_run_id integer not null,
    metric_id integer not null,
    kind text not null,
    trial_count bigint not null,
    spearman double,
    lower double,
    upper double,
    p double,
    least double,
    most double,
    reason text,
    check (kind in ('steps', 'duration'))
);
comment on table result.sweep_budget is 'One row per analysis run, metric and kind of budget: whether trials that were given more end better.';

create table result.sweep_interaction (
    analysis_run_id integer not null,
    metric_id integer not null,
    hyperparameter_a text not null,
    level_a text,
    hyperparameter_b text not null,
    level_b text,
    partial_correlation double not null,
    p_adjusted double not null
);
comment on table result.sweep_interaction is 'One row per analysis run, metric and product of two hyperparameters that explains what neither explains alone.';

create table result.sweep_shapley (
    analysis_run_id integer not null,
    metric_id integer not null,
    trial_id integer not null,
    hyperparameter text not null,
    value double not null
);
comment on table result.sweep_shapley is 'One row per analysis run, metric, explained trial and hyperparameter: what it adds to the surrogate''s prediction.';

create table result.sweep_tradeoff (
    analysis_run_id integer not null,
    metric_a_id integer not null,
    metric_b_id integer not null,
    trial_count bigint not null,
    spearman double,
    lower double,
    upper double,
    front_count bigint not null,
    reason text
);
comment on table result.sweep_tradeoff is 'One row per analysis run and two metrics: the rank correlation of their losses, and how many trials none beats.';
"""


def upgrade() -> None:
    """Create the tables; a check cannot be altered, so the table of importances is made anew with its rows."""
    for statement in (IMPORTANCE + TABLES).split(";\n"):
        if statement.strip():
            op.execute(statement)
