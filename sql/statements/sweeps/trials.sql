-- One row per incoming trial, with its configuration where it has one.
insert into core.trial
select $first_trial + t.trial, $first_sweep + t.sweep, t.name, t.number, t.status, t.started_at, t.ended_at,
  coalesce(t.duration, (epoch_us(t.ended_at) - epoch_us(t.started_at)) / 1e6), c.configuration_id, $source
from _incoming as t
left join _configuration as c on c.trial_id = $first_trial + t.trial
