-- One row per benchmark whose number of classes is known: that number.
select b.benchmark_id, b.name as benchmark, cast(f.numeric_value as integer) as class_count
from core.benchmark as b
join core.benchmark_feature as f on f.benchmark_id = b.benchmark_id and f.name = 'n_classes'
