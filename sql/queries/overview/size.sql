-- One row per warehouse (exactly one): counts of what it holds.
select
  (select count(*) from core.source), (select count(*) from core.experiment),
  (select count(*) from core.algorithm), (select count(*) from core.benchmark), (select count(*) from core.run),
  (select count(*) from core.trace), (select count(*) from core.search_space),
  (select count(*) from core.evaluation), (select count(*) from core.sweep), (select count(*) from core.trial)
