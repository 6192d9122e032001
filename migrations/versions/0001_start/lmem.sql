-- `result`: mixed-effects models. `model` names a model within its analysis run (or a preset's or step's name).

create table result.lmem_anomaly (
    analysis_run_id integer not null,
    benchmark text not null,
    first text not null,
    second text not null,
    factor text not null,
    good_level text not null,
    bad_level text not null,
    budget double,
    run_count integer not null,
    difference_good double,
    difference_bad double,
    shift double,
    shift_lower double,
    shift_upper double,
    win_shift double,
    win_shift_lower double,
    win_shift_upper double,
    consensus_shift double,
    consensus_win_shift double,
    z_shift double,
    z_win_shift double,
    p_value double,
    p_adjusted double,
    is_reversed boolean not null,
    is_anomalous boolean not null,
    reason text,
    scale double
);
comment on table result.lmem_anomaly is 'One row per benchmark and budget: how the contrast of two algorithms shifts between two levels of a factor.';

create table result.lmem_comparison (
    analysis_run_id integer not null,
    comparison text not null,
    null_formula text not null,
    full_formula text not null,
    chi_square double,
    df double,
    p_value double,
    p_chi_square double,
    distribution text,
    p_bootstrap double,
    bootstrap_count integer,
    bootstrap_quantile double,
    is_refused boolean not null,
    reason text,
    p_permutation double,
    permutation_count integer
);
comment on table result.lmem_comparison is 'One row per likelihood-ratio test of two models; a refused one has NULLs and the reason.';

create table result.lmem_contrast (
    analysis_run_id integer not null,
    model text not null,
    factor text not null,
    setting text not null,
    contrast text not null,
    first text,
    second text,
    method text not null,
    estimate double,
    standard_error double,
    df double,
    t_value double,
    p_value double,
    p_adjusted double,
    lower double,
    upper double,
    effect_size double,
    reason text
);
comment on table result.lmem_contrast is 'One row per model, setting and contrast of marginal means; interval and p_adjusted are for the whole family.';

create table result.lmem_coverage (
    analysis_run_id integer not null,
    model text not null,
    level text not null,
    block text not null,
    row_count bigint not null
);
comment on table result.lmem_coverage is 'One row per model and pair of levels of its first fixed factor and first grouping factor: rows that are there.';

create table result.lmem_fixed_effect (
    analysis_run_id integer not null,
    model text not null,
    position integer not null,
    term text not null,
    estimate double,
    standard_error double,
    df double,
    t_value double,
    p_value double,
    lower double,
    upper double,
    reason text
);
comment on table result.lmem_fixed_effect is 'One row per model and fixed-effect term; a dropped term has NULL estimates and the reason.';

create table result.lmem_group (
    analysis_run_id integer not null,
    model text not null,
    factor text not null,
    setting text not null,
    direction text not null,
    group_number integer not null,
    level text not null,
    position integer not null,
    estimate double
);
comment on table result.lmem_group is 'One row per model, setting, group and level: levels of one group are joined by a bar in the CD diagram.';

create table result.lmem_ladder (
    analysis_run_id integer not null,
    direction text not null,
    step integer not null,
    action text not null,
    term text not null,
    formula text not null,
    log_likelihood double,
    aic double,
    bic double,
    chi_square double,
    df double,
    p_value double,
    is_kept boolean not null,
    reason text
);
comment on table result.lmem_ladder is 'One row per direction, step and candidate of the model ladder.';

create table result.lmem_marginal_mean (
    analysis_run_id integer not null,
    model text not null,
    factor text not null,
    level text not null,
    setting text not null,
    estimate double,
    standard_error double,
    df double,
    lower double,
    upper double,
    letters text,
    reason text
);
comment on table result.lmem_marginal_mean is 'One row per model, factor level and setting of the `by` factors: the estimated marginal mean.';

create table result.lmem_model (
    analysis_run_id integer not null,
    model text not null,
    formula text not null,
    response text not null,
    criterion text not null,
    row_count bigint not null,
    excluded_count bigint not null,
    cell_count bigint not null,
    parameter_count integer not null,
    log_likelihood double,
    deviance double,
    aic double,
    bic double,
    sigma double,
    r2_marginal double,
    r2_conditional double,
    residual_skewness double,
    residual_kurtosis double,
    is_singular boolean not null,
    is_converged boolean not null,
    evaluation_count integer not null,
    reason text
);
comment on table result.lmem_model is 'One row per analysis run and model: formula, likelihood, information criteria, R2, state of the fit.';

create table result.lmem_power (
    analysis_run_id integer not null,
    benchmark_count integer not null,
    seed_count integer not null,
    difference double,
    power double,
    lower double,
    upper double,
    replicate_count integer not null,
    power_analytic double,
    reason text
);
comment on table result.lmem_power is 'One row per design and true difference: the share of simulated experiments whose contrast is significant.';

create table result.lmem_preset (
    analysis_run_id integer not null,
    preset text not null,
    subject text not null,
    null_formula text,
    full_formula text,
    test text not null,
    statistic double,
    df1 double,
    df2 double,
    p_value double,
    p_adjusted double,
    is_significant boolean,
    estimate double,
    lower double,
    upper double,
    null_log_likelihood double,
    full_log_likelihood double,
    verdict text not null,
    reason text
);
comment on table result.lmem_preset is 'One row per preset question and subject (all algorithms, one benchmark, one meta-feature …): test and verdict.';

create table result.lmem_random_effect (
    analysis_run_id integer not null,
    model text not null,
    grouping_factor text not null,
    level text not null,
    term text not null,
    mode double,
    sd double
);
comment on table result.lmem_random_effect is 'One row per model, grouping factor, level and term: the conditional mode and its standard deviation.';

create table result.lmem_residual (
    analysis_run_id integer not null,
    model text not null,
    cell text not null,
    row_count bigint not null,
    fitted double,
    mean double,
    variance double,
    skewness double,
    kurtosis double,
    reason text
);
comment on table result.lmem_residual is 'One row per model and cell: moments of the conditional residuals of its rows.';

create table result.lmem_residual_bin (
    analysis_run_id integer not null,
    model text not null,
    lower double,
    upper double,
    row_count bigint not null,
    expected_count double
);
comment on table result.lmem_residual_bin is 'One row per model and bin of standardised residuals: rows found, and rows a normal distribution would put there.';

create table result.lmem_variance_component (
    analysis_run_id integer not null,
    model text not null,
    position integer not null,
    grouping_factor text not null,
    term text not null,
    other_term text,
    level_count integer,
    variance double,
    sd double,
    correlation double,
    lower double,
    upper double,
    is_singular boolean not null,
    reason text
);
comment on table result.lmem_variance_component is 'One row per model and (co)variance of its random effects; other_term is NULL for a variance. Interval of the sd.';
