-- One row per benchmark and meta-feature.
select benchmark_id, name, numeric_value, text_value from core.benchmark_feature order by all
