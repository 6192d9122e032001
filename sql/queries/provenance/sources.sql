-- One row per source.
select name, kind, row_count, refused_count, ingest_count, ingested_at, mart.place(uri) as uri, fingerprint, program_version
from mart.source order by source_id
