-- One row per build of the report, the newest 20.
select build_id, status, page_count, ended_at, epoch(ended_at) - epoch(started_at) as seconds, path
from ops.build order by build_id desc limit 20
