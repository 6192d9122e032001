-- `result`: what whole grids show across fidelities, data sets and models; the claims of the literature beside it.

create table result.landscape_claim (
    analysis_run_id integer not null,
    scope text not null,
    position integer not null,
    claim text not null,
    section text not null,
    statement text not null,
    measure text not null,
    rule text not null,
    median double,
    lower double,
    upper double,
    least double,
    most double,
    value_count integer not null,
    benchmark_count integer not null,
    verdict text,
    reason text
);
comment on table result.landscape_claim is 'One row per analysis run, scope (all or a search space) and claim of the literature, with the number here.';

create table result.landscape_default (
    analysis_run_id integer not null,
    search_space_id integer not null,
    benchmark_id integer not null,
    metric_id integer not null,
    split text not null,
    fidelity double,
    configuration_id bigint,
    regret double,
    regret_relative double,
    better_share double,
    is_noise boolean,
    held_out_configuration_id bigint,
    held_out_regret double,
    held_out_regret_relative double,
    held_out_better_share double,
    is_held_out_noise boolean,
    noise_floor double,
    reason text
);
comment on table result.landscape_default is 'One row per analysis run and landscape: what the best common configuration of the data sets costs there.';

create table result.landscape_fidelity (
    analysis_run_id integer not null,
    search_space_id integer not null,
    benchmark_id integer not null,
    metric_id integer not null,
    split text not null,
    fidelity double,
    full_fidelity double,
    configuration_count bigint not null,
    spearman double,
    kendall double,
    shake_up double,
    best_overlap_1 double,
    best_overlap_5 double,
    best_overlap_10 double,
    best_overlap_25 double,
    worst_overlap_10 double,
    importance_agreement double,
    regret double,
    regret_relative double,
    noise_floor double,
    is_noise boolean,
    top_share double,
    has_optimum boolean,
    is_cheapest boolean not null,
    cost double,
    cost_share double,
    saved_share double,
    reliability double,
    reason text
);
comment on table result.landscape_fidelity is 'One row per analysis run, landscape and fidelity: how it agrees with the full fidelity, what it costs and saves.';

create table result.landscape_model (
    analysis_run_id integer not null,
    data_set text not null,
    metric_id integer not null,
    split text not null,
    model text not null,
    search_space_id integer not null,
    benchmark_id integer not null,
    fidelity double,
    configuration_count bigint not null,
    place integer not null,
    best_loss double,
    median_loss double,
    difference double,
    noise_floor double,
    is_noise boolean,
    cost double
);
comment on table result.landscape_model is 'One row per analysis run, data set, metric, split and model: how its best configuration stands.';

create table result.landscape_noise (
    analysis_run_id integer not null,
    search_space_id integer not null,
    benchmark_id integer not null,
    metric_id integer not null,
    split text not null,
    fidelity double,
    configuration_count bigint not null,
    unit_count integer not null,
    fold_count integer not null,
    residual_sd double,
    noise_floor double,
    within_count bigint,
    reliability double,
    best_configuration_id bigint not null,
    best_loss double,
    median_loss double,
    reason text
);
comment on table result.landscape_noise is 'One row per analysis run and landscape: by how much two configurations must differ to be told apart.';

create table result.landscape_relation (
    analysis_run_id integer not null,
    search_space_id integer not null,
    metric_id integer not null,
    split text not null,
    feature text not null,
    target text not null,
    benchmark_count integer not null,
    coefficient double,
    lower double,
    upper double,
    p_value double,
    adjusted_p_value double,
    reason text
);
comment on table result.landscape_relation is 'One row per analysis run, search space, metric, split, meta-feature and number: do they go together.';
