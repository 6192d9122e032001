"""Pairs in words and numbers, analyses of variance, comparisons at all budgets, benchmarks to run next and odd ones.

Revision: 0011
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create `result.lmem_pair`, `lmem_anova`, `lmem_anytime`, `lmem_anytime_pair`, `lmem_next` and `lmem_anomaly_why`."""
    connection = op.get_bind()
    connection.exec_driver_sql("""
create table result.lmem_pair (
    analysis_run_id integer not null,
    model text not null,
    factor text not null,
    setting text not null,
    "first" text not null,
    "second" text not null,
    method text not null,
    estimate double,
    lower double,
    upper double,
    p_value double,
    p_adjusted double,
    p_permutation double,
    p_permutation_adjusted double,
    permutation_count integer,
    e_value double,
    ratio double,
    ratio_lower double,
    ratio_upper double,
    standardised double,
    standardised_lower double,
    standardised_upper double,
    probability double,
    probability_lower double,
    probability_upper double,
    region double,
    region_from text not null,
    p_equivalence double,
    p_equivalence_adjusted double,
    better text,
    is_equivalent boolean,
    sentence text not null,
    reason text
)
""")
    connection.exec_driver_sql(
        "comment on table result.lmem_pair is 'One row per setting and pair of levels: difference, ratio, P(ahead "
        "on a new benchmark), equivalence, in words.'"
    )
    connection.exec_driver_sql("""
create table result.lmem_anova (
    analysis_run_id integer not null,
    model text not null,
    position integer not null,
    term text not null,
    stratum text not null,
    df1 integer,
    df2 double,
    statistic double,
    p_value double,
    method text,
    reason text
)
""")
    connection.exec_driver_sql(
        "comment on table result.lmem_anova is 'One row per model and fixed term: the joint F test that it has no effect, "
        "and the strata in which it is judged.'"
    )
    connection.exec_driver_sql("""
create table result.lmem_anytime (
    analysis_run_id integer not null,
    "first" text not null,
    "second" text not null,
    budget double,
    estimate double,
    lower double,
    upper double,
    p_adjusted double,
    benchmark_count integer not null,
    better text,
    reason text
)
""")
    connection.exec_driver_sql(
        "comment on table result.lmem_anytime is 'One row per pair of algorithms and budget: their difference, with a band "
        "that holds for all pairs and budgets.'"
    )
    connection.exec_driver_sql("""
create table result.lmem_anytime_pair (
    analysis_run_id integer not null,
    "first" text not null,
    "second" text not null,
    leader text,
    from_budget double,
    ahead_count_first integer not null,
    ahead_count_second integer not null,
    budget_count integer not null,
    is_at_all_budgets boolean not null,
    p_any double,
    sentence text not null
)
""")
    connection.exec_driver_sql(
        "comment on table result.lmem_anytime_pair is 'One row per pair of algorithms: who leads at the last budget and "
        "from which on, corrected for pairs and budgets.'"
    )
    connection.exec_driver_sql("""
create table result.lmem_next (
    analysis_run_id integer not null,
    "position" integer not null,
    benchmark text not null,
    kind text not null,
    distance double,
    why text not null,
    check (kind in ('incomplete', 'new'))
)
""")
    connection.exec_driver_sql(
        "comment on table result.lmem_next is 'One row per benchmark to run next: those that lack algorithms, then those "
        "most unlike the ones that were run.'"
    )
    connection.exec_driver_sql("""
create table result.lmem_anomaly_why (
    analysis_run_id integer not null,
    benchmark text not null,
    "first" text not null,
    "second" text not null,
    factor text not null,
    budget double,
    algorithm text not null,
    "level" text not null,
    run_count integer not null,
    smallest double,
    lower_quartile double,
    median double,
    upper_quartile double,
    largest double,
    standard_deviation double,
    spread_ratio double,
    mode_lower double,
    mode_upper double,
    p_two_modes double,
    p_adjusted double,
    reason text
)
""")
    connection.exec_driver_sql(
        "comment on table result.lmem_anomaly_why is 'One row per anomalous benchmark, algorithm and level: how its runs are "
        "distributed, and a test for two modes.'"
    )
    connection.exec_driver_sql("alter table result.lmem_power add column power_low double")
