-- One row per trial whose tracker gave it an address, the best of a metric first, ten at most.
select t.number, t.name as trial, v.value, m.name as metric, a.value->>'$' as address
from core.trial as t
join core.trial_attribute as a on a.trial_id = t.trial_id and a.name = 'url'
cross join (select * from core.metric where metric_id = $metric) as m
left join core.trial_metric as v on v.trial_id = t.trial_id and v.metric_id = m.metric_id and v.step is null
where t.sweep_id = $sweep and regexp_matches(a.value->>'$', '^(http|https)://[^\s"<>]+$')
order by case m.direction when 'max' then -v.value else v.value end nulls last, t.number
limit 10
