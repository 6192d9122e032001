-- One row per trial of a sweep, whatever its state.
select trial_id, status, coalesce(duration, epoch(ended_at) - epoch(started_at)) as duration, number, name
from core.trial where sweep_id = $sweep order by trial_id
