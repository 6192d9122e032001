-- One row per warehouse (exactly one): the most analysed sweeps that have a metric in common, NULL where there is no sweep.
select max(alike_count) from mart.alike_sweep
