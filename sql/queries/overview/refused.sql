-- One row per source of which rows were refused.
select name, refused_count from core.source where refused_count > 0 order by name
