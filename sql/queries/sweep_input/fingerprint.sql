-- One row per sweep (exactly one): a digest of what its analysis depends on. The ids are among it: a source loaded anew has others, to which the results refer.
with facts as (
  select hash(t.number, t.name, t.status, t.duration, t.started_at, t.ended_at) as h
  from core.trial as t where t.sweep_id = $sweep
  union all
  select hash(t.number, t.name, p.name, p.numeric_value, p.text_value)
  from core.trial as t join core.trial_parameter as p using (trial_id) where t.sweep_id = $sweep
  union all
  select hash(t.number, t.name, m.name, m.direction, v.step, v.value, v.status)
  from core.trial as t join core.trial_metric as v using (trial_id) join core.metric as m using (metric_id)
  where t.sweep_id = $sweep
  union all
  select hash(name, value_type, scale, lower, upper, step, choices) from core.sweep_parameter where sweep_id = $sweep
  union all
  select hash(position, kind, hyperparameter, definition) from core.sweep_constraint where sweep_id = $sweep
  union all
  select hash(t.number, t.name, a.name, a.value)
  from core.trial as t join core.trial_attribute as a using (trial_id)
  where t.sweep_id = $sweep
    and regexp_matches(lower(a.name), '(^|[._:/ ])(_|)(global_step|step|steps|epoch|iteration|runtime)$')
  union all
  select hash(sweep_id, min(trial_id), max(trial_id)) from core.trial where sweep_id = $sweep group by sweep_id
)
select concat_ws(' ', count(*), bit_xor(h), sum(h::hugeint)) from facts
