-- `result`: rankings of algorithms, non-parametric and Bayesian. `setting` names the slice (budget, factors).

create table result.ranking_agreement (
    analysis_run_id integer not null,
    setting text not null,
    first text not null,
    second text not null,
    lmem_p_adjusted double,
    nemenyi_p double,
    wilcoxon_p_adjusted double,
    lmem_verdict text not null,
    nemenyi_verdict text not null,
    wilcoxon_verdict text not null,
    bayes_verdict text not null,
    is_agreed boolean not null,
    sentence text not null
);
comment on table result.ranking_agreement is 'One row per pair of algorithms: what the mixed model and the rank tests say, and whether they agree.';

create table result.ranking_algorithm (
    analysis_run_id integer not null,
    setting text not null,
    algorithm text not null,
    block_count integer not null,
    position integer not null,
    mean_rank double,
    mean_value double,
    median_value double
);
comment on table result.ranking_algorithm is 'One row per algorithm: its mean rank and where it stands.';

create table result.ranking_block (
    analysis_run_id integer not null,
    setting text not null,
    block text not null,
    algorithm text not null,
    value double,
    rank double
);
comment on table result.ranking_block is 'One row per block and algorithm: the value that was ranked and its rank in the block (1 is best).';

create table result.ranking_group (
    analysis_run_id integer not null,
    setting text not null,
    method text not null,
    direction text not null,
    group_number integer not null,
    algorithm text not null,
    position integer not null,
    mean_rank double
);
comment on table result.ranking_group is 'One row per method, group and algorithm: algorithms of one group are joined by a bar in the CD diagram.';

create table result.ranking_pair (
    analysis_run_id integer not null,
    setting text not null,
    test text not null,
    first text not null,
    second text not null,
    estimate double,
    statistic double,
    p_value double,
    p_adjusted double,
    probability_first double,
    probability_rope double,
    probability_second double,
    is_different boolean,
    reason text
);
comment on table result.ranking_pair is 'One row per test and pair of algorithms; the Bayesian tests give three probabilities in place of a p-value.';

create table result.ranking_test (
    analysis_run_id integer not null,
    setting text not null,
    test text not null,
    statistic double,
    df1 double,
    df2 double,
    p_value double,
    critical_difference double,
    block_count integer not null,
    dropped_count integer not null,
    reason text
);
comment on table result.ranking_test is 'One row per test of all algorithms at once (Friedman, Iman-Davenport) and per critical difference.';
