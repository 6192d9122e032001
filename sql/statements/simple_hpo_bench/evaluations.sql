-- One row per incoming evaluation; a value that is not finite is NULL with a status.
insert into core.evaluation
select $space, configuration_id, $benchmark, null, seed, null, metric_id, 'valid',
  case when isfinite(value) then value end, null,
  case when isfinite(value) then 'ok' when isnan(value) then 'nan' when value > 0 then 'inf' else 'neg_inf' end,
  $source
from _incoming_evaluation
