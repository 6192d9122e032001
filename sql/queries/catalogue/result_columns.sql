-- One row per column of the result tables.
select table_name, column_name, data_type from duckdb_columns() where schema_name = 'result'
order by table_name, column_index
