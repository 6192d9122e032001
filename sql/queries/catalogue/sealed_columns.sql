-- One row per column of the tables that seals may be of.
select schema_name || '.' || table_name, column_name
from duckdb_columns() where not internal and schema_name in ('core', 'result', 'ops')
order by table_name, column_index
