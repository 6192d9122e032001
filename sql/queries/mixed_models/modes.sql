-- One row per grouping factor, random term and level: its conditional mode; of each term the 60 largest.
select grouping_factor, term, level, mode, sd, mode - 1.96 * sd as lower, mode + 1.96 * sd as upper,
  count(*) over (partition by grouping_factor, term) as level_count
from result.lmem_random_effect where analysis_run_id = $run and model = 'model'
qualify row_number() over (partition by grouping_factor, term order by abs(mode) desc) <= 60
order by grouping_factor, term, mode
