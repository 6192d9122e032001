-- One row per metric that was not measured on some benchmarks: these, and how many of its cells are empty there.
select m.name, list(b.name order by b.name), sum(n)::bigint
from hpowh_unmeasured as u
join core.metric as m on m.metric_id = u.metric_id
join core.benchmark as b on b.benchmark_id = u.benchmark_id
group by m.name order by m.name
