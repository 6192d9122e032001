-- One row per search space, aspect and context whose landscapes were compared, with the newest analysis run.
select search_space_id, aspect, context, max(analysis_run_id) as analysis_run_id
from result.landscape_similarity
group by search_space_id, aspect, context
