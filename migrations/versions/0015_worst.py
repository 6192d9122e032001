"""Importances with failed trials as the worst ones.

Revision: 0015
"""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"

STATEMENTS = """
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
    check (
        method in (
            'ols_drop', 'impurity', 'permutation', 'permutation_worst', 'shapley', 'fanova', 'fanova_pair', 'near_best'
        )
    ),
    check (verdict in ('usable', 'weak', 'worthless', 'unknown'))
);
insert into result.sweep_importance_new select * from result.sweep_importance;
drop table result.sweep_importance;
alter table result.sweep_importance_new rename to sweep_importance;
comment on table result.sweep_importance is
'One row per analysis run, metric, method and hyperparameter (or pair): its importance and whether that holds.';
"""


def upgrade() -> None:
    """Let `result.sweep_importance` hold the method `permutation_worst`."""
    connection = op.get_bind()
    for statement in filter(None, map(str.strip, STATEMENTS.split(";"))):
        connection.exec_driver_sql(statement)
