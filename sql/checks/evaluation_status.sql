-- A value is there exactly where the status is ok.
select search_space_id, configuration_id, value, status
from core.evaluation
where (status = 'ok') <> (value is not null) or (value is not null and not isfinite(value))
