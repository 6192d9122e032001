-- One row per nightly build of the site that failed or was killed between two others, the newest first.
select n.started_at, n.status, string_agg(s.kind || ' ' || s.name || ': ' || s.sentence, ' ' order by s.position)
from ops.nightly as n
left join ops.nightly_step as s on s.nightly_id = n.nightly_id and s.outcome = 'failed'
where n.site = $site and n.nightly_id > $base and n.nightly_id < $build and n.status in ('failed', 'killed')
group by n.nightly_id, n.started_at, n.status
order by n.nightly_id desc
