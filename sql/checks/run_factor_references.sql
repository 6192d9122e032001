-- Every run factor belongs to a run and has one value.
select run_id, name, count(*) as occurrences
from core.run_factor
group by run_id, name
having count(*) > 1 or run_id not in (select run_id from core.run)
