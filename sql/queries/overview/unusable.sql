-- One row per benchmark with unusable evaluations.
select b.name, count(*), count(*) filter (where e.value is null) as unusable from core.evaluation as e
join core.benchmark as b on b.benchmark_id = e.benchmark_id group by b.name
having count(*) filter (where e.value is null) > 0 order by unusable desc limit 5
