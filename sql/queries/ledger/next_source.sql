-- One row per warehouse: the number that its next source gets, which no source ever had.
select greatest(
  (select coalesce(max(source_id), 0) from core.source), (select coalesce(max(source_id), 0) from ops.ingest)
) + 1
