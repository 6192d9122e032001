-- `result`: loss landscapes. Every number carries its conventions (`parameters` of the analysis run, `epsilon`).

create table result.landscape_autocorrelation (
    analysis_run_id integer not null,
    lag integer not null,
    loss_exact double,
    rank_exact double,
    rank_sampled double,
    rank_sampled_error double,
    reason text
);
comment on table result.landscape_autocorrelation is 'One row per analysis run and lag: the stationary random walk''s autocorrelation, exact, and sampled as a check.';

create table result.landscape_gap (
    analysis_run_id integer not null,
    position integer not null,
    hyperparameter text not null,
    main_share double,
    total_share double,
    tree_importance double,
    reason text
);
comment on table result.landscape_gap is 'One row per analysis run and hyperparameter: what of the gap between test and train loss it explains.';

create table result.landscape_gap_node (
    analysis_run_id integer not null,
    configuration_id bigint not null,
    train_loss double,
    test_loss double,
    gap double,
    train_rank double,
    test_rank double
);
comment on table result.landscape_gap_node is 'One row per analysis run and configuration: train loss, test loss, their difference and both rankings.';

create table result.landscape_importance (
    analysis_run_id integer not null,
    scope text not null,
    position integer not null,
    hyperparameter text not null,
    method text not null,
    main_share double,
    total_share double,
    tunability_alone double,
    tunability_shapley double,
    ablation_shapley double,
    reason text
);
comment on table result.landscape_importance is 'One row per analysis run, scope (all, best_10) and hyperparameter: its shares of the variance and of the gain.';

create table result.landscape_interaction (
    analysis_run_id integer not null,
    scope text not null,
    position_a integer not null,
    position_b integer not null,
    hyperparameter_a text not null,
    hyperparameter_b text not null,
    pair_share double,
    square_count bigint,
    additive_share double,
    magnitude_share double,
    sign_share double,
    reciprocal_share double,
    tunability_interaction double,
    reason text
);
comment on table result.landscape_interaction is 'One row per analysis run, scope (all, best_10) and pair of hyperparameters: variance share, kinds of interaction.';

create table result.landscape_lon_edge (
    analysis_run_id integer not null,
    perturbation integer not null,
    from_id bigint not null,
    to_id bigint not null,
    escape_count bigint not null,
    probability double
);
comment on table result.landscape_lon_edge is 'One row per analysis run, perturbation length and pair of optima: how often an escape from one ends in the other.';

create table result.landscape_metric (
    analysis_run_id integer not null,
    name text not null,
    value double,
    reason text,
    lower double,
    upper double,
    pair_count bigint
);
comment on table result.landscape_metric is 'One row per analysis run and metric: its value, or NULL with the reason; an interval where it is an estimate.';

create table result.landscape_neutrality (
    analysis_run_id integer not null,
    epsilon double,
    relative_epsilon double,
    neutrality double,
    pair_count bigint not null
);
comment on table result.landscape_neutrality is 'One row per analysis run and epsilon: the share of neighbour pairs whose losses differ by no more than that.';

create table result.landscape_node (
    analysis_run_id integer not null,
    configuration_id bigint not null,
    loss double,
    degree integer not null,
    improving_count integer not null,
    neutral_count integer not null,
    tied_count integer not null,
    best_neighbour_id bigint,
    plateau_id bigint not null,
    is_local_optimum boolean not null,
    basin_id bigint not null,
    step_count integer not null,
    optimum_distance integer not null,
    is_monotone boolean not null
);
comment on table result.landscape_node is 'One row per analysis run and configuration: its neighbourhood, plateau, basin and way to the optimum.';

create table result.landscape_optimum (
    analysis_run_id integer not null,
    configuration_id bigint not null,
    loss double,
    member_count bigint not null,
    basin_size bigint not null,
    optimum_distance integer not null,
    is_global boolean not null,
    page_rank double,
    strength_in double,
    strength_out double,
    path_length double,
    funnel_id bigint
);
comment on table result.landscape_optimum is 'One row per analysis run and local optimum (a plateau counts once), with its basin and its place in the network.';

create table result.landscape_plateau (
    analysis_run_id integer not null,
    plateau_id bigint not null,
    loss double,
    member_count bigint not null,
    exit_count bigint not null,
    is_local_optimum boolean not null
);
comment on table result.landscape_plateau is 'One row per analysis run and plateau of at least two exactly tied, connected configurations.';

create table result.landscape_quantile (
    analysis_run_id integer not null,
    probability double,
    loss double
);
comment on table result.landscape_quantile is 'One row per analysis run and probability: the quantile of the loss over the configurations.';

create table result.landscape_run (
    analysis_run_id integer not null,
    run_id integer not null,
    algorithm_id integer not null,
    seed bigint,
    trial_count integer not null,
    distinct_count integer not null,
    final_configuration_id bigint,
    final_loss double,
    final_regret double,
    final_basin_id bigint,
    is_final_optimum boolean,
    is_final_global_basin boolean,
    global_basin_share double,
    basin_count integer not null,
    reason text
);
comment on table result.landscape_run is 'One row per analysis run and optimiser run on the landscape: where its trials fell and where it ended.';

create table result.landscape_run_step (
    analysis_run_id integer not null,
    run_id integer not null,
    trial_number bigint not null,
    configuration_id bigint not null,
    loss double,
    basin_id bigint
);
comment on table result.landscape_run_step is 'One row per analysis run, optimiser run and improvement of its incumbent: the path over the landscape.';

create table result.landscape_similarity (
    analysis_run_id integer not null,
    search_space_id integer not null,
    aspect text not null,
    context text not null,
    landscape_a text not null,
    landscape_b text not null,
    measure text not null,
    value double,
    reason text,
    configuration_count bigint not null
);
comment on table result.landscape_similarity is 'One row per analysis run, ordered pair of landscapes of one space and measure: how alike they are.';

create table result.landscape_subject (
    analysis_run_id integer not null,
    search_space_id integer not null,
    benchmark_id integer not null,
    metric_id integer not null,
    split text not null,
    fidelity double,
    seed bigint,
    direction text not null,
    cardinality bigint not null,
    configuration_count bigint not null,
    coverage double,
    epsilon double,
    epsilon_rule text not null,
    best_configuration_id bigint,
    best_loss double,
    default_configuration_id bigint,
    engine text not null
);
comment on table result.landscape_subject is 'One row per analysis run of a landscape: which landscape it was and how it was read.';
