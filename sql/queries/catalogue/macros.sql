-- One row per macro, with its parameters and its definition as the catalogue words it.
select 'mart.' || function_name, parameters, macro_definition, function_type = 'table_macro'
from duckdb_functions() where schema_name = 'mart' and not internal
