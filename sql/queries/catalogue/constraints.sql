-- One row per constraint of hpowh's own tables.
select schema_name || '.' || table_name, constraint_type, constraint_text
from duckdb_constraints() where schema_name in ('core', 'ops', 'result') order by all
