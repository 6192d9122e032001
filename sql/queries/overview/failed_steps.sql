-- One row per step of the nightly build that failed, as a sentence.
select s.kind || ' ' || s.name || ': ' || s.sentence
from ops.nightly_step as s
where s.nightly_id = $build and s.outcome = 'failed'
order by s.position
