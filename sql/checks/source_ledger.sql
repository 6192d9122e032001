-- Every source that is loaded has an acknowledged ingest.
select source_id, name
from core.source
where source_id not in (select source_id from ops.ingest)
