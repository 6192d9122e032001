-- One row per meta-feature of an experiment's benchmarks: whether it is a number on each that has it.
select name, bool_and(numeric_value is not null) from core.benchmark_feature
where benchmark_id in (select benchmark_id from core.run where experiment_id = $experiment) group by name
