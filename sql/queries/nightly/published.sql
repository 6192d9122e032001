-- One row per warehouse (exactly one): the state of the data at the last publication, NULL where there is none.
select arg_max(published, nightly_id) from ops.nightly where published is not null
