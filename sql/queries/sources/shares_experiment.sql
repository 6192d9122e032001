-- One row per source: whether another one has runs of an experiment of its own.
select exists (
  select 1 from core.run
  where source_id <> $source and experiment_id in (select experiment_id from core.run where source_id = $source)
)
