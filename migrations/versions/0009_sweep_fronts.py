"""Sweeps: the analysis as commonly published, and several objectives at once.

Revision: 0009
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"

TABLES = """
create table result.sweep_published (
    analysis_run_id integer not null,
    metric_id integer not null,
    position integer not null,
    hyperparameter text not null,
    level text,
    correlation double,
    coefficient double not null,
    standard_error double,
    t double,
    p double,
    importance double not null,
    deviation double not null
);
create table result.sweep_rung (
    analysis_run_id integer not null,
    metric_id integer not null,
    step integer not null,
    configuration_count bigint not null,
    hyperparameter text not null,
    share double not null,
    lower double,
    upper double
);
create table result.sweep_hypervolume (
    analysis_run_id integer not null,
    position integer not null,
    trial_id integer not null,
    hypervolume double not null
);
create table result.sweep_front_suggestion (
    analysis_run_id integer not null,
    suggestion integer not null,
    hyperparameter text not null,
    numeric_value double,
    text_value text,
    success double
);
create table result.sweep_front_prediction (
    analysis_run_id integer not null,
    suggestion integer not null,
    metric_id integer not null,
    predicted double not null,
    deviation double not null
);
alter table result.sweep_front add column is_knee boolean
"""
COMMENTS = {
    "sweep_published": "One row per analysis run, metric and column (a number or a level's dummy): the analysis as "
    "commonly published.",
    "sweep_rung": "One row per analysis run, metric, step and hyperparameter: the share of the variance that it explains "
    "there.",
    "sweep_hypervolume": "One row per analysis run and configuration that enlarged the front: the share of the box "
    "dominated since.",
    "sweep_front_suggestion": "One row per analysis run, configuration suggested for the front of all metrics, and "
    "hyperparameter.",
    "sweep_front_prediction": "One row per analysis run, configuration suggested for the front, and metric: what a "
    "Gaussian process predicts.",
}


def upgrade() -> None:
    """Create the tables; fronts found before have no knee."""
    connection = op.get_bind()
    for statement in TABLES.split(";"):
        connection.exec_driver_sql(statement)
    for name, text in COMMENTS.items():
        connection.exec_driver_sql(f"comment on table result.{name} is '{text.replace(chr(39), 2 * chr(39))}'")
