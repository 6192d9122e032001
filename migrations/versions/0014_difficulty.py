"""Regrets predicted from landscapes' numbers; landscapes over their fidelities, and with costs.

Revision: 0014
"""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Create `result.landscape_difficulty`, `landscape_prediction`, `landscape_film` and `landscape_front`."""
    connection = op.get_bind()
    connection.exec_driver_sql("""
create table result.landscape_difficulty (
    analysis_run_id integer not null,
    algorithm_id integer,
    case_count integer not null,
    data_set_count integer not null,
    skill double,
    lower double,
    upper double,
    p_value double,
    adjusted_p_value double,
    is_learned boolean,
    reason text
)
""")
    connection.exec_driver_sql(
        "comment on table result.landscape_difficulty is 'One row per algorithm, and one (algorithm_id NULL) for the "
        "choice among them: do landscapes'' numbers predict regrets on data sets left out.'"
    )
    connection.exec_driver_sql("""
create table result.landscape_prediction (
    analysis_run_id integer not null,
    search_space_id integer not null,
    benchmark_id integer not null,
    metric_id integer not null,
    split text not null,
    fidelity double,
    algorithm_id integer not null,
    predicted double,
    baseline double,
    observed double
)
""")
    connection.exec_driver_sql(
        "comment on table result.landscape_prediction is 'One row per landscape and algorithm: its regret predicted from "
        "the other data sets, their mean, and what its runs came to, as log10 of the relative regret plus 0.001.'"
    )
    connection.exec_driver_sql("""
create table result.landscape_film (
    analysis_run_id integer not null,
    search_space_id integer not null,
    benchmark_id integer not null,
    metric_id integer not null,
    split text not null,
    fidelity double,
    configuration_count bigint not null,
    optimum_configuration_id bigint not null,
    optimum_count bigint not null,
    optimum_distance integer not null,
    optimum_better_share double,
    best_share double,
    kept_share double,
    persistent_share double
)
""")
    connection.exec_driver_sql(
        "comment on table result.landscape_film is 'One row per landscape and fidelity: where its optimum stands, and how "
        "much of the full fidelity''s best tenth is among the best here.'"
    )
    connection.exec_driver_sql("""
create table result.landscape_front (
    analysis_run_id integer not null,
    search_space_id integer not null,
    benchmark_id integer not null,
    metric_id integer not null,
    split text not null,
    fidelity double,
    cost_name text not null,
    configuration_count bigint not null,
    front_count bigint,
    local_count bigint,
    local_front_share double,
    component_count bigint,
    largest_share double,
    chance_largest_share double,
    reason text
)
""")
    connection.exec_driver_sql(
        "comment on table result.landscape_front is 'One row per landscape and kind of cost: the Pareto front of loss and "
        "cost, what no neighbour beats, and how the front is connected.'"
    )
