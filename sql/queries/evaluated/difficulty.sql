-- One row per algorithm whose regrets were predicted on data sets left out, then for the choice of the algorithm: what the landscapes' numbers are worth beside the mean.
select
  coalesce(a.name, 'the choice of the algorithm') as algorithm, d.case_count, d.data_set_count, d.skill, d.lower, d.upper,
  d.p_value, d.adjusted_p_value, d.is_learned, d.reason
from result.landscape_difficulty as d
left join core.algorithm as a on a.algorithm_id = d.algorithm_id
where d.analysis_run_id = $run
order by d.algorithm_id nulls last
