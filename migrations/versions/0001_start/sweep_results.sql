-- `result`, sweeps: what was used, what mattered, how sure that is, what to try next.

create table result.sweep_agreement (
    analysis_run_id integer not null,
    metric_id integer not null,
    method_a text not null,
    method_b text not null,
    hyperparameter_count integer not null,
    tau double,
    is_same_first boolean,
    reason text
);
comment on table result.sweep_agreement is 'One row per analysis run, metric and pair of importance methods: how far they order hyperparameters alike.';

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

create table result.sweep_column (
    analysis_run_id integer not null,
    metric_id integer not null,
    position integer not null,
    name text not null,
    role text not null,
    kind text not null,
    is_log boolean not null,
    present_count bigint not null,
    missing_count bigint not null,
    distinct_count bigint not null,
    imputed_count bigint not null,
    imputed_value double,
    level_count integer not null,
    note text,
    check (kind in ('numeric', 'categorical')),
    check (role in ('used', 'constant', 'identifier', 'sparse', 'empty', 'duplicate'))
);
comment on table result.sweep_column is 'One row per analysis run, metric and hyperparameter: whether and how it was used, and what was imputed.';

create table result.sweep_confounding (
    analysis_run_id integer not null,
    metric_id integer not null,
    hyperparameter_a text not null,
    hyperparameter_b text not null,
    method text not null,
    trial_count bigint not null,
    coefficient double not null,
    is_confounded boolean not null,
    check (method in ('spearman', 'eta', 'cramer'))
);
comment on table result.sweep_confounding is 'One row per analysis run, metric and pair of hyperparameters that were varied together (association >= 0.3).';

create table result.sweep_correlation (
    analysis_run_id integer not null,
    metric_id integer not null,
    hyperparameter text not null,
    method text not null,
    trial_count bigint not null,
    coefficient double,
    lower double,
    upper double,
    p double,
    p_adjusted double,
    reason text,
    check (method in ('pearson', 'spearman', 'eta2'))
);
comment on table result.sweep_correlation is 'One row per analysis run, metric, hyperparameter and method: its association with the metric, 95 % interval.';

create table result.sweep_dependence (
    analysis_run_id integer not null,
    metric_id integer not null,
    hyperparameter text not null,
    position integer not null,
    numeric_value double,
    level text,
    mean double not null,
    lower double not null,
    upper double not null
);
comment on table result.sweep_dependence is 'One row per analysis run, metric, hyperparameter and value: the surrogate''s mean prediction there.';

create table result.sweep_front (
    analysis_run_id integer not null,
    trial_id integer not null,
    front integer not null
);
comment on table result.sweep_front is 'One row per analysis run and trial with a value of every metric: its front (1: no other trial dominates it).';

create table result.sweep_importance (
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
comment on table result.sweep_importance is 'One row per analysis run, metric, method and hyperparameter (or pair): its importance and whether that holds.';

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

create table result.sweep_model (
    analysis_run_id integer not null,
    metric_id integer not null,
    model text not null,
    trial_count bigint not null,
    r_squared double,
    r_squared_left_out double,
    r_squared_sd double,
    verdict text not null,
    reason text,
    check (model in ('ols', 'extra_trees', 'random_forest')),
    check (verdict in ('usable', 'weak', 'worthless', 'unknown'))
);
comment on table result.sweep_model is 'One row per analysis run, metric and model: how well it predicts trials that it has not seen.';

create table result.sweep_range (
    analysis_run_id integer not null,
    metric_id integer not null,
    hyperparameter text not null,
    level text,
    best_count bigint not null,
    lower double,
    lower_from double,
    lower_to double,
    upper double,
    upper_from double,
    upper_to double,
    tried_lower double,
    tried_upper double,
    share double,
    share_from double,
    share_to double,
    tried_share double,
    reason text
);
comment on table result.sweep_range is 'One row per analysis run, metric and hyperparameter (or level): where the best tenth of the trials lies.';

create table result.sweep_shapley (
    analysis_run_id integer not null,
    metric_id integer not null,
    trial_id integer not null,
    hyperparameter text not null,
    value double not null
);
comment on table result.sweep_shapley is 'One row per analysis run, metric, explained trial and hyperparameter: what it adds to the surrogate''s prediction.';

create table result.sweep_step (
    analysis_run_id integer not null,
    metric_id integer not null,
    step bigint not null,
    trial_count bigint not null,
    spearman double,
    lower double,
    upper double,
    kept_share double,
    reason text
);
comment on table result.sweep_step is 'One row per analysis run, metric and step: what the intermediate values say about the final ones.';

create table result.sweep_suggestion (
    analysis_run_id integer not null,
    metric_id integer not null,
    suggestion integer not null,
    hyperparameter text not null,
    numeric_value double,
    text_value text,
    predicted double not null,
    deviation double not null,
    expected_improvement double not null,
    model text not null
);
comment on table result.sweep_suggestion is 'One row per analysis run, metric, suggested configuration and hyperparameter, with the model''s prediction.';

create table result.sweep_summary (
    analysis_run_id integer not null,
    sweep_id integer not null,
    metric_id integer not null,
    trial_count bigint not null,
    finished_count bigint not null,
    failed_count bigint not null,
    pruned_count bigint not null,
    open_count bigint not null,
    used_count bigint not null,
    column_count integer not null,
    used_column_count integer not null,
    best_value double,
    best_trial_id integer,
    median_value double,
    target text,
    reason text,
    check (target in ('value', 'rank'))
);
comment on table result.sweep_summary is 'One row per analysis run and metric: how many trials there are, how many have a value, the best of them.';

create table result.sweep_surface (
    analysis_run_id integer not null,
    metric_id integer not null,
    hyperparameter_a text not null,
    hyperparameter_b text not null,
    position_a integer not null,
    position_b integer not null,
    numeric_a double,
    numeric_b double,
    level_a text,
    level_b text,
    mean double not null
);
comment on table result.sweep_surface is 'One row per analysis run, metric and cell of the strongest pair: the surrogate''s mean prediction there.';

create table result.sweep_term (
    analysis_run_id integer not null,
    metric_id integer not null,
    position integer not null,
    term text not null,
    hyperparameter text,
    level text,
    coefficient double,
    standardised double,
    standard_error double,
    t double,
    p double,
    lower double,
    upper double,
    vif double,
    reason text
);
comment on table result.sweep_term is 'One row per analysis run, metric and term of the least-squares model.';

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

create table result.sweep_untried (
    analysis_run_id integer not null,
    metric_id integer not null,
    hyperparameter_a text not null,
    hyperparameter_b text not null,
    part_a text not null,
    part_b text not null,
    expected double not null
);
comment on table result.sweep_untried is 'One row per analysis run, metric and combination of two hyperparameters'' parts that no trial has.';
