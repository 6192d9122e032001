-- One row per search space that is none of the demo's own evaluated grids.
select s.name from core.search_space as s join core.source as c using (source_id)
where c.kind <> 'evaluated' order by s.name
