-- One row per result table whose name begins with one of these beginnings.
select distinct table_name from duckdb_columns()
where schema_name = 'result' and len(list_filter($beginnings, lambda one: starts_with(table_name, one))) > 0
order by table_name
