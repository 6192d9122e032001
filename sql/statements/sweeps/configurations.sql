-- One row per trial whose hyperparameters are exactly those of its search space, each at a level: its configuration.
create or replace temp table _configuration as
with tied as (
  select $first_trial + t.trial as trial_id, s.search_space_id, s.holds_levels
  from _trial as t join _tied as s on s.sweep_id = $first_sweep + t.sweep
),
matched as (
  select t.trial_id, t.search_space_id, l.level * h.stride as share
  from tied as t
  join core.trial_parameter as p on p.trial_id = t.trial_id
  left join core.hyperparameter as h on h.search_space_id = t.search_space_id and h.name = p.name
  left join core.hyperparameter_level as l
    on l.search_space_id = h.search_space_id and l.position = h.position
    and case
      when t.holds_levels and h.kind = 'ordinal' then l.level = p.numeric_value
      when h.value_type in ('int', 'float')
        then abs(l.numeric_value - p.numeric_value)
             <= $tolerance * greatest(abs(l.numeric_value), abs(p.numeric_value))
      when h.value_type = 'bool' then lower(l.label) = lower(p.text_value)
      else l.label = p.text_value
    end
)
select m.trial_id, sum(m.share)::bigint as configuration_id
from matched as m
group by m.trial_id, m.search_space_id
having count(*) = count(m.share)
  and count(*) = (select count(*) from core.hyperparameter as h where h.search_space_id = m.search_space_id)
