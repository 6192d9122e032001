-- A benchmark has one value for each meta-feature.
select benchmark_id, name, count(*) as occurrences
from core.benchmark_feature
group by benchmark_id, name
having count(*) > 1 or benchmark_id not in (select benchmark_id from core.benchmark)
