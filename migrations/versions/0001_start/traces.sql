-- `result`, first analyses: incumbent traces, regret, ranks within block, coverage.

create table result.coverage (
    analysis_run_id integer not null,
    algorithm_id integer not null,
    benchmark_id integer not null,
    setting text not null,
    run_count integer not null,
    expected_count integer not null,
    point_count bigint not null,
    unusable_count bigint not null,
    is_complete boolean not null,
    missing_seeds text not null
);
comment on table result.coverage is 'One row per analysis run, algorithm, benchmark and factor setting: which seeds are there, which are missing.';

create table result.run_regret (
    analysis_run_id integer not null,
    run_id integer not null,
    metric_id integer not null,
    setting text not null,
    final_budget double,
    final_incumbent double,
    final_regret double,
    final_normalized_regret double,
    anytime_normalized_regret double,
    final_rank double,
    block_size integer not null,
    reason text
);
comment on table result.run_regret is 'One row per analysis run, run and metric: final and anytime regret on the common axis and rank within its block.';

create table result.trace_axis (
    analysis_run_id integer not null,
    benchmark_id integer not null,
    metric_id integer not null,
    scale text,
    lower_budget double,
    upper_budget double,
    budget_count integer not null,
    run_count integer not null,
    early_end_count integer not null,
    best_known double,
    best_found_in text,
    worst double,
    reason text,
    check (scale in ('linear', 'log'))
);
comment on table result.trace_axis is 'One row per analysis run, benchmark and metric: the common budget axis, the best known and the worst value.';

create table result.trace_overall (
    analysis_run_id integer not null,
    metric_id integer,
    setting text not null,
    algorithm_id integer not null,
    position_unit text not null,
    position double not null,
    benchmark_count integer not null,
    normalized_regret_mean double,
    normalized_regret_lower double,
    normalized_regret_upper double,
    rank_mean double,
    rank_lower double,
    rank_upper double,
    reason text,
    check (position_unit in ('budget', 'fraction'))
);
comment on table result.trace_overall is 'One row per analysis run, metric, factor setting, algorithm and position: the mean over benchmarks. Metric NULL: every benchmark by its own only metric.';

create table result.trace_point (
    analysis_run_id integer not null,
    run_id integer not null,
    metric_id integer not null,
    budget double not null,
    incumbent double,
    regret double,
    normalized_regret double,
    block_rank double
);
comment on table result.trace_point is 'One row per analysis run, run, metric and budget of the common axis: the incumbent and its regret then.';

create table result.trace_summary (
    analysis_run_id integer not null,
    benchmark_id integer not null,
    metric_id integer not null,
    algorithm_id integer not null,
    setting text not null,
    budget double not null,
    run_count integer not null,
    incumbent_median double,
    incumbent_q25 double,
    incumbent_q75 double,
    regret_median double,
    regret_q25 double,
    regret_q75 double,
    normalized_regret_mean double,
    normalized_regret_lower double,
    normalized_regret_upper double,
    normalized_regret_sd double,
    rank_count integer not null,
    rank_mean double,
    rank_sd double,
    reason text
);
comment on table result.trace_summary is 'One row per analysis run, benchmark, metric, algorithm, factor setting and budget: the spread over seeds.';
