-- One row per configuration of each benchmark of a search space: the mean of a metric over its repeats.
select n.benchmark, m.direction, n.configuration_id, n.value
from mart.landscape_node as n
join core.metric as m using (metric_id)
where n.search_space_id = $number and n.metric = $name and n.split = 'valid' order by n.benchmark
