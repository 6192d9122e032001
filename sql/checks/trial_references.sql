-- Every trial belongs to a sweep of the same source; its parameters and metrics belong to it.
select t.trial_id, 'no sweep' as reason
from core.trial as t
left join core.sweep as s on s.sweep_id = t.sweep_id and s.source_id = t.source_id
where s.sweep_id is null
union all
select trial_id, 'parameter without trial' from core.trial_parameter where trial_id not in (select trial_id from core.trial)
union all
select trial_id, 'metric without trial' from core.trial_metric where trial_id not in (select trial_id from core.trial)
union all
select trial_id, 'attribute without trial' from core.trial_attribute where trial_id not in (select trial_id from core.trial)
union all
select trial_id, 'id twice' from core.trial group by trial_id having count(*) > 1
