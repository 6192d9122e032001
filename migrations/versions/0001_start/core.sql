-- `core`: what was measured. Facts are narrow and typed; names live in dimensions.

create table core.algorithm (
    algorithm_id integer not null,
    name text not null,
    primary key (algorithm_id)
);
comment on table core.algorithm is 'One row per algorithm: an optimiser that is compared.';

create table core.benchmark (
    benchmark_id integer not null,
    name text not null,
    primary key (benchmark_id)
);
comment on table core.benchmark is 'One row per benchmark: a task (model, data set, metric to optimise) on which configurations are evaluated.';

create table core.benchmark_feature (
    benchmark_id integer not null,
    name text not null,
    numeric_value double,
    text_value text,
    source_id integer not null
);
comment on table core.benchmark_feature is 'One row per benchmark and meta-feature, as a number or as text.';

create table core.evaluation (
    search_space_id integer not null,
    configuration_id bigint not null,
    benchmark_id integer not null,
    fidelity double,
    seed bigint,
    fold integer,
    metric_id integer not null,
    split text not null,
    value double,
    cost double,
    status text not null,
    source_id integer not null,
    check (split in ('train', 'valid', 'test')),
    check (status in ('ok', 'nan', 'inf', 'neg_inf', 'failed', 'diverged', 'timeout', 'memory', 'missing'))
);
comment on table core.evaluation is 'One row per measured value: configuration x benchmark x fidelity x seed x fold x metric x split.';

create table core.experiment (
    experiment_id integer not null,
    name text not null,
    primary key (experiment_id)
);
comment on table core.experiment is 'One row per benchmarking experiment: runs that were made to be compared with one another.';

create table core.hyperparameter (
    search_space_id integer not null,
    position integer not null,
    name text not null,
    kind text not null,
    value_type text not null,
    scale text not null,
    cardinality integer not null,
    stride bigint not null,
    check (kind in ('ordinal', 'categorical')),
    check (value_type in ('int', 'float', 'bool', 'text')),
    check (scale in ('linear', 'log'))
);
comment on table core.hyperparameter is 'One row per hyperparameter of a search space, in the order of the configuration rank.';

create table core.hyperparameter_level (
    search_space_id integer not null,
    position integer not null,
    level integer not null,
    numeric_value double,
    label text not null
);
comment on table core.hyperparameter_level is 'One row per level of a hyperparameter; level 0 comes first.';

create table core.metric (
    metric_id integer not null,
    name text not null,
    direction text not null,
    lower_bound double,
    upper_bound double,
    unit text,
    primary key (metric_id),
    check (direction in ('min', 'max'))
);
comment on table core.metric is 'One row per metric, with the direction in which it is better and its bounds where it has any.';

create table core.run (
    run_id integer not null,
    experiment_id integer not null,
    algorithm_id integer not null,
    benchmark_id integer not null,
    seed bigint,
    sweep_id integer,
    source_id integer not null
);
comment on table core.run is 'One row per run: algorithm x benchmark x seed x factors within an experiment.';

create table core.run_factor (
    run_id integer not null,
    name text not null,
    numeric_value double,
    text_value text not null
);
comment on table core.run_factor is 'One row per run and further factor of the experiment (such as the quality of a prior).';

create table core.search_space (
    search_space_id integer not null,
    name text not null,
    fingerprint text not null,
    cardinality bigint not null,
    source_id integer not null,
    primary key (search_space_id)
);
comment on table core.search_space is 'One row per search space; its definition never changes: other levels are another space.';

create table core.source (
    source_id integer not null,
    kind text not null,
    name text not null,
    uri text not null,
    fingerprint text not null,
    row_count bigint not null,
    refused_count bigint not null,
    options text not null,
    ingested_at timestamp with time zone not null,
    program_version text not null,
    primary key (source_id)
);
comment on table core.source is 'One row per ingested source: a file, folder, package or storage at one state of its content.';

create table core.trace (
    run_id integer not null,
    metric_id integer not null,
    budget double not null,
    value double,
    status text not null,
    source_id integer not null,
    check (status in ('ok', 'nan', 'inf', 'neg_inf', 'failed', 'diverged', 'timeout', 'memory', 'missing'))
);
comment on table core.trace is 'One row per run, metric and budget: the value reported when that budget was spent.';
