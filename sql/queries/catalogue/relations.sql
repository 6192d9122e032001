-- One row per table and view of the warehouse, with the sentence that says what one of its rows is.
select schema_name, table_name, 'table', comment from duckdb_tables()
where not internal and not temporary and database_name = current_database()
union all
select schema_name, view_name, 'view', comment from duckdb_views()
where not internal and database_name = current_database()
