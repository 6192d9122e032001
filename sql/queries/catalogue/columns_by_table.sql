-- One row per column of any table or view, in the order in which its table has it.
select schema_name, table_name, column_name from duckdb_columns()
where not internal and database_name = current_database() order by column_index
