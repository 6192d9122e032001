-- The file says once of itself that it is a warehouse or a copy of one, and once at which revision it stands.
select * from (
  select
    'ops.warehouse' as table_name,
    count(*) filter (where identity in ('hpowh', 'published copy of hpowh')) as row_count
  from ops.warehouse
  union all
  select 'ops.revision', count(*) from ops.revision
)
where row_count <> 1
