-- One row per source, the newest first.
select name, kind, row_count, refused_count, ingested_at, mart.place(uri) as uri from mart.source order by ingested_at desc, name
