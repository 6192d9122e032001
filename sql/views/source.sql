-- One row per source that is loaded, with what was refused and how often it was loaded.
with ingests as (
  select source_id, count(*) as ingest_count, max(ended_at) as last_ingest_at
  from ops.ingest
  group by source_id
)
select
  s.source_id, s.kind, s.name, s.uri, s.row_count, s.refused_count, s.ingested_at,
  i.ingest_count, i.last_ingest_at, s.fingerprint, s.program_version
from core.source as s
left join ingests as i on i.source_id = s.source_id
