-- The file says once of itself that it is a warehouse, and once at which revision it stands.
select * from (
  select 'ops.warehouse' as table_name, count(*) as row_count from ops.warehouse
  union all
  select 'ops.revision', count(*) from ops.revision
)
where row_count <> 1
