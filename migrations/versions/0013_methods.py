"""Importances by every method, their agreement, and distances of data sets beside likeness of landscapes.

Revision: 0013
"""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Create `result.landscape_method`, `landscape_agreement` and `landscape_mantel`."""
    connection = op.get_bind()
    connection.exec_driver_sql("""
create table result.landscape_method (
    analysis_run_id integer not null,
    search_space_id integer not null,
    benchmark_id integer not null,
    metric_id integer not null,
    split text not null,
    fidelity double,
    seed bigint,
    method text not null,
    position integer not null,
    hyperparameter text not null,
    value double,
    share double,
    place double,
    reason text
)
""")
    connection.exec_driver_sql(
        "comment on table result.landscape_method is 'One row per landscape, method and hyperparameter: how important it "
        "is by that method, and its place.'"
    )
    connection.exec_driver_sql("""
create table result.landscape_agreement (
    analysis_run_id integer not null,
    search_space_id integer not null,
    metric_id integer not null,
    split text not null,
    fidelity double,
    seed bigint,
    kind text not null,
    method_a text not null,
    method_b text not null,
    benchmark_count integer not null,
    value_count integer not null,
    spearman double,
    lower double,
    upper double,
    least double,
    most double,
    top_share double,
    reason text,
    check (kind in ('methods', 'data sets'))
)
""")
    connection.exec_driver_sql(
        "comment on table result.landscape_agreement is 'One row per pair of methods on the same data set, and per method "
        "on two data sets: do they order the hyperparameters alike.'"
    )
    connection.exec_driver_sql("""
create table result.landscape_mantel (
    analysis_run_id integer not null,
    search_space_id integer not null,
    metric_id integer not null,
    split text not null,
    fidelity double,
    measure text not null,
    benchmark_count integer not null,
    feature_count integer not null,
    coefficient double,
    p_value double,
    adjusted_p_value double,
    permutation_count integer,
    reason text
)
""")
    connection.exec_driver_sql(
        "comment on table result.landscape_mantel is 'One row per search space, metric, split and measure of likeness: are "
        "landscapes of data sets with like meta-features alike.'"
    )
