-- `core`, the tuner's side: sweeps of trials over free-form spaces.

create table core.sweep (
    sweep_id integer not null,
    name text not null,
    tool text not null,
    benchmark_id integer,
    search_space_id integer,
    time_note text,
    source_id integer not null,
    primary key (sweep_id)
);
comment on table core.sweep is 'One row per sweep: the trials that one tuner ran towards one or several metrics.';

create table core.sweep_constraint (
    sweep_id integer not null,
    position integer not null,
    kind text not null,
    hyperparameter text,
    rule text not null,
    definition text not null,
    check (kind in ('condition', 'forbidden'))
);
comment on table core.sweep_constraint is 'One row per sweep and rule of its declared space: when a hyperparameter is active, or what may not be combined.';

create table core.sweep_metric (
    sweep_id integer not null,
    position integer not null,
    metric_id integer not null
);
comment on table core.sweep_metric is 'One row per sweep and metric that it optimises, in the tuner''s order.';

create table core.sweep_parameter (
    sweep_id integer not null,
    name text not null,
    value_type text not null,
    scale text not null,
    lower double,
    upper double,
    step double,
    choices text,
    check (value_type in ('int', 'float', 'bool', 'text', 'mixed')),
    check (scale in ('linear', 'log'))
);
comment on table core.sweep_parameter is 'One row per sweep and declared hyperparameter, with its range or choices.';

create table core.trial (
    trial_id integer not null,
    sweep_id integer not null,
    name text not null,
    number bigint not null,
    status text not null,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    duration double,
    configuration_id bigint,
    source_id integer not null,
    check (status in ('finished', 'failed', 'running', 'pruned', 'waiting'))
);
comment on table core.trial is 'One row per trial of a sweep.';

create table core.trial_attribute (
    trial_id integer not null,
    name text not null,
    value text not null
);
comment on table core.trial_attribute is 'One row per trial and attribute that the user or the tuner attached to it, as JSON text.';

create table core.trial_metric (
    trial_id integer not null,
    metric_id integer not null,
    step bigint,
    value double,
    status text not null,
    check (status in ('ok', 'nan', 'inf', 'neg_inf', 'failed', 'diverged', 'timeout', 'memory', 'missing'))
);
comment on table core.trial_metric is 'One row per trial, metric and step; step NULL is the trial''s final value.';

create table core.trial_parameter (
    trial_id integer not null,
    name text not null,
    numeric_value double,
    text_value text not null
);
comment on table core.trial_parameter is 'One row per trial and hyperparameter that it had.';
