-- One row per trial of a sweep that says why it ended: the first attribute that is named like a reason.
select a.trial_id, arg_min(trim(regexp_replace(split_part(trim(a.value, '"'), '\n', -1), '\s+', ' ', 'g')), a.name) as reason
from core.trial as t join core.trial_attribute as a using (trial_id)
where t.sweep_id = $sweep and a.value not in ('null', '""')
  and regexp_matches(lower(a.name), '(^|[._:/ ])(error|error_message|error_type|exception|traceback|fail_reason|failure|fail|reason|why)$')
group by a.trial_id order by a.trial_id
