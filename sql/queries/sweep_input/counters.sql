-- One row per trial and attribute that counts what the trial did (steps, epochs, seconds), where it is a number.
select t.trial_id, a.name, try_cast(trim(a.value, '"') as double) as counted
from core.trial as t join core.trial_attribute as a using (trial_id)
where t.sweep_id = $sweep and try_cast(trim(a.value, '"') as double) is not null
  and regexp_matches(lower(a.name), '(^|[._:/ ])(_|)(global_step|step|steps|epoch|iteration|runtime)$')
order by a.name, t.trial_id
