-- One row per aspect under which landscapes of the search space were compared.
select distinct s.aspect
from result.landscape_similarity as s join core.search_space as sp on sp.search_space_id = s.search_space_id
where sp.name = $space
