-- One row per column of hpowh's own tables, with its type.
select schema_name || '.' || table_name, column_index, column_name, data_type, is_nullable, column_default
from duckdb_columns() where not internal and schema_name in ('core', 'ops', 'result') order by all
