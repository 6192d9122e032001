-- One row per ingest.
select i.ended_at, s.name as source, i.action, i.row_count, i.refused_count,
  epoch(i.ended_at) - epoch(i.started_at) as seconds,
  nullif(array_to_string(from_json(i.notes, '["VARCHAR"]'), ' '), '') as notes
from ops.ingest as i
left join core.source as s on s.source_id = i.source_id
order by i.ingest_id desc
