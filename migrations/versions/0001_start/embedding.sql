-- `result`: landscapes laid out in a plane.

create table result.embedding_cell (
    analysis_run_id integer not null,
    column_number integer not null,
    row_number integer not null,
    x double,
    y double,
    place double,
    weight double
);
comment on table result.embedding_cell is 'One row per analysis run and cell of the interpolated surface that has configurations near it.';

create table result.embedding_point (
    analysis_run_id integer not null,
    configuration_id bigint not null,
    x double,
    y double
);
comment on table result.embedding_point is 'One row per analysis run and configuration: its place in the plane.';

create table result.embedding_singular_value (
    analysis_run_id integer not null,
    position integer not null,
    value double
);
comment on table result.embedding_singular_value is 'One row per analysis run and position: a leading singular value of the graph''s Katz proximity.';

create table result.embedding_subject (
    analysis_run_id integer not null,
    search_space_id integer not null,
    benchmark_id integer not null,
    metric_id integer not null,
    split text not null,
    fidelity double,
    seed bigint,
    configuration_count bigint not null,
    dimension integer not null,
    decay double,
    neighbours_kept double,
    neighbours_kept_by_chance double,
    share_explained double
);
comment on table result.embedding_subject is 'One row per analysis run of an embedding: which landscape it shows, how it was made, how far it can be trusted.';
